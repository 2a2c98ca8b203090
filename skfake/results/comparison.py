"""What a comparison of detectors found, as data, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd

from skfake.metrics.bootstrap import bootstrap_metrics
from skfake.metrics.generators import group_generators
from skfake.metrics.predictions import run_columns
from skfake.metrics.summary import Classes, metric_names
from skfake.results._differences import choose_test, tabulate_differences
from skfake.results.metric_tables import (
    add_intervals,
    add_metrics,
    summarize_errors,
    summarize_runs,
)

LEAK_COLUMNS = ["fold", "image", "train_image", "exact", "distance"]
UNREADABLE_COLUMNS = ["part", "image", "path", "reason"]
# Mistakes of each detector whose images are kept.
N_MISTAKES = 8


def no_leaks() -> pd.DataFrame:
    """The table of leaks, with no row."""
    return pd.DataFrame(columns=LEAK_COLUMNS)


def no_unreadable() -> pd.DataFrame:
    """The table of images that can't be read, with no row."""
    return pd.DataFrame(columns=UNREADABLE_COLUMNS)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ComparisonResult:
    """Tables, settings and fitted detectors; `skfake.Comparison` describes them."""

    table: pd.DataFrame
    folds: pd.DataFrame
    predictions: pd.DataFrame
    detectors: dict[str, Any]
    classes: np.ndarray
    target_names: list[str]
    pos_label: Any
    settings: dict[str, Any]
    differences: pd.DataFrame = field(default_factory=pd.DataFrame)
    generators: pd.DataFrame = field(default_factory=pd.DataFrame)
    leaks: pd.DataFrame = field(default_factory=no_leaks)
    unreadable: pd.DataFrame = field(default_factory=no_unreadable)
    confounders: pd.DataFrame | None = None
    warnings: list[str] = field(default_factory=list)
    thumbnails: dict[int, np.ndarray] = field(default_factory=dict)
    title: str = ""

    @property
    def errors(self) -> dict[str, str]:
        """Errors of the detectors that failed, by their names."""
        return summarize_errors(self.folds)

    def join(self, *others: Self) -> Self:
        """Put detectors that were compared apart into one table.

        Detectors that take hours are trained one by one. Intervals and tests are
        computed again, over all of them; warnings and leaks are put together; what
        else describes the images and the machine is taken from this comparison.

        Parameters
        ----------
        *others : Comparison
            Of the same images, classes and splits, and of detectors with other names.

        Returns
        -------
        Comparison

        Raises
        ------
        ValueError
            If the test images or their labels are not the same, or a name comes twice.
        """
        parts = (self, *others)
        _check_joinable(parts)
        # Empty tables, of detectors that failed, have columns of any type.
        predicted = [part.predictions for part in parts if len(part.predictions)]
        settings = {
            name: {k: v for part in parts for k, v in part.settings[name].items()}
            for name in ("detectors", "image_sizes")
        }
        leaks = [part.leaks for part in parts if len(part.leaks)]
        joined = replace(
            self,
            folds=pd.concat([part.folds for part in parts], ignore_index=True),
            predictions=pd.concat(predicted or [self.predictions], ignore_index=True),
            detectors={k: v for part in parts for k, v in part.detectors.items()},
            thumbnails={k: v for part in parts for k, v in part.thumbnails.items()},
            settings=self.settings | settings,
            leaks=pd.concat(leaks or [self.leaks]).drop_duplicates(ignore_index=True),
            warnings=list(dict.fromkeys(w for part in parts for w in part.warnings)),
        )
        return summarize(joined)

    def without_leaks(self) -> Self:
        """Evaluate the same predictions, without the test images that leak.

        Nothing is fitted again: in each fold, test images of which `leaks` knows a
        copy in training are left out of every metric, interval and test.

        Returns
        -------
        Comparison
        """
        keys = ["fold", "image"]
        leaked = pd.MultiIndex.from_frame(self.leaks[keys])
        kept = ~pd.MultiIndex.from_frame(self.predictions[keys]).isin(leaked)
        predictions = self.predictions[kept].reset_index(drop=True)
        folds = add_metrics(
            self.folds.drop(columns=metric_names(self.target_names)),
            predictions,
            ["detector", *run_columns(self.folds)],
            classes_of(self),
            probabilistic=_probabilistic(self.folds),
        )
        kept_only = replace(
            self,
            predictions=predictions,
            folds=folds,
            leaks=no_leaks(),
            warnings=[],
            settings=self.settings | {"n_leaked": int(leaked.nunique())},
        )
        return summarize(kept_only)


