"""From predictions to metrics of runs, and to means over runs with intervals."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from skfake.metrics.bootstrap import bootstrap_intervals
from skfake.metrics.intervals import count_images
from skfake.metrics.predictions import RUNS, score_columns
from skfake.metrics.summary import Classes, compute_metrics, metric_names

SECONDS = ("fit_seconds", "predict_seconds")


def add_metrics(
    runs: pd.DataFrame,
    predictions: pd.DataFrame,
    by: Sequence[str],
    classes: Classes,
    *,
    probabilistic: Collection[str],
) -> pd.DataFrame:
    """Metrics after the columns `by`, which name runs; NaN for runs that failed."""
    rows = []
    for key, part in predictions.groupby(list(by), sort=False, dropna=False):
        metrics = compute_metrics(
            part["target"].to_numpy(),
            part["prediction"].to_numpy(),
            score_columns(part),
            classes,
            probabilities=key[0] in probabilistic,
        )
        rows.append(dict(zip(by, key, strict=True)) | metrics)
    columns = [*by, *metric_names(classes.names)]
    table = add_columns(runs, pd.DataFrame(rows, columns=columns), by)
    return table[[*columns, *runs.columns.drop(list(by))]]


def add_columns(
    table: pd.DataFrame, found: pd.DataFrame, by: Sequence[str]
) -> pd.DataFrame:
    """Columns of another table beside a table's own, matched by the columns `by`."""
    if found.empty:
        # pandas refuses to match the columns of a table that has no type.
        return table.assign(**dict.fromkeys(found.columns.drop(list(by)), np.nan))
    return table.merge(found, on=list(by), how="left")


def add_intervals(
    table: pd.DataFrame,
    resampled: Mapping[tuple, pd.DataFrame],
    predictions: pd.DataFrame,
    classes: Classes,
    confidence_level: float,
    by: Sequence[str] = ("detector",),
) -> pd.DataFrame:
    """The ends of each metric's interval, `<metric>_low` and `_high`, after it."""
    counts = count_images(predictions, classes, by)
    intervals = bootstrap_intervals(
        resampled, classes.names, confidence_level, by=by, n_images=counts
    )
    metrics = [name for name in table if f"{name}_low" in intervals]
    ends = {m: [f"{m}_low", f"{m}_high"] for m in metrics}
    # Where there is one, the spread of a metric comes before its interval.
    last = {m: f"{m}_std" if f"{m}_std" in table else m for m in metrics}
    after = {last[m]: ends[m] for m in metrics}
    order = [column for name in table for column in (name, *after.get(name, ()))]
    return add_columns(table, intervals, by)[order]


def summarize_runs(runs: pd.DataFrame, *, with_spread: bool) -> pd.DataFrame:
    """Means over the runs of each detector, each with its spread if asked for."""
    metrics = runs.columns.drop(["detector", *RUNS, "error"], errors="ignore")
    rows = []
    for name, part in runs.groupby("detector", sort=False):
        row = {"detector": name}
        for metric in metrics:
            row[metric] = part[metric].mean(skipna=False)
            if with_spread:
                # Of a sample: the folds stand for all that might have been drawn.
                row[f"{metric}_std"] = part[metric].std(skipna=False, ddof=1)
        rows.append(row)
    return pd.DataFrame(rows)


def summarize_errors(runs: pd.DataFrame) -> dict[str, str]:
    """The first error of each detector that failed, and in how many of its runs."""
    if "error" not in runs:
        return {}
    fits = "fits" if "seed" in runs else "folds"
    found = {}
    for name, errors in runs.groupby("detector", sort=False)["error"]:
        messages = errors.dropna()
        if len(messages):
            where = f"in {len(messages)} of {len(errors)} {fits}: "
            found[str(name)] = (where if len(errors) > 1 else "") + messages.iloc[0]
    return found
