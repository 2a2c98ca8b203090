"""Which differences between the detectors of a comparison are real."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from skfake.metrics.intervals import difference_interval
from skfake.metrics.significance import (
    corrected_t_test,
    holm,
    mcnemar_test,
    seeds_t_test,
)

MCNEMAR = "McNemar's test"
FOLDS = "corrected resampled t-test"
SEEDS = "t-test over seeds and images"


def choose_test(predictions: pd.DataFrame) -> str:
    """The test of accuracies that suits how predictions came about."""
    if predictions["fold"].nunique() > 1:
        return FOLDS
    several = "seed" in predictions and predictions["seed"].nunique() > 1
    return SEEDS if several else MCNEMAR


def tabulate_differences(
    predictions: pd.DataFrame,
    resampled: Mapping[tuple, pd.DataFrame],
    *,
    confidence_level: float,
    test_fraction: float | None = None,
) -> pd.DataFrame:
    """Differences of accuracy between all pairs of detectors, and how sure they are."""
    test = choose_test(predictions)
    right = {
        str(name): _tabulate_right(part)
        for name, part in predictions.groupby("detector", sort=False)
    }
    rows = []
    for first, second in combinations(right, 2):
        # Folds may differ in size; the table's accuracy is the mean over them.
        accuracies = [right[name].groupby("fold").mean() for name in (first, second)]
        means = [float(table.to_numpy().mean()) for table in accuracies]
        row = {"first": first, "second": second, "difference": means[0] - means[1]}
        if resampled:
            drawn = resampled[first,]["accuracy"] - resampled[second,]["accuracy"]
            n_images = right[first].index.unique("image").size
            row["difference_low"], row["difference_high"] = difference_interval(
                drawn, n_images, confidence_level
            )
        if test == FOLDS:
            scores = (table.mean(axis=1) for table in accuracies)
            assert test_fraction is not None
            row["p_value"] = corrected_t_test(*scores, test_fraction=test_fraction)
        elif test == SEEDS:
            row["p_value"] = seeds_t_test(right[first].T, right[second].T)
        else:
            every = np.ones(len(right[first]), dtype=bool)
            calls = (right[name].to_numpy().ravel() for name in (first, second))
            row["p_value"] = mcnemar_test(every, *calls)
        rows.append(row)
    ends = ["difference_low", "difference_high"] if resampled else []
    columns = ["first", "second", "difference", *ends, "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    corrected = holm(table["p_value"])
    significant = corrected < 1 - confidence_level
    return table.assign(p_value_holm=corrected, significant=significant)


def _tabulate_right(predictions: pd.DataFrame) -> pd.DataFrame:
    """Whether a detector is right: a row for each fold and image, a column a seed."""
    right = predictions["prediction"] == predictions["target"]
    table = predictions.assign(right=right, seed=predictions.get("seed", 0))
    return table.pivot(index=["fold", "image"], columns="seed", values="right")
