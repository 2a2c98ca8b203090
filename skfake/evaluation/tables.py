"""From trials to the tables of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skfake.evaluation.metrics import figure_names
from skfake.evaluation.trials import Trial

SECONDS = ("fit_seconds", "predict_seconds")


def tabulate_folds(trials: Iterable[Trial], names: Sequence[str]) -> pd.DataFrame:
    """Figures of each trial.

    Parameters
    ----------
    trials : iterable of Trial
        The rows.

    names : sequence of str of length n_classes
        Names of the classes.

    Returns
    -------
    DataFrame
        Columns `detector`, `fold`, the figures and, if any failed, `error`.
    """
    failed = dict.fromkeys([*figure_names(names), *SECONDS], np.nan)
    rows = [
        {"detector": trial.name, "fold": trial.split.fold}
        | (trial.figures or failed | {"error": trial.error})
        for trial in trials
    ]
    return pd.DataFrame(rows)


def summarize_folds(folds: pd.DataFrame, *, with_spread: bool) -> pd.DataFrame:
    """Figures of each detector: means over its folds.

    Parameters
    ----------
    folds : DataFrame
        As `tabulate_folds` makes it.

    with_spread : bool
        Put the sample standard deviation after each mean.

    Returns
    -------
    DataFrame
        A row for each detector. One that failed in a fold has NaN, as no mean over
        the other folds could stand beside those of the other detectors.
    """
    figures = folds.columns.drop(["detector", "fold", "error"], errors="ignore")
    rows: dict[Any, dict] = {}
    for name, part in folds.groupby("detector", sort=False):
        rows[name] = {}
        for figure in figures:
            rows[name][figure] = part[figure].mean(skipna=False)
            if with_spread:
                # Of a sample: the folds stand for all that might have been drawn.
                rows[name][f"{figure}_std"] = part[figure].std(skipna=False, ddof=1)
        if "error" in part:
            rows[name]["error"] = _summarize_errors(part["error"])
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(index="detector")


def tabulate_predictions(trials: Iterable[Trial], names: Sequence[str]) -> pd.DataFrame:
    """Predictions of all trials that did not fail, a row for each image.

    Parameters
    ----------
    trials : iterable of Trial
        What predicted.

    names : sequence of str of length n_classes
        Names of the classes.

    Returns
    -------
    DataFrame
        Columns `detector`, `fold`, `image`, `target`, `prediction` and `score`, or
        `score_<class>` for more than two classes.
    """
    scores = ["score"] if len(names) == 2 else [f"score_{name}" for name in names]
    columns = ["detector", "fold", "image", "target", "prediction", *scores]
    tables = [_predictions_of(trial, scores) for trial in trials if not trial.error]
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)


def _predictions_of(trial: Trial, score_names: list[str]) -> pd.DataFrame:
    n_images = len(trial.target)
    positions = trial.split.test
    scores = np.full((n_images, len(score_names)), np.nan)
    if trial.scores is not None:
        scores[:] = trial.scores.reshape(scores.shape)
    table = {
        "detector": trial.name,
        "fold": trial.split.fold,
        "image": np.arange(n_images) if positions is None else positions,
        "target": trial.target,
        "prediction": trial.prediction,
    }
    return pd.DataFrame(table | dict(zip(score_names, scores.T, strict=True)))


def _summarize_errors(errors: pd.Series) -> str | None:
    messages = errors.dropna()
    if messages.empty:
        return None
    if len(errors) == 1:
        return messages.iloc[0]
    return f"in {len(messages)} of {len(errors)} folds: {messages.iloc[0]}"
