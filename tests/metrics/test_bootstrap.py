import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skfake.metrics.bootstrap import bootstrap_intervals, bootstrap_metrics
from skfake.metrics.intervals import count_images
from skfake.metrics.summary import (
    Classes,
    compute_metrics,
    metric_names,
    weighted_metrics,
)

TWO = Classes(np.arange(2), ["REAL", "FAKE"], 1)
THREE = Classes(np.arange(3), ["A", "B", "C"])
SVM = ("SVM",)


def draw_predictions(rng, n, n_classes):
    target = rng.integers(n_classes, size=n)
    prediction = np.where(rng.random(n) < 0.7, target, rng.integers(n_classes, size=n))
    scores = rng.integers(8, size=(n, n_classes)) + 3.0 * (
        target[:, None] == np.arange(n_classes)
    )
    return target, prediction, scores[:, 1] if n_classes == 2 else scores


def tabulate(target, prediction, scores, *, detector="SVM", fold=0):
    columns = (
        {"score": scores}
        if scores.ndim == 1
        else {
            f"score_{name}": column
            for name, column in zip("ABC", scores.T, strict=True)
        }
    )
    return pd.DataFrame(
        {
            "detector": detector,
            "fold": fold,
            "image": np.arange(len(target)),
            "target": target,
            "prediction": prediction,
            **columns,
        }
    )


@settings(deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(3, 60),
    st.sampled_from([2, 3]),
    st.booleans(),
)
def test_metrics_are_those_of_images_that_were_drawn(seed, n, n_classes, probabilities):
    rng = np.random.default_rng(seed)
    target, prediction, scores = draw_predictions(rng, n, n_classes)
    if probabilities:
        scores = scores / 10
    rows = rng.integers(n, size=(3, n))
    weights = np.array([np.bincount(row, minlength=n) for row in rows], float)
    about = {"classes": TWO if n_classes == 2 else THREE}
    about["probabilities"] = probabilities
    found = weighted_metrics(target, prediction, scores, weights, **about)
    for row, metrics in zip(rows, found, strict=True):
        expected = compute_metrics(target[row], prediction[row], scores[row], **about)
        assert metrics == pytest.approx(list(expected.values()), nan_ok=True)


def test_resamples_are_the_same_for_all_detectors():
    data = draw_predictions(np.random.default_rng(0), 50, 2)
    predictions = pd.concat(
        [tabulate(*data, detector=name) for name in ("one", "two")], ignore_index=True
    )
    found = bootstrap_metrics(
        predictions,
        TWO,
        n_resamples=20,
        random_state=0,
    )
    assert list(found) == [("one",), ("two",)]
    assert found["one",].equals(found["two",])
    assert found["one",].shape == (20, len(metric_names(TWO.names)))
    assert found["one",]["accuracy"].nunique() > 5


def test_metrics_of_folds_are_averaged():
    rng = np.random.default_rng(0)
    folds = [tabulate(*draw_predictions(rng, 40, 2), fold=fold) for fold in (0, 1)]
    about = {"classes": TWO, "n_resamples": 10, "random_state": 0}
    # Both folds hold the images 0 to 39, so that one draw weighs both.
    both = bootstrap_metrics(pd.concat(folds, ignore_index=True), **about)[SVM]
    apart = [bootstrap_metrics(fold, **about)[SVM] for fold in folds]
    pd.testing.assert_frame_equal(both, (apart[0] + apart[1]) / 2)


def test_without_scores_what_needs_them_is_nan():
    target, prediction, scores = draw_predictions(np.random.default_rng(0), 30, 2)
    found = bootstrap_metrics(
        tabulate(target, prediction, np.full_like(scores, np.nan)),
        TWO,
        n_resamples=5,
        random_state=0,
    )[SVM]
    assert found[["roc_auc", "average_precision"]].isna().all(axis=None)
    assert found["accuracy"].notna().all()


