"""From targets, predictions and scores to the metrics that a table holds.

All are computed for images that count as often as weights say, for many weights at
once: a row of ones gives the metrics themselves, rows of counts those of resamples.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from skfake.labels import check_pos_label

PER_CLASS = ("precision", "recall", "f1")
# Of the scores of one class against the rest: those for which any scale will do, and
# those of probabilities.
RANKING = (
    "roc_auc",
    "average_precision",
    "tpr_at_fpr_0.01",
    "tpr_at_fpr_0.05",
    "equal_error_rate",
)
CALIBRATION = ("brier_score", "expected_calibration_error")
N_BINS = 15


class Classes(NamedTuple):
    """All labels, sorted; their names; the positive one of two."""

    labels: np.ndarray
    names: list[str]
    pos_label: Any = None

    @classmethod
    def check(
        cls, labels: np.ndarray, target_names: Sequence[str] | None, pos_label: Any
    ) -> Self:
        """Classes with the names and the positive label that a user gave."""
        given = labels.tolist() if target_names is None else list(target_names)
        names = [str(name) for name in given]
        if len(names) != len(labels) or len(set(names)) < len(names):
            raise ValueError(
                f"target_names must be {len(labels)} different names, of the labels "
                f"{labels.tolist()}; got {names}."
            )
        return cls(labels, names, check_pos_label(pos_label, labels, names))


def check_two_classes(what: str, labels: np.ndarray) -> np.ndarray:
    """Both labels, sorted."""
    classes = np.unique(labels)
    if len(classes) != 2:
        raise ValueError(
            f"{what} of two classes; got {len(classes)}, {classes.tolist()}."
        )
    return classes


def metric_names(names: Sequence[str]) -> list[str]:
    """Names of the metrics, in the order of `weighted_metrics`."""
    of_classes = [f"{metric}_{name}" for name in names for metric in PER_CLASS]
    return ["accuracy", "balanced_accuracy", *of_classes, *RANKING, *CALIBRATION]


def compute_metrics(
    target: np.ndarray,
    prediction: np.ndarray,
    scores: np.ndarray | None,
    classes: Classes,
    *,
    probabilities: bool = False,
) -> dict[str, float]:
    """Metrics that say how well predictions agree with the targets."""
    once = np.ones((1, len(target)))
    (values,) = weighted_metrics(
        target, prediction, scores, once, classes, probabilities=probabilities
    )
    return dict(zip(metric_names(classes.names), values.tolist(), strict=True))


def weighted_metrics(
    target: np.ndarray,
    prediction: np.ndarray,
    scores: np.ndarray | None,
    weights: np.ndarray,
    classes: Classes,
    *,
    probabilities: bool = False,
) -> np.ndarray:
    """Metrics of n images, weighted: weights (n_rows, n) give (n_rows, n_metrics)."""
    actual = (target[:, None] == classes.labels).astype(float)
    means = np.full((len(RANKING) + len(CALIBRATION), len(weights)), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        counted = _count_metrics(actual, prediction, weights, classes.labels)
        if scores is not None and not np.isnan(scores).any():
            pairs = list(class_scores(target, scores, classes))
            found = [_rank_metrics(*pair, weights) for pair in pairs]
            means[: len(RANKING)] = np.mean(found, axis=0)
            if probabilities:
                found = [_calibration_metrics(*pair, weights) for pair in pairs]
                means[len(RANKING) :] = np.mean(found, axis=0)
    means[:, (weights @ actual == 0).any(axis=1)] = np.nan
    return np.column_stack([*counted, *means])


def class_scores(
    target: np.ndarray, scores: np.ndarray, classes: Classes
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Membership and score of the positive class, or of each of several classes."""
    if scores.ndim == 1:
        yield target == classes.pos_label, scores
    else:
        for label, column in zip(classes.labels, scores.T, strict=True):
            yield target == label, column


