"""How a training ends: by Ctrl-C, by the user's callbacks, and what is left of it."""

import os
import pickle
import signal
from threading import Thread

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from skorch.callbacks import Callback, EarlyStopping

from skfake import CNNDetector, TiledDetector, compare_detectors

CNN = CNNDetector(
    image_size=16, max_epochs=5, batch_size=8, device="cpu", random_state=0
)
WARNING = "Training interrupted by user"


class CtrlC(Callback):
    """Press Ctrl-C in a batch, when so many epochs are done."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def on_batch_end(self, net, **kwargs):
        if len(net.history) > self.n_epochs:
            raise KeyboardInterrupt


class Signal(Callback):
    """Let a thread send the signal of Ctrl-C when two epochs are done."""

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == 3:
            kill = Thread(target=os.kill, args=(os.getpid(), signal.SIGINT))
            kill.start()


def cnn(n_epochs=None, **parameters):
    """A detector, interrupted when so many epochs are done."""
    callbacks = None if n_epochs is None else [CtrlC(n_epochs)]
    return clone(CNN).set_params(callbacks=callbacks, **parameters)


def weights(detector):
    return torch.cat([p.detach().ravel() for p in detector.net_.module_.parameters()])


def interrupt(fit, *arguments, says=""):
    with (
        pytest.warns(UserWarning, match=f"{WARNING}: .*{says}"),
        pytest.raises(KeyboardInterrupt),
    ):
        fit(*arguments)


def test_ctrl_c_keeps_the_epochs_that_are_done(stripes):
    detector = cnn(2)
    interrupt(detector.fit, *stripes, says=r"2 of 5 epochs are done, and kept\.")
    assert len(detector.history_["train_loss"]) == len(detector.net_.history) == 2
    again = pickle.loads(pickle.dumps(detector))
    probabilities = detector.predict_proba(stripes[0])
    assert np.array_equal(again.predict_proba(stripes[0]), probabilities)


def test_ctrl_c_in_the_first_epoch_leaves_a_detector_unfitted(stripes):
    detector = cnn(0)
    interrupt(detector.fit, *stripes, says=r"no epoch of 5 is done; .* as it was")
    with pytest.raises(NotFittedError):
        detector.predict(stripes[0])
    assert vars(detector) == vars(cnn(0)) | {"callbacks": detector.callbacks}


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_ctrl_c_in_an_epoch_that_goes_on_leaves_the_earlier_fit(stripes, method):
    X, y = stripes
    detector = cnn(max_epochs=2, warm_start=True).fit(X, y)
    before, learned = vars(detector).copy(), weights(detector)
    detector.set_params(callbacks=[CtrlC(2)])
    interrupt(getattr(detector, method), X, y, says="no epoch of")
    assert vars(detector) | {"callbacks": None} == before
    assert torch.equal(weights(detector), learned)


def test_a_warm_start_counts_its_own_epochs(stripes):
    detector = cnn(max_epochs=2, warm_start=True).fit(*stripes)
    detector.set_params(callbacks=[CtrlC(3)])
    interrupt(detector.fit, *stripes, says="1 of 2 epochs")
    assert len(detector.history_["train_loss"]) == 3


def test_a_fit_goes_on_from_what_ctrl_c_left(stripes):
    detector = cnn(2, warm_start=True)
    interrupt(detector.fit, *stripes)
    detector.set_params(callbacks=None).fit(*stripes)
    assert len(detector.history_["train_loss"]) == 7


def test_the_signal_of_ctrl_c_ends_a_fit(stripes):
    detector = clone(CNN).set_params(max_epochs=500, callbacks=[Signal()])
    # A shell that runs the tests behind `&` ignores it.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupt(detector.fit, *stripes, says="of 500 epochs are done, and kept")
    finally:
        signal.signal(signal.SIGINT, handler)
    assert 2 <= len(detector.history_["train_loss"]) < 500


def test_ctrl_c_while_images_are_opened_passes_through(stripes):
    class Interrupting:
        def __fspath__(self):
            raise KeyboardInterrupt

    detector = cnn()
    with pytest.raises(KeyboardInterrupt):
        detector.fit([Interrupting()] * 40, stripes[1])
    assert not hasattr(detector, "net_")


@pytest.mark.filterwarnings("error")
def test_ctrl_c_comes_first_where_warnings_are_errors(stripes):
    with pytest.raises(KeyboardInterrupt):
        cnn(2).fit(*stripes)


# Whatever trains detectors


def search(detector, X, y):
    return GridSearchCV(detector, {"lr": [0.001, 0.01]}, cv=2).fit(X, y)


def compare(detector, X, y):
    return compare_detectors({"one": detector, "two": clone(detector)}, X, y, cv=2)


def tile(detector, X, y):
    return TiledDetector(detector, max_tiles=2).fit(X, y)


def vote(detector, X, y):
    return VotingClassifier([("one", detector), ("two", detector)]).fit(X, y)


def calibrate(detector, X, y):
    return CalibratedClassifierCV(detector, cv=2).fit(X, y)


def bag(detector, X, y):
    model = BaggingClassifier(detector, n_estimators=2, bootstrap=False)
    return model.fit(X.reshape(len(X), -1), y)


@pytest.mark.parametrize(
    "train", [cross_val_score, search, compare, tile, vote, calibrate, bag]
)
def test_ctrl_c_ends_whatever_trains_detectors(stripes, train):
    fits = []

    class Fits(CtrlC):
        def on_train_begin(self, net, **kwargs):
            fits.append(net)

    detector = cnn(augment=None, image_shape=(16, 16, 3) if train is bag else None)
    detector.set_params(callbacks=[Fits(2)])
    interrupt(train, detector, *stripes, says="2 of 5 epochs")
    assert len(fits) == 1


# Callbacks


def test_early_stopping_of_the_user_ends_a_fit_quietly(stripes):
    stopping = EarlyStopping("train_loss", patience=1, threshold=10)
    detector = clone(CNN).set_params(callbacks=[stopping]).fit(*stripes)
    assert len(detector.history_["train_loss"]) == 2
