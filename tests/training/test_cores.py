from types import SimpleNamespace

import pytest
import torch
from skorch.callbacks import Callback

from skfake import CNNDetector, FreeCores
from skfake.training import cores

NET = SimpleNamespace(device="cpu")


@pytest.fixture
def machine(monkeypatch):
    """A machine of four cores, of which other processes use some."""
    state = SimpleNamespace(used=0.0, seconds=0.0)
    monkeypatch.setattr(cores, "monotonic", lambda: state.seconds)
    monkeypatch.setattr(cores, "_others_seconds", lambda: state.used)
    monkeypatch.setattr(cores, "_own_cores", lambda: {0, 1, 2, 3})
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield state
    torch.set_num_threads(before)


def begin_batch(callback, machine, *, others, seconds=1.0, **options):
    machine.used += others * seconds
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


def test_what_others_compute_is_what_cores_do_beside_this_process(
    monkeypatch, tmp_path
):
    statistics = tmp_path / "stat"
    statistics.write_text(
        "cpu  9999 9 9 9 9 9 9 9 9 9\n"
        "cpu0 1000 20 300 7000 60 1 2 3 500 20\n"
        "cpu1 2000 0 0 9000 0 0 0 0 0 0\n"
        "cpu2 4000 0 0 5000 0 0 0 0 0 0\n"
        "intr 1234 0\n"
    )
    monkeypatch.setattr(cores, "STATISTICS", statistics)
    monkeypatch.setattr(cores, "_own_cores", lambda: {0, 2})
    monkeypatch.setattr(cores.os, "sysconf", lambda name: 100)
    monkeypatch.setattr(cores.os, "times", lambda: (10.0, 5.0, 0.0, 0.0, 99.0))
    # Neither idle nor waiting, and a guest's seconds are its user's.
    assert cores._others_seconds() == pytest.approx(13.26 + 40 - 15)


def test_where_nothing_is_said_of_the_cores_nothing_is_changed(monkeypatch, tmp_path):
    monkeypatch.setattr(cores, "STATISTICS", tmp_path / "none")
    assert cores._others_seconds() == 0


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
