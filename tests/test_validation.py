"""The door of every estimator: forms of X, their scale, what can't be read."""

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import parallel_config, register_parallel_backend
from joblib.parallel import ThreadingBackend
from PIL import Image
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfake import HOGTransformer
from skfake.corruptions import CorruptionTransformer
from skfake.images import UnreadableImages, check_images
from tests.detectors.instances import DETECTORS
from tests.features.instances import TRANSFORMERS

EACH_DETECTOR = pytest.mark.parametrize("name", DETECTORS)
# The fastest of each kind, and what stands before them in a pipeline.
QUICK = {
    "SVM": DETECTORS["SVM"],
    "CNN": DETECTORS["CNN"],
    "tiled SVM": DETECTORS["tiled SVM"],
    **TRANSFORMERS,
    "damage": CorruptionTransformer(corruption="noise"),
    "HOG in a pipeline": make_pipeline(HOGTransformer(), StandardScaler()),
}
EACH_QUICK = pytest.mark.parametrize("name", QUICK)
SCALES = {
    "int32": lambda X: X.astype(np.int32),
    "int64": lambda X: X.astype(np.int64),
    "float32 of 0 to 255": lambda X: X.astype(np.float32),
    "float64 of 0 to 255": lambda X: X.astype(np.float64),
    "float16 of 0 to 1": lambda X: (X / 255).astype(np.float16),
    "float32 of 0 to 1": lambda X: (X / 255).astype(np.float32),
    "float64 of 0 to 1": lambda X: X / 255,
    "tensor": lambda X: torch.from_numpy(X).permute(0, 3, 1, 2) / 255,
    "list": lambda X: list(X / 255),
    "rows": lambda X: (X / 255).reshape(len(X), -1),
}


def answers_of(estimator, X):
    """What a fitted estimator says of X, in numbers."""
    for method in ("predict_proba", "decision_function"):
        if hasattr(estimator, method):
            return getattr(estimator, method)(X)
    found = estimator.transform(X)
    if isinstance(estimator, CorruptionTransformer):
        # It gives images back, on the scale that they came on.
        found = check_images(found, image_shape=(16, 16, 3))
    return found.reshape(len(X), -1)


@EACH_DETECTOR
def test_every_scale_gets_the_answers_of_bytes(name, fitted_detector, stripes):
    X, _ = stripes
    expected = answers_of(fitted_detector(name), X)
    for scale, make in SCALES.items():
        found = answers_of(fitted_detector(name), make(X))
        assert np.array_equal(found, expected), scale


@EACH_QUICK
@pytest.mark.parametrize("scale", SCALES)
def test_bytes_get_the_same_answers_whatever_scale_was_fitted_on(name, scale, stripes):
    X, y = stripes
    expected = answers_of(clone(QUICK[name]).fit(X, y), X)
    fitted = clone(QUICK[name]).fit(SCALES[scale](X), y)
    assert np.array_equal(answers_of(fitted, X), expected)
    assert np.array_equal(answers_of(fitted, SCALES[scale](X)), expected)


@EACH_DETECTOR
def test_numbers_of_no_known_scale_are_refused_by_every_detector(
    name, fitted_detector, stripes
):
    X, _ = stripes
    cures = {
        r"Use \(X \+ 1\) / 2": X / 127.5 - 1,
        "Undo what made": (X / 255 - 0.45) / 0.225,
        r"Use X\.astype\(np\.uint16\) where": X.astype(int) * 257,
        r"Use X\.clip\(0, 1\)": X / 255 * 1.6,
    }
    for cure, strange in cures.items():
        with pytest.raises(ValueError, match=f"as the training images did; .*{cure}"):
            fitted_detector(name).predict(strange)


@EACH_QUICK
def test_numbers_on_no_known_scale_are_learned_from_with_a_warning(name, stripes):
    X, y = stripes
    normalised = X / 127.5 - 1
    estimator = clone(QUICK[name])
    with pytest.warns(UserWarning, match=r"X should be on a known scale.*\(X \+ 1\)"):
        estimator.fit(normalised, y)
    if hasattr(estimator, "pixel_range_"):
        least, greatest = estimator.pixel_range_
        assert (least, greatest) == (normalised.min(), normalised.max())
    few = answers_of(estimator, normalised[:3])
    assert np.allclose(answers_of(estimator, normalised)[:3], few, atol=1e-6)
    for strange in (X, X > 0, normalised * 9):
        with pytest.raises(ValueError, match=r"scale of the training images, -1 to"):
            answers_of(estimator, strange)


@pytest.mark.parametrize("name", ["SVM", "HOG", "damage"])
def test_a_known_scale_is_learned_as_none_and_forgotten_by_the_next_fit(name, stripes):
    X, y = stripes
    estimator = clone(QUICK[name])
    with pytest.warns(UserWarning, match="X should be on a known scale"):
        estimator.fit(X / 127.5 - 1, y)
    assert estimator.fit(X / 255, y).pixel_range_ is None
    assert len(answers_of(estimator, X)) == len(X)


def test_a_transformer_that_is_not_fitted_judges_X_by_itself(stripes):
    X, _ = stripes
    expected = HOGTransformer().transform(X)
    assert np.array_equal(HOGTransformer().transform(X.astype(float)), expected)
    normalised = HOGTransformer().transform(X / 127.5 - 1)
    assert np.abs(normalised - expected).mean() < 0.01


# What can't be read


@pytest.fixture
def broken(stripes, tmp_path):
    """Files of the stripes; two can't be read, far from each other."""
    paths = [str(tmp_path / f"{i}.png") for i in range(len(stripes[0]))]
    for path, image in zip(paths, stripes[0], strict=True):
        Image.fromarray(image).save(path)
    for i in (2, 33):
        with open(paths[i], "wb") as file:
            file.write(b"no image")
    return paths


@pytest.mark.parametrize("name", ["SVM", "HOG", "damage"])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_all_files_that_can_not_be_read_are_named(
    name, n_jobs, broken, stripes, fitted_detector
):
    estimator = clone(QUICK[name]).set_params(n_jobs=n_jobs)
    if name == "SVM":
        estimator = clone(estimator).fit(*stripes)
    with pytest.raises(UnreadableImages, match="got 2 of 40") as caught:
        answers_of(estimator, broken)
    assert list(caught.value.reasons) == [2, 33]


# scikit-learn's words, in few


@pytest.mark.parametrize("y", [np.arange(400) % 2, list(range(400)), [0.5] * 400])
def test_swapped_X_and_y_are_told_in_few_words(y, stripes):
    X = np.zeros((400, 8, 8, 3), np.uint8)
    for call in (lambda: DETECTORS["SVM"].fit(y, X), lambda: HOGTransformer().fit(y)):
        with pytest.raises(ValueError, match="X and y are swapped") as caught:
            call()
        assert len(str(caught.value)) < 250


def test_a_series_of_labels_in_place_of_X_is_told_in_few_words():
    with pytest.raises(ValueError, match=r"got a Series of 400 int64. If X and y"):
        HOGTransformer().fit(pd.Series(range(400)))


# joblib's backends


class Plain(ThreadingBackend):
    """A backend that gives no results one by one, as Ray's."""

    supports_return_generator = False


def test_hog_is_computed_by_every_backend_of_joblib(stripes):
    register_parallel_backend("plain", Plain)
    expected = HOGTransformer().transform(stripes[0])
    with parallel_config("plain", n_jobs=2):
        assert np.array_equal(HOGTransformer().transform(stripes[0]), expected)
