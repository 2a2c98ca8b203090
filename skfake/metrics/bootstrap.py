"""Intervals for the metrics of a comparison, by drawing its test images again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from skfake.metrics.detection import N_BINS, bin_probabilities
from skfake.metrics.predictions import run_columns, score_columns
from skfake.metrics.summary import (
    CALIBRATION,
    RANKING,
    class_scores,
    metric_names,
)

# Numbers of images in resamples that are looked at together.
CHUNK = 1_000_000


def bootstrap_metrics(
    predictions: pd.DataFrame,
    *,
    classes: np.ndarray,
    names: Sequence[str],
    pos_label: Any = None,
    with_probabilities: Collection[str] = (),
    n_resamples: int = 1000,
    random_state: Any = None,
) -> dict[str, pd.DataFrame]:
    """Metrics of detectors on test images that are drawn again and again."""
    columns = metric_names(names)
    images, positions = np.unique(predictions["image"], return_inverse=True)
    tables: dict[str, list[np.ndarray]] = {}
    parts = [
        (name, part, positions[predictions.index.get_indexer(part.index)])
        for name, part in predictions.groupby(
            ["detector", *run_columns(predictions)], sort=False
        )
    ]
    random = check_random_state(random_state)
    for weights in _draw_weights(len(images), n_resamples, random):
        sums: dict[str, np.ndarray] = {}
        shares = _draw_shares([key for key, _, _ in parts], len(weights), random)
        for (key, part, rows), share in zip(parts, shares, strict=True):
            name = str(key[0])
            found = weighted_metrics(
                part["target"].to_numpy(),
                part["prediction"].to_numpy(),
                score_columns(part),
                weights[:, rows],
                classes=classes,
                pos_label=pos_label,
                probabilities=name in with_probabilities,
            )
            # A fit that was not drawn counts nothing, whatever its metrics are.
            found = np.where(share[:, None] > 0, found * share[:, None], 0)
            sums[name] = sums.get(name, 0) + found
        for name, found in sums.items():
            tables.setdefault(name, []).append(found)
    return {
        name: pd.DataFrame(np.concatenate(found), columns=columns)
        for name, found in tables.items()
    }


def weighted_metrics(
    target: np.ndarray,
    prediction: np.ndarray,
    scores: np.ndarray,
    weights: np.ndarray,
    *,
    classes: np.ndarray,
    pos_label: Any = None,
    probabilities: bool = False,
) -> np.ndarray:
    """Metrics of predictions that count as often as weights say, many times at once."""
    actual = (target[:, None] == classes).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        counted = _count_metrics(actual, prediction, weights, classes)
        judged = []
        for positive, score in class_scores(target, scores, classes, pos_label):
            found = _ranking_metrics(positive, score, weights)
            calibration = np.full((len(CALIBRATION), len(weights)), np.nan)
            if probabilities:
                calibration = _calibration_metrics(positive, score, weights)
            judged.append(np.concatenate([found, calibration]))
    means = np.mean(judged, axis=0)
    means[:, (weights @ actual == 0).any(axis=1)] = np.nan
    return np.column_stack([*counted, *means])


def bootstrap_intervals(
    metrics: Mapping[str, pd.DataFrame], confidence_level: float
) -> dict[str, pd.DataFrame]:
    """Percentile intervals of resampled metrics (Efron and Tibshirani, 1993)."""
    tail = (1 - confidence_level) / 2
    ends = {"low": tail, "high": 1 - tail}
    return {
        name: pd.DataFrame({end: table.quantile(q) for end, q in ends.items()}).T
        for name, table in metrics.items()
    }


def _draw_shares(
    keys: Sequence[tuple], n_resamples: int, random: np.random.RandomState
) -> list[np.ndarray]:
    """What each fit of a detector counts: arrays of shape (n_resamples,)."""
    fits: dict[str, list] = {}
    for name, *seed, _ in keys:
        fits.setdefault(name, []).append(tuple(seed))
    shares = {}
    for name, of_fits in fits.items():
        seeds = list(dict.fromkeys(of_fits))
        n_folds = len(of_fits) / len(seeds)
        drawn = np.ones((n_resamples, 1))
        if len(seeds) > 1:
            chances = np.full(len(seeds), 1 / len(seeds))
            drawn = random.multinomial(len(seeds), chances, n_resamples) / len(seeds)
        for seed, share in zip(seeds, drawn.T, strict=True):
            shares[name, seed] = share / n_folds
    return [shares[name, tuple(seed)] for name, *seed, _ in keys]


def _draw_weights(
    n: int, n_resamples: int, random: np.random.RandomState
) -> Iterator[np.ndarray]:
    """How often each image is drawn, some resamples at a time."""
    n_at_once = max(1, CHUNK // n)
    for start in range(0, n_resamples, n_at_once):
        size = min(n_at_once, n_resamples - start)
        drawn = random.randint(n, size=(size, n))
        drawn += n * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n)
        yield counts.reshape(size, n).astype(float)


def _count_metrics(
    actual: np.ndarray,
    prediction: np.ndarray,
    weights: np.ndarray,
    classes: np.ndarray,
) -> list[np.ndarray]:
    """Accuracies, and precision, recall and F1 of each class."""
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
        np.nansum(recall, axis=1) / (support > 0).sum(axis=1),
        *by_class.transpose(2, 0, 1).reshape(-1, len(weights)),
    ]


def _ranking_metrics(
    positive: np.ndarray, score: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Metrics of `RANKING`, a row each."""
    if np.isnan(score).any():
        return np.full((len(RANKING), len(weights)), np.nan)
    order = np.argsort(-score, kind="stable")
    # Images with equal scores are called positive together.
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    ordered = weights[:, order]
    called = np.cumsum(ordered, axis=1)[:, last]
    right = np.cumsum(ordered * positive[order], axis=1)[:, last]
    wrong = called - right
    tpr, fpr = right / right[:, -1:], wrong / wrong[:, -1:]
    more_tpr = np.diff(tpr, axis=1, prepend=0)
    roc_auc = (np.diff(fpr, axis=1, prepend=0) * (tpr - more_tpr / 2)).sum(axis=1)
    precision = np.where(called > 0, right / called, 0)
    average_precision = (more_tpr * precision).sum(axis=1)
    few, more = (np.where(fpr <= most, tpr, 0).max(axis=1) for most in (0.01, 0.05))
    equal = _equal_error_rates(tpr, fpr)
    return np.stack([roc_auc, average_precision, few, more, equal])


def _equal_error_rates(tpr: np.ndarray, fpr: np.ndarray) -> np.ndarray:
    """Where ROC curves, a row each, meet the line of equal errors."""
    fpr = np.pad(fpr, ((0, 0), (1, 0)))
    excess = 1 - np.pad(tpr, ((0, 0), (1, 0))) - fpr
    after = np.argmax(excess <= 0, axis=1)[:, None]
    ends = [
        (np.take_along_axis(a, i, 1)) for a in (fpr, excess) for i in (after - 1, after)
    ]
    fpr_before, fpr_after, excess_before, excess_after = ends
    share = excess_before / (excess_before - excess_after)
    return (fpr_before + share * (fpr_after - fpr_before)).ravel()


def _calibration_metrics(
    positive: np.ndarray, prob: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Metrics of `CALIBRATION`, a row each."""
    total = weights.sum(axis=1)
    brier = weights @ np.square(prob - positive) / total
    differences = np.zeros((len(prob), N_BINS))
    differences[np.arange(len(prob)), bin_probabilities(prob, N_BINS)] = positive - prob
    error = np.abs(weights @ differences).sum(axis=1) / total
    return np.stack([brier, error])
