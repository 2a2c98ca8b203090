import numpy as np
import pytest
from skimage.color import rgb2gray
from skimage.feature import hog
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfake import SVMDetector
from skfake.datasets import make_images
from skfake.detectors import _engines


@pytest.fixture(scope="module")
def images():
    X, y = make_images(n_samples=400, return_X_y=True, random_state=0)
    return X[:300], y[:300], X[300:], y[300:]


def test_it_is_the_study_s_pipeline(images):
    X, y, X_test, _ = images

    def describe(X):
        gray = np.rint(rgb2gray(X) * 255).astype(np.uint8)
        options = {"pixels_per_cell": (8, 8), "cells_per_block": (3, 3)}
        return [hog(image, **options) for image in gray]

    by_hand = make_pipeline(StandardScaler(), SVC()).fit(describe(X), y)
    detector = SVMDetector(engine="scikit-learn").fit(X, y)
    expected = by_hand.decision_function(describe(X_test))
    assert np.allclose(detector.decision_function(X_test), expected, atol=1e-9)


def test_both_engines_give_the_same_labels(images):
    pytest.importorskip("sklearnex", reason="scikit-learn-intelex is not installed")
    X, y, X_test, _ = images
    fast = SVMDetector(engine="scikit-learn-intelex").fit(X, y)
    stock = SVMDetector(engine="scikit-learn").fit(X, y)
    assert (fast.predict(X_test) == stock.predict(X_test)).mean() > 0.98


@pytest.mark.parametrize(
    ("installed", "engine"), [(True, "scikit-learn-intelex"), (False, "scikit-learn")]
)
def test_auto_takes_the_fast_engine_where_it_is_installed(
    monkeypatch, installed, engine
):
    spec = object() if installed else None
    monkeypatch.setattr(_engines, "find_spec", lambda name: spec)
    assert _engines.resolve_engine("auto") == engine


def test_an_engine_that_is_not_installed_is_named_with_its_extra(monkeypatch, images):
    monkeypatch.setattr(_engines, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pip install "skfake\[fast\]"'):
        SVMDetector(engine="scikit-learn-intelex").fit(*images[:2])


def test_probabilities_are_there_on_request_alone():
    assert not hasattr(SVMDetector(), "predict_proba")
    with pytest.raises(AttributeError, match="predict_proba"):
        SVMDetector().predict_proba([])
    assert hasattr(SVMDetector(probability=True), "predict_proba")


def test_with_probabilities_all_answers_agree(images):
    X, y, X_test, _ = images
    detector = SVMDetector(engine="scikit-learn", probability=True).fit(X, y)
    fake = detector.predict_proba(X_test)[:, 1]
    distances = detector.decision_function(X_test)
    assert np.array_equal(detector.predict(X_test) == 1, fake > 0.5)
    assert np.array_equal(distances > 0, fake > 0.5)
    assert np.array_equal(np.argsort(distances), np.argsort(fake))
    plain = SVMDetector(engine="scikit-learn").fit(X, y).decision_function(X_test)
    assert np.array_equal(np.argsort(plain), np.argsort(distances))


def test_probabilities_need_two_images_of_each_class(images):
    X, y = images[0][:10], np.array([0] * 9 + [1])
    with pytest.raises(ValueError, match="two images of each class where probability"):
        SVMDetector(engine="scikit-learn", probability=True).fit(X, y)


@pytest.mark.parametrize("probability", [False, True])
def test_class_weights_move_the_labels(images, probability):
    X, y, X_test, _ = images
    for label in (0, 1):
        weights = {label: 50.0, 1 - label: 0.02}
        detector = SVMDetector(
            engine="scikit-learn", class_weight=weights, probability=probability
        )
        assert (detector.fit(X, y).predict(X_test) == label).mean() > 0.9
