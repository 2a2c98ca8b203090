"""A classifier that may leave an image undecided, so that it errs rarely on others."""

from dataclasses import KW_ONLY, dataclass, replace
from math import ceil, log, log1p
from typing import Any, ClassVar

import numpy as np
from scipy.stats import binom
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skfake.decisions._held_out import FRACTION, HeldOutClassifier, wrapped_has
from skfake.labels import learn_pos_label, read_pos_label
from skfake.scoring import Scores, score_images


@dataclass(eq=False, repr=False)
class SelectiveClassifier(HeldOutClassifier):
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

    _parameter_constraints: ClassVar[dict] = {
        **HeldOutClassifier._parameter_constraints,
        "max_error": [FRACTION],
        "confidence_level": [FRACTION],
    }

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

    def is_sure(self, X: Any) -> np.ndarray:
        """Whether the label of each image is sure.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        Returns
        -------
        bool array of shape (n,)
        """
        return self.score_images(X).is_sure

    def predict_or_abstain(self, X: Any, *, unsure: Any = None) -> np.ndarray:
        """Labels of the images that it is sure of.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        unsure : object, default=None
            What stands in place of the other labels.

        Returns
        -------
        object array of shape (n,)
        """
        scores = self.score_images(X)
        answers = scores.labels.astype(object)
        answers[~scores.is_sure] = unsure
        return answers

    def _score_images(self, X: Any) -> Scores:
        scores = score_images(self.estimator_, X)
        return replace(scores, is_sure=_confidences(scores) > self.threshold_)

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

    def _set_threshold(self, judged: np.ndarray) -> None:
        self.n_held_out_, delta = len(judged), 1 - self.confidence_level
        least = ceil(log(delta) / log1p(-self.max_error))
        if self.n_held_out_ < least:
            raise ValueError(
                f"cv must hold out at least {least} images for max_error="
                f"{self.max_error:g} with confidence_level={self.confidence_level:g}; "
                f"got {self.n_held_out_}. Pass more images, hold out more of them, or "
                "ask for less."
            )
        said = read_pos_label(self.estimator_)
        self.pos_label_ = learn_pos_label(self.classes_, said)
        confidences, wrong = judged.T
        self.threshold_ = selective_threshold(
            confidences, wrong, max_error=self.max_error, delta=delta
        )
        self.coverage_ = float(np.mean(confidences > self.threshold_))


def _confidences(scores: Scores) -> np.ndarray:
    """Greatest score of each image."""
    return scores.values.max(axis=1)


def selective_threshold(
    confidences: np.ndarray, wrong: np.ndarray, *, max_error: float, delta: float
) -> float:
    """Lowest confidence above which the fraction of errors is bounded."""
    order = np.argsort(-confidences, kind="stable")
    confidences, wrong = confidences[order], wrong[order]
    # Equal confidences are answered together: `counts` are the numbers of answers
    # above each threshold, from strict to loose, up to all.
    below = np.append(confidences[1:], -np.inf)
    cuts = np.flatnonzero(confidences > below)
    counts = cuts + 1
    starts = _starts(len(wrong), max_error, delta)
    p_values = binom.cdf(np.cumsum(wrong)[cuts], counts, max_error)
    passed = p_values <= delta / len(starts)
    for start in starts:
        first = np.searchsorted(counts, start, side="right") - 1
        if first >= 0 and passed[first]:
            failed = np.flatnonzero(~passed[first:])
            last = first + failed[0] - 1 if len(failed) else len(cuts) - 1
            return float(below[cuts[last]])
    return np.inf


def _starts(n: int, max_error: float, delta: float) -> list[int]:
    """Numbers of answers to begin at, from all on halved while a test could pass."""
    starts = [n]
    while n >> len(starts) >= log(delta / (len(starts) + 1)) / log1p(-max_error):
        starts.append(n >> len(starts))
    return starts