def rank_images(
    positive: np.ndarray, score: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Positives and negatives that score as much as each threshold, or more.

    Two arrays of shape (n_rows, n_thresholds), from the greatest score to the least.
    """
    order = np.argsort(-score, kind="stable")
    # Images with equal scores are called positive together.
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    ordered = weights[:, order]
    called = np.cumsum(ordered, axis=1)[:, last]
    right = np.cumsum(ordered * positive[order], axis=1)[:, last]
    return right, called - right


def find_tpr(tpr: np.ndarray, fpr: np.ndarray, max_fpr: float) -> np.ndarray:
    """Greatest true positive rate of ROC curves, a row each, up to a false one."""
    return np.where(fpr <= max_fpr, tpr, 0).max(axis=1)


def find_equal_error(tpr: np.ndarray, fpr: np.ndarray) -> np.ndarray:
    """Where ROC curves, a row each, meet the line of equal errors."""
    tpr, fpr = (np.pad(rate, ((0, 0), (1, 0))) for rate in (tpr, fpr))
    # It falls from 1 to -1 along a curve: how much oftener positives are missed.
    excess = 1 - tpr - fpr
    after = np.argmax(excess <= 0, axis=1)[:, None]
    fpr_before, fpr_after, excess_before, excess_after = (
        np.take_along_axis(a, i, 1) for a in (fpr, excess) for i in (after - 1, after)
    )
    fraction = excess_before / (excess_before - excess_after)
    return (fpr_before + fraction * (fpr_after - fpr_before)).ravel()


def calibration_errors(
    positive: np.ndarray, prob: np.ndarray, weights: np.ndarray, n_bins: int = N_BINS
) -> np.ndarray:
    """Expected calibration error, for each row of weights."""
    differences = np.zeros((len(prob), n_bins))
    differences[np.arange(len(prob)), bin_probabilities(prob, n_bins)] = positive - prob
    return np.abs(weights @ differences).sum(axis=1) / weights.sum(axis=1)


def bin_probabilities(prob: np.ndarray, n_bins: int) -> np.ndarray:
    """Number of the bin of equal width that each probability falls into."""
    return np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], prob)


def _count_metrics(
    actual: np.ndarray, prediction: np.ndarray, weights: np.ndarray, labels: np.ndarray
) -> list[np.ndarray]:
    """Accuracies, and precision, recall and F1 of each class."""
    called = (prediction[:, None] == labels).astype(float)
    support, n_called = weights @ actual, weights @ called
    right = weights @ (actual * called)
    recall = right / support
    precision = np.where(n_called > 0, right / n_called, 0)
    f1 = 2 * right / (support + n_called)
    by_class = np.where(support > 0, np.stack([precision, recall, f1]), np.nan)
    accuracy = right.sum(axis=1) / weights.sum(axis=1)
    return [
        accuracy,
        np.nansum(recall, axis=1) / (support > 0).sum(axis=1),
        *by_class.transpose(2, 0, 1).reshape(-1, len(weights)),
    ]


def _rank_metrics(
    positive: np.ndarray, score: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Metrics of `RANKING`, a row each."""
    right, wrong = rank_images(positive, score, weights)
    tpr, fpr = right / right[:, -1:], wrong / wrong[:, -1:]
    more_tpr = np.diff(tpr, axis=1, prepend=0)
    roc_auc = (np.diff(fpr, axis=1, prepend=0) * (tpr - more_tpr / 2)).sum(axis=1)
    precision = np.where(right > 0, right / (right + wrong), 0)
    average_precision = (more_tpr * precision).sum(axis=1)
    few, more = (find_tpr(tpr, fpr, most) for most in (0.01, 0.05))
    return np.stack([roc_auc, average_precision, few, more, find_equal_error(tpr, fpr)])


def _calibration_metrics(
    positive: np.ndarray, prob: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Metrics of `CALIBRATION`, a row each."""
    brier = weights @ np.square(prob - positive) / weights.sum(axis=1)
    return np.stack([brier, calibration_errors(positive, prob, weights)])