def test_few_images_at_a_time_give_the_same_distribution(monkeypatch):
    predictions = tabulate(*draw_predictions(np.random.default_rng(0), 30, 2))
    about = {"classes": TWO, "n_resamples": 50, "random_state": 0}
    whole = bootstrap_metrics(predictions, **about)[SVM]
    monkeypatch.setattr("skfake.metrics.bootstrap.CHUNK", 100)
    pd.testing.assert_frame_equal(bootstrap_metrics(predictions, **about)[SVM], whole)


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "f1_FAKE"])
def test_intervals_cover_the_truth_as_often_as_they_say(metric):
    rng = np.random.default_rng(0)
    truth = population_metrics()[metric]
    covered = []
    for _ in range(200):
        target, scores = draw_scores(rng, 300)
        found = bootstrap_metrics(
            tabulate(target, (scores > 0.5).astype(int), scores),
            TWO,
            n_resamples=300,
            random_state=rng.integers(2**31),
        )[SVM]
        low, high = np.quantile(found[metric], [0.05, 0.95])
        covered.append(low <= truth <= high)
    # 90 %, give or take three standard errors and the bias of small samples.
    assert 0.83 <= np.mean(covered) <= 0.97


def draw_scores(rng, n):
    target = (rng.random(n) < 0.5).astype(int)
    return target, rng.normal(target, 0.8)


def population_metrics():
    target, scores = draw_scores(np.random.default_rng(1), 1_000_000)
    return compute_metrics(
        target,
        (scores > 0.5).astype(int),
        scores,
        TWO,
    )


def test_seeds_are_drawn_too():
    rng = np.random.default_rng(0)
    # Fits that differ by far more than images do: one half right, one all right.
    target = np.arange(2000) % 2
    fits = [
        np.where(rng.random(2000) < right, target, 1 - target) for right in (1, 0.5)
    ]
    predictions = pd.concat(
        [
            tabulate(target, fit, fit.astype(float)).assign(seed=seed)
            for seed, fit in enumerate(fits)
        ],
        ignore_index=True,
    )
    about = {"classes": TWO}
    found = bootstrap_metrics(predictions, **about, n_resamples=400, random_state=0)
    # Both, the first twice, the second twice.
    counts, _ = np.histogram(found[SVM]["accuracy"], bins=[0, 0.6, 0.9, 1.1])
    assert counts / 400 == pytest.approx([0.25, 0.5, 0.25], abs=0.08)
    alone = bootstrap_metrics(
        predictions.query("seed == 0"), **about, n_resamples=5, random_state=0
    )
    assert (alone[SVM]["accuracy"] == 1).all()


def test_groups_may_be_of_several_columns_with_missing_values():
    data = draw_predictions(np.random.default_rng(0), 40, 2)
    predictions = pd.concat(
        [tabulate(*data).assign(strength=strength) for strength in (np.nan, 1.0, 2.0)],
        ignore_index=True,
    ).drop(columns="fold")
    by = ["detector", "strength"]
    found = bootstrap_metrics(predictions, TWO, by=by, n_resamples=9, random_state=0)
    assert [key[0] for key in found] == ["SVM"] * 3
    assert all(table.equals(found["SVM", 1.0]) for table in found.values())
    counts = count_images(predictions, TWO, by)
    intervals = bootstrap_intervals(found, TWO.names, 0.9, by=by, n_images=counts)
    assert intervals["strength"].tolist()[1:] == [1.0, 2.0]
    assert np.isnan(intervals["strength"][0])


def test_intervals_are_quantiles():
    metrics = {SVM: pd.DataFrame({"accuracy": np.linspace(0, 1, 101)})}
    counts = [{"accuracy": 100}]
    interval = bootstrap_intervals(metrics, TWO.names, 0.9, n_images=counts).iloc[0]
    ends = interval[["accuracy_low", "accuracy_high"]]
    assert ends.tolist() == pytest.approx([0.05, 0.95])
    assert np.isnan(interval["roc_auc_low"])
