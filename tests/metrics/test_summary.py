import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, roc_auc_score

from skfake.metrics.detection import expected_calibration_error
from skfake.metrics.summary import (
    CALIBRATION,
    RANKING,
    Classes,
    compute_metrics,
    metric_names,
)

NAMES = ["REAL", "FAKE"]


def metrics_of(target, prediction, scores=None, *, pos_label=1):
    return compute_metrics(
        np.array(target),
        np.array(prediction),
        None if scores is None else np.array(scores, dtype=float),
        Classes(np.array([0, 1]), NAMES, pos_label),
    )


def test_metrics_agree_with_those_computed_by_hand():
    metrics = metrics_of(
        [0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
        [0, 0, 0, 1, 1, 1, 1, 0, 0, 1],
        [0.1, 0.2, 0.3, 0.8, 0.9, 0.7, 0.6, 0.4, 0.05, 0.95],
    )
    assert metrics == pytest.approx(
        {
            "accuracy": 7 / 10,
            "balanced_accuracy": (3 / 4 + 4 / 6) / 2,
            "precision_REAL": 3 / 5,
            "recall_REAL": 3 / 4,
            "f1_REAL": 2 / 3,
            "precision_FAKE": 4 / 5,
            "recall_FAKE": 4 / 6,
            "f1_FAKE": 8 / 11,
            # Of 24 pairs, 3 + 3 + 4 + 4 + 3 + 0 = 17 are in order.
            "roc_auc": 17 / 24,
            # Each fake adds 1/6 of the precision at its rank: 1, 2, 4, 5, 6 and 10.
            "average_precision": (1 + 1 + 3 / 4 + 4 / 5 + 5 / 6 + 6 / 10) / 6,
            # Two fakes score above all four reals.
            "tpr_at_fpr_0.01": 2 / 6,
            "tpr_at_fpr_0.05": 2 / 6,
            # From (1/4, 4/6) on, the curve rises to (1/4, 5/6): 1 - tpr = fpr at 3/4.
            "equal_error_rate": 1 / 4,
            "brier_score": np.nan,
            "expected_calibration_error": np.nan,
        },
        nan_ok=True,
    )


def test_names_are_those_of_the_metrics_in_their_order():
    assert list(metrics_of([0, 1], [0, 1], [0, 1])) == metric_names(NAMES)


def test_the_positive_class_may_be_the_lesser_label():
    metrics = metrics_of([0, 0, 1, 1], [0, 1, 1, 1], [0.9, 0.4, 0.6, 0.1], pos_label=0)
    assert metrics["roc_auc"] == 0.75


def test_a_class_that_is_never_predicted_has_precision_zero_without_a_warning():
    metrics = metrics_of([0, 1, 1], [0, 0, 0], [0.1, 0.2, 0.3])
    assert metrics["precision_FAKE"] == metrics["f1_FAKE"] == 0


def test_metrics_of_a_class_that_the_targets_lack_are_nan():
    metrics = metrics_of([1, 1, 1, 1], [1, 1, 1, 0], [4, 3, 2, 1])
    undefined = {name for name, value in metrics.items() if np.isnan(value)}
    of_scores = {*RANKING, *CALIBRATION}
    assert undefined == {"precision_REAL", "recall_REAL", "f1_REAL", *of_scores}
    assert metrics["recall_FAKE"] == metrics["balanced_accuracy"] == 0.75


def test_without_scores_what_needs_them_is_nan():
    metrics = metrics_of([0, 1], [0, 1])
    assert np.isnan([metrics[name] for name in (*RANKING, *CALIBRATION)]).all()
    assert metrics["accuracy"] == 1


def test_only_probabilities_are_judged_by_their_calibration():
    target, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.7, 0.9])
    classes = Classes(np.array([0, 1]), NAMES, 1)
    metrics = compute_metrics(target, target, scores, classes, probabilities=True)
    assert metrics["brier_score"] == pytest.approx(brier_score_loss(target, scores))
    error = expected_calibration_error(target, scores)
    assert metrics["expected_calibration_error"] == error
    metrics = compute_metrics(target, target, scores, classes)
    assert np.isnan([metrics[name] for name in CALIBRATION]).all()


def test_areas_of_several_classes_are_means_of_each_against_the_rest():
    rng = np.random.default_rng(0)
    classes = np.array(["a", "b", "c"])
    target = rng.choice(classes, size=60)
    scores = rng.normal(size=(60, 3)) + (target[:, None] == classes)
    metrics = compute_metrics(
        target,
        classes[scores.argmax(axis=1)],
        scores,
        Classes(classes, ["a", "b", "c"]),
    )
    expected = [
        roc_auc_score(target == c, s) for c, s in zip(classes, scores.T, strict=True)
    ]
    assert metrics["roc_auc"] == pytest.approx(np.mean(expected))


LABELS = st.lists(st.tuples(*[st.integers(0, 1)] * 2), min_size=1, max_size=30)
SCORED = st.lists(
    st.tuples(st.integers(0, 1), st.integers(-20, 20)), min_size=2, max_size=30
)


@settings(deadline=None)
@given(SCORED)
def test_monotone_changes_of_the_scores_leave_the_areas_alone(pairs):
    target, scores = np.array(pairs).T
    before = metrics_of(target, target, scores)
    after = metrics_of(target, target, np.exp(scores / 4) - 7)
    assert after == pytest.approx(before, nan_ok=True)


@settings(deadline=None)
@given(SCORED)
def test_turning_classes_and_scores_around_leaves_the_roc_area_alone(pairs):
    target, scores = np.array(pairs).T
    fake = metrics_of(target, target, scores)["roc_auc"]
    real = metrics_of(target, target, -scores, pos_label=0)["roc_auc"]
    assert fake == pytest.approx(real, nan_ok=True)


@settings(deadline=None)
@given(LABELS)
def test_metrics_are_shares_or_undefined_and_balanced_as_in_scikit_learn(pairs):
    target, prediction = np.array(pairs).T
    metrics = metrics_of(target, prediction)
    values = np.array(list(metrics.values()))
    assert (((values >= 0) & (values <= 1)) | np.isnan(values)).all()
    with warnings.catch_warnings():
        # It warns where a prediction is of a class that the targets lack.
        warnings.simplefilter("ignore")
        expected = balanced_accuracy_score(target, prediction)
    assert metrics["balanced_accuracy"] == pytest.approx(expected)
