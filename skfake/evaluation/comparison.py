"""What a comparison of detectors found."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skfake.displays import (
    ConfidentMistakesDisplay,
    ConfusionMatricesDisplay,
    PrecisionRecallCurvesDisplay,
    ReliabilityDisplay,
    RocCurvesDisplay,
    TrainingCurvesDisplay,
)
from skfake.evaluation.data_checks import no_leaks
from skfake.files import replace_when_whole
from skfake.metrics.bootstrap import bootstrap_intervals, bootstrap_metrics
from skfake.report import page, text
from skfake.results.differences import choose_test, tabulate_differences
from skfake.results.tables import (
    recompute_folds,
    summarize_folds,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skfake.evaluation.robustness import Robustness

N_MISTAKES = 8


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Comparison:
    """What `compare_detectors` found.

    Printed, it is a table of the main metrics; a notebook shows it as HTML.

    Attributes
    ----------
    table : DataFrame of shape (n_detectors, n_metrics)
        A row for each detector: `accuracy`, `balanced_accuracy`, `precision_<class>`,
        `recall_<class>` and `f1_<class>` for each class, `roc_auc`,
        `average_precision`, `tpr_at_fpr_0.01` and `tpr_at_fpr_0.05` (the share of
        positives found while 1 or 5 % of the negatives are called positive),
        `equal_error_rate`, of probabilities `brier_score` and
        `expected_calibration_error`, `fit_seconds` and `predict_seconds` (the time of
        `predict` alone). With `cv` they are means over the folds, each followed by
        the sample standard deviation, `<metric>_std`; with `seeds` over these too.
        Each figure but the times has the ends of its interval, `<metric>_low` and
        `<metric>_high`. Where a detector failed, there is a column `error`, and its
        metrics are NaN, also if it failed in one fold only.

    differences : DataFrame
        A row for each pair of detectors that did not fail: `first` and `second`, the
        `difference` of the accuracy of the first from that of the second with the ends
        of its interval, `difference_low` and `difference_high`, `p_value`,
        `p_value_holm` (corrected for the number of pairs) and `significant`.
        `settings["test"]` names the test.

    folds : DataFrame
        The metrics for each detector, `seed` if there are any, and fold.

    predictions : DataFrame
        A row for each detector and each image that it predicted: `detector`, `seed` if
        there are any, `fold`, `image` (position in X, or in the X of `test`),
        `target`, `prediction` and `score`, which is that of `pos_label`. For more than
        two classes there are columns `score_<class>` instead.

    detectors : dict
        The fitted detectors by their names; with `cv` or `seeds`, lists of them, in
        the order of `folds`. None where one failed.

    classes : array of shape (n_classes,)
        All labels, sorted.

    target_names : list of str of length n_classes
        Their names.

    pos_label : label or None
        The positive class; None for more than two classes.

    settings : dict
        How the comparison was made.

    leaks : DataFrame
        A row for each test image and training image of a fold that show the same
        picture: `fold`, `image` and `train_image` (positions), `exact` (whether all
        pixels are equal) and `distance`, as in `find_near_duplicates`.

    confounders : DataFrame or None
        As `find_confounders` makes it, where X holds files or images of several sizes.

    warnings : list of str
        What a reader of the metrics must know about the images.

    thumbnails : dict of uint8 arrays of shape (H, W, 3)
        Small copies of the test images that a detector gets most wrong, by their
        positions.

    title : str
        Heads the table and the saved plots: what the images are. Empty unless set by
        `dataclasses.replace(comparison, title=...)`.

    See Also
    --------
    compare_detectors : Makes it.
    """

    table: pd.DataFrame
    folds: pd.DataFrame
    predictions: pd.DataFrame
    detectors: dict[str, Any]
    classes: np.ndarray
    target_names: list[str]
    pos_label: Any
    settings: dict[str, Any]
    differences: pd.DataFrame = field(default_factory=pd.DataFrame)
    leaks: pd.DataFrame = field(default_factory=no_leaks)
    confounders: pd.DataFrame | None = None
    warnings: list[str] = field(default_factory=list)
    thumbnails: dict[int, np.ndarray] = field(default_factory=dict)
    title: str = ""

    @property
    def errors(self) -> dict[str, str]:
        """Errors of the detectors that failed, by their names."""
        if "error" not in self.table:
            return {}
        messages = self.table["error"].dropna()
        return {str(name): message for name, message in messages.items()}

    def join(self, *others: Comparison) -> Comparison:
        """Put detectors that were compared apart into one table.

        Detectors that take hours are trained one by one. Intervals and tests are made
        anew, of all of them; what describes the images and the machine is taken from
        this comparison.

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
        names = [str(name) for part in parts for name in part.table.index]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"detectors must have different names; got {name!r}.")
        truth = _list_targets(self)
        for part in others:
            if part.target_names != self.target_names or not np.array_equal(
                part.classes, self.classes
            ):
                raise ValueError(
                    f"others must be of the classes {self.target_names}; got "
                    f"{part.target_names}."
                )
            if len(part.predictions) and not truth.equals(_list_targets(part)):
                raise ValueError(
                    "others must be of the same test images, labels and folds; got "
                    f"others for {part.table.index[0]!r}."
                )
        # Empty tables, of detectors that failed, have columns of any type.
        predicted = [part.predictions for part in parts if len(part.predictions)]
        predicted = predicted or [self.predictions]
        described = {
            name: text
            for part in parts
            for name, text in part.settings["detectors"].items()
        }
        joined = replace(
            self,
            folds=pd.concat([part.folds for part in parts], ignore_index=True),
            predictions=pd.concat(predicted, ignore_index=True),
            detectors={k: v for part in parts for k, v in part.detectors.items()},
            thumbnails={k: v for part in parts for k, v in part.thumbnails.items()},
            settings=self.settings | {"detectors": described},
        )
        return summarize(joined)

    def without_leaks(self) -> Comparison:
        """Judge the detectors anew, without the test images that leak.

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
        folds = recompute_folds(
            self.folds,
            predictions,
            classes=self.classes,
            names=self.target_names,
            pos_label=self.pos_label,
        )
        settings = self.settings | {"n_leaked": int(leaked.nunique())}
        kept_only = replace(
            self, predictions=predictions, folds=folds, leaks=no_leaks(), warnings=[]
        )
        return summarize(replace(kept_only, settings=settings))

    def roc_curves(self, ax: Axes | None = None) -> RocCurvesDisplay:
        """Plot the ROC curves of all detectors that did not fail.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        RocCurvesDisplay
        """
        return RocCurvesDisplay.from_predictions(
            self._whole_predictions(),
            classes=self.classes,
            pos_label=self.pos_label,
            target_names=self.target_names,
            colors=self._colors(),
            ax=ax,
        )

    def precision_recall_curves(
        self, ax: Axes | None = None
    ) -> PrecisionRecallCurvesDisplay:
        """Plot the precision-recall curves of all detectors that did not fail.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        PrecisionRecallCurvesDisplay
        """
        return PrecisionRecallCurvesDisplay.from_predictions(
            self._whole_predictions(),
            classes=self.classes,
            pos_label=self.pos_label,
            target_names=self.target_names,
            colors=self._colors(),
            ax=ax,
        )

    def reliability(self, ax: Axes | None = None) -> ReliabilityDisplay:
        """Plot how well probabilities agree with what came true.

        Detectors that failed, and those without `predict_proba`, have no curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        ReliabilityDisplay
        """
        predictions = self._whole_predictions()
        probable = self.folds["expected_calibration_error"].notna()
        known = predictions["detector"].isin(self.folds.loc[probable, "detector"])
        return ReliabilityDisplay.from_predictions(
            predictions[known],
            classes=self.classes,
            pos_label=self.pos_label,
            target_names=self.target_names,
            colors=self._colors(),
            ax=ax,
        )

    def training_curves(
        self, ax: Axes | None = None, *, metric: str = "accuracy"
    ) -> TrainingCurvesDisplay:
        """Plot how the detectors with a network learned, epoch by epoch.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        metric : {"accuracy", "loss"}, default="accuracy"
            What to plot.

        Returns
        -------
        TrainingCurvesDisplay

        Raises
        ------
        ValueError
            If no detector has a `history_`.
        """
        whole = {k: v for k, v in self.detectors.items() if k not in self.errors}
        return TrainingCurvesDisplay.from_detectors(
            whole, metric=metric, colors=self._colors(), ax=ax
        )

    def confident_mistakes(
        self, ax: Axes | None = None, *, n_images: int = N_MISTAKES
    ) -> ConfidentMistakesDisplay:
        """Show the test images that each detector gets most wrong.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        n_images : int, default=8
            How many for each detector, at most 8.

        Returns
        -------
        ConfidentMistakesDisplay

        Raises
        ------
        ValueError
            If the comparison keeps no copy of an image that is to be shown.
        """
        return ConfidentMistakesDisplay.from_predictions(
            self._whole_predictions(),
            self.thumbnails,
            classes=self.classes,
            pos_label=self.pos_label,
            target_names=self.target_names,
            n_images=n_images,
            ax=ax,
        )

    def confusion_matrices(
        self,
        axes: np.ndarray | Sequence[Axes] | None = None,
        *,
        normalize: str | None = None,
    ) -> ConfusionMatricesDisplay:
        """Plot the confusion matrices of all detectors that did not fail.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Where to plot, one for each detector. With None, a new figure is made.

        normalize : {"true", "pred", "all"}, default=None
            Shares of the actual class, of the predicted class or of all images, in
            place of counts.

        Returns
        -------
        ConfusionMatricesDisplay
        """
        return ConfusionMatricesDisplay.from_predictions(
            self._whole_predictions(),
            classes=self.classes,
            target_names=self.target_names,
            normalize=normalize,
            axes=axes,
        )

    def to_html(
        self,
        path: str | os.PathLike,
        *,
        robustness: Robustness | None = None,
        sections: Mapping[str, str] | None = None,
    ) -> None:
        """Write a report: one page of HTML, with its pictures inside.

        It has the table with intervals, the tests of differences, the metrics without
        leaks, the curves, the images that are most wrong, facts about the data,
        settings and versions. It needs no network, fits a phone, and is dark where
        the reader's screen is.

        Parameters
        ----------
        path : str or path-like
            Where to write. A file that is there is replaced when the new one is whole.

        robustness : Robustness, default=None
            What `evaluate_robustness` found of the same detectors, to be shown too.

        sections : dict of str, default=None
            Headings and HTML of more sections, which come first. It is not escaped.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        OSError
            If `path` is a folder, or in none that is there.
        """
        with replace_when_whole(path) as beside:
            written = page.to_page(self, robustness=robustness, sections=sections)
            beside.write_text(written, encoding="utf-8")

    def save(self, folder: str | os.PathLike) -> None:
        """Write tables and plots to a folder, to publish or to read again.

        `report.html`, `table.csv`, `predictions.csv`, `roc_curves.png`,
        `confusion_matrices.png` and `comparison.json`, which holds the tables,
        confusion matrices, settings, versions and a description of the machine. They
        replace files of these names, when all are written. Fitted detectors are not
        saved.

        Parameters
        ----------
        folder : str or path-like
            Where to write; made if there is none.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        text.save(self, folder)

    def _colors(self) -> dict[str, str]:
        """A detector has the same colour in all displays, whoever is left out."""
        return {str(name): f"C{place}" for place, name in enumerate(self.table.index)}

    def _whole_predictions(self) -> pd.DataFrame:
        failed = self.predictions["detector"].isin(list(self.errors))
        return self.predictions[~failed]

    def __str__(self) -> str:
        return text.to_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return text.to_html(self)


