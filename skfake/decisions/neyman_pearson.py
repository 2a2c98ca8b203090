"""A classifier that keeps its false alarms below a rate."""

from dataclasses import KW_ONLY, dataclass
from math import ceil, floor, log, log1p
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy.stats import binom
from sklearn.utils import Tags

from skfake.decisions._held_out import FRACTION, HeldOutClassifier
from skfake.labels import check_pos_label, read_pos_label
from skfake.scikit_learn import take_rows
from skfake.scoring import Scores, class_scores


@dataclass(eq=False, repr=False)
class NeymanPearsonClassifier(HeldOutClassifier):
    """Binary classifier whose false alarms do not exceed a rate [1]_.

    Its threshold is the score of a held-out negative, so high that the fraction of all
    negatives called positive, the false alarms, stays at or below `max_fpr`: with the
    probability `confidence_level`, whatever the estimator and the images are. Below
    that rate it finds as many positives as the estimator's scores allow.

    Parameters
    ----------
    estimator : classifier
        Two classes, with `predict_proba` or `decision_function`.

    max_fpr : float, default=0.01
        Greatest fraction of the negatives that may be called positive.

    confidence_level : float, default=0.95
        Probability, over the images that are held out, that the rate of false alarms
        stays at or below `max_fpr`. None asks for that only on average over them,
        which takes fewer negatives: 99 instead of 299 for a rate of 1 %.

    pos_label : label, default=None
        The positive class, an alarm. With None it is what the estimator says or, where
        it says nothing, the label whose name means fake, or else the greater.

    cv : float, int, splitter, iterable of (train, test) or "prefit", default=0.2
        Which images are held out from fitting, to set the threshold on. A float is
        their fraction in one stratified split. With "prefit" the estimator is fitted
        already and `fit` only sets the threshold, on images that it must not have been
        fitted to and that may all be negatives. Other values are read as in
        scikit-learn, None being five folds; with several folds the estimator is at last
        fitted to all images and the threshold comes from the scores of the folds, so
        that more images count but the rate holds only approximately, and not at all
        where each fit puts its scores on another scale.

    random_state : int, RandomState instance or None, default=None
        Draws the split where `cv` is a float.

    Attributes
    ----------
    classes_ : array of shape (2,)
        Labels, sorted.

    pos_label_ : label
        The positive class.

    estimator_ : classifier
        The fitted estimator. Where it has probabilities, `estimator_.predict_proba`
        gives them.

    threshold_ : float
        Images are called positive whose score of the positive class, from the
        estimator's `predict_proba` or else its `decision_function`, is above it.

    n_negatives_ : int
        Held-out negatives that the threshold was set on.

    n_features_in_ : int
        Values of one image seen in `fit`, where the estimator knows it.

    feature_names_in_ : array of str
        Column names seen in `fit`, where X had any.

    See Also
    --------
    skfake.decisions.SelectiveClassifier : Bounds the errors of all classes, by not
        answering every time.
    sklearn.model_selection.TunedThresholdClassifierCV : Sets the threshold that is
        best for a metric.

    Notes
    -----
    The rate holds for images like the held-out ones. Near copies of one picture on
    both sides of the split, or negatives from another source, end that: pass splits
    that keep copies together, or use "prefit" with negatives of your own.

    Of n held-out negatives, the one of rank k is exceeded by more than a fraction
    `max_fpr` of all negatives with a probability of at most P(B >= k), B being
    binomial of n and 1 - `max_fpr` [1]_; the threshold has the least k for which this
    is at most 1 - `confidence_level`. Equal scores only lower the rate.

    There is no `predict_proba`, as the labels are not those of greatest probability.

    References
    ----------
    .. [1] X. Tong, Y. Feng and J. J. Li, "Neyman-Pearson classification algorithms
       and NP receiver operating characteristics", Science Advances 4(2), 2018.

    Examples
    --------
    >>> from skfake import SVMDetector
    >>> from skfake.datasets import make_images
    >>> from skfake.decisions import NeymanPearsonClassifier
    >>> X, y = make_images(n_samples=1000, return_X_y=True, random_state=0)
    >>> screen = NeymanPearsonClassifier(
    ...     SVMDetector(), max_fpr=0.1, cv=0.5, random_state=0
    ... ).fit(X[:600], y[:600])
    >>> reals = X[600:][y[600:] == 0]
    >>> bool(screen.predict(reals).mean() <= 0.1)
    True
    """

    estimator: Any
    _: KW_ONLY
    max_fpr: float = 0.01
    confidence_level: float | None = 0.95
    pos_label: Any = None
    cv: Any = 0.2
    random_state: Any = None

    _parameter_constraints: ClassVar[dict] = {
        **HeldOutClassifier._parameter_constraints,
        "max_fpr": [FRACTION],
        "confidence_level": [FRACTION, None],
        "pos_label": [Real, str, "boolean", None],
    }

    def decision_function(self, X: Any) -> np.ndarray:
        """Distances of the scores from the threshold.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of X that the estimator takes.

        Returns
        -------
        float array of shape (n,)
            Positive speaks for `classes_[1]`.
        """
        return self.score_images(X).values[:, 1]

    def _score_images(self, X: Any) -> Scores:
        scores = self._positive_scores(self.estimator_, X) - self.threshold_
        positive = self.classes_ == self.pos_label_
        codes = np.where(scores > 0, positive.argmax(), positive.argmin())
        values = np.where(positive, scores[:, np.newaxis], -scores[:, np.newaxis])
        return Scores(classes=self.classes_, labels=self.classes_[codes], values=values)

    def _positive_scores(self, model: Any, X: Any) -> np.ndarray:
        return class_scores(model, X)[:, self.classes_ == self.pos_label_].ravel()

    def _check_classes(self) -> None:
        n_classes = len(self.classes_)
        if n_classes > 2:
            raise ValueError(
                f"y must hold two classes; got {n_classes}. Only binary classification "
                "is supported."
            )
        pos_label = self.pos_label
        if pos_label is None and self._is_prefit():
            pos_label = read_pos_label(self.estimator)
        elif pos_label is None:
            pos_label = getattr(self.estimator, "pos_label", None)
        if isinstance(pos_label, list) and len(pos_label) == 1:
            pos_label = pos_label[0]
        self.pos_label_ = check_pos_label(pos_label, self.classes_)

    def _judge(self, model: Any, X: Any, y: np.ndarray) -> np.ndarray:
        """Scores of the negatives; the positives are not looked at."""
        negatives = np.flatnonzero(y != self.pos_label_)
        if len(negatives) == 0:
            return np.empty(0)
        return self._positive_scores(model, take_rows(X, negatives))

    def _set_threshold(self, judged: np.ndarray) -> None:
        self.n_negatives_ = len(judged)
        rank = threshold_rank(self.n_negatives_, self.max_fpr, self.confidence_level)
        self.threshold_ = float(np.sort(judged)[rank - 1])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def threshold_rank(
    n_negatives: int, max_fpr: float, confidence_level: float | None
) -> int:
    """Rank of the negative, from 1 in rising order, whose score is the threshold."""
    if confidence_level is None:
        least = ceil(1 / max_fpr) - 1
        rank = n_negatives + 1 - floor((n_negatives + 1) * max_fpr)
    else:
        least = ceil(log(1 - confidence_level) / log1p(-max_fpr))
        rank = int(binom.ppf(confidence_level, n_negatives, 1 - max_fpr)) + 1
    if rank > n_negatives:
        raise ValueError(
            f"cv must hold out at least {least} negatives for max_fpr={max_fpr:g} with "
            f"confidence_level={confidence_level}; got {n_negatives}. Pass more "
            "images, hold out more of them, or ask for less."
        )
    return rank
