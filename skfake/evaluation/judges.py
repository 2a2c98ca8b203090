"""A fitted detector under conditions: what it makes of images damaged in many ways."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from skfake.displays.robustness import CLEAN
from skfake.evaluation.runs import _check_labels, positive_scores
from skfake.metrics.summary import compute_metrics
from skfake.results.runs import Run, Split
from skfake.scikit_learn import take_rows


class Condition(NamedTuple):
    """A corruption and its strength."""

    corruption: str
    strength: float


AS_THEY_ARE = Condition(CLEAN, np.nan)
ALL = Split(fold=0, n_folds=1)


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Labels of the images; all labels, sorted, and their names; the positive one."""

    target: np.ndarray
    classes: np.ndarray
    names: list[str]
    pos_label: Any


@dataclass
class Judge:
    """A detector, and what it made of each batch of images under each condition."""

    name: str
    detector: Any
    labels: Labels
    batches: dict[Condition, list] = field(default_factory=dict)
    errors: dict[Condition, str] = field(default_factory=dict)

    def look_at(self, X: Any, part: slice, condition: Condition) -> None:
        """Predict one more batch, unless an earlier one failed."""
        if condition in self.errors:
            return
        try:
            found = self._predict(X, self.labels.target[part], condition)
        # Whatever a detector of someone else raises, the others shall have their turn.
        except Exception as error:
            self.errors[condition] = f"{type(error).__name__}: {error}"
        else:
            self.batches.setdefault(condition, []).append(found)

    def run(self, condition: Condition) -> Run:
        """What came of all batches together, named after the condition."""
        labels = self.labels
        told: dict[str, Any] = {"error": self.errors.get(condition)}
        if condition not in self.errors:
            prediction, scores = self._all_batches(condition)
            told = {"prediction": prediction, "scores": scores}
            told["metrics"] = compute_metrics(
                labels.target,
                prediction,
                scores,
                classes=labels.classes,
                names=labels.names,
                pos_label=labels.pos_label,
                probabilities=self.has_probabilities,
            )
        return Run(
            name=str(condition), seed=None, split=ALL, target=labels.target, **told
        )

    @property
    def has_probabilities(self) -> bool:
        """Whether the detector's scores are probabilities."""
        return hasattr(self.detector, "predict_proba")

    @cached_property
    def _gap(self) -> tuple[float, float] | None:
        """Scores of the images as they are that a threshold on scores lies between."""
        if AS_THEY_ARE in self.errors:
            return None
        prediction, scores = self._all_batches(AS_THEY_ARE)
        if scores is None or scores.ndim > 1:
            return None
        positive = prediction == self.labels.pos_label
        low = scores[~positive].max(initial=-np.inf)
        high = scores[positive].min(initial=np.inf)
        return (low, high) if low < high else None

    def _predict(
        self, X: Any, target: np.ndarray, condition: Condition
    ) -> tuple[np.ndarray, np.ndarray | None]:
        classes, pos_label = self.labels.classes, self.labels.pos_label
        scores = positive_scores(self.detector, X, classes, pos_label)
        if scores is None or condition is AS_THEY_ARE or self._gap is None:
            return _check_labels(self.detector.predict(X), target, classes), scores
        low, high = self._gap
        prediction = classes[
            ((scores >= high) == (classes[1] == pos_label)).astype(int)
        ]
        rows = np.flatnonzero(~((scores <= low) | (scores >= high)))
        if len(rows):
            found = self.detector.predict(take_rows(X, rows))
            prediction[rows] = _check_labels(found, target[rows], classes)
        return prediction, scores

    def _all_batches(
        self, condition: Condition
    ) -> tuple[np.ndarray, np.ndarray | None]:
        predictions, scores = zip(*self.batches[condition], strict=True)
        joined = None if scores[0] is None else np.concatenate(scores)
        return np.concatenate(predictions), joined