def summarize(comparison: Comparison) -> Comparison:
    """Make the tables of all fits together from those of single ones."""
    settings = comparison.settings
    means = summarize_folds(comparison.folds, with_spread=False)
    # A first time without intervals: these are for detectors that did not fail.
    comparison = replace(comparison, table=means)
    predictions = comparison._whole_predictions()
    resampled: dict[str, pd.DataFrame] = {}
    if settings["n_resamples"] and len(predictions):
        resampled = bootstrap_metrics(
            predictions,
            classes=comparison.classes,
            names=comparison.target_names,
            pos_label=comparison.pos_label,
            with_probabilities=means.index[means["brier_score"].notna()],
            n_resamples=settings["n_resamples"],
            random_state=settings["random_state"],
        )
    intervals = bootstrap_intervals(resampled, settings["confidence_level"])
    return replace(
        comparison,
        table=summarize_folds(
            comparison.folds,
            with_spread=bool(settings["n_folds"] or settings["seeds"]),
            intervals=intervals if settings["n_resamples"] else None,
        ),
        differences=tabulate_differences(
            predictions,
            resampled,
            confidence_level=settings["confidence_level"],
            test_share=settings["test_share"],
        ),
        settings=settings | {"test": choose_test(predictions)},
    )


def _list_targets(comparison: Comparison) -> pd.DataFrame:
    """Folds, images and their labels, sorted."""
    columns = ["fold", "image", "target"]
    found = comparison.predictions[columns].drop_duplicates()
    return found.sort_values(columns, ignore_index=True)
