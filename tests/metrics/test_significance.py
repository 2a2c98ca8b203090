import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from skfake.metrics.significance import (
    corrected_t_test,
    holm,
    mcnemar_test,
    seeds_t_test,
)


def test_mcnemar_counts_only_what_tells_two_apart():
    target = [1] * 10
    a = [1] * 6 + [0] * 4
    b = [0] * 5 + [1] + [0] * 2 + [1] * 2
    # 5 images are right in a alone, 2 in b alone; 7 throws of a coin.
    expected = 2 * sum(stats.binom.pmf(k, 7, 0.5) for k in (5, 6, 7))
    assert mcnemar_test(target, a, b) == pytest.approx(expected)
    assert mcnemar_test(target, b, a) == pytest.approx(expected)
    # Images on which both are right, or both wrong, change nothing.
    more = [[*labels, 1, 0] for labels in (target, a, b)]
    assert mcnemar_test(*more) == pytest.approx(expected)


def test_equal_predictions_are_no_evidence():
    assert mcnemar_test([0, 1, 1], [0, 1, 0], [0, 1, 0]) == 1
    assert corrected_t_test([0.9, 0.8], [0.9, 0.8], test_fraction=0.5) == 1


def test_mcnemar_keeps_its_level_between_equals():
    rng = np.random.default_rng(0)
    target = np.zeros(400, dtype=int)
    p_values = [
        mcnemar_test(target, rng.random(400) < 0.1, rng.random(400) < 0.1)
        for _ in range(2000)
    ]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05


def test_mcnemar_finds_a_real_difference():
    rng = np.random.default_rng(0)
    target = np.zeros(2000, dtype=int)
    assert mcnemar_test(target, rng.random(2000) < 0.1, rng.random(2000) < 0.15) < 0.01


def test_the_corrected_t_test_is_that_computed_by_hand():
    a, b = np.array([0.9, 0.8, 0.95, 0.85]), np.array([0.85, 0.82, 0.9, 0.8])
    difference = a - b
    variance = difference.var(ddof=1) * (1 / 4 + 0.25 / 0.75)
    expected = 2 * stats.t.sf(difference.mean() / np.sqrt(variance), df=3)
    assert corrected_t_test(a, b, test_fraction=0.25) == pytest.approx(expected)


def test_the_plain_t_test_is_the_corrected_one_without_a_correction():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 10))
    plain = stats.ttest_rel(a, b).pvalue
    assert corrected_t_test(a, b, test_fraction=1e-12) == pytest.approx(plain)
    assert corrected_t_test(a, b, test_fraction=0.2) > plain


def test_the_corrected_t_test_keeps_its_level_where_the_plain_one_does_not():
    # Folds of one data set share what the data set as a whole favours.
    rng = np.random.default_rng(0)
    n, share = 10, 0.1
    shared = rng.normal(size=2000) * np.sqrt(share / (1 - share))
    differences = shared[:, None] + rng.normal(size=(2000, n))
    zeros = np.zeros(n)
    corrected = [corrected_t_test(d, zeros, test_fraction=share) for d in differences]
    plain = stats.ttest_1samp(differences, 0, axis=1).pvalue
    assert np.mean(np.array(corrected) <= 0.05) <= 0.06
    assert np.mean(plain <= 0.05) > 0.08


def test_differences_without_any_spread_are_certain():
    assert corrected_t_test([0.5, 0.75], [0.25, 0.5], test_fraction=0.5) == 0


def test_one_fold_is_refused():
    with pytest.raises(ValueError, match=r"at least two folds; got 1\."):
        corrected_t_test([0.9], [0.8], test_fraction=0.2)
    with pytest.raises(ValueError, match="test_fraction"):
        corrected_t_test([0.9, 0.8], [0.8, 0.7], test_fraction=1.0)


def test_holm_s_correction_is_that_of_his_example():
    corrected = holm([0.01, 0.04, 0.03, 0.005])
    assert corrected == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_corrected_values_are_in_the_same_order_and_no_smaller(p_values):
    p_values = np.array(p_values)
    corrected = holm(p_values)
    assert (corrected >= p_values).all()
    assert (corrected <= 1).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(corrected[order]) >= 0).all()
    assert corrected.min() == pytest.approx(min(1, p_values.min() * len(p_values)))


def fits_of_equals(rng, n_seeds, n=1000, spread=0.02):
    """Whether fits of one detector, whose skill varies with the seed, are right."""
    hard = rng.random(n) < 0.1
    skill = rng.normal(0.9, spread, size=(n_seeds, 1))
    return rng.random((n_seeds, n)) < np.where(hard, 0.5, skill)


def test_the_test_over_seeds_keeps_its_level_where_mcnemar_s_does_not():
    rng = np.random.default_rng(0)
    over_seeds, of_one = [], []
    for _ in range(1000):
        a, b = fits_of_equals(rng, 4), fits_of_equals(rng, 4)
        over_seeds.append(seeds_t_test(a, b))
        of_one.append(mcnemar_test(np.ones(1000, dtype=bool), a[0], b[0]))
    assert np.mean(np.array(over_seeds) <= 0.05) <= 0.06
    assert np.mean(np.array(of_one) <= 0.05) > 0.1


def test_the_test_over_seeds_finds_a_real_difference():
    rng = np.random.default_rng(0)
    a, b = fits_of_equals(rng, 5, spread=0.005), fits_of_equals(rng, 5, spread=0.005)
    assert seeds_t_test(a, b & (rng.random(b.shape) < 0.95)) < 0.01


def test_the_test_over_seeds_is_that_computed_by_hand():
    a = np.array([[1, 1, 1, 0], [1, 1, 0, 0]])
    b = np.array([[1, 0, 0, 0]])
    d = np.array([0, 1, 0.5, 0])
    images, seeds = d.var(ddof=1) / 4, np.var([0.75, 0.5], ddof=1) / 2
    df = (images + seeds) ** 2 / (images**2 / 3 + seeds**2)
    expected = 2 * stats.t.sf(d.mean() / np.sqrt(images + seeds), df=df)
    assert seeds_t_test(a, b) == pytest.approx(expected)
    assert seeds_t_test(b, a) == pytest.approx(expected)
    assert seeds_t_test(b, b) == 1


def test_the_test_over_seeds_is_of_the_same_images():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        seeds_t_test([[1, 0, 1]], [[1, 0]])
