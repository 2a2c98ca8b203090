"""Labels and scores of images by any classifier, from one pass where it can be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skfake.labels import decode_scores

SCORE_METHODS = ("predict_proba", "decision_function")


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Labels (n,) that a classifier predicts, and scores (n, n_classes) of its classes.

    `values` is None where it has no scores, and `is_sure` where it is never unsure.
    `views` are scores of the images as they are and after mild changes, where there are
    any.
    """

    classes: np.ndarray
    labels: np.ndarray
    values: Any
    are_probabilities: bool = False
    is_sure: Any = None
    views: Sequence["Scores"] = ()

    @property
    def agreement(self) -> np.ndarray:
        """Fraction (n,) of the views that have the label."""
        return np.mean([view.labels == self.labels for view in self.views], axis=0)

    @classmethod
    def decide(
        cls, classes: np.ndarray, values: np.ndarray, *, are_probabilities: bool
    ) -> Self:
        """Scores of a classifier that predicts the class with the greatest one."""
        values = spread_scores(values)
        return cls(
            classes=classes,
            labels=decode_scores(classes, values),
            values=values,
            are_probabilities=are_probabilities,
        )

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Scores of the images of all parts, by one classifier."""
        first = parts[0]
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("labels", "values", "is_sure")
            if getattr(first, name) is not None
        }
        return replace(first, **joined)

    @classmethod
    def average(cls, views: Sequence[Self]) -> Self:
        """Means of the scores of all views, and the labels that follow from them."""
        first = views[0]
        averaged = cls.decide(
            first.classes,
            np.mean([view.values for view in views], axis=0),
            are_probabilities=first.are_probabilities,
        )
        return replace(averaged, views=views)


class ScoringMixin:
    """Public methods of a classifier whose `_score_images` makes one pass."""

    def predict(self, X: Any) -> np.ndarray:
        """Labels of images.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that `fit` takes.

        Returns
        -------
        array of shape (n,)
        """
        return self.score_images(X).labels

    def score_images(self, X: Any) -> Scores:
        """Labels and scores of images, from one pass where it can be.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that `fit` takes.

        Returns
        -------
        Scores
            `labels` as `predict` gives them, `values`, which are probabilities or else
            distances, and `is_sure` where the classifier may be unsure.
        """
        check_is_fitted(self)
        return self._score_images(X)

    def _score_images(self, X: Any) -> Scores:
        raise NotImplementedError


def score_images(detector: Any, X: Any) -> Scores:
    """Labels and scores of images, by any fitted classifier."""
    if _answers_at_once(type(detector)):
        return detector.score_images(X)
    if isinstance(detector, FrozenEstimator):
        return score_images(detector.estimator, X)
    if isinstance(detector, Pipeline):
        steps = detector[:-1]
        return score_images(detector[-1], steps.transform(X) if len(steps) else X)
    # Not every label follows from scores: a threshold may be tuned, models may vote.
    labels = np.asarray(detector.predict(X))
    method = score_method(detector)
    return Scores(
        classes=np.asarray(getattr(detector, "classes_", np.unique(labels))),
        labels=labels,
        values=None if method is None else class_scores(detector, X),
        are_probabilities=method == "predict_proba",
    )


def _answers_at_once(kind: type) -> bool:
    """Whether a class has `score_images`, and no subclass another answer than that."""

    def depth(*names: str) -> int:
        found = (
            i
            for i, c in enumerate(kind.__mro__)
            if not vars(c).keys().isdisjoint(names)
        )
        return next(found, len(kind.__mro__))

    return hasattr(kind, "score_images") and depth("score_images", "_score_images") <= (
        depth("predict", *SCORE_METHODS)
    )


def averages_views(detector: Any) -> bool:
    """Whether the scores of `score_images` are means over views of each image."""
    if isinstance(detector, FrozenEstimator):
        return averages_views(detector.estimator)
    if isinstance(detector, Pipeline):
        return averages_views(detector[-1])
    return hasattr(detector, "agreement")


def decide_images(detector: Any, X: Any) -> Scores:
    """Scores of images by any fitted classifier, and the labels that follow from them.

    A threshold that it puts on its probabilities plays no part.
    """
    return Scores.decide(
        np.asarray(detector.classes_),
        class_scores(detector, X),
        are_probabilities=score_method(detector) == "predict_proba",
    )


def score_method(detector: Any) -> str | None:
    """Name of the method that a classifier's scores come from, if it has one."""
    return next((name for name in SCORE_METHODS if hasattr(detector, name)), None)


def class_scores(detector: Any, X: Any) -> np.ndarray:
    """Scores (n, n_classes) from `predict_proba` or else from `decision_function`."""
    method = score_method(detector)
    assert method is not None
    return spread_scores(np.asarray(getattr(detector, method)(X), dtype=float))


def spread_scores(values: np.ndarray) -> np.ndarray:
    """A column for each class; for distances of two, their negatives come first."""
    return np.column_stack([-values, values]) if values.ndim == 1 else values


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Logarithms of odds (n,) of two classes, or of probabilities (n, n_classes)."""
    return compare_logarithms(log_probabilities(probabilities))


def log_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """Logarithms of probabilities, none of them infinite."""
    return np.log(np.maximum(probabilities, np.finfo(float).tiny))


def compare_logarithms(logarithms: np.ndarray) -> np.ndarray:
    """Differences (n,) of two classes' logarithms; those of more as they are."""
    if logarithms.shape[1] == 2:
        return logarithms[:, 1] - logarithms[:, 0]
    return logarithms


def check_has_scores(name: str, estimator: Any) -> None:
    """Refuse what is no classifier with scores, before it is fitted."""
    if isinstance(estimator, type):
        raise TypeError(
            f"{name} must be a classifier; got the class {estimator.__name__}. Use "
            f"{estimator.__name__}()."
        )
    if not hasattr(estimator, "fit") or score_method(estimator) is None:
        raise TypeError(
            f"{name} must be a classifier with predict_proba or decision_function; "
            f"got a {type(estimator).__name__}."
        )
