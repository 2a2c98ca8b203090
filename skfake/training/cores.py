"""How many cores a training has, where other processes compute as well."""

import os
from time import monotonic
from typing import Any

import psutil
import torch
from skorch.callbacks import Callback

# Seconds over which it is measured what others compute.
INTERVAL = 0.5


class FreeCores(Callback):
    """Train on a CPU with as many threads as there are cores that nothing else uses.

    Threads of torch wait for each other after every operator, so that one which shares
    its core with another process holds all of them up. Where other processes compute,
    fewer threads are faster. What others compute is measured twice a second.

    See Also
    --------
    skfake.CompactDetector : Detectors with a network have `callbacks`.

    Notes
    -----
    Sums depend on the number of threads by rounding. With this callback, the same
    `random_state` therefore gives the same weights only where nothing else computes.
    The command ``skfake`` has it, unless ``OMP_NUM_THREADS`` is set.

    Examples
    --------
    >>> from skfake import CompactDetector, FreeCores
    >>> detector = CompactDetector(callbacks=[FreeCores()])
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Begin to measure.

        Parameters
        ----------
        net : skorch.NeuralNet
            Net that is trained.

        **kwargs : dict
            Present by convention.
        """
        self.n_most_ = torch.get_num_threads()
        self.looked_, self.used_ = monotonic(), _own_seconds()
        psutil.cpu_percent(percpu=True)

    def on_batch_begin(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Set the number of threads, if it is time to.

        Parameters
        ----------
        net : skorch.NeuralNet
            Net that is trained.

        training : bool, default=False
            Whether the batch is one to learn from.

        **kwargs : dict
            Present by convention.
        """
        seconds = monotonic() - self.looked_
        on_cpu = torch.device(net.device).type == "cpu"
        if training and on_cpu and seconds >= INTERVAL:
            n_free = round(self._count_free(seconds))
            torch.set_num_threads(min(max(n_free, 1), self.n_most_))

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Compute with as many threads as before.

        Parameters
        ----------
        net : skorch.NeuralNet
            Net that is trained.

        **kwargs : dict
            Present by convention.
        """
        self.close()

    def close(self) -> None:
        """Compute with as many threads as before, however the training has ended."""
        if hasattr(self, "n_most_"):
            torch.set_num_threads(self.n_most_)

    def _count_free(self, seconds: float) -> float:
        """Cores that other processes have not used in the last seconds."""
        before, self.used_ = self.used_, _own_seconds()
        self.looked_ = monotonic()
        percents = psutil.cpu_percent(percpu=True)
        cores = _own_cores(len(percents))
        busy = sum(percents[core] for core in cores) / 100
        return len(cores) - max(busy - (self.used_ - before) / seconds, 0)


def _own_seconds() -> float:
    """Seconds that all threads of this process have computed."""
    return sum(os.times()[:2])


def _own_cores(n_cores: int) -> list[int]:
    """Cores that this process may use; not all systems say which."""
    allowed = getattr(os, "sched_getaffinity", None)
    return list(range(n_cores)) if allowed is None else sorted(allowed(0))
