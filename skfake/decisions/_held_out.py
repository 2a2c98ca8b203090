"""What both classifiers do first: fit, and score images that were held out."""

from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.model_selection import StratifiedShuffleSplit, check_cv
from sklearn.utils import Tags, assert_all_finite, column_or_1d, get_tags, indexable
from sklearn.utils.validation import check_is_fitted

from skfake.images.arrays import read_stack
from skfake.labels import check_labels, encode_known_labels, encode_labels
from skfake.scikit_learn import Interval, StrOptions, fit_context, take_rows
from skfake.scoring import ScoringMixin, check_has_scores

FRACTION = Interval(Real, 0, 1, closed="neither")


class HeldOutClassifier(
    ScoringMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator, metaclass=ABCMeta
):
    """A classifier around another, with a threshold set on held-out images."""

    _parameter_constraints: ClassVar[dict] = {
        # `check_has_scores` says in one sentence what is taken.
        "estimator": "no_validation",
        "cv": ["cv_object", StrOptions({"prefit"}), FRACTION],
        "random_state": ["random_state"],
    }

    def _check_classes(self) -> None:
        """Refuse parameters that don't fit `classes_`."""

    @abstractmethod
    def _judge(self, model: Any, X: Any, y: np.ndarray) -> np.ndarray:
        """What the threshold is set by: rows that come from held-out images."""

    @abstractmethod
    def _set_threshold(self, judged: np.ndarray) -> None:
        """Learn `threshold_` from what `_judge` returned for all that was held out."""

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any) -> Self:
        """Fit the estimator and set the threshold on images that it was not fitted to.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        y : array-like of shape (n,)
            Labels.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `estimator` is no classifier with scores.
        ValueError
            If X or y can't be read, `cv` holds an image out twice, or too few images
            are held out for what is asked.
        """
        check_has_scores("estimator", self.estimator)
        if hasattr(X, "__array__") and not hasattr(X, "iloc"):
            X = read_stack(X, "X", "an array")
        elif not hasattr(X, "__getitem__") and not hasattr(X, "tocsr"):
            raise TypeError(
                f"X must be an array or a sequence of images; got {type(X).__name__}."
            )
        X, y = indexable(X, check_labels(y))
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        if len(y) == 0:
            raise ValueError("X must hold at least one image; got none.")
        if self._is_prefit():
            check_is_fitted(self.estimator)
            self.classes_ = self.estimator.classes_
            encode_known_labels(self.classes_, y)
        else:
            encode_labels(self, y)
        self._check_classes()
        self._set_threshold(self._fit_and_judge(X, y))
        return self

    @property
    def n_features_in_(self) -> int:
        """Values of one image seen in `fit`, where the estimator knows it."""
        return self.estimator_.n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Column names seen in `fit`, where X had any."""
        return self.estimator_.feature_names_in_

    def _is_prefit(self) -> bool:
        return isinstance(self.cv, str)

    def _fit_and_judge(self, X: Any, y: np.ndarray) -> np.ndarray:
        if self._is_prefit():
            self.estimator_ = self.estimator
            return self._judge(self.estimator_, X, y)
        splits = self._draw_splits(X, y)
        judged = []
        for train, test in splits:
            model = clone(self.estimator).fit(take_rows(X, train), y[train])
            judged.append(self._judge(model, take_rows(X, test), y[test]))
        # The threshold of one split holds for the model that it was set for.
        self.estimator_ = model if len(splits) == 1 else clone(self.estimator).fit(X, y)
        return np.concatenate(judged)

    def _draw_splits(self, X: Any, y: np.ndarray) -> list[tuple]:
        cv, images = self.cv, np.arange(len(y))
        if isinstance(cv, Real) and cv < 1:
            cv = StratifiedShuffleSplit(1, test_size=cv, random_state=self.random_state)
        splits = [
            (images[train], images[test])
            for train, test in check_cv(cv, y, classifier=True).split(X, y)
        ]
        held_out = np.concatenate([test for _, test in splits])
        n_repeated = len(held_out) - len(np.unique(held_out))
        if n_repeated:
            raise ValueError(
                "cv must hold each image out once at most; got splits that do so "
                f"{n_repeated} times more. Use folds, such as StratifiedKFold, or one "
                "split."
            )
        return splits

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        wrapped = get_tags(self.estimator)
        tags.input_tags = wrapped.input_tags
        tags.non_deterministic = wrapped.non_deterministic
        if wrapped.classifier_tags is not None:
            tags.classifier_tags = wrapped.classifier_tags
        return tags


def wrapped_has(name: str) -> Callable[[HeldOutClassifier], bool]:
    """Condition for `available_if`: the estimator has a method of this name."""

    def check(classifier: HeldOutClassifier) -> bool:
        getattr(getattr(classifier, "estimator_", classifier.estimator), name)
        return True

    return check
