"""One run: fit one detector on one split, or take a fitted one, and score images."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from skfake.metrics.summary import Classes
from skfake.results.metric_tables import SECONDS
from skfake.scikit_learn import take_rows
from skfake.scoring import Scores, score_images, score_method


@dataclass(frozen=True, kw_only=True)
class Task:
    """What all runs share; without training images, detectors are fitted already."""

    X_test: Any
    y_test: np.ndarray
    classes: Classes
    X: Any = None
    y: Any = None
    verbose: int = 0

    def report(self, line: str) -> None:
        """Write a line to stderr, if lines are wanted."""
        if self.verbose:
            print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Positions of the images of one fold; None stands for all."""

    fold: int = 0
    n_folds: int = 1
    train: Any = None
    test: Any = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of one detector, split and seed; where it failed, an `error` alone."""

    name: str
    split: Split
    target: np.ndarray
    seed: int | None = None
    detector: Any = None
    scores: Scores | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    error: str | None = None

    @property
    def key(self) -> dict[str, Any]:
        """Columns that name this run in tables."""
        seed = {} if self.seed is None else {"seed": self.seed}
        return {"detector": self.name, **seed, "fold": self.split.fold}


def run_detector(
    name: str, detector: Any, task: Task, split: Split, seed: int | None = None
) -> Run:
    """Fit a clone of a detector, or take a fitted one, and score its test images."""
    label = name
    if seed is not None:
        label += f", seed {seed}"
    if split.n_folds > 1:
        label += f", fold {split.fold + 1} of {split.n_folds}"
    target = take_rows(task.y_test, split.test)
    run = Run(name=name, seed=seed, split=split, target=target)
    seconds: dict[str, float] = {}
    done = ""
    if task.X is not None:
        detector = clone(detector)
    if seed is not None:
        detector.set_params(**dict.fromkeys(random_states(detector), seed))
    try:
        if task.X is not None:
            X, y = take_rows(task.X, split.train), take_rows(task.y, split.train)
            task.report(f"{label}: fitting to {len(y)} images")
            start = perf_counter()
            detector.fit(X, y)
            seconds["fit_seconds"] = perf_counter() - start
            done = f"fitted in {seconds['fit_seconds']:.1f} s, "
        X = take_rows(task.X_test, split.test)
        start = perf_counter()
        scores = check_scores(detector, X, len(target), task.classes)
        seconds["predict_seconds"] = perf_counter() - start
    # One detector's failure, whatever it raises, must not stop the others.
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        task.report(f"{label}: failed, {message.splitlines()[0]}")
        measured = SECONDS if task.X is not None else ("predict_seconds",)
        unknown = dict.fromkeys(measured, np.nan)
        return replace(run, error=message, seconds=unknown)
    done += f"{len(target)} images predicted in {seconds['predict_seconds']:.1f} s"
    task.report(f"{label}: {done}")
    return replace(run, detector=detector, scores=scores, seconds=seconds)


def random_states(detector: Any) -> list[str]:
    """Parameters that seed a detector and its parts."""
    names = detector.get_params()
    return [n for n in names if n == "random_state" or n.endswith("__random_state")]


def check_scores(detector: Any, X: Any, n_images: int, classes: Classes) -> Scores:
    """Labels and scores of n images, those of the positive one of two classes alone."""
    found = score_images(detector, X)
    prediction, labels = found.labels, classes.labels
    if prediction.shape != (n_images,):
        raise ValueError(
            f"predict must return a label for each of {n_images} images; got shape "
            f"{prediction.shape}."
        )
    strange = prediction[~np.isin(prediction, labels)]
    if len(strange):
        raise ValueError(
            f"predict must return labels of y, {labels.tolist()}; got {strange[0]!r}."
        )
    # In the dtype of the classes.
    prediction = labels[np.searchsorted(labels, prediction)]
    values = found.values
    if values is not None:
        _check_values(found, score_method(detector), labels)
        if len(labels) == 2:
            values = values[:, labels == classes.pos_label]
    return replace(found, labels=prediction, values=values)


def _check_values(found: Scores, method: str | None, labels: np.ndarray) -> None:
    if not np.array_equal(found.classes, labels):
        raise ValueError(
            f"classes_ must be the labels of y, {labels.tolist()}; got "
            f"{list(found.classes)}."
        )
    shape, values = (len(found.labels), len(labels)), found.values
    if values.shape != shape or not np.isfinite(values).all():
        raise ValueError(
            f"{method} must return finite scores of shape {shape}; got shape "
            f"{values.shape} and {np.sum(~np.isfinite(values))} not finite."
        )
    if found.are_probabilities and not 0 <= values.min() <= values.max() <= 1:
        raise ValueError(
            "predict_proba must return probabilities, from 0 to 1; got values from "
            f"{values.min():g} to {values.max():g}."
        )


def tabulate_runs(runs: Iterable[Run]) -> pd.DataFrame:
    """Names, seconds and errors, a row for each run."""
    rows = [run.key | run.seconds | {"error": run.error} for run in runs]
    table = pd.DataFrame(rows)
    return table if table["error"].notna().any() else table.drop(columns="error")


def tabulate_predictions(runs: Sequence[Run], names: Sequence[str]) -> pd.DataFrame:
    """Predictions of all runs that did not fail, a row for each image."""
    tables = [
        tabulate_scores(run.key, run.split.test, run.target, run.scores, names)
        for run in runs
        if run.scores is not None
    ]
    if not tables:
        columns = ["image", "target", "prediction", *_score_names(names)]
        return pd.DataFrame(columns=[*runs[0].key, *columns])
    return pd.concat(tables, ignore_index=True)


def tabulate_scores(
    key: dict[str, Any],
    positions: np.ndarray | None,
    target: np.ndarray,
    scores: Scores,
    names: Sequence[str],
) -> pd.DataFrame:
    """A row for each image that was predicted; `key` is the same in all of them."""
    columns = _score_names(names)
    values = np.full((len(target), len(columns)), np.nan)
    if scores.values is not None:
        values[:] = scores.values
    table = {
        **key,
        "image": np.arange(len(target)) if positions is None else positions,
        "target": target,
        "prediction": scores.labels,
    }
    return pd.DataFrame(table | dict(zip(columns, values.T, strict=True)))


def _score_names(names: Sequence[str]) -> list[str]:
    """Columns of scores: one of the positive class, or one for each of several."""
    return ["score"] if len(names) == 2 else [f"score_{name}" for name in names]