Result = TypeVar("Result", bound=ComparisonResult)


def summarize(result: Result) -> Result:
    """Means, intervals and tests of differences, from folds and predictions."""
    settings = result.settings
    whole = whole_predictions(result)
    several = bool(settings.get("n_folds") or settings.get("seeds"))
    table = summarize_runs(result.folds, with_spread=several)
    resampled = bootstrap_metrics(
        whole,
        classes_of(result),
        probabilistic=_probabilistic(result.folds),
        n_resamples=settings["n_resamples"],
        random_state=settings["random_state"],
    )
    if settings["n_resamples"]:
        level = settings["confidence_level"]
        table = add_intervals(table, resampled, whole, classes_of(result), level)
    if result.errors:
        table = table.assign(error=table["detector"].map(result.errors))
    return replace(
        result,
        table=table.set_index("detector"),
        differences=tabulate_differences(
            whole,
            resampled,
            confidence_level=settings["confidence_level"],
            test_fraction=settings.get("test_fraction"),
        ),
        generators=_tabulate_generators(result, whole),
        settings=settings | {"test": choose_test(whole)},
    )


def _tabulate_generators(result: ComparisonResult, whole: pd.DataFrame) -> pd.DataFrame:
    """Metrics by detector and generator, where these and the fakes are known."""
    if "generator" not in whole or result.pos_label is None or whole.empty:
        return pd.DataFrame()
    return group_generators(whole, result.classes, result.pos_label)


def classes_of(result: ComparisonResult) -> Classes:
    """Labels of a comparison, their names, and the positive one."""
    return Classes(result.classes, result.target_names, result.pos_label)


def whole_predictions(result: ComparisonResult) -> pd.DataFrame:
    """Predictions of the detectors that failed nowhere."""
    failed = result.predictions["detector"].isin(list(result.errors))
    return result.predictions[~failed]


def whole_detectors(result: ComparisonResult) -> dict[str, Any]:
    """The fitted detectors that failed nowhere."""
    return {k: v for k, v in result.detectors.items() if k not in result.errors}


def _probabilistic(folds: pd.DataFrame) -> set[str]:
    """Names of the detectors whose scores are probabilities."""
    return set(folds.loc[folds["brier_score"].notna(), "detector"])


def _check_joinable(parts: Sequence[ComparisonResult]) -> None:
    names = [str(name) for part in parts for name in part.table.index]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"detectors must have different names; got {name!r}.")
    first, truth = parts[0], _list_targets(parts[0])
    for part in parts[1:]:
        if part.target_names != first.target_names or not np.array_equal(
            part.classes, first.classes
        ):
            raise ValueError(
                f"others must be of the classes {first.target_names}; got "
                f"{part.target_names}."
            )
        if len(part.predictions) and not truth.equals(_list_targets(part)):
            raise ValueError(
                "others must be of the same test images, labels and folds; got "
                f"others for {part.table.index[0]!r}."
            )


def _list_targets(result: ComparisonResult) -> pd.DataFrame:
    """Folds, images and their labels, sorted."""
    columns = ["fold", "image", "target"]
    found = result.predictions[columns].drop_duplicates()
    return found.sort_values(columns, ignore_index=True)
