"""One detector on one split with one seed: what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Split:
    """Positions of the images of one fold; None stands for all."""

    fold: int = 0
    n_folds: int = 1
    train: np.ndarray | None = None
    test: np.ndarray | None = None

    @property
    def test_fraction(self) -> float:
        """Fraction of the images of a fold that it is tested on."""
        assert self.train is not None
        assert self.test is not None
        return len(self.test) / (len(self.train) + len(self.test))


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Labels of n images and scores: (n,) of the positive class, or (n, n_classes)."""

    prediction: np.ndarray
    scores: np.ndarray | None
    are_probabilities: bool


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of one detector, split and seed; where it failed, an `error` alone."""

    name: str
    split: Split
    target: np.ndarray
    seed: int | None = None
    detector: Any = None
    answers: Answers | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    error: str | None = None

    @property
    def has_probabilities(self) -> bool:
        """Whether it did not fail, and its scores are probabilities."""
        return self.answers is not None and self.answers.are_probabilities

    @property
    def key(self) -> dict[str, Any]:
        """Columns that name this run in tables."""
        seed = {} if self.seed is None else {"seed": self.seed}
        return {"detector": self.name, **seed, "fold": self.split.fold}


def tabulate_runs(runs: Iterable[Run]) -> pd.DataFrame:
    """Names, seconds and errors, a row for each run."""
    rows = [run.key | run.seconds | {"error": run.error} for run in runs]
    table = pd.DataFrame(rows)
    return table if table["error"].notna().any() else table.drop(columns="error")


def tabulate_predictions(runs: Sequence[Run], names: Sequence[str]) -> pd.DataFrame:
    """Predictions of all runs that did not fail, a row for each image."""
    tables = [
        tabulate_answers(run.key, run.split.test, run.target, run.answers, names)
        for run in runs
        if run.answers is not None
    ]
    if not tables:
        columns = ["image", "target", "prediction", *score_names(names)]
        return pd.DataFrame(columns=[*runs[0].key, *columns])
    return pd.concat(tables, ignore_index=True)


def tabulate_answers(
    key: dict[str, Any],
    positions: np.ndarray | None,
    target: np.ndarray,
    answers: Answers,
    names: Sequence[str],
) -> pd.DataFrame:
    """A row for each image that was predicted; `key` is the same in all of them."""
    columns = score_names(names)
    scores = np.full((len(target), len(columns)), np.nan)
    if answers.scores is not None:
        scores[:] = answers.scores.reshape(scores.shape)
    table = {
        **key,
        "image": np.arange(len(target)) if positions is None else positions,
        "target": target,
        "prediction": answers.prediction,
    }
    return pd.DataFrame(table | dict(zip(columns, scores.T, strict=True)))


def score_names(names: Sequence[str]) -> list[str]:
    """Columns of scores: one of the positive class, or one for each of several."""
    return ["score"] if len(names) == 2 else [f"score_{name}" for name in names]
