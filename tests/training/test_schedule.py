import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from skfake.training.net import PixelNet
from skfake.training.schedule import SCHEDULES, Schedule


class Rates(Callback):
    def on_train_begin(self, net, **kwargs):
        self.seen = []

    def on_batch_end(self, net, training=False, **kwargs):
        if training:
            self.seen.append(net.optimizer_.param_groups[0]["lr"])


def rates(name, n_epochs, parts=(None,)):
    """Rates of all steps, four an epoch, of a training cut into parts."""
    X, y = np.zeros((32, 4, 4, 3), np.uint8), np.arange(32) % 2
    module = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    net = PixelNet(
        module,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        lr=2.0,
        batch_size=8,
        train_split=None,
        max_epochs=n_epochs,
        callbacks=[("schedule", Schedule(name, n_epochs)), ("rates", Rates())],
        verbose=0,
    ).initialize()
    seen = []
    for part in parts:
        net.partial_fit(X, y, epochs=part)
        seen += dict(net.callbacks_)["rates"].seen
    return np.array(seen)


def test_one_cycle_rises_for_a_fifth_and_falls_to_nothing():
    seen = rates("one_cycle", 10)
    assert seen.argmax() == 8
    assert seen.max() == pytest.approx(2.0)
    assert (np.diff(seen[:9]) > 0).all()
    assert (np.diff(seen[8:]) < 0).all()
    assert seen[0] == pytest.approx(0.08)
    assert seen[-1] < 0.01


def test_a_cosine_falls_from_the_first_step():
    seen = rates("cosine", 10)
    assert seen[0] == 2.0
    assert (np.diff(seen) < 0).all()
    assert seen[20] == pytest.approx(1.0)


def test_steps_are_a_tenth_after_every_tenth_epoch():
    seen = rates("steps", 21)
    assert set(seen[:40]) == {2.0}
    assert np.allclose(seen[40:80], 0.2)
    assert np.allclose(seen[80:], 0.02)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_training_in_parts_has_the_rates_of_a_whole_one(name):
    assert np.array_equal(rates(name, 6, (2, 3, 1)), rates(name, 6))
