import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from skfake import SVMDetector
from skfake.datasets import make_images
from skfake.decisions import NeymanPearsonClassifier
from skfake.decisions.neyman_pearson import threshold_rank

SHARES = st.sampled_from([0.01, 0.05, 0.1, 0.2, 0.5, 0.9])
CONFIDENCES = st.sampled_from([None, 0.3, 0.8, 0.9, 0.95, 0.99])


class ByFirstValue(ClassifierMixin, BaseEstimator):
    """Score by the first value of a row; nothing is left to learn."""

    def __init__(self, classes=(0, 1)):
        self.classes = classes

    def fit(self, X, y):
        self.classes_ = np.array(self.classes)
        return self

    def decision_function(self, X):
        return X[:, 0]


def screen(scores, y=None, *, classes=(0, 1), **settings):
    """Set the threshold on images with these scores, by default all negatives."""
    scores = np.asarray(scores, dtype=float)[:, np.newaxis]
    y = np.full(len(scores), classes[0]) if y is None else y
    estimator = ByFirstValue(classes).fit(None, None)
    return NeymanPearsonClassifier(estimator, cv="prefit", **settings).fit(scores, y)


def exceeds(n_negatives, draws, *, tied=False, **settings):
    """Share of draws in which more negatives are called positive than wanted."""
    rng = np.random.default_rng(0)
    rates = []
    for _ in range(draws):
        scores = rng.uniform(size=n_negatives)
        scores = np.floor(20 * scores) / 20 if tied else scores
        # Of scores even between 0 and 1, so many are above; of tied ones, fewer.
        threshold = screen(scores, **settings).threshold_
        rates.append(1 - threshold - (0.05 if tied else 0))
    return np.mean(np.array(rates) > settings["max_fpr"] + 1e-12), np.mean(rates)


# What is promised


@pytest.mark.parametrize(
    ("n_negatives", "max_fpr", "confidence"),
    [(299, 0.01, 0.95), (500, 0.01, 0.95), (100, 0.1, 0.8), (60, 0.05, 0.9)],
)
def test_the_rate_is_exceeded_as_seldom_as_promised(n_negatives, max_fpr, confidence):
    share, _ = exceeds(n_negatives, 1500, max_fpr=max_fpr, confidence_level=confidence)
    # Three standard errors of the simulation.
    tolerance = 3 * np.sqrt(confidence * (1 - confidence) / 1500)
    assert share <= 1 - confidence + tolerance
    rank = threshold_rank(n_negatives, max_fpr, confidence)
    exact = binom.sf(rank - 1, n_negatives, 1 - max_fpr)
    assert share == pytest.approx(exact, abs=tolerance)


def test_ties_only_make_it_rarer():
    share, _ = exceeds(200, 500, tied=True, max_fpr=0.1, confidence_level=0.9)
    assert share <= 0.1


def test_without_a_confidence_the_rate_holds_on_average():
    share, mean = exceeds(150, 1500, max_fpr=0.05, confidence_level=None)
    assert mean == pytest.approx(7 / 151, abs=0.002)
    assert share > 0.3


def test_the_promise_holds_for_a_fitted_estimator_on_fresh_images():
    rng = np.random.default_rng(0)
    exceeded = 0
    for _ in range(200):
        y = np.arange(400) % 2
        X = rng.normal(size=(400, 3)) + y[:, np.newaxis]
        classifier = NeymanPearsonClassifier(
            LogisticRegression(),
            max_fpr=0.1,
            confidence_level=0.9,
            cv=0.5,
            random_state=0,
        ).fit(X, y)
        # Of normal negatives, the scores are normal: their rate is known.
        weights = classifier.estimator_.coef_[0]
        odds = np.log(classifier.threshold_ / (1 - classifier.threshold_))
        odds -= classifier.estimator_.intercept_[0]
        exceeded += norm.sf(odds / np.linalg.norm(weights)) > 0.1
    assert exceeded / 200 <= 0.1 + 3 * np.sqrt(0.09 / 200)
    assert exceeded > 0


@given(st.integers(1, 400), SHARES, CONFIDENCES)
def test_the_rank_is_the_least_that_keeps_the_promise(n, max_fpr, confidence):
    ranks = np.arange(1, n + 1)
    if confidence is None:
        kept = (n + 1 - ranks) / (n + 1) <= max_fpr + 1e-12
    else:
        kept = binom.sf(ranks - 1, n, 1 - max_fpr) <= 1 - confidence
    if kept.any():
        assert threshold_rank(n, max_fpr, confidence) == ranks[kept.argmax()]
    else:
        with pytest.raises(ValueError, match="cv must hold out at least"):
            threshold_rank(n, max_fpr, confidence)


@pytest.mark.parametrize(
    ("max_fpr", "confidence", "least"),
    [(0.01, 0.95, 299), (0.01, None, 99), (0.05, 0.99, 90), (0.5, None, 1)],
)
def test_too_few_negatives_are_refused_with_the_number_that_would_do(
    max_fpr, confidence, least
):
    threshold_rank(least, max_fpr, confidence)
    message = f"at least {least} negatives for max_fpr={max_fpr} .* got {least - 1}"
    with pytest.raises(ValueError, match=message):
        threshold_rank(least - 1, max_fpr, confidence)


