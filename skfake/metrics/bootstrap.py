"""Intervals for metrics by the bootstrap (Efron and Tibshirani, 1993)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from skfake.metrics.intervals import widen_intervals
from skfake.metrics.predictions import run_columns, score_columns
from skfake.metrics.summary import Classes, metric_names, weighted_metrics

# Numbers of images in resamples that are looked at together.
CHUNK = 1_000_000


def bootstrap_metrics(
    predictions: pd.DataFrame,
    classes: Classes,
    *,
    by: Sequence[str] = ("detector",),
    probabilistic: Collection[str] = (),
    n_resamples: int = 1000,
    random_state: Any = None,
) -> dict[tuple, pd.DataFrame]:
    """Metrics of each group on resampled images; the first column is the detector."""
    if predictions.empty or not n_resamples:
        return {}
    images, positions = np.unique(predictions["image"], return_inverse=True)
    placed = predictions.assign(position=positions)
    groups = [
        (key, _split_fits(group))
        for key, group in placed.groupby(list(by), sort=False, dropna=False)
    ]
    random = check_random_state(random_state)
    tables: list[list[np.ndarray]] = [[] for _ in groups]
    for weights in _draw_weights(len(images), n_resamples, random):
        for table, (key, fits) in zip(tables, groups, strict=True):
            fractions = _draw_fractions([s for s, _ in fits], len(weights), random)
            total: Any = 0
            for fraction, (_, fit) in zip(fractions, fits, strict=True):
                found = _resample(fit, weights, classes, key[0] in probabilistic)
                # A fit that was not drawn counts nothing, whatever its metrics are.
                counts = fraction[:, None] > 0
                total = total + np.where(counts, found * fraction[:, None], 0)
            table.append(total)
    columns = metric_names(classes.names)
    return {
        key: pd.DataFrame(np.concatenate(table), columns=columns)
        for table, (key, _) in zip(tables, groups, strict=True)
    }


def bootstrap_intervals(
    resampled: Mapping[tuple, pd.DataFrame],
    names: Sequence[str],
    confidence_level: float,
    *,
    by: Sequence[str] = ("detector",),
    n_images: Sequence[Mapping[str, float]],
) -> pd.DataFrame:
    """Percentile intervals, `<metric>_low` and `_high`: a row for each group.

    Where all resamples are equal, Wilson's stand for them, of as many images as
    `count_images` says.
    """
    tail = (1 - confidence_level) / 2
    rows = []
    for (key, table), counts in zip(resampled.items(), n_images, strict=True):
        low, high = (table.quantile(q) for q in (tail, 1 - tail))
        ends = {f"{name}_low": end for name, end in low.items()}
        ends |= {f"{name}_high": end for name, end in high.items()}
        ends = widen_intervals(ends, table, counts, confidence_level)
        rows.append(dict(zip(by, key, strict=True)) | ends)
    columns = [f"{m}_{end}" for m in metric_names(names) for end in ("low", "high")]
    return pd.DataFrame(rows, columns=[*by, *columns])


def _split_fits(group: pd.DataFrame) -> list[tuple[tuple, pd.DataFrame]]:
    """Seed, in a tuple if there is one, and predictions of each fit of a detector."""
    runs = run_columns(group)
    if not runs:
        return [((), group)]
    fits = group.groupby(runs, sort=False)
    return [(key[: runs.count("seed")], fit) for key, fit in fits]


def _resample(
    fit: pd.DataFrame, weights: np.ndarray, classes: Classes, probabilities: bool
) -> np.ndarray:
    """Metrics of one fit for each row of weights, one weight for each test image."""
    return weighted_metrics(
        fit["target"].to_numpy(),
        fit["prediction"].to_numpy(),
        score_columns(fit),
        weights[:, fit["position"].to_numpy()],
        classes,
        probabilities=probabilities,
    )


def _draw_fractions(
    seeds: Sequence[tuple], n_resamples: int, random: np.random.RandomState
) -> list[np.ndarray]:
    """How much each fit counts, as seeds are drawn too: shape (n_resamples,) each."""
    different = list(dict.fromkeys(seeds))
    n_folds = len(seeds) / len(different)
    drawn = np.ones((n_resamples, 1))
    if len(different) > 1:
        chances = np.full(len(different), 1 / len(different))
        counts = random.multinomial(len(different), chances, n_resamples)
        drawn = counts / len(different)
    return [drawn[:, different.index(seed)] / n_folds for seed in seeds]


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
