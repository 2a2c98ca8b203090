"""What detectors that were trained on one generator make of another, as data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from skfake.metrics.bootstrap import bootstrap_metrics
from skfake.metrics.summary import Classes
from skfake.results.comparison import no_leaks, no_unreadable
from skfake.results.metric_tables import (
    add_intervals,
    add_metrics,
    summarize_errors,
)

# What names a row of the table.
BY = ("detector", "trained_on", "tested_on")
# The column of means over the generators that were not trained on.
OTHERS = "others"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class GeneratorsResult:
    """Metrics by pairs of generators; `GeneratorComparison` describes the fields."""

    table: pd.DataFrame
    predictions: pd.DataFrame
    detectors: dict[str, dict[str, Any]]
    generators: list[str]
    metric: str
    classes: np.ndarray
    target_names: list[str]
    pos_label: Any
    settings: dict[str, Any]
    leaks: pd.DataFrame = field(default_factory=no_leaks)
    confounders: pd.DataFrame | None = None
    warnings: list[str] = field(default_factory=list)
    unreadable: pd.DataFrame = field(default_factory=no_unreadable)

    @property
    def matrices(self) -> dict[str, pd.DataFrame]:
        """The metric of each detector: a row for each generator that it was trained on.

        A column for each generator that it was tested on. NaN where it failed.
        """
        return {
            str(name): part.pivot(
                index="trained_on", columns="tested_on", values=self.metric
            ).loc[self.generators, self.generators]
            for name, part in self.table.groupby("detector", sort=False)
        }

    @property
    def summary(self) -> pd.DataFrame:
        """The matrices below each other, with the mean over the other generators."""
        tables = {}
        for name, matrix in self.matrices.items():
            others = matrix.mask(np.eye(len(matrix), dtype=bool))
            # Where one is not known, a mean over the others would mislead.
            means = others.sum(axis=1, skipna=True) / (len(matrix) - 1)
            tables[name] = matrix.assign(
                **{OTHERS: means.where(matrix.notna().all(axis=1))}
            )
        return pd.concat(tables, names=["detector"])

    @property
    def errors(self) -> dict[str, str]:
        """Errors of the detectors that failed, by their names."""
        if "error" not in self.table:
            return {}
        return summarize_errors(self.table.drop_duplicates(list(BY[:2])))


def tabulate_pairs(
    runs: pd.DataFrame,
    predictions: pd.DataFrame,
    classes: Classes,
    generators: Sequence[str],
    *,
    own_reals: bool,
    probabilistic: set[str],
    confidence_level: float,
    n_resamples: int,
    random_state: int,
) -> pd.DataFrame:
    """Metrics, with their intervals, for each detector and pair of generators.

    `runs` has a row for each detector and generator that it was trained on. Reals are
    those of the generator tested on where it has its own, else all.
    """
    rows = runs.merge(pd.DataFrame({"tested_on": list(generators)}), how="cross")
    fakes = predictions["target"] == classes.pos_label
    tests = []
    for name in generators:
        made = predictions["generator"] == name
        kept = made if own_reals else made & fakes | ~fakes
        tests.append(predictions[kept].assign(tested_on=name))
    tested = pd.concat(tests, ignore_index=True)
    tested = tested.drop(columns=["fold"])
    counts = tested.assign(
        n_fakes=tested["target"] == classes.pos_label,
        n_reals=tested["target"] != classes.pos_label,
    )
    counts = counts.groupby(list(BY), sort=False)[["n_fakes", "n_reals"]].sum()
    rows = rows.merge(counts.reset_index(), on=list(BY), how="left")
    table = add_metrics(rows, tested, BY, classes, probabilistic=probabilistic)
    if not n_resamples:
        return table
    resampled = bootstrap_metrics(
        tested,
        classes,
        by=BY,
        probabilistic=probabilistic,
        n_resamples=n_resamples,
        random_state=random_state,
    )
    return add_intervals(table, resampled, tested, classes, confidence_level, BY)
