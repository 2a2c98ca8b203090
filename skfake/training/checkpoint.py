"""Training that can be killed at any moment and taken up at the last whole epoch."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback

from skfake.files import replace_when_whole

# Callbacks that remember something from one epoch to the next.
REMEMBERING = ("early_stopping",)


class Checkpoint(Callback):
    """Write the state of a training after every epoch, and go on from it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        # Of the callbacks, by their names, as `restore` found it in the file.
        self.remembered: dict[str, dict[str, Any]] = {}

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Write all that the next epoch starts from."""
        optimizer = net.optimizer_.state_dict()
        callbacks = {
            name: {k: _plain(v) for k, v in vars(callback).items() if k.endswith("_")}
            for name, callback in _remembering(net)
        }
        self._write(
            net, {"finished": False, "optimizer": optimizer, "callbacks": callbacks}
        )

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Bring back what callbacks have forgotten as the training began anew."""
        for name, callback in _remembering(net):
            vars(callback).update(self.remembered.pop(name, {}))

    def finish(self, net: NeuralNet) -> None:
        """Write a training that is over: what it learned, and no more."""
        self._write(net, {"finished": True, "callbacks": {}})

    def read(self) -> dict[str, Any] | None:
        """State of the training, or None where there is none yet."""
        if not self.file.exists():
            return None
        try:
            return torch.load(self.file, map_location="cpu", weights_only=True)
        except (RuntimeError, EOFError, OSError, UnpicklingError) as error:
            raise ValueError(
                f"checkpoint must hold files that skfake wrote; got {str(self.file)!r},"
                " which can't be read. Delete it to train from the start."
            ) from error

    def restore(self, net: NeuralNet) -> bool:
        """Bring an initialised net to the state of the file, if there is one."""
        state = self.read()
        if state is None:
            return False
        self.remembered = state["callbacks"]
        net.module_.load_state_dict(state["module"])
        if "optimizer" in state:
            net.optimizer_.load_state_dict(state["optimizer"])
        net.history = type(net.history)(state["history"])
        return state["finished"]

    def _write(self, net: NeuralNet, more: dict[str, Any]) -> None:
        module = net.module_.state_dict()
        state = {"seed": net.seed, "module": module, **more}
        state["history"] = plain_history(net)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        # Given a path, torch would write it, with its process's number, into the file.
        with replace_when_whole(self.file) as beside, open(beside, "wb") as stream:
            torch.save(state, stream)


def plain_history(net: NeuralNet) -> list[dict[str, Any]]:
    """History of a net in types that JSON has."""
    return [
        {k: _plain(v) for k, v in {**epoch, "batches": []}.items()}
        for epoch in net.history
    ]


def _remembering(net: NeuralNet) -> list[tuple[str, Callback]]:
    return [(name, cb) for name, cb in net.callbacks_ if name in REMEMBERING]


def _plain(value: Any) -> Any:
    # What torch reads back without running code knows no numbers of numpy's.
    return value.item() if isinstance(value, np.generic) else value
