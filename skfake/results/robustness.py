"""What detectors made of damaged images, as data."""

from dataclasses import dataclass, field

import pandas as pd

from skfake.metrics.bootstrap import bootstrap_metrics
from skfake.metrics.summary import Classes
from skfake.results.comparison import no_unreadable
from skfake.results.metric_tables import add_intervals, add_metrics

# The "corruption" of the images as they are, and the column of means over corruptions.
CLEAN = "clean"
MEAN = "mean"
# What names a row of the table.
BY = ("detector", "corruption", "strength")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RobustnessResult:
    """Metrics by corruption; `skfake.evaluation.Robustness` describes the fields."""

    table: pd.DataFrame
    metric: str
    n_images: int
    random_state: int
    confidence_level: float | None = None
    warnings: list[str] = field(default_factory=list)
    unreadable: pd.DataFrame = field(default_factory=no_unreadable)

    @property
    def summary(self) -> pd.DataFrame:
        """The metric of each detector for each corruption, averaged over its strengths.

        A row for each detector. The column `clean` comes first; `mean` comes last,
        over the corruptions. NaN where a detector failed, or has no such metric.
        """
        summary = self.table.pivot_table(
            index="detector",
            columns="corruption",
            values=self.metric,
            # Where one strength failed, a mean over the others would mislead.
            aggfunc=lambda values: values.mean(skipna=False),
            dropna=False,
            sort=False,
        )
        corrupted = summary.drop(columns=CLEAN)
        return summary.assign(**{MEAN: corrupted.mean(axis=1, skipna=False)})

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
    predicted: list[pd.DataFrame],
    classes: Classes,
    *,
    probabilistic: set[str],
    confidence_level: float,
    n_resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Metrics with their intervals, beside the columns that name the rows."""
    # pandas concatenates at least one table.
    nothing = pd.DataFrame(columns=[*BY, "image"])
    predictions = pd.concat(predicted or [nothing], ignore_index=True)
    if rows["error"].isna().all():
        rows = rows.drop(columns="error")
    table = add_metrics(rows, predictions, BY, classes, probabilistic=probabilistic)
    if not n_resamples:
        return table
    resampled = bootstrap_metrics(
        predictions,
        classes,
        by=BY,
        probabilistic=probabilistic,
        n_resamples=n_resamples,
        random_state=seed,
    )
    return add_intervals(table, resampled, predictions, classes, confidence_level, BY)
