"""Which differences between the detectors of a comparison are real."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from skfake.evaluation.statistics import (
    corrected_t_test,
    holm,
    mcnemar_test,
    seeds_t_test,
)

MCNEMAR = "McNemar's test"
FOLDS = "corrected resampled t-test"
SEEDS = "t-test over seeds and images"


def choose_test(predictions: pd.DataFrame) -> str:
    """The test of accuracies that suits how predictions came about.

    Parameters
    ----------
    predictions : DataFrame
        In the form of `Comparison.predictions`.

    Returns
    -------
    str
        Its name: over folds one that knows what they share, over seeds one that knows
        what varies between them, and else one of a single test set.
    """
    if predictions["fold"].nunique() > 1:
        return FOLDS
    several = "seed" in predictions and predictions["seed"].nunique() > 1
    return SEEDS if several else MCNEMAR


def tabulate_differences(
    predictions: pd.DataFrame,
    resampled: Mapping[str, pd.DataFrame],
    *,
    confidence_level: float,
    test_share: float | None = None,
) -> pd.DataFrame:
    """Differences of accuracy between all pairs of detectors, and how sure they are.

    Parameters
    ----------
    predictions : DataFrame
        In the form of `Comparison.predictions`, of detectors that did not fail.

    resampled : dict of DataFrames
        As `bootstrap_figures` makes them, of the same resamples for all; empty for no
        intervals.

    confidence_level : float
        That of the intervals, and of all tests together: a difference is significant
        if its corrected p-value is below 1 less this.

    test_share : float, default=None
        Share of the images that a fold tests on, where there are several.

    Returns
    -------
    DataFrame
        A row for each pair: `first` and `second`, `difference` of the accuracy of the
        first from that of the second, with the ends of its interval, `difference_low`
        and `difference_high`, `p_value`, `p_value_holm` (corrected for the number of
        pairs) and `significant`.
    """
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
            tail = (1 - confidence_level) / 2
            drawn = resampled[first]["accuracy"] - resampled[second]["accuracy"]
            row["difference_low"] = drawn.quantile(tail)
            row["difference_high"] = drawn.quantile(1 - tail)
        if test == FOLDS:
            scores = (table.mean(axis=1) for table in accuracies)
            assert test_share is not None
            row["p_value"] = corrected_t_test(*scores, test_share=test_share)
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
    table = pd.DataFrame(
        {
            "fold": predictions["fold"],
            "image": predictions["image"],
            "seed": predictions.get("seed", 0),
            "right": right,
        }
    )
    return table.pivot(index=["fold", "image"], columns="seed", values="right")
