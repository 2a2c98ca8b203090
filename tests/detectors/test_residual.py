import numpy as np
import pytest
from sklearn import config_context
from skorch.callbacks import Callback

from skfake import Augmentation, CompactDetector, ResidualDetector

FAST = {
    "image_size": 16,
    "n_filters": (4, 8),
    "max_epochs": 2,
    "precision": "float32",
    "device": "cpu",
    "random_state": 0,
}


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = rng.integers(60, 120, size=(40, 40, 48, 3), dtype=np.uint8)
    # What fakes lack is the finest detail.
    X[y == 1, 1::2] = X[y == 1, ::2]
    return X, y


@pytest.fixture(scope="module")
def fitted(images):
    return ResidualDetector(**FAST).fit(*images)


def test_a_trace_in_the_finest_detail_is_learned(images):
    X, y = images
    settings = {**FAST, "n_filters": (8, 16), "max_epochs": 16}
    detector = ResidualDetector(**settings).fit(X[:30], y[:30])
    assert detector.score(X[30:], y[30:]) == 1


def test_it_does_not_see_brightness(images, fitted):
    X, _ = images
    assert np.allclose(
        fitted.decision_function(X), fitted.decision_function(X + 50), atol=1e-4
    )


def test_predictions_look_at_the_centre(images, fitted):
    X, _ = images
    changed = X.copy()
    changed[:, :8] = changed[:, :, :16] = 0
    assert np.array_equal(fitted.predict_proba(changed), fitted.predict_proba(X))
    changed[:, 16:24, 20:28] = 0
    assert not np.allclose(fitted.predict_proba(changed), fitted.predict_proba(X))


def test_what_is_trained_on_comes_from_everywhere_and_is_not_resized(images):
    _, y = images
    seen = []

    def look(module, inputs):
        if module.training:
            seen.append(inputs[0].detach().clone())

    detector = ResidualDetector(**{**FAST, "augment": None, "max_epochs": 8})
    places = np.indices((40, 48))
    rows, columns = (np.broadcast_to(of, (40, 40, 48)) for of in places)
    numbered = np.stack([rows, columns, rows], axis=-1).astype(np.uint8)

    class Watch(Callback):
        def on_train_begin(self, net, **kwargs):
            net.module_.register_forward_pre_hook(look)

    detector.set_params(callbacks=[Watch()]).fit(numbered, y)
    squares = np.concatenate([(of * 255).round().numpy() for of in seen]).astype(int)
    tops, lefts = squares[:, 0, 0, 0], squares[:, 1, 0, 0]
    assert {tops.min(), tops.max()} == {0, 24}
    assert {lefts.min(), lefts.max()} == {0, 32}
    assert (np.diff(squares[:, 0], axis=1) == 1).all()
    assert (np.diff(squares[:, 1], axis=2) == 1).all()


def test_images_too_many_for_memory_are_opened_anew_and_teach_the_same(images, fitted):
    X, y = images
    with config_context(working_memory=0):
        again = ResidualDetector(**FAST).fit(list(X), y)
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_small_images_are_continued_by_their_reflection(images, fitted):
    small = images[0][:4, :10, :12]
    whole = np.pad(small, [(0, 0), (0, 6), (0, 4), (0, 0)], mode="reflect")
    assert np.array_equal(fitted.predict_proba(small), fitted.predict_proba(whole))


def test_it_trains_on_parts_of_what_it_judges(images):
    detector = ResidualDetector(**{**FAST, "image_size": 130}, n_jobs=2)
    X = np.pad(images[0], [(0, 0), (50, 50), (50, 50), (0, 0)], mode="reflect")
    detector.fit(X, images[1])
    assert detector.augment_.crop_size == 128
    # Eight rows of what is judged are no part of the central square of 128.
    changed = X.copy()
    changed[:, :9] = 0
    assert not np.allclose(detector.predict_proba(changed), detector.predict_proba(X))
    assert ResidualDetector.robust(image_size=20).augment.crop_size == 20


def test_users_are_told_of_squares_far_larger_than_their_images(images):
    with pytest.warns(UserWarning, match=r"reflection to 256 x 256.*image_size=40\."):
        ResidualDetector(**{**FAST, "image_size": 256}, n_jobs=1).fit(*images)


def test_any_network_may_look_at_full_resolution(images):
    X, y = images
    settings = {**FAST, "augment": Augmentation(crop=None)}
    detector = CompactDetector(resize=False, **settings).fit(X, y)
    centre = X[:, 8:24, 16:32]
    assert np.array_equal(detector.predict_proba(X), detector.predict_proba(centre))
    resized = CompactDetector(**settings).fit(X, y)
    assert not np.allclose(resized.predict_proba(X), resized.predict_proba(centre))
