"""How far a training is, in one bar for all of its epochs."""

from functools import partial
from typing import Any

import numpy as np
from skorch.callbacks import Callback

from skfake.progress import Progress


class TrainingProgress(Callback):
    """Show epochs, images, loss, accuracy and the time to go on stderr."""

    def __init__(self, costs: np.ndarray, first_epoch: int = 0) -> None:
        # The time of each epoch, in any unit.
        self.costs = costs
        self.first_epoch = first_epoch
        self.progress_: Progress | None = None

    def on_epoch_begin(
        self, net: Any, dataset_train: Any = None, **kwargs: Any
    ) -> None:
        """Begin to count, in the first epoch after those of a checkpoint."""
        epoch = len(net.history) - 1 - self.first_epoch
        if self.progress_ is None:
            n = len(dataset_train)
            ends = n * np.arange(len(self.costs) + 1)
            pace = partial(np.interp, xp=ends, fp=np.cumsum([0, *self.costs]))
            self.progress_ = Progress(ends[-1], pace=pace)
            self.progress_.start_at(n * epoch)
        self.progress_.title = f"epoch {epoch + 1} of {len(self.costs)}"

    def on_batch_end(
        self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        """Count the images that were trained on."""
        if training and self.progress_ is not None:
            self.progress_.advance(len(batch[0]))

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Say what came of the epoch: beside the bar, or in a line."""
        assert self.progress_ is not None
        epoch = net.history[-1]
        part = "valid" if "valid_accuracy" in epoch else "train"
        accuracy = f"{part} accuracy {100 * epoch[f'{part}_accuracy']:.1f} %"
        self.progress_.note = accuracy
        n = len(net.history) - self.first_epoch
        self.progress_.write_line(
            f"epoch {n} of {len(self.costs)}: train loss {epoch['train_loss']:.3g}, "
            f"{accuracy}"
        )

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Leave the bar as it is, or write the last line."""
        self.close()

    def close(self) -> None:
        """End the line of the bar, however the training has ended."""
        if self.progress_ is not None:
            self.progress_.close()
            self.progress_ = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "progress_": None}
