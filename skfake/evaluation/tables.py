"""From trials to the tables of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skfake.evaluation.metrics import figure_names, prediction_figures
from skfake.evaluation.predictions import RUNS, run_columns, score_columns
from skfake.evaluation.trials import Trial

SECONDS = ("fit_seconds", "predict_seconds")


def tabulate_folds(trials: Iterable[Trial], names: Sequence[str]) -> pd.DataFrame:
    """Figures of each trial."""
    failed = dict.fromkeys([*figure_names(names), *SECONDS], np.nan)
    rows = [
        _key_of(trial) | (trial.figures or failed | {"error": trial.error})
        for trial in trials
    ]
    return pd.DataFrame(rows)


def refigure_folds(
    folds: pd.DataFrame,
    predictions: pd.DataFrame,
    *,
    classes: np.ndarray,
    names: Sequence[str],
    pos_label: Any = None,
) -> pd.DataFrame:
    """Figures of each trial once more, from some of its predictions."""
    keys = ["detector", *run_columns(folds)]
    figures = figure_names(names)
    folds = folds.set_index(keys)
    had_probabilities = folds["brier_score"].notna().to_dict()
    folds[figures] = np.nan
    for key, part in predictions.groupby(keys, sort=False):
        scores = score_columns(part)
        found = prediction_figures(
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
    """Figures of each detector: means over its seeds and folds."""
    figures = folds.columns.drop(["detector", *RUNS, "error"], errors="ignore")
    bounded = set() if intervals is None else {*figures} - {*SECONDS}
    rows: dict[Any, dict] = {}
    for name, part in folds.groupby("detector", sort=False):
        rows[name] = {}
        for figure in figures:
            rows[name][figure] = part[figure].mean(skipna=False)
            if with_spread:
                # Of a sample: the folds stand for all that might have been drawn.
                rows[name][f"{figure}_std"] = part[figure].std(skipna=False, ddof=1)
            if figure in bounded:
                ends = (intervals or {}).get(str(name))
                for end in ("low", "high"):
                    value = np.nan if ends is None else ends.loc[end, figure]
                    rows[name][f"{figure}_{end}"] = value
        if "error" in part:
            fits = "folds" if "seed" not in folds else "fits"
            rows[name]["error"] = _summarize_errors(part["error"], fits)
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(index="detector")


def tabulate_predictions(trials: Iterable[Trial], names: Sequence[str]) -> pd.DataFrame:
    """Predictions of all trials that did not fail, a row for each image."""
    trials = list(trials)
    scores = ["score"] if len(names) == 2 else [f"score_{name}" for name in names]
    tables = [_predictions_of(trial, scores) for trial in trials if not trial.error]
    if not tables:
        columns = ["image", "target", "prediction", *scores]
        return pd.DataFrame(columns=[*_key_of(trials[0]), *columns])
    return pd.concat(tables, ignore_index=True)


def _key_of(trial: Trial) -> dict[str, Any]:
    key = {"detector": trial.name, "seed": trial.seed, "fold": trial.split.fold}
    return {name: value for name, value in key.items() if value is not None}


def _predictions_of(trial: Trial, score_names: list[str]) -> pd.DataFrame:
    n_images = len(trial.target)
    positions = trial.split.test
    scores = np.full((n_images, len(score_names)), np.nan)
    if trial.scores is not None:
        scores[:] = trial.scores.reshape(scores.shape)
    table = {
        **_key_of(trial),
        "image": np.arange(n_images) if positions is None else positions,
        "target": trial.target,
        "prediction": trial.prediction,
    }
    return pd.DataFrame(table | dict(zip(score_names, scores.T, strict=True)))


def _summarize_errors(errors: pd.Series, fits: str) -> str | None:
    messages = errors.dropna()
    if messages.empty:
        return None
    if len(errors) == 1:
        return messages.iloc[0]
    return f"in {len(messages)} of {len(errors)} {fits}: {messages.iloc[0]}"
