"""Which images a detector is fitted to: order, weights, fingerprints and sizes."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import AdaBoostClassifier, StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfake import SVMDetector, TiledDetector
from skfake.datasets import make_images
from skfake.decisions import NeymanPearsonClassifier
from skfake.images import fingerprint_images
from skfake.training_images import (
    are_far_larger,
    describe_resizing,
    describe_sizes,
    find_fingerprints,
    order_images,
    remember_images,
)

# Fingerprints of images some of which are equal, their labels and whole weights.
IMAGES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(1, 4)), min_size=1
)


def in_order(images, weights=True):
    fingerprints, codes, whole = np.array(images, dtype=np.int64).T
    rows, left = order_images(fingerprints, codes, whole * 1.0 if weights else None)
    assert left is None
    return list(zip(fingerprints[rows], codes[rows], strict=True))


# The order of training


@given(IMAGES, st.randoms())
def test_the_order_of_the_images_plays_no_part(images, random):
    shuffled = random.sample(images, len(images))
    assert in_order(shuffled) == in_order(images)
    assert in_order(shuffled, weights=False) == in_order(images, weights=False)


@given(IMAGES)
def test_whole_weights_repeat_images(images):
    repeated = [image for image in images for _ in range(image[2])]
    assert in_order(images) == in_order(repeated, weights=False)


def test_weights_that_repeat_too_many_images_are_relative():
    fingerprints, codes = np.arange(3), np.array([0, 1, 1])
    rows, weights = order_images(fingerprints, codes, np.array([1.0, 2.0, 60.0]))
    assert rows.tolist() == [0, 1, 2]
    assert np.allclose(weights, np.array([1, 2, 60]) / 21)


@pytest.mark.parametrize("equal", [0.3, 500.0])
def test_equal_weights_are_none_where_they_repeat_nothing(equal):
    rows, weights = order_images(np.arange(3), np.zeros(3), np.full(3, equal))
    assert len(rows) == 3
    assert weights is None


# What is kept


def test_sizes_are_those_of_the_smallest_the_median_and_the_largest():
    detector = SimpleNamespace()
    sizes = np.array([[8, 9], [100, 2], [20, 20], [3, 3], [30, 10]])
    remember_images(detector, np.array([4, 2, 4, 1, 9], np.uint64), sizes)
    assert detector.image_sizes_.tolist() == [[3, 3], [100, 2], [20, 20]]
    assert detector.fingerprints_.tolist() == [1, 2, 4, 9]
    remember_images(detector, np.array([3], np.uint64), np.array([[2, 2]]), more=True)
    assert detector.image_sizes_[[0, 2]].tolist() == [[2, 2], [20, 20]]
    assert detector.fingerprints_.tolist() == [1, 2, 3, 4, 9]


@pytest.fixture(scope="module")
def images():
    return make_images(n_samples=40, return_X_y=True, random_state=0)


SVM = SVMDetector(engine="scikit-learn")
AROUND = {
    "pipeline": make_pipeline(FunctionTransformer(), SVM),
    "search": GridSearchCV(make_pipeline(SVM), {"svmdetector__C": [0.5, 1]}, cv=2),
    "calibration": CalibratedClassifierCV(SVM, cv=2),
    "boosting": AdaBoostClassifier(SVM, n_estimators=2),
    "voting": VotingClassifier([("a", SVM), ("b", DummyClassifier())]),
    "stacking": StackingClassifier([("a", make_pipeline(SVM))], cv=2),
    "tiles": TiledDetector(SVM),
    "threshold": NeymanPearsonClassifier(SVM, max_fpr=0.5, confidence_level=None, cv=2),
}


@pytest.mark.parametrize("name", AROUND)
def test_fingerprints_are_found_inside_of_whatever_is_around(name, images):
    X, y = images
    if name == "voting":
        X = X.reshape(len(X), -1)
    expected = np.unique(fingerprint_images(images[0]))
    assert np.array_equal(find_fingerprints(AROUND[name].fit(X, y)), expected)


def test_fingerprints_are_found_in_a_frozen_detector_in_tiles(images):
    fitted = SVM.fit(images[0][:20], images[1][:20])
    tiled = TiledDetector(FrozenEstimator(fitted)).fit(*images)
    assert np.array_equal(find_fingerprints(tiled), fitted.fingerprints_)


def test_what_has_no_fingerprints_has_none(images):
    X, y = images
    assert find_fingerprints(DummyClassifier().fit(X.reshape(40, -1), y)) is None
    assert find_fingerprints(SVMDetector()) is None


# Sizes in words


def test_sizes_are_said_with_their_range_where_they_differ():
    assert describe_sizes(np.array([[512, 384]] * 3)) == "512 x 384 pixels"
    sizes = np.array([[3, 4], [512, 384], [600, 800]])
    words = "512 x 384 pixels (median; 3 x 4 to 600 x 800)"
    assert describe_sizes(sizes) == words
    assert describe_resizing(sizes, 128) == f"{words}, resized to 128 x 128"


def test_what_is_not_made_smaller_is_not_told():
    sizes = np.array([[32, 32]] * 3)
    assert describe_resizing(sizes, 32) is None
    assert describe_resizing(sizes, 64) is None
    assert describe_resizing(sizes, 31) == "32 x 32 pixels, resized to 31 x 31"


def test_images_are_far_larger_than_those_that_a_detector_resizes():
    small, large = np.zeros((127, 200, 3)), np.zeros((128, 200, 3))
    X, y = np.zeros((4, 32, 32, 3), np.uint8), [0, 1, 0, 1]
    X[1::2] = np.arange(32)[:, None] * 7
    detector = SVMDetector().fit(X, y)
    assert are_far_larger([small, large], detector) == [False, True]
    assert are_far_larger([large], make_pipeline(SVMDetector()).fit(X, y)) == [True]
    # It resizes nothing.
    assert are_far_larger([large], TiledDetector(detector).fit(X, y)) == [False]
    assert are_far_larger([large], LogisticRegression()) == [False]
