"""One detector on one split: what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Split:
    """Positions of the images of one fold; None stands for all."""

    fold: int
    n_folds: int
    train: np.ndarray | None = None
    test: np.ndarray | None = None

    @property
    def test_share(self) -> float:
        """Share of the images of a fold that it is tested on."""
        if self.train is None or self.test is None:
            raise ValueError("split must hold positions to have a share; got none.")
        return len(self.test) / (len(self.train) + len(self.test))


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of one detector on one split; where it failed, an `error` alone."""

    name: str
    seed: int | None
    split: Split
    target: np.ndarray
    detector: Any = None
    prediction: np.ndarray | None = None
    scores: np.ndarray | None = None
    metrics: dict[str, float] | None = None
    error: str | None = None
