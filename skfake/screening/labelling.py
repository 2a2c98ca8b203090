"""What a detector says of images: how much speaks for a fake, and a label."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from skfake.labels import NAMES, find_pos_labels, name_labels, read_pos_label
from skfake.scoring import (
    Scores,
    averages_views,
    decide_images,
    score_images,
    score_method,
)

UNSURE = "unsure"
# Probability from which on one of several fakes is named.
HALF = 0.5


class Answer(NamedTuple):
    """Of one image: how much speaks for a fake, and the label, or what went wrong.

    `agreement` is the fraction of its views that have the label, where there are any.
    """

    value: float | None
    label: str | None
    error: str | None = None
    agreement: float | None = None


class Labeller:
    """A detector that is asked for fakes."""

    def __init__(
        self,
        detector: Any,
        *,
        pos_label: Any = None,
        threshold: float | None = None,
        stability: bool = False,
    ) -> None:
        if not hasattr(detector, "classes_"):
            raise TypeError(
                "detector must be a fitted classifier; got a "
                f"{type(detector).__name__} without classes_."
            )
        self.detector = detector
        self.classes = np.asarray(detector.classes_)
        if pos_label is None:
            pos_label = read_pos_label(detector)
        self.positive = find_pos_labels(self.classes, pos_label)
        names = name_labels(self.classes)
        if names == list(NAMES):
            # Numbers are called by what the user says they mean.
            names = [NAMES[int(positive)] for positive in self.positive]
        self.names = dict(zip(self.classes.tolist(), names, strict=True))
        self.threshold = threshold
        self.method = score_method(detector)
        self._averages = averages_views(detector)
        self.says_agreement = stability or self._averages
        self._check_settings()
        self._has_answered = False

    def label(self, images: Sequence[np.ndarray]) -> list[Answer]:
        """Answers to images, whatever their sizes."""
        try:
            return self._answer(images)
        # Whatever a detector raises: some take images of one size alone, and those of
        # that size must have their answers.
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
                answers.append(Answer(None, None, text))
                errors.append(error)
        if len(errors) == len(images) and not self._has_answered:
            raise errors[0]
        return answers

    def _answer(self, images: Sequence[np.ndarray]) -> list[Answer]:
        alike = len({image.shape for image in images}) == 1
        X = np.stack(images) if alike else list(images)
        found = self._score(X)
        labels, values = self._read(found)
        agreements = self._compare(labels, found.views)
        if self.threshold is None and found.is_sure is not None:
            pairs = zip(labels, found.is_sure, strict=True)
            labels = [label if sure else UNSURE for label, sure in pairs]
        self._has_answered = True
        shown = [None] * len(labels) if values is None else values.tolist()
        return [
            Answer(value, label, agreement=agreement)
            for value, label, agreement in zip(shown, labels, agreements, strict=True)
        ]

    def _compare(self, labels: list[str], views: Sequence[Scores]) -> list[Any]:
        """Fractions of the views that have the labels; None where there are none."""
        if not views:
            return [None] * len(labels)
        same = [np.equal(self._read(view)[0], labels) for view in views]
        return np.mean(same, axis=0).round(6).tolist()

    def _score(self, X: Any) -> Scores:
        """Scores of images, and those of their views where these are asked for."""
        if self._averages:
            return score_images(self.detector, X)
        score = score_images if self.threshold is None else decide_images
        ask = partial(score, self.detector)
        if not self.says_agreement:
            return ask(X)
        from skfake.decisions.views import list_views, score_views

        views = score_views(ask, X, list_views(None))
        return replace(views[0], views=views)

    def _read(self, found: Scores) -> tuple[list[str], np.ndarray | None]:
        """Labels, and what speaks for a fake, where the detector has scores.

        Of two classes, labels are the detector's own. Of more, they follow from the
        sum that is shown: three fakes of 0.2 each outweigh a real of 0.4.
        """
        values = None if found.values is None else self._sum(found.values)
        least = self.threshold
        if least is None and found.are_probabilities and len(self.classes) > 2:
            least = HALF
        if values is None or least is None:
            labels = [self.names.get(lab, str(lab)) for lab in found.labels.tolist()]
        else:
            labels = self._decide(found.values, values >= least)
        return labels, values

    def _sum(self, scores: np.ndarray) -> np.ndarray:
        """What speaks for a fake; more places depend on what else is in the batch."""
        return np.round(scores[:, self.positive].sum(axis=1), 6)

    def _decide(self, scores: np.ndarray, called: np.ndarray) -> list[str]:
        """Labels of images that are called fake or not: the likeliest of such ones."""
        possible = called[:, np.newaxis] == self.positive
        best = np.where(possible, scores, -np.inf).argmax(axis=1)
        return [self.names[label] for label in self.classes[best].tolist()]

    def _check_settings(self) -> None:
        if self.method == "decision_function" and self.positive.sum() > 1:
            raise ValueError(
                "pos_label must be one label for a detector without probabilities; got "
                f"{self.positive.sum()}."
            )
        if self.threshold is None:
            return
        if self.method is None:
            raise ValueError(
                "threshold must go with a detector that has probabilities or scores; "
                f"got a {type(self.detector).__name__}."
            )
        if self.method == "predict_proba" and not 0 <= self.threshold <= 1:
            raise ValueError(
                f"threshold must be from 0 to 1, a probability; got {self.threshold}."
            )
