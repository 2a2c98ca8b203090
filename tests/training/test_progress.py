import io
from contextlib import redirect_stderr
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from skorch.callbacks import Callback

from skfake import Augmentation, CNNDetector
from skfake.detectors._net import make_callbacks

DETECTOR = CNNDetector(
    image_size=16, max_epochs=3, batch_size=8, device="cpu", random_state=0, verbose=1
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class CtrlC(Callback):
    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == 3:
            raise KeyboardInterrupt


def fit(stripes, **parameters):
    return clone(DETECTOR).set_params(**parameters).fit(*stripes)


def bars(fit, *arguments, **parameters):
    """Lines that a terminal is left with, and all that was drawn."""
    with redirect_stderr(Terminal()) as terminal:
        fit(*arguments, **parameters)
    drawn = terminal.getvalue()
    lines = [line.rpartition("\r")[2].strip() for line in drawn.split("\n")]
    return [line for line in lines if line], drawn


def test_all_epochs_have_one_bar(stripes):
    # Of the forty images, four are held out.
    (line,), _ = bars(fit, stripes)
    assert line.startswith("####")
    assert "epoch 3 of 3, 108 of 108 images, valid accuracy 100.0 %, took" in line


def test_without_validation_the_training_accuracy_is_shown(stripes):
    (line,), _ = bars(fit, stripes, validation_fraction=None)
    assert "epoch 3 of 3, 120 of 120 images, train accuracy" in line


def test_without_a_terminal_there_are_lines(stripes, capsys):
    fit(stripes)
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("epoch 3 of 3: train loss 0.")
    assert ", valid accuracy 100.0 %, took " in line


def test_without_verbose_nothing_is_shown(stripes, capsys):
    assert bars(fit, stripes, verbose=0) == ([], "")
    assert capsys.readouterr().out == ""


def test_verbose_2_writes_a_line_an_epoch_to_stdout_above_the_bar(stripes, capsys):
    lines, _ = bars(fit, stripes, verbose=2)
    assert "epoch 3 of 3" in lines[-1]
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["epoch", "-------", "1", "2", "3"]


def test_one_epoch_of_partial_fit_is_silent(stripes):
    assert bars(clone(DETECTOR).partial_fit, *stripes) == ([], "")


def test_a_warm_start_counts_its_own_epochs(stripes):
    detector = fit(stripes, warm_start=True, verbose=0).set_params(verbose=1)
    (line,), drawn = bars(detector.fit, *stripes)
    assert "epoch 1 of 3, 8 of 108 images" in drawn
    assert "epoch 3 of 3, 108 of 108 images" in line


def test_small_crops_are_known_to_take_less_time(stripes):
    augment = Augmentation(shift=0, growing_crops=True)
    detector = clone(DETECTOR).set_params(augment=augment, max_epochs=4)
    detector.augment_ = augment
    progress = dict(make_callbacks(detector, first_epoch=0))["progress"]
    assert progress.costs.tolist() == [0.5625, 0.5625, 0.5625, 1]
    net = SimpleNamespace(history=[{}])
    progress.on_epoch_begin(net, dataset_train=range(10))
    pace = progress.progress_.pace
    assert [pace(n) for n in (0, 5, 30, 40)] == [0, 0.28125, 1.6875, 2.6875]


def test_a_training_taken_up_counts_what_its_checkpoint_holds(stripes, tmp_path):
    with pytest.raises(KeyboardInterrupt), pytest.warns(UserWarning, match="2 of 3"):
        fit(stripes, checkpoint=tmp_path, callbacks=[CtrlC()], verbose=0)
    (line,), drawn = bars(fit, stripes, checkpoint=tmp_path)
    assert "epoch 1 of" not in drawn
    assert "epoch 3 of 3, 80 of 108 images" in drawn
    assert "epoch 3 of 3, 108 of 108 images" in line
    assert bars(fit, stripes, checkpoint=tmp_path) == ([], "")


def test_early_stopping_ends_the_bar_with_the_last_epoch(stripes, capsys):
    noise = stripes[0], np.random.default_rng(0).integers(0, 2, 40)
    settings = {"patience": 2, "max_epochs": 60, "schedule": None, "lr": 0.01}
    detector = fit(noise, **settings)
    n = len(detector.history_["train_loss"])
    assert f"epoch {n} of 60: train loss" in capsys.readouterr().err.splitlines()[-1]
    (line,), _ = bars(fit, noise, **settings)
    assert f"epoch {n} of 60, {36 * n} of 2,160 images" in line


def test_an_error_in_training_ends_the_line_of_the_bar(stripes):
    class Fail(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise ZeroDivisionError

    def fail():
        with pytest.raises(ZeroDivisionError) as raised:
            fit(stripes, callbacks=[Fail()])
        errors.append(raised)

    # Whoever looks at an error holds all that it came by.
    errors = []
    _, drawn = bars(fail)
    assert drawn.endswith("\n")
