"""A classifier that may leave an image undecided, so that it errs rarely on others."""

from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skfake.decisions._abstaining import AbstainingClassifier
from skfake.decisions._fixed_sequence import selective_threshold
from skfake.decisions._held_out import wrapped_has
from skfake.scoring import Scores, score_images


@dataclass(eq=False, repr=False)
class SelectiveClassifier(AbstainingClassifier):
    """Classifier that errs rarely where it is sure, and says where it is not [1]_.

    It is sure of an image where the estimator's confidence, its greatest probability,
    is above a threshold. That is set on held-out images, as low as possible while of
    the images above it no more than a fraction `max_error` is wrong, with the
    probability `confidence_level`. `predict` gives a label for every image, `is_sure`
    says which labels count, and `predict_or_abstain` leaves out the others.

    Parameters
    ----------
    estimator : classifier
        Two or more classes, with `predict_proba` or `decision_function`.

    max_error : float, default=0.01
        Greatest fraction of wrong labels among the images that it is sure of.

    confidence_level : float, default=0.95
        Probability, over the images that are held out, that the fraction of errors
        stays at or below `max_error`.

    cv : float, int, splitter, iterable of (train, test) or "prefit", default=0.2
        Which images are held out from fitting, to set the threshold on. A float is
        their fraction in one stratified split. With "prefit" the estimator is fitted
        already and `fit` only sets the threshold, on images that it must not have been
        fitted to. Other values are read as in scikit-learn, None being five folds; with
        several folds the estimator is at last fitted to all images and the threshold
        comes from the answers of the folds, so that more images count but the bound
        holds only approximately, and not at all where each fit puts its scores on
        another scale.

    random_state : int, RandomState instance or None, default=None
        Draws the split where `cv` is a float.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Labels, sorted.

    estimator_ : classifier
        The fitted estimator.

    threshold_ : float
        It is sure of images whose confidence, the greatest of the estimator's
        probabilities or else of its distances, is above it. Infinite where no threshold
        keeps the bound, and minus infinity where it is sure of all.

    pos_label_ : label, list of labels or None
        What means fake: what the estimator says or, where it says nothing, the names
        of the labels; None where neither does.

    coverage_ : float
        Fraction of the held-out images that it is sure of.

    n_held_out_ : int
        Images that the threshold was set on.

    n_features_in_ : int
        Values of one image seen in `fit`, where the estimator knows it.

    feature_names_in_ : array of str
        Column names seen in `fit`, where X had any.

    See Also
    --------
    skfake.decisions.NeymanPearsonClassifier : Bounds the errors of one class, and
        answers every time.
    skfake.decisions.StableClassifier : Is sure of what mild re-encodings of an image
        don't change.

    Notes
    -----
    The bound holds for images like the held-out ones, fakes and reals in the same
    proportion, and for all answers together, not for each class.

    Thresholds are tested from a strict one to looser ones, until the binomial test of a
    fraction of errors above `max_error` no longer rejects it: a fixed sequence of tests
    [2]_, which needs no correction for their number, if the fraction of errors rises
    above `max_error` once and for all as less confident images are answered. As a
    strict start has few images and a loose one many errors, there are several starts,
    at all, a half, a quarter, ... of the held-out images, which divide 1 -
    `confidence_level` among them. The search of [1]_ pays for each step instead.

    References
    ----------
    .. [1] Y. Geifman and R. El-Yaniv, "Selective classification for deep neural
       networks", NeurIPS 2017.
    .. [2] A. N. Angelopoulos, S. Bates, E. J. Candes, M. I. Jordan and L. Lei, "Learn
       then test: calibrating predictive algorithms to achieve risk control",
       arXiv:2110.01052.

    Examples
    --------
    >>> from skfake import SVMDetector
    >>> from skfake.datasets import make_images
    >>> from skfake.decisions import SelectiveClassifier
    >>> X, y = make_images(n_samples=1000, return_X_y=True, random_state=0)
    >>> screen = SelectiveClassifier(
    ...     SVMDetector(), max_error=0.3, cv=0.5, random_state=0
    ... ).fit(X[:600], y[:600])
    >>> X, y = X[600:], y[600:]
    >>> sure = screen.is_sure(X)
    >>> bool(screen.score(X[sure], y[sure]) > 0.7 > screen.score(X, y))
    True
    """

    estimator: Any
    _: KW_ONLY
    max_error: float = 0.01
    confidence_level: float = 0.95
    cv: Any = 0.2
    random_state: Any = None

    def predict(self, X: Any) -> np.ndarray:
        """Labels of all images, sure or not, as the estimator gives them.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        Returns
        -------
        array of shape (n,)
        """
        check_is_fitted(self)
        return self.estimator_.predict(X)

    def _score_images(self, X: Any) -> Scores:
        scores = score_images(self.estimator_, X)
        return replace(scores, is_sure=self._are_sure(_confidences(scores)))

    @available_if(wrapped_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes, as the estimator gives them.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        Returns
        -------
        float array of shape (n, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    @available_if(wrapped_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Signed distances, as the estimator gives them.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        Returns
        -------
        float array of shape (n,) for two classes, else (n, n_classes)
            For two classes, positive speaks for `classes_[1]`.
        """
        check_is_fitted(self)
        return self.estimator_.decision_function(X)

    def _judge(self, model: Any, X: Any, y: np.ndarray) -> np.ndarray:
        """Confidence in each answer, and whether it is wrong."""
        scores = score_images(model, X)
        return np.column_stack([_confidences(scores), scores.labels != y])

    def _find_threshold(
        self, ranking: np.ndarray, wrong: np.ndarray, *, max_error: float, delta: float
    ) -> float:
        return selective_threshold(
            ranking[:, 0], wrong, max_error=max_error, delta=delta
        )

    def _are_sure(self, ranking: np.ndarray) -> np.ndarray:
        return ranking[:, 0] > self.threshold_


def _confidences(scores: Scores) -> np.ndarray:
    """Greatest score of each image, as a ranking of one key."""
    return scores.values.max(axis=1, keepdims=True)
