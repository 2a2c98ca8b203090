"""How many cores a training has, where other processes compute as well."""

import os
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from skorch.callbacks import Callback

# Seconds over which it is measured what others compute.
INTERVAL = 0.5
# Where Linux says for how long each core has computed: so many kinds of time, and those
# of doing nothing. Not by psutil: where that is installed, joblib ends processes whose
# memory grows, as those that train do.
STATISTICS = Path("/proc/stat")
N_KINDS, IDLE = 8, (3, 4)


class FreeCores(Callback):
    """Train on a CPU with as many threads as there are cores that nothing else uses.

    Threads of torch wait for each other after every operator, so that one which shares
    its core with another process holds all of them up. Where other processes compute,
    fewer threads are faster. What others compute is measured twice a second, on Linux;
    elsewhere the callback changes nothing.

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
        self.looked_, self.used_ = monotonic(), _others_seconds()

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
            before, self.used_ = self.used_, _others_seconds()
            self.looked_ += seconds
            n_free = len(_own_cores()) - round((self.used_ - before) / seconds)
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


def _others_seconds() -> float:
    """Seconds that others have computed, on the cores that this process may use."""
    if not STATISTICS.exists():
        return 0.0
    own = {f"cpu{core}" for core in _own_cores()}
    ticks = 0
    for name, *fields in map(str.split, STATISTICS.read_text().splitlines()):
        if name in own:
            numbers = [int(field) for field in fields[:N_KINDS]]
            ticks += sum(numbers) - sum(numbers[i] for i in IDLE)
    return ticks / os.sysconf("SC_CLK_TCK") - sum(os.times()[:2])


def _own_cores() -> set[int]:
    """Cores that this process may use; not all systems say which."""
    allowed = getattr(os, "sched_getaffinity", None)
    return set(range(os.cpu_count() or 1)) if allowed is None else allowed(0)
