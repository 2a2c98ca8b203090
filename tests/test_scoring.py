"""Labels and scores of any classifier, from one pass where it can be."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfake import SVMDetector
from skfake.scoring import Scores, score_images

X = np.arange(12.0)[:, np.newaxis]
Y = np.arange(12) // 6


class Counted(ClassifierMixin, BaseEstimator):
    """Score by the one feature, and count the passes."""

    def fit(self, X, y):
        self.classes_, self.n_passes = np.unique(y), 0
        return self

    def decision_function(self, X):
        self.n_passes += 1
        return X[:, 0] - 5.5

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0).astype(int)]


class AtOnce(Counted):
    """The same, with labels and scores from one pass."""

    def score_images(self, X):
        distances = self.decision_function(X)
        return Scores.decide(self.classes_, distances, are_probabilities=False)


class Changed(AtOnce):
    """A subclass that changes its labels, and knows nothing of `score_images`."""

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda classifier: classifier,
        FrozenEstimator,
        lambda classifier: make_pipeline(FunctionTransformer(), classifier),
        lambda classifier: make_pipeline(classifier),
        lambda classifier: FrozenEstimator(make_pipeline(classifier)),
    ],
    ids=["alone", "frozen", "last step", "only step", "both"],
)
def test_what_has_score_images_is_asked_once(wrap):
    classifier = AtOnce().fit(X, Y)
    scores = score_images(wrap(classifier), X)
    assert classifier.n_passes == 1
    assert np.array_equal(scores.labels, Y)
    assert np.array_equal(scores.values, np.column_stack([5.5 - X, X - 5.5]))


def test_other_classifiers_are_asked_for_labels_and_for_scores():
    classifier = Counted().fit(X, Y)
    scores = score_images(classifier, X)
    assert classifier.n_passes == 2
    assert np.array_equal(scores.labels, Y)


def test_an_answer_that_a_subclass_changes_is_the_one_that_counts():
    scores = score_images(Changed().fit(X, Y), X)
    assert scores.labels.tolist() == [0] * 12


def test_a_subclass_of_a_detector_may_change_its_distances(stripes):
    class Contrary(SVMDetector):
        def decision_function(self, X):
            return -super().decision_function(X)

        def predict(self, X):
            return self.classes_[(self.decision_function(X) > 0).astype(int)]

    images, y = stripes
    detector = Contrary(engine="scikit-learn").fit(images, y)
    assert np.array_equal(score_images(detector, images).labels, 1 - y)


def test_labels_follow_a_threshold_that_was_tuned():
    tuned = FixedThresholdClassifier(LogisticRegression(), threshold=0.001).fit(X, Y)
    scores = score_images(tuned, X)
    assert np.array_equal(scores.labels, tuned.predict(X))
    assert not np.array_equal(scores.labels, scores.values.argmax(axis=1))
    assert scores.are_probabilities


def test_distances_are_no_probabilities_and_some_classifiers_have_no_scores():
    assert not score_images(Perceptron().fit(X, Y), X).are_probabilities

    class Labels(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            return np.ones(len(X), dtype=int)

    scores = score_images(clone(Labels()).fit(X, Y), X)
    assert scores.values is None
    assert scores.labels.sum() == 12


def test_a_score_a_class_where_there_are_several():
    several = DummyClassifier(strategy="prior").fit(X, np.arange(12) % 3)
    assert score_images(several, X).values.shape == (12, 3)
