"""One run: fit one detector on one split, and look at what it predicts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skfake.metrics.summary import compute_metrics
from skfake.results.runs import Run, Split
from skfake.scikit_learn import take_rows

SCORE_METHODS = ("predict_proba", "decision_function")


@dataclass(frozen=True, kw_only=True)
class Task:
    """What all runs of a comparison share."""

    X: Any
    y: np.ndarray
    X_test: Any
    y_test: np.ndarray
    classes: np.ndarray
    names: list[str]
    pos_label: Any

    def take_train(self, split: Split) -> tuple[Any, np.ndarray]:
        """Training images of a split, and their labels."""
        return take_rows(self.X, split.train), take_rows(self.y, split.train)

    def take_test(self, split: Split) -> tuple[Any, np.ndarray]:
        """Test images of a split, and their labels."""
        return (
            take_rows(self.X_test, split.test),
            take_rows(self.y_test, split.test),
        )


def takes_seed(detector: Any) -> bool:
    """Tell whether a detector, or a part of it, has a `random_state`."""
    return bool(_random_states(detector))


def fit_and_score(
    name: str, detector: Any, task: Task, split: Split, seed: int | None, verbose: int
) -> Run:
    """Fit a detector, predict its test images and compute the metrics."""
    label = name
    if seed is not None:
        label += f", seed {seed}"
    if split.n_folds > 1:
        label += f", fold {split.fold + 1} of {split.n_folds}"

    def report(line: str) -> None:
        if verbose:
            print(f"{label}: {line}", file=sys.stderr, flush=True)

    detector = clone(detector)
    if seed is not None:
        detector.set_params(**dict.fromkeys(_random_states(detector), seed))
    try:
        found = _fit_and_predict(detector, task, split, report)
    # Whatever a detector of someone else raises, the others shall have their turn.
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        report(f"failed, {message.splitlines()[0]}")
        found = {"error": message}
    target = take_rows(task.y_test, split.test)
    return Run(name=name, seed=seed, split=split, target=target, **found)


def positive_scores(
    detector: Any, X: Any, classes: np.ndarray, pos_label: Any
) -> np.ndarray | None:
    """Scores of images, from `predict_proba` or else from `decision_function`."""
    method = next((m for m in SCORE_METHODS if hasattr(detector, m)), None)
    if method is None:
        return None
    if not np.array_equal(detector.classes_, classes):
        raise ValueError(
            f"classes_ must be the labels of y, {classes.tolist()}; got "
            f"{list(detector.classes_)}."
        )
    scores = np.asarray(getattr(detector, method)(X), dtype=float)
    if scores.ndim == 1:
        scores = np.column_stack([-scores, scores])
    if scores.shape[1] != len(classes):
        raise ValueError(
            f"{method} must give a score for each of {len(classes)} classes; got shape "
            f"{scores.shape}."
        )
    return scores[:, classes == pos_label].ravel() if len(classes) == 2 else scores


def _random_states(detector: Any) -> list[str]:
    """Parameters that seed a detector and its parts."""
    names = detector.get_params()
    return [n for n in names if n == "random_state" or n.endswith("__random_state")]


def _fit_and_predict(
    detector: Any, task: Task, split: Split, report: Callable[[str], None]
) -> dict[str, Any]:
    """What a run that did not fail came to."""
    X, y = task.take_train(split)
    X_test, target = task.take_test(split)
    frozen = isinstance(detector, FrozenEstimator)
    if not frozen:
        report(f"fitting to {len(y)} images")
    start = perf_counter()
    detector.fit(X, y)
    fit_seconds = perf_counter() - start
    start = perf_counter()
    prediction = detector.predict(X_test)
    predict_seconds = perf_counter() - start
    fitted = "" if frozen else f"fitted in {fit_seconds:.1f} s, "
    report(f"{fitted}{len(target)} images predicted in {predict_seconds:.1f} s")
    prediction = _check_labels(prediction, target, task.classes)
    # A second pass over the images: labels do not follow from the scores of every
    # classifier (a tuned threshold, votes), and the time above is that of `predict`.
    scores = positive_scores(detector, X_test, task.classes, task.pos_label)
    metrics = compute_metrics(
        target,
        prediction,
        scores,
        classes=task.classes,
        names=task.names,
        pos_label=task.pos_label,
        probabilities=hasattr(detector, "predict_proba"),
    )
    metrics |= {"fit_seconds": fit_seconds, "predict_seconds": predict_seconds}
    return {
        "detector": detector,
        "prediction": prediction,
        "scores": scores,
        "metrics": metrics,
    }


def _check_labels(
    prediction: Any, target: np.ndarray, classes: np.ndarray
) -> np.ndarray:
    """Predicted labels in the dtype of the classes."""
    prediction = np.asarray(prediction)
    if prediction.shape != target.shape:
        raise ValueError(
            f"predict must return a label for each of {len(target)} images; got shape "
            f"{prediction.shape}."
        )
    strange = prediction[~np.isin(prediction, classes)]
    if len(strange):
        raise ValueError(
            f"predict must return labels of y, {classes.tolist()}; got {strange[0]!r}."
        )
    return classes[np.searchsorted(classes, prediction)]
