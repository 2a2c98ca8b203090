import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.metrics import average_precision_score, roc_auc_score

from skfake import compare_detectors
from skfake.evaluation.splitters import LeaveOneGeneratorOut
from skfake.metrics.generators import tabulate_generators

RNG = np.random.default_rng(0)
Y = np.repeat([0, 1, 1, 1], 20)
GENERATORS = np.repeat(["", "glide", "sdxl", "biggan"], 20)
X = RNG.normal(size=(80, 4)) + Y[:, np.newaxis]
DETECTORS = {"logistic": LogisticRegression(), "a perceptron": Perceptron()}


def compare(cv=None):
    cv = cv or LeaveOneGeneratorOut(random_state=0).split(X, Y, GENERATORS)
    return compare_detectors(DETECTORS, X, Y, cv=cv).predictions


def predictions_of(target, prediction, score, fold=0):
    columns = {"target": target, "prediction": prediction, "score": score}
    images = range(len(target))
    return pd.DataFrame({"detector": "it", "fold": fold, "image": images} | columns)


def test_figures_agree_with_those_computed_by_hand():
    predictions = predictions_of(
        [0, 0, 1, 1, 1, 1], [0, 1, 1, 0, 1, 1], [0.2, 0.6, 0.7, 0.1, 0.8, 0.5]
    )
    table = tabulate_generators(predictions, ["", "", "a", "a", "b", "b"])
    # Of a, one is above both reals and one below; of b, one is above both and one
    # between them.
    assert list(table) == [
        "n_fakes",
        "n_reals",
        "recall",
        "roc_auc",
        "average_precision",
    ]
    expected = [[2, 2, 0.5, 0.5, (1 + 2 / 4) / 2], [2, 2, 1.0, 0.75, (1 + 2 / 3) / 2]]
    assert table.to_numpy() == pytest.approx(np.array(expected))


def test_there_is_a_row_for_each_detector_and_generator_in_order():
    table = tabulate_generators(compare(), GENERATORS)
    names = ["biggan", "glide", "sdxl"]
    rows = [(detector, name) for detector in DETECTORS for name in names]
    assert table.index.tolist() == rows
    assert table.index.names == ["detector", "generator"]
    assert (table["n_fakes"] == 20).all()
    assert table["n_reals"].sum() == 2 * 20


def test_figures_are_those_of_scikit_learn_on_the_fold_of_the_generator():
    predictions = compare()
    table = tabulate_generators(predictions, GENERATORS)
    for (detector, fold), part in predictions.groupby(["detector", "fold"]):
        row = table.loc[(detector, ["biggan", "glide", "sdxl"][fold])]
        area = roc_auc_score(part["target"], part["score"])
        precision = average_precision_score(part["target"], part["score"])
        assert row["roc_auc"] == pytest.approx(area)
        assert row["average_precision"] == pytest.approx(precision)
        assert row["recall"] == part[part["target"] == 1]["prediction"].mean()


def test_figures_of_several_folds_are_averaged():
    predictions = compare(cv=4)
    table = tabulate_generators(predictions, GENERATORS)
    made_by = GENERATORS[predictions["image"]]
    chosen = predictions[
        np.isin(made_by, ["", "glide"]) & (predictions["detector"] == "logistic")
    ]
    areas = [
        roc_auc_score(part["target"], part["score"])
        for _, part in chosen.groupby("fold")
        if part["target"].nunique() == 2
    ]
    assert table.loc[("logistic", "glide"), "roc_auc"] == pytest.approx(np.mean(areas))
    assert table.loc[("logistic", "glide"), "n_fakes"] == 20


@given(st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=1, max_size=20))
def test_shares_of_the_generators_add_up_to_the_recall_of_all(fakes):
    called, scores = (np.array(column) for column in zip(*fakes, strict=True))
    n = len(fakes)
    names = np.array(["a", "b", "c"])[np.arange(n) % 3]
    predictions = predictions_of(
        np.append(np.ones(n, int), 0), np.append(called, 0), np.append(scores, 0)
    )
    table = tabulate_generators(predictions, [*names, ""])
    found = (table["recall"] * table["n_fakes"]).sum()
    assert found == pytest.approx(called.sum())
    assert table["n_fakes"].sum() == n


def test_what_is_said_of_a_real_plays_no_part():
    predictions = compare()
    expected = tabulate_generators(predictions, GENERATORS)
    for of_reals in (None, np.nan, "glide"):
        generators = GENERATORS.astype(object)
        generators[Y == 0] = of_reals
        found = tabulate_generators(predictions, generators)
        pd.testing.assert_frame_equal(found, expected)


def test_the_fakes_may_have_the_lesser_label():
    y = np.array(["real", "fake"])[Y]
    splits = LeaveOneGeneratorOut(random_state=0, pos_label="fake")
    predictions = compare_detectors(
        DETECTORS, X, y, cv=splits.split(X, y, GENERATORS), pos_label="fake"
    ).predictions
    found = tabulate_generators(predictions, GENERATORS, pos_label="fake")
    expected = tabulate_generators(compare(), GENERATORS)
    columns = ["n_fakes", "n_reals", "roc_auc"]
    pd.testing.assert_frame_equal(found[columns][:3], expected[columns][:3])


def test_without_scores_or_reals_the_ranks_are_nan():
    unscored = predictions_of([0, 1], [0, 1], [np.nan, np.nan])
    row = tabulate_generators(unscored, ["", "a"]).loc[("it", "a")]
    assert row["recall"] == 1
    assert np.isnan([row["roc_auc"], row["average_precision"]]).all()
    apart = predictions_of([0, 1], [0, 1], [0.1, 0.9], fold=[0, 1])
    row = tabulate_generators(apart, ["", "a"]).loc[("it", "a")]
    assert row["recall"] == 1
    assert np.isnan(row["roc_auc"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="score"), "of two classes do; got no 'score"),
        (lambda table: table[table["target"] == 1], r"of two classes; got 1, \[1\]"),
        (lambda table: table.assign(image=80), "one for each image; got 80 for the"),
    ],
)
def test_predictions_that_say_too_little_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        tabulate_generators(change(compare()), GENERATORS)


def test_a_label_of_fakes_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"pos_label must be one of .* got 'fake'"):
        tabulate_generators(compare(), GENERATORS, pos_label="fake")
