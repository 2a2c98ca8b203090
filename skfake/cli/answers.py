"""What a detector says of images: the probability of a fake, and a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skfake.cli.once import compute_once

UNSURE = "unsure"
# What two labels mean that are numbers, in the data sets of skfake.
NAMES = ("real", "fake")
NUMBERS = (["0", "1"], ["0.0", "1.0"], ["False", "True"])


class Answer(NamedTuple):
    """Of one image: how much speaks for a fake, and the label, or what went wrong."""

    value: float | None
    label: str
    error: str = ""


class Screen:
    """A detector that is asked for fakes."""

    def __init__(
        self,
        detector: Any,
        *,
        fake_labels: Sequence[str] = (),
        threshold: float | None = None,
    ) -> None:
        if not hasattr(detector, "classes_"):
            raise TypeError(
                f"MODEL must hold a classifier; got a {type(detector).__name__}."
            )
        self.detector = compute_once(detector)
        self.classes = np.asarray(detector.classes_)
        self.fakes = find_fakes(self.classes, fake_labels)
        names = name_labels(self.classes)
        if names == list(NAMES):
            # Numbers are called by what the user says they mean.
            names = [NAMES[int(fake)] for fake in self.fakes]
        self.names = dict(zip(self.classes.tolist(), names, strict=True))
        self.threshold = threshold
        self._has_answered = False
        probable = hasattr(detector, "predict_proba")
        self.scored = probable or hasattr(detector, "decision_function")
        self.column = "probability" if probable or not self.scored else "score"
        self._check_threshold()
        if self.scored and not probable and self.fakes.sum() > 1:
            raise ValueError(
                "--fake-label must be given once for a detector without probabilities; "
                f"got {self.fakes.sum()} labels."
            )

    def ask(self, images: Sequence[np.ndarray]) -> list[Answer]:
        """Answers to images, whatever their sizes."""
        try:
            return self._answer(images)
        # Whatever a detector raises: some take images of one size alone, and such
        # that fit shall have their answers.
        except Exception:
            if len(images) == 1 and not self._has_answered:
                raise
        answers: list[Answer] = []
        errors: list[Exception] = []
        for image in images:
            try:
                answers += self._answer([image])
            except Exception as error:
                text = " ".join(f"{type(error).__name__}: {error}".split())
                answers.append(Answer(None, "", text))
                errors.append(error)
        if len(errors) == len(images) and not self._has_answered:
            raise errors[0]
        return answers

    def _answer(self, images: Sequence[np.ndarray]) -> list[Answer]:
        alike = len({image.shape for image in images}) == 1
        X = np.stack(images) if alike else list(images)
        scores = self._score(X) if self.scored else None
        labels = self._label(X, scores)
        self._has_answered = True
        if scores is None:
            return [Answer(None, label) for label in labels]
        # More places depend on what else is in the batch.
        values = np.round(scores[:, self.fakes].sum(axis=1), 6).tolist()
        return [Answer(*pair) for pair in zip(values, labels, strict=True)]

    def _score(self, X: Any) -> np.ndarray:
        """Scores of shape (n, n_classes)."""
        if self.column == "probability":
            return np.asarray(self.detector.predict_proba(X), dtype=float)
        scores = np.asarray(self.detector.decision_function(X), dtype=float)
        return np.column_stack([-scores, scores]) if scores.ndim == 1 else scores

    def _label(self, X: Any, scores: np.ndarray | None) -> list[str]:
        if self.threshold is not None and scores is not None:
            called = scores[:, self.fakes].sum(axis=1) >= self.threshold
            # Of the labels that are left, the one that most speaks for.
            possible = called[:, np.newaxis] == self.fakes
            best = np.where(possible, scores, -np.inf).argmax(axis=1)
            return [self.names[label] for label in self.classes[best].tolist()]
        if hasattr(self.detector, "predict_or_abstain"):
            labels = self.detector.predict_or_abstain(X, unsure=UNSURE)
        else:
            labels = self.detector.predict(X)
        return [self.names.get(label, str(label)) for label in labels]

    def _check_threshold(self) -> None:
        if self.threshold is None:
            return
        if not self.scored:
            raise ValueError(
                "--threshold must go with a detector that has probabilities or scores; "
                f"got a {type(self.detector).__name__}."
            )
        if self.column == "probability" and not 0 <= self.threshold <= 1:
            raise ValueError(
                f"--threshold must be from 0 to 1, a probability; got {self.threshold}."
            )


def find_fakes(classes: np.ndarray, wanted: Sequence[str] = ()) -> np.ndarray:
    """Which labels mean fake."""
    names = name_labels(classes)
    told = f"the labels of the detector, {', '.join(names)}"
    if wanted:
        called = [
            {name, str(label)} for name, label in zip(names, classes, strict=True)
        ]
        for word in wanted:
            if not any(word in words for words in called):
                raise ValueError(f"--fake-label must be one of {told}; got {word!r}.")
        fakes = np.array([not words.isdisjoint(wanted) for words in called])
        if fakes.all():
            raise ValueError(f"--fake-label must not be all of {told}.")
        return fakes
    fakes = np.array([name.casefold() == "fake" for name in names])
    if fakes.sum() != 1:
        raise ValueError(f"--fake-label must say which means fake of {told}; got none.")
    return fakes


def name_labels(classes: np.ndarray) -> list[str]:
    """What labels are called."""
    names = [str(label) for label in classes]
    return list(NAMES) if names in NUMBERS else names
