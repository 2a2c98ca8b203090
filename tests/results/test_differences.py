import numpy as np
import pandas as pd
import pytest

from skfake.metrics.significance import corrected_t_test, holm, mcnemar_test
from skfake.results._differences import (
    FOLDS,
    MCNEMAR,
    SEEDS,
    choose_test,
    tabulate_differences,
)

N = 60
TARGET = np.arange(N) % 2


def tabulate(shares, *, folds=1, seeds=None):
    """Predictions of detectors that are right on certain shares of the images."""
    rng = np.random.default_rng(0)
    tables = []
    for name, share in shares.items():
        for seed in seeds or [None]:
            right = rng.permutation(N) < share * N
            table = pd.DataFrame(
                {
                    "detector": name,
                    "fold": np.arange(N) % folds,
                    "image": np.arange(N),
                    "target": TARGET,
                    "prediction": np.where(right, TARGET, 1 - TARGET),
                }
            )
            tables.append(table if seed is None else table.assign(seed=seed))
    return pd.concat(tables, ignore_index=True)


def test_pairs_of_one_test_set_have_the_p_values_of_mcnemar():
    predictions = tabulate({"a": 0.9, "b": 0.9, "c": 0.4})
    assert choose_test(predictions) == MCNEMAR
    found = tabulate_differences(predictions, {}, confidence_level=0.95)
    assert found[["first", "second"]].to_numpy().tolist() == [
        ["a", "b"],
        ["a", "c"],
        ["b", "c"],
    ]
    calls = {
        name: part["prediction"].to_numpy()
        for name, part in predictions.groupby("detector")
    }
    expected = [
        mcnemar_test(TARGET, calls[row.first], calls[row.second])
        for row in found[["first", "second"]].itertuples(index=False, name="Pair")
    ]
    assert found["p_value"].tolist() == pytest.approx(expected)
    assert found["p_value_holm"].tolist() == pytest.approx(holm(expected).tolist())
    assert found["significant"].tolist() == [False, True, True]
    accuracy = (predictions["target"] == predictions["prediction"]).groupby(
        predictions["detector"]
    )
    difference = accuracy.mean()["a"] - accuracy.mean()["c"]
    assert found.loc[1, "difference"] == pytest.approx(difference)


def test_pairs_over_folds_have_those_of_the_corrected_t_test():
    predictions = tabulate({"a": 0.9, "b": 0.6}, folds=5)
    assert choose_test(predictions) == FOLDS
    found = tabulate_differences(
        predictions, {}, confidence_level=0.95, test_fraction=0.2
    )
    right = (predictions["target"] == predictions["prediction"]).groupby(
        [predictions["detector"], predictions["fold"]]
    )
    scores = right.mean().unstack("fold").to_numpy()
    expected = corrected_t_test(*scores, test_fraction=0.2)
    assert found.loc[0, "p_value"] == pytest.approx(expected)


def test_pairs_over_seeds_have_their_own_test():
    predictions = tabulate({"a": 0.9, "b": 0.5}, seeds=[0, 1, 2])
    assert choose_test(predictions) == SEEDS
    # One that takes no seed was fitted once.
    predictions = predictions.query("detector == 'a' or seed == 0")
    found = tabulate_differences(predictions, {}, confidence_level=0.95)
    assert found.loc[0, "significant"]


def test_intervals_are_those_of_paired_resamples():
    predictions = tabulate({"a": 0.9, "b": 0.5})
    drawn = np.linspace(0, 0.1, 101)
    resampled = {
        # What both detectors share cancels out.
        ("a",): pd.DataFrame({"accuracy": 0.5 + drawn + 0.3}),
        ("b",): pd.DataFrame({"accuracy": 0.5 + np.zeros(101)}),
    }
    found = tabulate_differences(predictions, resampled, confidence_level=0.9)
    ends = found.loc[0, ["difference_low", "difference_high"]].tolist()
    assert ends == pytest.approx([0.305, 0.395])


@pytest.mark.parametrize("shares", [{"a": 0.9}, {}])
def test_where_there_is_no_pair_there_is_no_row(shares):
    predictions = tabulate({"a": 0.5, "b": 0.5} | shares)
    predictions = predictions[predictions["detector"].isin(list(shares))]
    found = tabulate_differences(predictions, {}, confidence_level=0.95)
    assert found.empty
    assert "significant" in found
