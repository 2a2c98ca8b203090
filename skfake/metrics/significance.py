"""How sure metrics and differences between detectors are."""

from numbers import Real
from typing import Any

import numpy as np
from scipy import stats
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from skfake.scikit_learn import Interval, validate_params


@validate_params(
    {"y_true": ["array-like"], "pred_a": ["array-like"], "pred_b": ["array-like"]},
    prefer_skip_nested_validation=True,
)
def mcnemar_test(y_true: Any, pred_a: Any, pred_b: Any) -> float:
    """Test whether two detectors are right equally often on one test set [1]_.

    Only images on which one is right and the other wrong count; if both are
    equally good, each of the two is right on about half of these. The test is the
    exact one, of the binomial distribution.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels.

    pred_a, pred_b : array-like of shape (n,)
        Labels that the two predicted for the same images.

    Returns
    -------
    float
        The two-sided p-value: how likely so large a difference is between equals.

    References
    ----------
    .. [1] T. G. Dietterich, "Approximate statistical tests for comparing supervised
       classification learning algorithms", Neural Computation 10 (1998).

    Examples
    --------
    >>> from skfake.metrics import mcnemar_test
    >>> y = [1, 1, 1, 1, 1, 1, 0, 0]
    >>> mcnemar_test(y, y, [0, 0, 0, 0, 0, 0, 0, 0])
    0.03125
    """
    target, first, second = map(column_or_1d, (y_true, pred_a, pred_b))
    check_consistent_length(target, first, second)
    only_first = int(np.sum((first == target) & (second != target)))
    only_second = int(np.sum((first != target) & (second == target)))
    if only_first + only_second == 0:
        return 1.0
    return float(stats.binomtest(only_first, only_first + only_second).pvalue)


@validate_params(
    {
        "scores_a": ["array-like"],
        "scores_b": ["array-like"],
        "test_fraction": [Interval(Real, 0, 1, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def corrected_t_test(scores_a: Any, scores_b: Any, *, test_fraction: float) -> float:
    """Test whether two detectors score equally over the folds of a cross-validation.

    Folds share most of their training images, so the plain paired t-test takes chance
    for a difference far too often. This one enlarges the variance [1]_.

    Parameters
    ----------
    scores_a, scores_b : array-like of shape (n_folds,)
        A metric of the two on the same folds; of repeated cross-validation, all.

    test_fraction : float
        Fraction of the images that a fold tests on: 0.2 for five folds.

    Returns
    -------
    float
        The two-sided p-value: how likely so large a difference is between equals.

    Raises
    ------
    ValueError
        If there are not two folds or more, the same for both.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine
       Learning 52 (2003).

    Examples
    --------
    >>> from skfake.metrics import corrected_t_test
    >>> scores = [0.91, 0.93, 0.90, 0.94, 0.92], [0.90, 0.90, 0.89, 0.90, 0.92]
    >>> round(corrected_t_test(*scores, test_fraction=0.2), 3)
    0.178
    """
    first, second = (np.asarray(column_or_1d(s), float) for s in (scores_a, scores_b))
    check_consistent_length(first, second)
    n = len(first)
    if n < 2:
        raise ValueError(f"scores_a must hold at least two folds; got {n}.")
    differences = first - second
    mean, variance = differences.mean(), differences.var(ddof=1)
    if variance == 0:
        return 1.0 if mean == 0 else 0.0
    t = mean / np.sqrt(variance * (1 / n + test_fraction / (1 - test_fraction)))
    return float(2 * stats.t.sf(abs(t), df=n - 1))


def seeds_t_test(right_a: Any, right_b: Any) -> float:
    """Test whether two detectors are right equally often, on one test set and seeds.

    A test on one fit of each asks which of these two fits is better; this one asks
    which detector is, on images like these: what varies between images and what varies
    between seeds both count, as in Welch's t-test [1]_.

    Parameters
    ----------
    right_a, right_b : bool array-like of shape (n_seeds, n)
        Whether the two are right on the same n images, a row for each of their seeds,
        whose numbers may differ. With one seed, the spread between seeds is taken for
        zero.

    Returns
    -------
    float
        The two-sided p-value: how likely so large a difference is between equals.

    Raises
    ------
    ValueError
        If there are not two images or more, the same for both.

    References
    ----------
    .. [1] B. L. Welch, "The generalization of 'Student's' problem when several
       different population variances are involved", Biometrika 34 (1947).

    Examples
    --------
    >>> from skfake.metrics import seeds_t_test
    >>> right_a = [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0]]
    >>> right_b = [[0, 1, 1, 1, 0, 1], [0, 0, 1, 1, 1, 1]]
    >>> round(seeds_t_test(right_a, right_b), 3)
    0.319
    """
    first, second = (
        check_array(right, dtype=float, ensure_min_features=2)
        for right in (right_a, right_b)
    )
    check_consistent_length(first.T, second.T)
    differences = first.mean(axis=0) - second.mean(axis=0)
    # Variances of means, with their degrees of freedom.
    parts = [(differences.var(ddof=1) / len(differences), len(differences) - 1)]
    for right in (first, second):
        n_seeds = len(right)
        if n_seeds > 1:
            spread = right.mean(axis=1).var(ddof=1)
            parts.append((spread / n_seeds, n_seeds - 1))
    variance = sum(part for part, _ in parts)
    mean = differences.mean()
    if variance == 0:
        return 1.0 if mean == 0 else 0.0
    df = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    return float(2 * stats.t.sf(abs(mean) / np.sqrt(variance), df=df))


def holm(p_values: Any) -> np.ndarray:
    """Correct p-values for their number, by Holm's method [1]_.

    Parameters
    ----------
    p_values : array-like of shape (n,)
        Of n tests.

    Returns
    -------
    float array of shape (n,)
        To be compared with the level that all tests together are to keep.

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure",
       Scandinavian Journal of Statistics 6 (1979).
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    raised = np.maximum.accumulate(p_values[order] * factors)
    corrected[order] = np.minimum(raised, 1)
    return corrected
