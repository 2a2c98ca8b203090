import numpy as np
import pytest
from skimage.color import rgb2gray
from skimage.feature import hog
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfake import SVMDetector
from skfake.datasets import make_images
from skfake.detectors import kernel_machine
from skfake.detectors.kernel_machine import KernelMachine
from skfake.images import check_images, fingerprint_images
from skfake.training_images import order_images


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

    # The solver stops where its order of the images has led it.
    rows, _ = order_images(fingerprint_images(check_images(X)), y)
    by_hand = make_pipeline(StandardScaler(), SVC()).fit(describe(X[rows]), y[rows])
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
    monkeypatch.setattr(kernel_machine, "find_spec", lambda name: spec)
    assert kernel_machine.resolve_engine("auto") == engine


def test_an_engine_that_is_not_installed_is_named_with_its_extra(monkeypatch, images):
    monkeypatch.setattr(kernel_machine, "find_spec", lambda name: None)
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


KERNELS = ["rbf", "linear", "poly", "sigmoid"]


@pytest.mark.parametrize("engine", ["scikit-learn", "scikit-learn-intelex"])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_distances_are_those_of_the_library_s_svc(engine, kernel, n_classes):
    if engine != "scikit-learn":
        pytest.importorskip("sklearnex", reason="scikit-learn-intelex is an extra")
    rng = np.random.default_rng(0)
    # Numbers that float32 holds, which the fast engine learns from.
    X = rng.normal(size=(120, 7)).astype(np.float32).astype(float)
    y = rng.integers(n_classes, size=120)
    X[:, 0] += y
    machine = KernelMachine(kernel=kernel, engine=engine).fit(X, y)
    svc = machine._make_svc()
    svc.fit(X.astype(np.float32) if engine != "scikit-learn" else X, y)
    expected = svc.decision_function(X)
    found = machine.decision_function(X)
    assert found.shape == expected.shape
    close = 1e-6 if engine == "scikit-learn" else 1e-5
    assert np.allclose(found, expected, rtol=close, atol=close)
    labels = svc.set_params(break_ties=n_classes > 2).predict(X)
    assert (machine.predict(X) == labels).mean() > 0.99
    alone = np.concatenate([machine.decision_function(row[None]) for row in X[:5]])
    assert np.allclose(alone, found[:5], atol=1e-12)


def test_distances_are_computed_a_block_at_a_time(monkeypatch, images):
    X, y = images[0].reshape(300, -1)[:, ::50] / 255.0, images[1]
    machine = KernelMachine().fit(X, y)
    expected = machine.decision_function(X)
    monkeypatch.setattr(kernel_machine, "BLOCK", 3 * len(machine.support_vectors_))
    assert np.allclose(machine.decision_function(X), expected, atol=1e-12)


@pytest.mark.parametrize("name", ["n_support_", "dual_coef_", "intercept_", "classes_"])
def test_arrays_that_do_not_fit_together_are_refused(images, name):
    X, y = images[0].reshape(300, -1)[:, ::50] / 255.0, images[1]
    state = KernelMachine().fit(X, y).__getstate__()
    state[name] = np.repeat(state[name], 2, axis=-1)
    with pytest.raises(ValueError, match="arrays that do not fit together"):
        KernelMachine().__setstate__(state)


def test_a_machine_predicts_as_before_when_probability_is_changed_after_fit(stripes):
    X, y = stripes
    for probability in (True, False):
        detector = SVMDetector(engine="scikit-learn", probability=probability)
        before = detector.fit(X, y).predict(X)
        detector.set_params(probability=not probability)
        assert np.array_equal(detector.predict(X), before)
