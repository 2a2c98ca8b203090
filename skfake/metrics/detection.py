"""Metrics of detection that scikit-learn lacks, as functions and as scorers."""

from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.metrics import make_scorer
from sklearn.utils import check_consistent_length, column_or_1d

from skfake.labels import check_pos_label
from skfake.metrics.summary import (
    N_BINS,
    calibration_errors,
    check_two_classes,
    find_equal_error,
    find_tpr,
    rank_images,
)
from skfake.scikit_learn import Interval, validate_params


@validate_params(
    {
        "y_true": ["array-like"],
        "y_score": ["array-like"],
        "max_fpr": [Interval(Real, 0, 1, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def tpr_at_fpr(
    y_true: Any, y_score: Any, *, max_fpr: float = 0.01, pos_label: Any = None
) -> float:
    """Fraction of the positives found while few negatives are called positive.

    The greatest true positive rate of all thresholds whose false positive rate does not
    exceed `max_fpr`. Who screens images sets that rate, as each false alarm costs.

    Parameters
    ----------
    y_true, y_score : array-like of shape (n,)
        Labels of two classes, and scores of the positive one, on any scale.

    max_fpr : float, default=0.01
        Greatest fraction of the negatives that may be called positive.

    pos_label : label, default=None
        The positive class. With None it is the label that
        means fake, 1 of 0 and 1, or else the greater.

    Returns
    -------
    float
        From 0 to 1, 1 being the best.

    Raises
    ------
    ValueError
        If the labels are not of two classes, or do not fit the scores.

    Examples
    --------
    >>> from skfake.metrics import tpr_at_fpr
    >>> tpr_at_fpr([0, 0, 1, 1, 1], [0.1, 0.6, 0.4, 0.7, 0.9], max_fpr=0.01)
    0.666...
    >>> tpr_at_fpr([0, 0, 1, 1, 1], [0.1, 0.6, 0.4, 0.7, 0.9], max_fpr=0.5)
    1.0
    """
    tpr, fpr = _roc_points(*_check_scores(y_true, y_score, pos_label))
    return float(find_tpr(tpr, fpr, max_fpr)[0])


@validate_params(
    {"y_true": ["array-like"], "y_score": ["array-like"]},
    prefer_skip_nested_validation=True,
)
def equal_error_rate(y_true: Any, y_score: Any, *, pos_label: Any = None) -> float:
    """Error rate at the threshold that errs as often on positives as on negatives.

    Between two points of the ROC curve it is taken from the line that joins them.

    Parameters
    ----------
    y_true, y_score : array-like of shape (n,)
        Labels of two classes, and scores of the positive one, on any scale.

    pos_label : label, default=None
        The positive class. With None it is the label that
        means fake, 1 of 0 and 1, or else the greater.

    Returns
    -------
    float
        From 0 to 1, 0 being the best.

    Raises
    ------
    ValueError
        If the labels are not of two classes, or do not fit the scores.

    Examples
    --------
    >>> from skfake.metrics import equal_error_rate
    >>> equal_error_rate([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9])
    0.5
    """
    tpr, fpr = _roc_points(*_check_scores(y_true, y_score, pos_label))
    return float(find_equal_error(tpr, fpr)[0])


@validate_params(
    {
        "y_true": ["array-like"],
        "y_prob": ["array-like"],
        "n_bins": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def expected_calibration_error(
    y_true: Any, y_prob: Any, *, n_bins: int = N_BINS, pos_label: Any = None
) -> float:
    """How far probabilities are, on average, from the fractions that come true [1]_.

    Images are sorted into bins of equal width by their probability. In each bin the
    mean probability is compared with the fraction of positives; the differences are
    averaged with the numbers of images as weights.

    Parameters
    ----------
    y_true, y_prob : array-like of shape (n,)
        Labels of two classes, and probabilities of the positive one, from 0 to 1.

    n_bins : int, default=15
        How many bins there are from 0 to 1.

    pos_label : label, default=None
        The positive class. With None it is the label that
        means fake, 1 of 0 and 1, or else the greater.

    Returns
    -------
    float
        From 0 to 1, 0 being the best.

    Raises
    ------
    ValueError
        If the labels are not of two classes, do not fit the probabilities, or these
        are not from 0 to 1.

    References
    ----------
    .. [1] M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated
       probabilities using Bayesian binning", AAAI 2015.

    Examples
    --------
    >>> from skfake.metrics import expected_calibration_error
    >>> expected_calibration_error([0, 1, 1, 1], [0.75, 0.75, 0.75, 0.75])
    0.0
    >>> expected_calibration_error([0, 0, 1, 1], [0.0, 0.25, 0.75, 1.0])
    0.125
    """
    positive, prob = _check_scores(y_true, y_prob, pos_label, name="y_prob")
    if prob.min() < 0 or prob.max() > 1:
        raise ValueError(
            "y_prob must hold probabilities, from 0 to 1; got values from "
            f"{prob.min():g} to {prob.max():g}. Calibrate other scores by "
            "sklearn.calibration.CalibratedClassifierCV."
        )
    return float(calibration_errors(positive, prob, np.ones((1, len(prob))), n_bins)[0])


def detection_scorers() -> dict[str, Any]:
    """Scorers of these metrics, for `scoring=` of scikit-learn's searches.

    Returns
    -------
    dict
        "tpr_at_fpr_0.01", "tpr_at_fpr_0.05", "neg_equal_error_rate" and, of
        probabilities, "neg_expected_calibration_error". The greater the better, as
        for scikit-learn's own, such as "roc_auc" and "neg_brier_score". Of two classes,
        the greater label is positive.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skfake import SVMDetector
    >>> from skfake.datasets import make_images
    >>> from skfake.metrics import detection_scorers
    >>> X, y = make_images(n_samples=60, return_X_y=True, random_state=0)
    >>> scoring = detection_scorers()["tpr_at_fpr_0.05"]
    >>> search = GridSearchCV(SVMDetector(), {"C": [0.1, 1]}, scoring=scoring, cv=2)
    >>> search.fit(X, y).cv_results_["mean_test_score"].shape
    (2,)
    """
    scorer = partial(
        make_scorer, response_method=("predict_proba", "decision_function")
    )
    loss = partial(scorer, greater_is_better=False)
    return {
        "tpr_at_fpr_0.01": scorer(tpr_at_fpr, max_fpr=0.01),
        "tpr_at_fpr_0.05": scorer(tpr_at_fpr, max_fpr=0.05),
        "neg_equal_error_rate": loss(equal_error_rate),
        "neg_expected_calibration_error": loss(
            expected_calibration_error, response_method="predict_proba"
        ),
    }


def _check_scores(
    y_true: Any, y_score: Any, pos_label: Any, name: str = "y_score"
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each image is positive, and its score."""
    labels = column_or_1d(y_true)
    score = column_or_1d(y_score).astype(float)
    check_consistent_length(labels, score)
    if not np.isfinite(score).all():
        raise ValueError(f"{name} must be finite; got NaN or infinity.")
    classes = check_two_classes("y_true must hold labels", labels)
    return labels == check_pos_label(pos_label, classes), score


def _roc_points(
    positive: np.ndarray, score: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """True and false positive rates at all thresholds, two arrays of one row."""
    right, wrong = rank_images(positive, score, np.ones((1, len(score))))
    return right / right[:, -1:], wrong / wrong[:, -1:]
