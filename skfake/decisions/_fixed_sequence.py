"""Thresholds from a fixed sequence of tests, which bounds a fraction of errors."""

from math import log, log1p

import numpy as np
from scipy.stats import binom


def selective_threshold(
    confidences: np.ndarray, wrong: np.ndarray, *, max_error: float, delta: float
) -> float:
    """Lowest confidence above which the fraction of errors is bounded."""
    order = np.argsort(-confidences, kind="stable")
    confidences, wrong = confidences[order], wrong[order]
    # Equal confidences are answered together: `counts` are the numbers of answers
    # above each threshold, from strict to loose, up to all.
    below = np.append(confidences[1:], -np.inf)
    cuts = np.flatnonzero(confidences > below)
    counts = cuts + 1
    starts = _starts(len(wrong), max_error, delta)
    p_values = binom.cdf(np.cumsum(wrong)[cuts], counts, max_error)
    passed = p_values <= delta / len(starts)
    for start in starts:
        first = np.searchsorted(counts, start, side="right") - 1
        if first >= 0 and passed[first]:
            failed = np.flatnonzero(~passed[first:])
            last = first + failed[0] - 1 if len(failed) else len(cuts) - 1
            return float(below[cuts[last]])
    return np.inf


def lexicographic_threshold(
    ranking: np.ndarray, wrong: np.ndarray, *, max_error: float, delta: float
) -> tuple[float, ...]:
    """Lowest row of a ranking (n, n_keys) above which the errors are bounded.

    Rows are compared by their first key, and by the next where it is equal.
    """
    rows, places = np.unique(ranking, axis=0, return_inverse=True)
    place = selective_threshold(
        places.ravel().astype(float), wrong, max_error=max_error, delta=delta
    )
    if np.isinf(place):
        return (place,) * rows.shape[1]
    return tuple(rows[int(place)].tolist())


def are_above(ranking: np.ndarray, threshold: tuple[float, ...]) -> np.ndarray:
    """Which rows of a ranking (n, n_keys) are above a threshold, in that order."""
    above, equal = np.zeros(len(ranking), bool), np.ones(len(ranking), bool)
    for keys, limit in zip(ranking.T, threshold, strict=True):
        above |= equal & (keys > limit)
        equal &= keys == limit
    return above


def _starts(n: int, max_error: float, delta: float) -> list[int]:
    """Numbers of answers to begin at, from all on halved while a test could pass."""
    starts = [n]
    while n >> len(starts) >= log(delta / (len(starts) + 1)) / log1p(-max_error):
        starts.append(n >> len(starts))
    return starts
