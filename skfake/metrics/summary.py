"""From targets, predictions and scores to the metrics that a table holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    precision_recall_fscore_support,
    roc_auc_score,
)

from skfake.metrics.detection import (
    equal_error_rate,
    expected_calibration_error,
    tpr_at_fpr,
)

PER_CLASS = ("precision", "recall", "f1")
# Of the scores of one class against the rest: those that any scale will do for, and
# those of probabilities.
RANKING: dict[str, Callable] = {
    "roc_auc": roc_auc_score,
    "average_precision": average_precision_score,
    "tpr_at_fpr_0.01": partial(tpr_at_fpr, max_fpr=0.01),
    "tpr_at_fpr_0.05": partial(tpr_at_fpr, max_fpr=0.05),
    "equal_error_rate": equal_error_rate,
}
CALIBRATION: dict[str, Callable] = {
    "brier_score": brier_score_loss,
    "expected_calibration_error": expected_calibration_error,
}


def metric_names(names: Sequence[str]) -> list[str]:
    """Names of the metrics of `compute_metrics`, in its order."""
    of_classes = [f"{metric}_{name}" for name in names for metric in PER_CLASS]
    return ["accuracy", "balanced_accuracy", *of_classes, *RANKING, *CALIBRATION]


def compute_metrics(
    target: np.ndarray,
    prediction: np.ndarray,
    scores: np.ndarray | None,
    *,
    classes: np.ndarray,
    names: Sequence[str],
    pos_label: Any = None,
    probabilities: bool = False,
) -> dict[str, float]:
    """Say in metrics how well predictions agree with the targets."""
    of_classes, (_, recall, _) = _class_metrics(target, prediction, classes)
    values = [
        accuracy_score(target, prediction),
        np.nanmean(recall),
        *of_classes,
        *_score_metrics(target, scores, classes, pos_label, probabilities),
    ]
    return dict(zip(metric_names(names), map(float, values), strict=True))


def class_scores(
    target: np.ndarray, scores: np.ndarray, classes: np.ndarray, pos_label: Any
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Membership and score of the positive class, or of each of several classes."""
    if scores.ndim == 1:
        yield target == pos_label, scores
    else:
        for label, column in zip(classes, scores.T, strict=True):
            yield target == label, column


def _score_metrics(
    target: np.ndarray,
    scores: np.ndarray | None,
    classes: np.ndarray,
    pos_label: Any,
    probabilities: bool,
) -> list[float]:
    """Metrics of `RANKING` and of `CALIBRATION`, means over the classes."""
    metrics = list((RANKING | CALIBRATION).values())
    if scores is None or not np.isin(classes, target).all():
        return [np.nan] * len(metrics)
    pairs = list(class_scores(target, scores, classes, pos_label))
    defined = metrics if probabilities else list(RANKING.values())
    found = [float(np.mean([metric(*pair) for pair in pairs])) for metric in defined]
    return found + [np.nan] * (len(metrics) - len(found))


def _class_metrics(
    target: np.ndarray, prediction: np.ndarray, classes: np.ndarray
) -> tuple[list[float], np.ndarray]:
    """Precision, recall and F1: class by class in a list, and as an array (3, k)."""
    *metrics, support = precision_recall_fscore_support(
        target, prediction, labels=classes, zero_division=0
    )
    by_metric = np.where(support > 0, metrics, np.nan)
    return list(by_metric.T.ravel()), by_metric
