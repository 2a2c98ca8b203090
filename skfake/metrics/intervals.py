"""Wilson's interval for fractions, where resamples of a metric are all the same."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from skfake.metrics.summary import CALIBRATION, PER_CLASS, RANKING, Classes

# Resamples that differ by less differ by rounding.
EQUAL = 1e-9


def wilson_interval(
    fraction: Any, n: Any, confidence_level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the score interval (Wilson, 1927) of fractions of n images each.

    Without an image nothing is known: the ends are 0 and 1.
    """
    z = stats.norm.ppf((1 + confidence_level) / 2)
    fraction, n = np.asarray(fraction, dtype=float), np.asarray(n, dtype=float)
    middle = n * fraction + z**2 / 2
    half = z * np.sqrt(n * fraction * (1 - fraction) + z**2 / 4)
    low, high = ((middle + side * half) / (n + z**2) for side in (-1, 1))
    # But for rounding the formula gives these ends itself.
    return np.where(fraction == 0, 0.0, low), np.where(fraction == 1, 1.0, high)


def count_images(
    predictions: pd.DataFrame, classes: Classes, by: Sequence[str] = ("detector",)
) -> list[dict[str, float]]:
    """How many different images each metric of each group is a fraction of, at least.

    Groups come in the order of `bootstrap_metrics`.
    The variance of ROC-AUC is at most that of a fraction of the smaller class (Birnbaum
    and Klose, 1957); for the others of both classes, that class is on the safe side.
    """
    counts = []
    for _, group in predictions.groupby(list(by), sort=False, dropna=False):
        n_images = group["image"].nunique()
        # Folds and seeds that predict an image again make it no other image.
        once = n_images / len(group)
        supports, called = [], []
        for label in classes.labels:
            supports.append(once * (group["target"] == label).sum())
            called.append(once * (group["prediction"] == label).sum())
        least = min(support for support in supports if support)
        found = {"accuracy": n_images, "balanced_accuracy": least}
        of_class = zip(classes.names, called, supports, strict=True)
        for name, *numbers in of_class:
            kinds = zip(PER_CLASS, (*numbers, least), strict=True)
            found |= {f"{metric}_{name}": number for metric, number in kinds}
        found |= dict.fromkeys(RANKING, least) | dict.fromkeys(CALIBRATION, n_images)
        counts.append(found)
    return counts


def widen_intervals(
    ends: dict[str, float],
    resampled: pd.DataFrame,
    n_images: Mapping[str, float],
    confidence_level: float,
) -> dict[str, float]:
    """Ends of intervals, those of Wilson for metrics whose resamples are all equal.

    ROC-AUC of scores that are all equal is 0.5 whatever the images are, and the Brier
    score of probabilities of 0.5 is 0.25: of what rests on scores, 0 and 1 alone are
    results that other images might have changed.
    """
    found = dict(ends)
    for name, values in resampled.items():
        metric, value = str(name), values.mean()
        if metric not in n_images or not values.max() - values.min() < EQUAL:
            continue
        at_end = min(abs(value), abs(1 - value)) < EQUAL
        if at_end or metric not in (*RANKING, *CALIBRATION):
            value = round(value) if at_end else value
            low, high = wilson_interval(value, n_images[metric], confidence_level)
            found |= {f"{metric}_low": float(low), f"{metric}_high": float(high)}
    return found


def difference_interval(
    drawn: pd.Series, n_images: int, confidence_level: float
) -> tuple[float, float]:
    """Ends of the interval of a difference of two accuracies, from its resamples.

    Where these are all equal, it is bounded by Wilson's interval of the fraction of the
    images on which one is right and the other wrong.
    """
    tail = (1 - confidence_level) / 2
    low, high = float(drawn.quantile(tail)), float(drawn.quantile(1 - tail))
    if high - low < EQUAL and drawn.max() - drawn.min() < EQUAL:
        value = float(np.clip(drawn.mean(), -1, 1))
        least, most = map(
            float, wilson_interval(abs(value), n_images, confidence_level)
        )
        if abs(value) < EQUAL:
            return -most, most
        low, high = (least, most) if value > 0 else (-most, -least)
    return low, high
