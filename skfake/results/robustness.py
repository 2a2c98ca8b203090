"""What detectors made of damaged images, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from skfake.metrics.bootstrap import bootstrap_metrics
from skfake.metrics.summary import Classes, metric_names
from skfake.results.comparison import no_unreadable
from skfake.results.metric_tables import add_intervals, add_metrics

# The "corruption" of the images as they are, and columns of what sums up the others.
CLEAN = "clean"
MEAN = "mean"
SCORE = "score"
# What names a row of the table.
BY = ("detector", "corruption", "strength")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RobustnessResult:
    """Metrics by corruption; `skfake.evaluation.Robustness` describes the fields."""

    table: pd.DataFrame
    scores: pd.DataFrame
    predictions: pd.DataFrame
    metric: str
    n_images: int
    random_state: int
    confidence_level: float | None = None
    warnings: list[str] = field(default_factory=list)
    unreadable: pd.DataFrame = field(default_factory=no_unreadable)

    @property
    def summary(self) -> pd.DataFrame:
        """The metric of each detector for each corruption, averaged over its strengths.

        A row for each detector. The column `clean` comes first; last come `mean`, over
        all rows of damaged images, and `score`, halfway between both. NaN where a
        detector failed, or has no such metric.
        """
        summary = self.table.pivot_table(
            index="detector",
            columns="corruption",
            values=self.metric,
            aggfunc=_mean,
            dropna=False,
            sort=False,
        )
        table = self.table.set_index("detector")[["corruption", self.metric]]
        damaged = table.loc[table["corruption"] != CLEAN, self.metric]
        mean = damaged.groupby("detector").agg(_mean)
        return summary.assign(**{MEAN: mean, SCORE: (summary[CLEAN] + mean) / 2})

    @property
    def errors(self) -> dict[str, str]:
        """The first error of each detector that failed, by their names."""
        if "error" not in self.table:
            return {}
        failed = self.table.dropna(subset="error")
        first = failed.groupby("detector", sort=False)["error"].first()
        return {str(name): message for name, message in first.items()}


def tabulate_robustness(
    rows: pd.DataFrame,
    predictions: pd.DataFrame,
    classes: Classes,
    *,
    probabilistic: set[str],
    confidence_level: float,
    n_resamples: int,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Metrics with intervals beside the columns that name the rows; and the scores."""
    if rows["error"].isna().all():
        rows = rows.drop(columns="error")
    table = add_metrics(rows, predictions, BY, classes, probabilistic=probabilistic)
    metrics = metric_names(classes.names)
    scores = pd.DataFrame(
        [
            {"detector": name, **_score(part[metrics], part["corruption"])}
            for name, part in table.groupby("detector", sort=False)
        ]
    )
    if not n_resamples:
        return table, scores
    resampled = bootstrap_metrics(
        predictions,
        classes,
        by=BY,
        probabilistic=probabilistic,
        n_resamples=n_resamples,
        random_state=seed,
    )
    table = add_intervals(table, resampled, predictions, classes, confidence_level, BY)
    if "error" in table:
        failed = table.loc[table["error"].notna(), "detector"]
        predictions = predictions[~predictions["detector"].isin(failed)]
    of_detectors = {
        (name,): _score_resamples(resampled, name)
        for name in predictions["detector"].unique()
    }
    clean = predictions[predictions["corruption"] == CLEAN]
    scores = add_intervals(scores, of_detectors, clean, classes, confidence_level)
    return table, scores


def _mean(values: pd.Series) -> float:
    """Mean; where one failed, that of the others would mislead."""
    return values.mean(skipna=False)


def _score(metrics: pd.DataFrame, corruptions: pd.Series) -> pd.Series:
    """Half of the metrics of the images as they are, half of the mean of the others."""
    is_clean = corruptions == CLEAN
    clean, damaged = metrics[is_clean], metrics[~is_clean]
    return (clean.mean(skipna=False) + damaged.mean(skipna=False)) / 2


def _score_resamples(
    resampled: Mapping[tuple, pd.DataFrame], detector: str
) -> pd.DataFrame:
    """The same of each resample."""
    of_it = (table for key, table in resampled.items() if key[0] == detector)
    # In the order of the conditions, the first of which changes nothing.
    clean, *damaged = of_it
    return (clean + sum(damaged) / len(damaged)) / 2
