"""What a detector says of images: how much speaks for a fake, and a label."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skfake.labels import NAMES, find_pos_labels, name_labels
from skfake.scoring import class_scores, score_images, score_method

UNSURE = "unsure"


class Answer(NamedTuple):
    """Of one image: how much speaks for a fake, and the label, or what went wrong."""

    value: float | None
    label: str | None
    error: str | None = None


class Labeller:
    """A detector that is asked for fakes."""

    def __init__(
        self, detector: Any, *, pos_label: Any = None, threshold: float | None = None
    ) -> None:
        if not hasattr(detector, "classes_"):
            raise TypeError(
                "detector must be a fitted classifier; got a "
                f"{type(detector).__name__} without classes_."
            )
        self.detector = detector
        self.classes = np.asarray(detector.classes_)
        self.positive = find_pos_labels(self.classes, pos_label)
        names = name_labels(self.classes)
        if names == list(NAMES):
            # Numbers are called by what the user says they mean.
            names = [NAMES[int(positive)] for positive in self.positive]
        self.names = dict(zip(self.classes.tolist(), names, strict=True))
        self.threshold = threshold
        self.method = score_method(detector)
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
        if self.threshold is None:
            scores, labels = self._ask(X)
        else:
            scores = class_scores(self.detector, X)
            labels = self._decide(scores)
        self._has_answered = True
        if scores is None:
            return [Answer(None, label) for label in labels]
        # More places depend on what else is in the batch.
        values = np.round(scores[:, self.positive].sum(axis=1), 6).tolist()
        return [Answer(*pair) for pair in zip(values, labels, strict=True)]

    def _ask(self, X: Any) -> tuple[np.ndarray | None, list[str]]:
        """Scores of shape (n, n_classes), if there are any, and its own labels."""
        scores = score_images(self.detector, X)
        labels = [self.names.get(label, str(label)) for label in scores.labels.tolist()]
        if scores.is_sure is not None:
            pairs = zip(labels, scores.is_sure, strict=True)
            labels = [label if sure else UNSURE for label, sure in pairs]
        return scores.values, labels

    def _decide(self, scores: np.ndarray) -> list[str]:
        """Labels by the threshold, whatever the detector would say."""
        called = scores[:, self.positive].sum(axis=1) >= self.threshold
        # Of the labels that are left, the one with the greatest score.
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
