"""The plots of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from skfake.displays._common import ScoresDisplay, assign_colors
from skfake.displays.confusion import ConfusionMatricesDisplay
from skfake.displays.curves import PrecisionRecallCurvesDisplay, RocCurvesDisplay
from skfake.displays.mistakes import ConfidentMistakesDisplay
from skfake.displays.reliability import ReliabilityDisplay
from skfake.displays.training import TrainingCurvesDisplay
from skfake.results.comparison import (
    N_MISTAKES,
    ComparisonResult,
    whole_detectors,
    whole_predictions,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Curves = TypeVar("Curves", bound=ScoresDisplay)


class PlottedComparison(ComparisonResult):
    """A comparison that can be plotted; `skfake.Comparison` describes it."""

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
        return self._plot_curves(RocCurvesDisplay, whole_predictions(self), ax)

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
        display = PrecisionRecallCurvesDisplay
        return self._plot_curves(display, whole_predictions(self), ax)

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
        folds, whole = self.folds, whole_predictions(self)
        calibrated = folds.loc[folds["expected_calibration_error"].notna(), "detector"]
        whole = whole[whole["detector"].isin(calibrated)]
        return self._plot_curves(ReliabilityDisplay, whole, ax)

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
        colors = assign_colors(self.table.index, None)
        return TrainingCurvesDisplay.from_detectors(
            whole_detectors(self), metric=metric, colors=colors, ax=ax
        )

    def confident_mistakes(
        self, ax: Axes | None = None, *, n_images: int = N_MISTAKES
    ) -> ConfidentMistakesDisplay:
        """Show the confident mistakes of each detector on the test images.

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
            whole_predictions(self),
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
            Fractions of the actual class, of the predicted class or of all images, in
            place of counts.

        Returns
        -------
        ConfusionMatricesDisplay
        """
        return ConfusionMatricesDisplay.from_predictions(
            whole_predictions(self),
            classes=self.classes,
            target_names=self.target_names,
            normalize=normalize,
            axes=axes,
        )

    def _plot_curves(
        self, display: type[Curves], predictions: pd.DataFrame, ax: Axes | None
    ) -> Curves:
        """Curves in colours that are the same in all displays of this comparison."""
        return display.from_predictions(
            predictions,
            classes=self.classes,
            pos_label=self.pos_label,
            target_names=self.target_names,
            colors=assign_colors(self.table.index, None),
            ax=ax,
        )
