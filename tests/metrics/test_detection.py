import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.svm import LinearSVC

from skfake.metrics.detection import (
    detection_scorers,
    equal_error_rate,
    expected_calibration_error,
    tpr_at_fpr,
)

SCORERS = detection_scorers()
RANKING = [tpr_at_fpr, equal_error_rate]


RANKS = st.integers(0, 50)


@st.composite
def scored(draw, elements=RANKS):
    """Labels of both classes, and scores with ties."""
    n = draw(st.integers(2, 40))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    labels[:2] = 0, 1
    scores = draw(st.lists(elements, min_size=n, max_size=n))
    return np.array(labels), np.array(scores, dtype=float)


@pytest.mark.parametrize(
    ("max_fpr", "expected"), [(0.0, 0.25), (0.2, 0.25), (0.25, 0.75), (0.5, 1.0)]
)
def test_the_rate_at_few_false_alarms_is_that_counted_by_hand(max_fpr, expected):
    target = [0, 0, 0, 0, 1, 1, 1, 1]
    scores = [0.1, 0.2, 0.5, 0.8, 0.4, 0.6, 0.7, 0.9]
    assert tpr_at_fpr(target, scores, max_fpr=max_fpr) == expected


@settings(deadline=None)
@given(scored(), st.sampled_from([0, 0.05, 0.3, 0.7]))
def test_no_threshold_finds_more_at_that_many_false_alarms(data, max_fpr):
    target, scores = data
    found = []
    for threshold in [*np.unique(scores), np.inf]:
        called = scores >= threshold
        if called[target == 0].mean() <= max_fpr:
            found.append(called[target == 1].mean())
    assert tpr_at_fpr(target, scores, max_fpr=max_fpr) == pytest.approx(max(found))


def test_the_equal_error_rate_is_that_counted_by_hand():
    # At a threshold of 0.5 one of four negatives and one of four positives are wrong.
    target = [0, 0, 0, 0, 1, 1, 1, 1]
    assert equal_error_rate(target, [0.1, 0.2, 0.3, 0.8, 0.4, 0.6, 0.7, 0.9]) == 0.25
    assert equal_error_rate(target, [1, 2, 3, 4, 5, 6, 7, 8]) == 0
    assert equal_error_rate(target, [5, 6, 7, 8, 1, 2, 3, 4]) == 1
    assert equal_error_rate(target, [1] * 8) == 0.5


@settings(deadline=None)
@given(scored())
def test_both_error_rates_are_near_the_equal_one(data):
    target, scores = data
    rate = equal_error_rate(target, scores)
    thresholds = [*np.unique(scores), np.inf]
    alarms = np.array([(scores[target == 0] >= t).mean() for t in thresholds])
    misses = np.array([(scores[target == 1] < t).mean() for t in thresholds])
    assert np.minimum(alarms, misses).max() <= rate + 1e-12
    assert np.maximum(alarms, misses).min() >= rate - 1e-12


@pytest.mark.parametrize("metric", RANKING)
@settings(deadline=None)
@given(data=scored())
def test_scores_on_another_scale_are_ranked_alike(metric, data):
    target, scores = data
    assert metric(target, scores) == metric(target, np.exp(scores / 50) - 7)


@settings(deadline=None)
@given(data=scored())
def test_the_equal_error_rate_does_not_know_which_class_is_positive(data):
    target, scores = data
    turned = equal_error_rate(target, -scores, pos_label=0)
    assert turned == pytest.approx(equal_error_rate(target, scores))


@settings(deadline=None)
@given(scored(st.floats(0, 1)), st.integers(1, 20))
def test_calibration_agrees_with_scikit_learn_s_curve(data, n_bins):
    target, prob = data
    share, mean = calibration_curve(target, prob, n_bins=n_bins)
    bins = np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], prob)
    counts = np.unique(bins, return_counts=True)[1]
    expected = np.average(np.abs(share - mean), weights=counts)
    error = expected_calibration_error(target, prob, n_bins=n_bins)
    assert error == pytest.approx(expected)


def test_calibration_is_that_computed_by_hand():
    target = [0, 0, 0, 1, 1, 1, 1, 0]
    prob = [0.1, 0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9]
    error = expected_calibration_error(target, prob, n_bins=2)
    assert error == pytest.approx(0.5 * (0.25 - 0.1) + 0.5 * (0.9 - 0.75))


def test_probabilities_that_come_true_are_calibrated():
    rng = np.random.default_rng(0)
    prob = rng.random(100_000)
    target = rng.random(100_000) < prob
    assert expected_calibration_error(target, prob) < 0.01
    assert expected_calibration_error(target, prob**3) > 0.1


def test_names_may_be_labels():
    target, scores = np.array(["real", "fake", "fake"]), [0.1, 0.7, 0.9]
    assert tpr_at_fpr(target, scores, pos_label="fake") == 1
    assert tpr_at_fpr(target, scores, pos_label="real") == 0
    assert tpr_at_fpr(target, scores) == 1
    # Of other names, the greater is positive unless it is said otherwise.
    assert tpr_at_fpr(np.array(["b", "a", "a"]), scores) == 0


@pytest.mark.parametrize("metric", [*RANKING, expected_calibration_error])
@pytest.mark.parametrize(
    ("target", "scores", "options", "message"),
    [
        ([0, 0], [0.1, 0.2], {}, "y_true must hold labels of two classes; got 1"),
        ([0, 1, 2], [0.1, 0.2, 0.3], {}, "two classes; got 3"),
        ([0, 1], [0.1, 0.2], {"pos_label": 2}, "pos_label must be one of the labels"),
        ([0, 1], [0.1, np.nan], {}, "must be finite; got NaN"),
        ([0, 1], [0.1, 0.2, 0.3], {}, "inconsistent numbers of samples"),
    ],
)
def test_what_cannot_be_judged_is_refused(metric, target, scores, options, message):
    with pytest.raises(ValueError, match=message):
        metric(target, scores, **options)


def test_scores_that_are_no_probabilities_are_not_taken_for_such():
    with pytest.raises(ValueError, match=r"y_prob must hold probabilities.*-3 to 0.5"):
        expected_calibration_error([0, 1], [-3.0, 0.5])


@pytest.mark.parametrize("scoring", SCORERS)
def test_a_search_takes_the_scorers(scoring):
    X, y = make_classification(200, flip_y=0.2, random_state=0)
    grid = {"C": [1e-4, 1.0]}
    search = GridSearchCV(
        LogisticRegression(), grid, scoring=SCORERS[scoring], cv=3, error_score="raise"
    )
    score = search.fit(X, y).best_score_
    assert (-1 <= score < 0) if scoring.startswith("neg_") else (0 < score <= 1)


def test_rankings_are_scored_without_probabilities():
    X, y = make_classification(200, flip_y=0.2, random_state=0)
    names = np.array(["real", "fake"])[y]
    scoring = {k: v for k, v in SCORERS.items() if "calibration" not in k}
    found = cross_validate(LinearSVC(), X, names, scoring=scoring, error_score="raise")
    assert all(np.isfinite(found[f"test_{name}"]).all() for name in scoring)
