import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback

from skfake import Augmentation, CNNDetector
from skfake.detectors._net import find_checkpoint
from skfake.training.batches import PixelDataset

DETECTOR = CNNDetector(
    image_size=16,
    max_epochs=5,
    batch_size=8,
    augment=Augmentation(average_flips=False),
    optimizer="muon",
    device="cpu",
    random_state=3,
)
# Trains as the tests do, in a process that shoots itself in the middle of an epoch.
KILLED = """
import os, signal, sys
import numpy as np
import torch
from skorch.callbacks import Callback
from tests.training.test_checkpoint import DETECTOR

torch.set_num_threads(1)

class Kill(Callback):
    def on_batch_end(self, net, **kwargs):
        if len(net.history) == 4 and len(net.history[-1]["batches"]) == 2:
            os.kill(os.getpid(), signal.SIGKILL)

data = np.load(sys.argv[1])
detector = DETECTOR.set_params(checkpoint=sys.argv[2], callbacks=[Kill()])
detector.fit(data["X"], data["y"])
"""


class Count(Callback):
    epochs = 0

    def on_epoch_end(self, net, **kwargs):
        type(self).epochs += 1


class CtrlC(Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_batch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise KeyboardInterrupt


def weights(detector):
    return torch.cat([p.detach().ravel() for p in detector.net_.module_.parameters()])


def fit(stripes, **parameters):
    return clone(DETECTOR).set_params(**parameters).fit(*stripes)


def interrupt(stripes, epoch, **parameters):
    """Fit until Ctrl-C comes in an epoch."""
    with pytest.raises(KeyboardInterrupt), pytest.warns(UserWarning, match="interrup"):
        fit(stripes, callbacks=[CtrlC(epoch)], **parameters)


def epochs_of(stripes, **parameters):
    """Epochs that a fit trains for."""
    Count.epochs = 0
    fit(stripes, callbacks=[Count()], **parameters)
    return Count.epochs


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_training_ends_with_the_weights_of_an_unbroken_one(stripes, tmp_path):
    X, y = stripes
    np.savez(tmp_path / "data.npz", X=X, y=y)
    folder = tmp_path / "checkpoints"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), tmp_path / "data.npz", folder],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(list(folder.iterdir())) == 1
    whole = fit(stripes)
    Count.epochs = 0
    resumed = fit(stripes, checkpoint=folder, callbacks=[Count()])
    assert Count.epochs == 2
    assert torch.equal(weights(resumed), weights(whole))
    assert np.array_equal(resumed.predict_proba(X), whole.predict_proba(X))
    for name in ("train_loss", "valid_accuracy"):
        assert resumed.history_[name] == whole.history_[name]


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "muon", "sgd"])
@pytest.mark.parametrize("schedule", ["one_cycle", None])
def test_ctrl_c_leaves_what_the_next_fit_goes_on_from(
    stripes, tmp_path, optimizer, schedule
):
    settings = {"optimizer": optimizer, "schedule": schedule}
    interrupt(stripes, 3, checkpoint=tmp_path, **settings)
    resumed = fit(stripes, checkpoint=tmp_path, **settings)
    assert torch.equal(weights(resumed), weights(fit(stripes, **settings)))


@pytest.mark.parametrize("broken_at", [3, 5, 6])
def test_early_stopping_remembers_the_best_epoch(stripes, tmp_path, broken_at):
    noise = stripes[0], np.random.default_rng(0).integers(0, 2, 40)
    settings = {
        "patience": 3,
        "max_epochs": 30,
        "schedule": None,
        "optimizer": "adam",
        "lr": 0.01,
    }
    whole = fit(noise, **settings)
    interrupt(noise, broken_at, checkpoint=tmp_path, **settings)
    resumed = fit(noise, checkpoint=tmp_path, **settings)
    assert resumed.history_["valid_loss"] == whole.history_["valid_loss"]
    assert torch.equal(weights(resumed), weights(whole))
    assert epochs_of(noise, checkpoint=tmp_path, **settings) == 0


def test_a_training_that_has_ended_is_not_repeated(stripes, tmp_path):
    first = fit(stripes, checkpoint=tmp_path)
    assert epochs_of(stripes, checkpoint=tmp_path) == 0
    assert torch.equal(weights(fit(stripes, checkpoint=tmp_path)), weights(first))
    assert first.history_ == fit(stripes, checkpoint=tmp_path).history_


def test_without_a_seed_the_begun_training_gives_its_own(stripes, tmp_path):
    interrupt(stripes, 3, checkpoint=tmp_path, random_state=None)
    Count.epochs = 0
    resumed = fit(stripes, checkpoint=tmp_path, random_state=None, callbacks=[Count()])
    assert Count.epochs == 3
    whole = fit(stripes, random_state=resumed.net_.seed)
    assert torch.equal(weights(resumed), weights(whole))


def test_trainings_that_learn_something_else_share_the_folder(stripes, tmp_path):
    X, y = stripes
    assert epochs_of(stripes, checkpoint=tmp_path) == 5
    assert epochs_of(stripes, checkpoint=tmp_path, lr=0.1) == 5
    assert epochs_of(stripes, checkpoint=tmp_path, random_state=4) == 5
    assert epochs_of((X, 1 - y), checkpoint=tmp_path) == 5
    assert epochs_of((X[::-1], y[::-1]), checkpoint=tmp_path) == 5
    assert epochs_of(stripes, checkpoint=tmp_path, verbose=1) == 0
    assert len(list(tmp_path.iterdir())) == 5


def test_other_rows_and_weights_are_another_training(stripes, tmp_path):
    detector = clone(DETECTOR).set_params(checkpoint=tmp_path)
    detector.augment_ = None
    backwards = np.arange(40)[::-1]
    orders = [{}, {"rows": backwards}, {"weights": backwards}]
    files = [
        find_checkpoint(detector, PixelDataset(*stripes, **order), None).file
        for order in (*orders, *orders)
    ]
    assert files[:3] == files[3:]
    assert len(set(files)) == 3


def test_a_warm_start_has_a_checkpoint_of_its_own(stripes, tmp_path):
    def trained(folder):
        detector = fit(stripes, checkpoint=folder, warm_start=True)
        return detector.fit(*stripes)

    assert torch.equal(weights(trained(tmp_path)), weights(trained(None)))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_broken_file_is_named_and_left(stripes, tmp_path):
    fit(stripes, checkpoint=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ValueError, match=rf"checkpoint must hold .*{file.name}"):
        fit(stripes, checkpoint=tmp_path)
    assert file.stat().st_size == 1000


def test_nothing_but_the_checkpoint_is_left_in_the_folder(stripes, tmp_path):
    fit(stripes, checkpoint=tmp_path / "new" / "folder")
    (file,) = (tmp_path / "new" / "folder").iterdir()
    assert file.name.startswith("CNNDetector-")
    assert file.suffix == ".pt"
