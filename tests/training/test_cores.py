from types import SimpleNamespace

import pytest
import torch
from skorch.callbacks import Callback

from skfake import CNNDetector, FreeCores
from skfake.training import cores

NET = SimpleNamespace(device="cpu")


@pytest.fixture
def machine(monkeypatch):
    """A machine of four cores, of which another process uses some."""
    state = SimpleNamespace(others=0.0, seconds=0.0)

    def look(percpu):
        assert percpu
        return [100 * min(max(state.others - core, 0), 1) for core in range(4)]

    monkeypatch.setattr(cores.psutil, "cpu_percent", look)
    monkeypatch.setattr(cores, "monotonic", lambda: state.seconds)
    monkeypatch.setattr(cores, "_own_seconds", lambda: 0.0)
    monkeypatch.setattr(cores, "_own_cores", lambda n_cores: list(range(n_cores)))
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield state
    torch.set_num_threads(before)


def begin_batch(callback, machine, *, others, seconds=1.0, **options):
    machine.others = others
    machine.seconds += seconds
    callback.on_batch_begin(**{"net": NET, "training": True, **options})
    return torch.get_num_threads()


def test_there_are_as_many_threads_as_free_cores(machine):
    callback = FreeCores()
    callback.on_train_begin(NET)
    used = (0.0, 1.0, 2.6, 4.0, 0.3, 0.0)
    found = [begin_batch(callback, machine, others=others) for others in used]
    assert found == [4, 3, 1, 1, 4, 4]


def test_there_are_never_more_threads_than_before(machine):
    torch.set_num_threads(2)
    callback = FreeCores()
    callback.on_train_begin(NET)
    assert begin_batch(callback, machine, others=0.0) == 2
    assert begin_batch(callback, machine, others=3.0) == 1
    callback.on_train_end(NET)
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(
    "options",
    [
        {"seconds": 0.1},
        {"training": False},
        {"net": SimpleNamespace(device="cuda")},
    ],
)
def test_nothing_is_changed_in_between_or_without_need(machine, options):
    callback = FreeCores()
    callback.on_train_begin(NET)
    assert begin_batch(callback, machine, others=3.0, **options) == 4


def test_what_it_computes_itself_is_not_what_others_do(machine, monkeypatch):
    # Four threads of its own, all along.
    monkeypatch.setattr(cores, "_own_seconds", lambda: 4 * machine.seconds)
    callback = FreeCores()
    callback.on_train_begin(NET)
    assert begin_batch(callback, machine, others=4.0) == 4


class Broken(Callback):
    """A callback that ends a training, which has one thread by then."""

    def on_batch_end(self, net, **kwargs):
        torch.set_num_threads(1)
        raise RuntimeError("broken")


def test_a_training_that_fails_leaves_the_threads_as_they_were(stripes, machine):
    detector = CNNDetector(
        image_size=16, device="cpu", callbacks=[FreeCores(), Broken()]
    )
    with pytest.raises(RuntimeError, match="broken"):
        detector.fit(*stripes)
    assert torch.get_num_threads() == 4


def test_a_detector_trains_with_it(stripes):
    before = torch.get_num_threads()
    detector = CNNDetector(
        image_size=16, max_epochs=2, device="cpu", callbacks=[FreeCores()]
    )
    detector.fit(*stripes)
    assert torch.get_num_threads() == before
    assert "callbacks=[FreeCores()]" in repr(detector)