def test_held_out_images_without_negatives_are_refused():
    with pytest.raises(ValueError, match=r"at least 299 negatives .* got 0"):
        screen([0.1, 0.2], y=[1, 1])


# What follows from it

SCORES = st.lists(st.integers(-50, 50), min_size=30, max_size=60)


@given(SCORES, SHARES.filter(lambda share: share >= 0.1))
def test_monotone_changes_of_the_scores_leave_the_labels_alone(scores, max_fpr):
    settings = {"max_fpr": max_fpr, "confidence_level": 0.9}
    rows = np.arange(-60, 60, dtype=float)[:, np.newaxis]
    before = screen(scores, **settings).predict(rows)
    after = screen(np.exp(np.array(scores) / 9), **settings).predict(np.exp(rows / 9))
    assert np.array_equal(before, after)


@given(SCORES)
def test_asking_for_more_never_calls_more_images_positive(scores):
    thresholds = [
        screen(scores, max_fpr=max_fpr, confidence_level=confidence).threshold_
        for max_fpr, confidence in [(0.9, None), (0.5, None), (0.5, 0.8), (0.2, 0.8)]
    ]
    assert thresholds == sorted(thresholds)


@given(SCORES)
def test_no_more_held_out_negatives_than_allowed_are_called_positive(scores):
    classifier = screen(scores, max_fpr=0.2, confidence_level=None)
    alarms = classifier.predict(np.array(scores, dtype=float)[:, np.newaxis])
    assert alarms.sum() <= 0.2 * (len(scores) + 1)


@given(SCORES)
def test_the_positive_class_may_be_the_lesser_label(scores):
    rows = np.arange(-60, 60, dtype=float)[:, np.newaxis]
    greater = screen(scores, max_fpr=0.3, confidence_level=0.8).predict(rows)
    lesser = screen(
        -np.array(scores),
        np.ones(len(scores)),
        max_fpr=0.3,
        confidence_level=0.8,
        pos_label=0,
    )
    assert np.array_equal(lesser.predict(-rows), 1 - greater)
    assert lesser.pos_label_ == 0


@given(SCORES)
def test_distances_speak_for_the_label(scores):
    rows = np.arange(-60, 60, dtype=float)[:, np.newaxis]
    classifier = screen(scores, max_fpr=0.3, classes=("a", "b"), confidence_level=0.8)
    positive = classifier.decision_function(rows) > 0
    assert np.array_equal(classifier.classes_[positive * 1], classifier.predict(rows))


def test_the_positives_are_not_looked_at():
    rng = np.random.default_rng(0)
    scores, y = rng.normal(size=100), np.repeat([0, 1], 50)
    moved = scores + 9 * y
    settings = {"max_fpr": 0.1, "confidence_level": 0.9}
    both = [screen(s, y, **settings) for s in (scores, moved)]
    alone = screen(scores[:50], **settings)
    assert both[0].threshold_ == both[1].threshold_ == alone.threshold_
    assert both[0].n_negatives_ == 50


def test_more_than_two_classes_are_refused():
    rows, y = np.eye(6), np.arange(6) % 3
    message = r"y must hold two classes; got 3\."
    with pytest.raises(ValueError, match=message):
        NeymanPearsonClassifier(LogisticRegression()).fit(rows, y)


@pytest.mark.parametrize("cv", [2, "prefit"])
def test_the_positive_class_is_what_the_estimator_says(cv):
    X, y = make_images(n_samples=60, return_X_y=True, random_state=0)
    detector = SVMDetector(engine="scikit-learn", pos_label=["b"])
    labels = np.array(["b", "a"])[y]
    if cv == "prefit":
        detector.fit(X, labels)
    settings = {"max_fpr": 0.5, "confidence_level": None, "cv": cv}
    assert (
        NeymanPearsonClassifier(detector, **settings).fit(X, labels).pos_label_ == "b"
    )
    given = NeymanPearsonClassifier(detector, pos_label="a", **settings)
    assert given.fit(X, labels).pos_label_ == "a"


def test_a_positive_class_that_is_no_label_is_refused():
    with pytest.raises(ValueError, match=r"pos_label must be one of .* got 'fake'"):
        screen([0.1, 0.2], pos_label="fake")


def test_probabilities_are_those_of_the_estimator_alone():
    X = np.random.default_rng(0).normal(size=(80, 2))
    classifier = NeymanPearsonClassifier(LogisticRegression(), max_fpr=0.5, cv=0.5)
    classifier.fit(X, np.arange(80) % 2)
    assert not hasattr(classifier, "predict_proba")
    scores = classifier.estimator_.predict_proba(X)[:, 1]
    assert np.array_equal(classifier.predict(X), scores > classifier.threshold_)
