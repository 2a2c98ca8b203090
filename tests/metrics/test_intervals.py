import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.dummy import DummyClassifier
from sklearn.tree import DecisionTreeClassifier

from skfake import compare_detectors
from skfake.metrics.bootstrap import bootstrap_intervals, bootstrap_metrics
from skfake.metrics.intervals import (
    count_images,
    difference_interval,
    widen_intervals,
    wilson_interval,
)
from skfake.metrics.summary import Classes

TWO = Classes(np.arange(2), ["REAL", "FAKE"], 1)
LEVEL = 0.95


def predictions_of(right, *, target=None, name="it"):
    n = len(right)
    target = np.arange(n) % 2 if target is None else target
    prediction = np.where(right, target, 1 - target)
    columns = {"target": target, "prediction": prediction}
    columns |= {"score": prediction.astype(float)}
    return pd.DataFrame({"detector": name, "fold": 0, "image": range(n), **columns})


def intervals_of(predictions, **options):
    resampled = bootstrap_metrics(predictions, TWO, random_state=0, **options)
    counts = count_images(predictions, TWO)
    found = bootstrap_intervals(resampled, TWO.names, LEVEL, n_images=counts)
    return found.set_index("detector")


@pytest.mark.parametrize("n", [1, 20, 200])
@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.5, 1.0])
def test_wilson_s_interval_is_that_of_scipy(n, fraction):
    k = round(fraction * n)
    expected = stats.binomtest(k, n).proportion_ci(LEVEL, method="wilson")
    assert wilson_interval(k / n, n, LEVEL) == pytest.approx(tuple(expected))


def test_without_an_image_nothing_is_known():
    assert wilson_interval(0.0, 0, LEVEL) == (0, 1)


@pytest.mark.parametrize("n", [20, 50, 200])
def test_printed_intervals_cover_the_truth_near_0_and_1(n):
    truths = np.array([0.9, 0.95, 0.99, 1.0, 0.0, 0.01, 0.05, 0.1])
    chances = stats.binom.pmf(np.arange(n + 1)[:, None], n, truths)
    # A detector for each number of right answers that is likely enough to matter.
    numbers = np.flatnonzero(chances.max(axis=1) > 1e-4)
    tables = [predictions_of(np.arange(n) < k, name=k) for k in numbers]
    found = intervals_of(pd.concat(tables), n_resamples=400).loc[numbers]
    low, high = (found[[f"accuracy_{end}"]].to_numpy() for end in ("low", "high"))
    # The truth may be an end, which is a multiple of 1 / n.
    covers = (low - 1e-9 <= truths) & (truths <= high + 1e-9)
    coverage = (chances[numbers] * covers).sum(axis=0)
    assert (coverage >= LEVEL - 0.03).all(), dict(zip(truths, coverage, strict=True))


def test_a_perfect_detector_is_not_certain_to_be_perfect():
    row = intervals_of(predictions_of(np.ones(20))).loc["it"]
    # Wilson's of 20 images, and of the ten of each class.
    ends = wilson_interval(1.0, [20, 10], LEVEL)[0]
    assert row["accuracy_low"] == pytest.approx(ends[0])
    assert row["expected_calibration_error_low"] != row["accuracy_low"]
    for metric in ("recall_FAKE", "precision_REAL", "f1_FAKE", "balanced_accuracy"):
        assert row[f"{metric}_low"] == pytest.approx(ends[1]), metric
    for metric in ("roc_auc", "average_precision", "tpr_at_fpr_0.01"):
        assert row[f"{metric}_low"] == pytest.approx(ends[1]), metric
        assert row[f"{metric}_high"] == 1
    assert row["equal_error_rate_high"] == pytest.approx(1 - ends[1])


def test_recall_and_precision_are_fractions_of_their_own_images():
    target = np.repeat([0, 1], [15, 5])
    # All fakes are found, and five reals are called fake.
    right = np.repeat([True, False, True], [10, 5, 5])
    row = intervals_of(predictions_of(right, target=target)).loc["it"]
    assert row["recall_FAKE_low"] == pytest.approx(wilson_interval(1.0, 5, LEVEL)[0])
    low = wilson_interval(1.0, 10, LEVEL)[0]
    assert row["precision_REAL_low"] == pytest.approx(low)
    assert row["recall_REAL_low"] < 10 / 15 < row["recall_REAL_high"] < 1


def test_images_that_folds_and_seeds_repeat_count_once():
    table = predictions_of(np.ones(20))
    again = pd.concat([table.assign(seed=seed) for seed in range(3)])
    assert count_images(again, TWO) == count_images(table, TWO)


def test_constant_scores_rank_no_images_better_than_others():
    table = predictions_of(np.ones(20)).assign(prediction=1, score=0.5)
    row = intervals_of(table).loc["it"]
    assert row["roc_auc_low"] == row["roc_auc_high"] == 0.5
    # That all fakes are found is a matter of ten images.
    assert row["recall_FAKE_low"] == pytest.approx(wilson_interval(1.0, 10, LEVEL)[0])


def test_intervals_of_resamples_that_differ_are_left_as_they_are():
    resampled = pd.DataFrame({"accuracy": [0.9, 1.0, 1.0]})
    ends = {"accuracy_low": 0.9, "accuracy_high": 1.0}
    assert widen_intervals(ends, resampled, {"accuracy": 20}, LEVEL) == ends


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
def test_a_difference_without_variation_is_bounded_by_the_images_that_disagree(value):
    low, high = difference_interval(pd.Series([value] * 9), 20, LEVEL)
    least, most = map(float, wilson_interval(abs(value), 20, LEVEL))
    expected = {0.0: (-most, most), 1.0: (least, 1), -1.0: (-1, -least)}
    assert (low, high) == pytest.approx(expected[value])
    assert low < high


@pytest.mark.parametrize("how", ["test", "cv", "seeds"])
def test_perfect_detectors_have_intervals_however_they_are_compared(how):
    y = np.arange(40) % 2
    X = np.random.default_rng(0).normal(size=(40, 16)) + 50 * y[:, None]
    options = {"cv": {"cv": 4}}.get(how, {"test": (X[:20] + 0.1, y[:20])})
    options |= {"seeds": [0, 1]} if how == "seeds" else {}
    detectors = {
        "one": DecisionTreeClassifier(),
        "two": DecisionTreeClassifier(),
        "chance": DummyClassifier(),
    }
    found = compare_detectors(detectors, X, y, check_data=False, **options)
    n = 40 if how == "cv" else 20
    low = wilson_interval(1.0, n, LEVEL)[0]
    assert found.table.loc["one", "accuracy_low"] == pytest.approx(low)
    ends = found.differences.loc[0, ["difference_low", "difference_high"]].tolist()
    assert ends == pytest.approx([low - 1, 1 - low])
    if how == "test":
        assert f"100.0 [{100 * low:.1f}, 100.0]" in str(found)
