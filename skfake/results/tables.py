"""From runs to the tables of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skfake.metrics.predictions import RUNS, run_columns, score_columns
from skfake.metrics.summary import compute_metrics, metric_names
from skfake.results.runs import Run

SECONDS = ("fit_seconds", "predict_seconds")


def tabulate_folds(runs: Iterable[Run], names: Sequence[str]) -> pd.DataFrame:
    """Metrics of each run."""
    failed = dict.fromkeys([*metric_names(names), *SECONDS], np.nan)
    rows = [
        _key_of(run) | (run.metrics or failed | {"error": run.error}) for run in runs
    ]
    return pd.DataFrame(rows)


def recompute_folds(
    folds: pd.DataFrame,
    predictions: pd.DataFrame,
    *,
    classes: np.ndarray,
    names: Sequence[str],
    pos_label: Any = None,
) -> pd.DataFrame:
    """Metrics of each run once more, from some of its predictions."""
    keys = ["detector", *run_columns(folds)]
    metrics = metric_names(names)
    folds = folds.set_index(keys)
    had_probabilities = folds["brier_score"].notna().to_dict()
    folds[metrics] = np.nan
    for key, part in predictions.groupby(keys, sort=False):
        scores = score_columns(part)
        found = compute_metrics(
            part["target"].to_numpy(),
            part["prediction"].to_numpy(),
            None if np.isnan(scores).any() else scores,
            classes=classes,
            names=names,
            pos_label=pos_label,
            probabilities=had_probabilities[key],
        )
        folds.loc[key, list(found)] = list(found.values())
    return folds.reset_index()


def summarize_folds(
    folds: pd.DataFrame,
    *,
    with_spread: bool,
    intervals: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Metrics of each detector: means over its seeds and folds."""
    metrics = folds.columns.drop(["detector", *RUNS, "error"], errors="ignore")
    bounded = set() if intervals is None else {*metrics} - {*SECONDS}
    rows: dict[Any, dict] = {}
    for name, part in folds.groupby("detector", sort=False):
        rows[name] = {}
        for metric in metrics:
            rows[name][metric] = part[metric].mean(skipna=False)
            if with_spread:
                # Of a sample: the folds stand for all that might have been drawn.
                rows[name][f"{metric}_std"] = part[metric].std(skipna=False, ddof=1)
            if metric in bounded:
                ends = (intervals or {}).get(str(name))
                for end in ("low", "high"):
                    value = np.nan if ends is None else ends.loc[end, metric]
                    rows[name][f"{metric}_{end}"] = value
        if "error" in part:
            fits = "folds" if "seed" not in folds else "fits"
            rows[name]["error"] = _summarize_errors(part["error"], fits)
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(index="detector")


def tabulate_predictions(runs: Iterable[Run], names: Sequence[str]) -> pd.DataFrame:
    """Predictions of all runs that did not fail, a row for each image."""
    runs = list(runs)
    scores = ["score"] if len(names) == 2 else [f"score_{name}" for name in names]
    tables = [_predictions_of(run, scores) for run in runs if not run.error]
    if not tables:
        columns = ["image", "target", "prediction", *scores]
        return pd.DataFrame(columns=[*_key_of(runs[0]), *columns])
    return pd.concat(tables, ignore_index=True)


def _key_of(run: Run) -> dict[str, Any]:
    key = {"detector": run.name, "seed": run.seed, "fold": run.split.fold}
    return {name: value for name, value in key.items() if value is not None}


def _predictions_of(run: Run, score_names: list[str]) -> pd.DataFrame:
    n_images = len(run.target)
    positions = run.split.test
    scores = np.full((n_images, len(score_names)), np.nan)
    if run.scores is not None:
        scores[:] = run.scores.reshape(scores.shape)
    table = {
        **_key_of(run),
        "image": np.arange(n_images) if positions is None else positions,
        "target": run.target,
        "prediction": run.prediction,
    }
    return pd.DataFrame(table | dict(zip(score_names, scores.T, strict=True)))


def _summarize_errors(errors: pd.Series, fits: str) -> str | None:
    messages = errors.dropna()
    if messages.empty:
        return None
    if len(errors) == 1:
        return messages.iloc[0]
    return f"in {len(messages)} of {len(errors)} {fits}: {messages.iloc[0]}"
