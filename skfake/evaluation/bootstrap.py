"""Intervals for the figures of a comparison, by drawing its test images again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from skfake.evaluation.displays import score_columns
from skfake.evaluation.metrics import class_scores, figure_names

# Numbers of images in resamples that are looked at together.
CHUNK = 1_000_000


def bootstrap_figures(
    predictions: pd.DataFrame,
    *,
    classes: np.ndarray,
    names: Sequence[str],
    pos_label: Any = None,
    n_resamples: int = 1000,
    random_state: Any = None,
) -> dict[str, pd.DataFrame]:
    """Figures of detectors on test images that are drawn again and again [1]_.

    Each resample draws as many images as there are, with replacement, and is the same
    for all detectors, so that their differences can be looked at too. Over folds,
    figures are means, as those of the table.

    Parameters
    ----------
    predictions : DataFrame
        In the form of `Comparison.predictions`.

    classes : array of shape (n_classes,)
        All labels, sorted.

    names : sequence of str of length n_classes
        Their names.

    pos_label : label, default=None
        The positive one of two classes.

    n_resamples : int, default=1000
        How often the images are drawn.

    random_state : int, RandomState instance or None, default=None
        What the draws come from.

    Returns
    -------
    dict of DataFrames of shape (n_resamples, n_figures)
        For each detector, the figures of `figure_names`. NaN where a resample lacks
        what a figure needs.

    References
    ----------
    .. [1] B. Efron and R. Tibshirani, "An introduction to the bootstrap", 1993.
    """
    columns = figure_names(names)
    images, positions = np.unique(predictions["image"], return_inverse=True)
    tables: dict[str, list[np.ndarray]] = {}
    parts = [
        (str(name), part, positions[predictions.index.get_indexer(part.index)])
        for (name, _), part in predictions.groupby(["detector", "fold"], sort=False)
    ]
    n_folds = predictions["fold"].nunique()
    for weights in _draw_weights(len(images), n_resamples, random_state):
        sums: dict[str, np.ndarray] = {}
        for name, part, rows in parts:
            found = weighted_figures(
                part["target"].to_numpy(),
                part["prediction"].to_numpy(),
                score_columns(part),
                weights[:, rows],
                classes=classes,
                pos_label=pos_label,
            )
            sums[name] = sums.get(name, 0) + found / n_folds
        for name, found in sums.items():
            tables.setdefault(name, []).append(found)
    return {
        name: pd.DataFrame(np.concatenate(found), columns=columns)
        for name, found in tables.items()
    }


def weighted_figures(
    target: np.ndarray,
    prediction: np.ndarray,
    scores: np.ndarray,
    weights: np.ndarray,
    *,
    classes: np.ndarray,
    pos_label: Any = None,
) -> np.ndarray:
    """Figures of predictions that count as often as weights say, many times at once.

    `prediction_figures` is the same for a single weighing, with weights of one; to call
    it a thousand times would take minutes.

    Parameters
    ----------
    target, prediction, scores, classes, pos_label
        As in `prediction_figures`; without scores these are NaN.

    weights : float array of shape (n_resamples, n)
        How often each image counts.

    Returns
    -------
    float array of shape (n_resamples, n_figures)
        In the order of `figure_names`.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        counted = _count_figures(target, prediction, weights, classes)
        areas = [
            _areas(positive, score, weights)
            for positive, score in class_scores(target, scores, classes, pos_label)
        ]
    return np.column_stack([*counted, *np.mean(areas, axis=0)])


def _draw_weights(n: int, n_resamples: int, random_state: Any) -> Iterator[np.ndarray]:
    """How often each image is drawn, some resamples at a time."""
    random = check_random_state(random_state)
    n_at_once = max(1, CHUNK // n)
    for start in range(0, n_resamples, n_at_once):
        size = min(n_at_once, n_resamples - start)
        drawn = random.randint(n, size=(size, n))
        drawn += n * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n)
        yield counts.reshape(size, n).astype(float)


def _count_figures(
    target: np.ndarray,
    prediction: np.ndarray,
    weights: np.ndarray,
    classes: np.ndarray,
) -> list[np.ndarray]:
    """Accuracies, and precision, recall and F1 of each class."""
    actual = (target[:, None] == classes).astype(float)
    called = (prediction[:, None] == classes).astype(float)
    support, n_called = weights @ actual, weights @ called
    right = weights @ (actual * called)
    recall = right / support
    precision = np.where(n_called > 0, right / n_called, 0)
    f1 = 2 * right / (support + n_called)
    by_class = np.where(support > 0, np.stack([precision, recall, f1]), np.nan)
    accuracy = right.sum(axis=1) / weights.sum(axis=1)
    return [
        accuracy,
        np.nanmean(recall, axis=1),
        *by_class.transpose(2, 0, 1).reshape(-1, len(weights)),
    ]


def _areas(
    positive: np.ndarray, score: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """ROC-AUC and average precision of each weighing."""
    if np.isnan(score).any():
        nothing = np.full(len(weights), np.nan)
        return nothing, nothing
    order = np.argsort(-score, kind="stable")
    # Images with equal scores are called positive together.
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    ordered = weights[:, order]
    called = np.cumsum(ordered, axis=1)[:, last]
    right = np.cumsum(ordered * positive[order], axis=1)[:, last]
    wrong = called - right
    more_right = np.diff(right, axis=1, prepend=0)
    more_wrong = np.diff(wrong, axis=1, prepend=0)
    n_right, n_wrong = right[:, -1], wrong[:, -1]
    roc_auc = (more_wrong * (right - more_right / 2)).sum(axis=1) / (n_right * n_wrong)
    precision = np.where(called > 0, right / called, 0)
    average = (more_right * precision).sum(axis=1) / n_right
    average[n_wrong == 0] = np.nan
    return roc_auc, average
