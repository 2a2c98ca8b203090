"""One run: fit one detector on one split, or take a fitted one, and score images."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.base import clone

from skfake.metrics.summary import Classes
from skfake.results.runs import Answers, Run, Split
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


def takes_seed(detector: Any) -> bool:
    """Whether a detector, or a part of it, has a `random_state`."""
    return bool(_random_states(detector))


def fit_and_score(
    name: str, detector: Any, task: Task, split: Split, seed: int | None
) -> Run:
    """Fit a clone of a detector, and score its test images."""
    label = name
    if seed is not None:
        label += f", seed {seed}"
    if split.n_folds > 1:
        label += f", fold {split.fold + 1} of {split.n_folds}"
    run = Run(
        name=name, seed=seed, split=split, target=take_rows(task.y_test, split.test)
    )
    detector = clone(detector)
    if seed is not None:
        detector.set_params(**dict.fromkeys(_random_states(detector), seed))
    try:
        X, y = take_rows(task.X, split.train), take_rows(task.y, split.train)
        task.report(f"{label}: fitting to {len(y)} images")
        start = perf_counter()
        detector.fit(X, y)
        seconds = perf_counter() - start
        run = _score(run, detector, task)
    # One detector's failure, whatever it raises, must not stop the others.
    except Exception as error:
        return _fail(run, error, label, task, {"fit_seconds": np.nan})
    task.report(f"{label}: fitted in {seconds:.1f} s, {_describe_scoring(run)}")
    return replace(run, seconds={"fit_seconds": seconds} | run.seconds)


def score_fitted(name: str, detector: Any, task: Task) -> Run:
    """Score the test images by a detector that is fitted already."""
    run = Run(name=name, split=Split(), target=task.y_test)
    try:
        run = _score(run, detector, task)
    # One detector's failure, whatever it raises, must not stop the others.
    except Exception as error:
        return _fail(run, error, name, task, {})
    task.report(f"{name}: {_describe_scoring(run)}")
    return run


def ask(detector: Any, X: Any, n_images: int, classes: Classes) -> Answers:
    """Labels and scores of n images by a fitted detector, checked."""
    found = score_images(detector, X)
    return Answers(
        prediction=_check_labels(found.labels, n_images, classes.labels),
        scores=_check_scores(found, detector, classes),
        are_probabilities=found.are_probabilities,
    )


def _score(run: Run, detector: Any, task: Task) -> Run:
    X = take_rows(task.X_test, run.split.test)
    start = perf_counter()
    answers = ask(detector, X, len(run.target), task.classes)
    seconds = {"predict_seconds": perf_counter() - start}
    return replace(run, detector=detector, answers=answers, seconds=seconds)


def _fail(
    run: Run, error: Exception, label: str, task: Task, seconds: dict[str, float]
) -> Run:
    message = f"{type(error).__name__}: {error}"
    task.report(f"{label}: failed, {message.splitlines()[0]}")
    return replace(run, error=message, seconds=seconds | {"predict_seconds": np.nan})


def _describe_scoring(run: Run) -> str:
    seconds = run.seconds["predict_seconds"]
    return f"{len(run.target)} images predicted in {seconds:.1f} s"


def _random_states(detector: Any) -> list[str]:
    """Parameters that seed a detector and its parts."""
    names = detector.get_params()
    return [n for n in names if n == "random_state" or n.endswith("__random_state")]


def _check_labels(
    prediction: np.ndarray, n_images: int, labels: np.ndarray
) -> np.ndarray:
    """Predicted labels in the dtype of the classes."""
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
    return labels[np.searchsorted(labels, prediction)]


def _check_scores(found: Scores, detector: Any, classes: Classes) -> np.ndarray | None:
    """Scores of the positive one of two classes, or of each of several."""
    if found.values is None:
        return None
    if not np.array_equal(found.classes, classes.labels):
        raise ValueError(
            f"classes_ must be the labels of y, {classes.labels.tolist()}; got "
            f"{list(found.classes)}."
        )
    shape, values = (len(found.labels), len(classes.labels)), found.values
    if values.shape != shape or not np.isfinite(values).all():
        raise ValueError(
            f"{score_method(detector)} must return finite scores of shape {shape}; got "
            f"shape {values.shape} and {np.sum(~np.isfinite(values))} not finite."
        )
    if found.are_probabilities and not 0 <= values.min() <= values.max() <= 1:
        raise ValueError(
            "predict_proba must return probabilities, from 0 to 1; got values from "
            f"{values.min():g} to {values.max():g}."
        )
    if len(classes.labels) > 2:
        return values
    return values[:, classes.labels == classes.pos_label].ravel()
