"""What moves while a network learns: the learning rate, and the size of crops."""

from math import cos, pi
from typing import Any

from skorch.callbacks import Callback


def one_cycle(progress: float, epoch: int) -> float:
    """Up over a fifth of the training, then down to 0, as arXiv:1708.07120 has it."""
    rise = 0.2
    if progress < rise:
        return 1 - 0.96 * (1 + cos(pi * progress / rise)) / 2
    return (1 + cos(pi * (progress - rise) / (1 - rise))) / 2


def cosine(progress: float, epoch: int) -> float:
    """Down along a cosine; parameters as of `one_cycle`."""
    return (1 + cos(pi * progress)) / 2


def steps(progress: float, epoch: int) -> float:
    """A tenth of it after every tenth epoch; parameters as of `one_cycle`."""
    return 0.1 ** (epoch // 10)


SCHEDULES = {"one_cycle": one_cycle, "cosine": cosine, "steps": steps}


class Schedule(Callback):
    """Set the learning rate of every step by how many there have been."""

    def __init__(self, name: str, n_epochs: int, first_epoch: int = 0) -> None:
        self.name = name
        self.n_epochs = n_epochs
        self.first_epoch = first_epoch

    def on_batch_begin(
        self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        """Set the rate before a training step."""
        if not training:
            return
        epoch = len(net.history) - 1 - self.first_epoch
        step = len(net.history[-1]["batches"]) - 1
        progress = (epoch + step / net.n_batches_) / self.n_epochs
        rate = net.lr * SCHEDULES[self.name](progress, epoch)
        for group in net.optimizer_.param_groups:
            group["lr"] = rate


class GrowingCrops(Callback):
    """Train on small crops first, which takes less time, and on large ones at the end.

    Progressive resizing (arXiv:2104.00298) that leaves pixels as a generator made them.
    """

    def __init__(self, size: int, n_epochs: int, first_epoch: int = 0) -> None:
        self.size = size
        self.n_epochs = n_epochs
        self.first_epoch = first_epoch

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Set the size of the epoch's crops."""
        epoch = len(net.history) - 1 - self.first_epoch
        net.training_size_ = self.size if epoch < self.n_epochs else None
