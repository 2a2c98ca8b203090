"""One run: fit one detector on one split, or take a fitted one, and score images."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter, time
from typing import Any
from warnings import catch_warnings, filterwarnings

import numpy as np
import pandas as pd
from sklearn.base import clone

from skfake.metrics.summary import Classes
from skfake.results.comparison import no_unreadable
from skfake.results.metric_tables import SECONDS
from skfake.scikit_learn import take_rows
from skfake.scoring import Scores, score_images, score_method

# How the warning of a detector that looks at small copies of large images begins.
RESIZED = r"[\d,]+ images of .* are resized to "


@dataclass(frozen=True, kw_only=True)
class Task:
    """What all runs share; without training images, detectors are fitted already.

    `rows` and `test_rows` are the positions of the images that can be read, `paths`
    and `generators` those of the test images, one each, or None.
    """

    X_test: Any
    y_test: np.ndarray
    test_rows: np.ndarray
    classes: Classes
    X: Any = None
    y: Any = None
    rows: Any = None
    paths: Any = None
    generators: Any = None
    fakes: Sequence[str] = ()
    unreadable: pd.DataFrame = field(default_factory=no_unreadable)
    verbose: int = 0

    @property
    def readable(self) -> Any:
        """Training images that can be read."""
        return _take_all(self.X, self.rows)

    @property
    def readable_test(self) -> Any:
        """Test images that can be read."""
        return _take_all(self.X_test, self.test_rows)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Which run of how many is reported on, and since when they run (`time.time`)."""

    number: int = 1
    n_runs: int = 1
    started: float = field(default_factory=time)
    verbose: int = 0

    def report(self, line: str) -> None:
        """Write a line to stderr, if lines are wanted."""
        if self.verbose:
            print(line, file=sys.stderr, flush=True)

    @property
    def place(self) -> str:
        """Which fit it is, where there are several."""
        return f" (fit {self.number} of {self.n_runs})" if self.n_runs > 1 else ""

    @property
    def to_go(self) -> str:
        """How long the other runs will take, if they take as long as those so far."""
        left = self.n_runs - self.number
        if not left:
            return ""
        seconds = (time() - self.started) / self.number * left
        return f"; about {format_duration(seconds)} to go"


def format_duration(seconds: float) -> str:
    """Seconds, minutes or hours, as exact as a guess is."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{np.ceil(seconds):.0f} s"


@dataclass(frozen=True, kw_only=True)
class Split:
    """Positions of the images of one fold; None stands for all."""

    fold: int = 0
    n_folds: int = 1
    name: str = ""
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
    name: str,
    detector: Any,
    task: Task,
    split: Split,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Fit a clone of a detector, or take a fitted one, and score its test images."""
    progress = progress or Progress(verbose=task.verbose)
    label = name
    if seed is not None:
        label += f", seed {seed}"
    if split.name:
        label += f", {split.name}"
    elif split.n_folds > 1:
        label += f", fold {split.fold + 1} of {split.n_folds}"
    label += progress.place
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
            progress.report(f"{label}: fitting to {len(y)} images")
            start = perf_counter()
            with catch_warnings():
                # The comparison says it, once for all fits.
                filterwarnings("ignore", RESIZED, UserWarning)
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
        # Why stands below the table, once for all of a detector's runs.
        progress.report(f"{label}: failed{progress.to_go}")
        measured = SECONDS if task.X is not None else ("predict_seconds",)
        unknown = dict.fromkeys(measured, np.nan)
        return replace(run, error=message, seconds=unknown)
    done += f"{len(target)} images predicted in {seconds['predict_seconds']:.1f} s"
    progress.report(f"{label}: {done}{progress.to_go}")
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


def _take_all(X: Any, rows: np.ndarray) -> Any:
    """X itself where all its rows are taken, else a part of it."""
    return X if len(rows) == len(X) else take_rows(X, rows)


def tabulate_runs(runs: Iterable[Run]) -> pd.DataFrame:
    """Names, seconds and errors, a row for each run."""
    rows = [run.key | run.seconds | {"error": run.error} for run in runs]
    table = pd.DataFrame(rows)
    return table if table["error"].notna().any() else table.drop(columns="error")


def tabulate_predictions(runs: Sequence[Run], task: Task) -> pd.DataFrame:
    """Predictions of all runs that did not fail, a row for each image."""
    names = task.classes.names
    tables = [
        tabulate_scores(run.key, run.split.test, run.target, run.scores, names)
        for run in runs
        if run.scores is not None
    ]
    columns = ["image", "target", "prediction", *_score_names(names)]
    nothing = pd.DataFrame(columns=[*runs[0].key, *columns])
    table = pd.concat(tables, ignore_index=True) if tables else nothing
    images = table["image"].to_numpy(dtype=int)
    after = list(table).index("image") + 1
    for name, known in (("generator", task.generators), ("path", task.paths)):
        if known is not None:
            table.insert(after, name, known[images])
    return table


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
