import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import log_loss
from skorch.callbacks import Callback

from skfake import CNNDetector
from skfake.images import fingerprint_images
from skfake.training_images import order_images

SMALL = CNNDetector(
    image_size=16, max_epochs=3, batch_size=8, device="cpu", random_state=0
)
FIGURES = {"train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "seconds"}


def small(**parameters):
    return clone(SMALL).set_params(**parameters)


class CountEpochs(Callback):
    epochs = 0

    def on_epoch_end(self, net, **kwargs):
        self.epochs += 1


def test_history_holds_loss_and_accuracy_of_every_epoch(stripes):
    history = small(max_epochs=6, lr=0.005).fit(*stripes).history_
    assert set(history) == FIGURES
    assert {len(values) for values in history.values()} == {6}
    assert history["train_loss"][-1] < history["train_loss"][0]
    assert history["valid_accuracy"][-1] == 1.0


def test_the_network_standardises_by_the_training_images(stripes):
    X, y = stripes
    layer = small(max_epochs=1).fit(X, y).net_.module_[0]
    assert np.allclose(layer.mean.ravel(), X.mean((0, 1, 2)) / 255, atol=1e-6)
    assert np.allclose(layer.std.ravel(), X.std((0, 1, 2)) / 255, atol=1e-6)


def test_without_validation_all_images_are_trained_on(stripes):
    detector = small(validation_fraction=None).fit(*stripes)
    assert set(detector.history_) == {"train_loss", "train_accuracy", "seconds"}


def test_validation_needs_two_images_of_each_class(stripes):
    X, y = stripes[0], np.array([0] * 39 + [1])
    with pytest.raises(ValueError, match=r"1 sample of class .*validation_fraction="):
        small().fit(X, y)
    small(validation_fraction=None, max_epochs=1).fit(X, y)


def test_early_stopping_returns_to_the_best_epoch(stripes):
    X = stripes[0]
    noise = np.random.default_rng(0).integers(0, 2, 40)
    detector = small(
        patience=2,
        max_epochs=60,
        schedule=None,
        lr=0.01,
        precision="float32",
    ).fit(X, noise)
    losses = detector.history_["valid_loss"]
    assert len(losses) < 60
    assert len(losses) == np.argmin(losses) + 3
    # The net has seen the images in an order of its own.
    rows, _ = order_images(fingerprint_images(X), noise)
    _, held_out = detector.net_.get_split_datasets(X[rows], noise[rows])
    held_out = rows[held_out.indices]
    assert log_loss(
        noise[held_out], detector.predict_proba(X[held_out])
    ) == pytest.approx(min(losses), abs=1e-5)


def test_early_stopping_needs_validation(stripes):
    with pytest.raises(ValueError, match="validation_fraction must be a fraction"):
        small(patience=5, validation_fraction=None).fit(*stripes)


@pytest.mark.parametrize("device", ["gpu", "meta", "xla:3"])
def test_a_device_that_is_not_there_is_refused(stripes, device):
    with pytest.raises(ValueError, match=rf"that torch finds here, .*got '{device}'"):
        small(device=device).fit(*stripes)


def test_callbacks_are_called_and_stay_as_they_were(stripes):
    callback = CountEpochs()
    detector = small(callbacks=[callback]).fit(*stripes)
    assert callback.epochs == 0
    counts = [c.epochs for _, c in detector.net_.callbacks_ if hasattr(c, "epochs")]
    assert counts == [3]


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "muon", "sgd"])
@pytest.mark.parametrize("schedule", [None, "one_cycle", "cosine", "steps"])
def test_every_optimizer_learns_by_every_schedule(stripes, optimizer, schedule):
    lr = 0.02 if optimizer == "sgd" else 0.005
    detector = small(optimizer=optimizer, schedule=schedule, lr=lr, max_epochs=10)
    assert detector.fit(*stripes).score(*stripes) > 0.9


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine"])
def test_a_schedule_ends_near_nothing(stripes, schedule):
    detector = small(schedule=schedule, max_epochs=5).fit(*stripes)
    rate = detector.net_.optimizer_.param_groups[0]["lr"]
    assert rate < 0.01 * detector.lr


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1.0, 1: 9.0}])
def test_class_weights_reach_the_loss(stripes, class_weight):
    X, y = stripes
    kept = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:4]]
    detector = small(class_weight=class_weight).fit(X[kept], y[kept])
    weights = detector.net_.criterion_.weight
    expected = [24 / 40, 24 / 8] if class_weight == "balanced" else [1.0, 9.0]
    assert np.allclose(weights, expected)


def test_training_in_bfloat16_predicts_in_float32(stripes):
    detector = small(precision="bfloat16", max_epochs=10, lr=0.005).fit(*stripes)
    assert detector.score(*stripes) > 0.9
    types = {p.dtype for p in detector.net_.module_.parameters()}
    assert types == {torch.float32}


def test_gray_networks_see_no_colour(stripes):
    X, y = stripes
    detector = small(grayscale=True).fit(X, y)
    gray = np.full_like(X, 100)
    assert len(np.unique(detector.predict_proba(gray)[:, 0].round(9))) == 1
    assert detector.net_.module_[1][0].in_channels == 1


def test_an_image_too_small_for_the_network_is_refused(stripes):
    with pytest.raises(ValueError, match="image_size must be at least 4 pixels"):
        small(image_size=3).fit(*stripes)
    small(image_size=4, max_epochs=1).fit(*stripes)


def test_a_pickle_does_not_hold_the_images(stripes):
    import pickle

    X = np.tile(stripes[0], (50, 1, 1, 1))
    y = np.tile(stripes[1], 50)
    few = small(max_epochs=1).fit(*stripes)
    many = small(max_epochs=1).fit(X, y)
    assert len(pickle.dumps(many)) < len(pickle.dumps(few)) + 1000


def test_a_memory_map_is_trained_on(stripes, tmp_path):
    np.save(tmp_path / "X.npy", stripes[0])
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    a = small(max_epochs=1).fit(X, stripes[1])
    b = small(max_epochs=1).fit(*stripes)
    assert np.array_equal(a.predict_proba(X), b.predict_proba(X))


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("lr", 0), ("optimizer", "lion"), ("dropout", 1.0), ("max_epochs", 0.5)],
)
def test_parameters_are_checked(stripes, parameter, value):
    with pytest.raises(ValueError, match=f"The '{parameter}' parameter of CNNDetector"):
        small(**{parameter: value}).fit(*stripes)
