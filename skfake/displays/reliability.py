"""Reliability of several detectors' probabilities in one plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.calibration import calibration_curve

from skfake.displays._common import (
    SIDE,
    Runs,
    ScoresDisplay,
    assign_colors,
    draw_legend,
    draw_reference,
    mean_and_spread,
    new_axes,
    set_labels,
)
from skfake.metrics.detection import expected_calibration_error
from skfake.metrics.predictions import mean_over
from skfake.metrics.summary import N_BINS, bin_probabilities

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Area of a point that stands for all images, in square points.
WHOLE = 500
LEAST = 4


@dataclass(kw_only=True, repr=False, eq=False)
class ReliabilityDisplay(ScoresDisplay):
    """Reliability diagrams of several detectors in one plot.

    Where a detector gives a probability of 0.8, eight of ten images should be positive:
    its curve, that of all folds together, then follows the diagonal. The larger a
    point, the more images it stands for. The legend says the expected calibration
    error, the mean distance from the diagonal: mean and sample standard deviation.

    Parameters
    ----------
    curves : dict of (prob_pred, prob_true, n_images)
        Names of the detectors and three arrays, an item for each bin that is not empty:
        mean probability, fraction of positives, number of images.

    calibration_error : dict of lists of float
        Expected calibration error of each detector and each of its folds.

    positive, colors
        As in `RocCurvesDisplay`.

    See Also
    --------
    skfake.Comparison.reliability : This display of a comparison.
    expected_calibration_error : The metric alone.
    sklearn.calibration.CalibratedClassifierCV : Mends probabilities.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.displays import ReliabilityDisplay
    >>> scores = {"target": [0, 0, 1, 1, 1], "score": [0, 0.75, 0.75, 0.75, 0.75]}
    >>> predictions = pd.DataFrame({"detector": "SVM", **scores})
    >>> display = ReliabilityDisplay.from_predictions(predictions, classes=[0, 1])
    >>> display.curves["SVM"]
    (array([0.  , 0.75]), array([0.  , 0.75]), array([1, 4]))
    >>> display.calibration_error
    {'SVM': [0.0]}
    """

    curves: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
    calibration_error: dict[str, list[float]]
    positive: str | None = None
    colors: Mapping[str, str] | None = None

    @classmethod
    def from_predictions(
        cls,
        predictions: pd.DataFrame,
        *,
        classes: np.ndarray | Sequence,
        pos_label: Any = None,
        target_names: Sequence[str] | None = None,
        colors: Mapping[str, str] | None = None,
        ax: Axes | None = None,
        n_bins: int = N_BINS,
    ) -> Self:
        """Compute the curves from predictions, and plot them.

        Parameters
        ----------
        predictions, classes, pos_label, target_names, colors, ax
            As in `RocCurvesDisplay.from_predictions`. Detectors that have a score below
            0 or above 1 give no probabilities and have no curve. For more than two
            classes, the curve is that of each class against the rest, all taken
            together, and the error their mean.

        n_bins : int, default=15
            How many bins of equal width there are from 0 to 1.

        Returns
        -------
        ReliabilityDisplay

        Raises
        ------
        ValueError
            If the predictions lack a column, or hold labels that are not in `classes`.
        """
        given = (classes, pos_label, target_names, colors)
        return cls._from_scores(predictions, *given, n_bins=n_bins).plot(ax)

    @classmethod
    def _compute(cls, runs: Runs, n_bins: int = N_BINS) -> dict[str, Any]:
        curves, errors = {}, {}
        metric = partial(expected_calibration_error, n_bins=n_bins)
        for name, of_runs in runs.items():
            member, score = map(
                np.concatenate,
                zip(*(p for pairs in of_runs for p in pairs), strict=True),
            )
            if score.min() < 0 or score.max() > 1:
                continue
            prob_true, prob_pred = calibration_curve(member, score, n_bins=n_bins)
            n_images = np.bincount(bin_probabilities(score, n_bins))
            curves[name] = prob_pred, prob_true, n_images[n_images > 0]
            errors[name] = [mean_over(metric, pairs) for pairs in of_runs]
        return {"curves": curves, "calibration_error": errors}

    def _draw(self, ax: Axes | None) -> Axes:
        ax = new_axes(ax, height=SIDE, n_entries=len(self.curves) + 1)
        colors = assign_colors(self.curves, self.colors)
        for name, (prob_pred, prob_true, n_images) in self.curves.items():
            label = f"{name} (ECE {mean_and_spread(self.calibration_error[name])})"
            color = colors[name]
            ax.plot(
                prob_pred, prob_true, label=label, color=color, linewidth=1, alpha=0.5
            )
            # A line alone would make bins of few images as loud as those of thousands.
            ax.scatter(
                prob_pred,
                prob_true,
                s=np.maximum(WHOLE * n_images / n_images.sum(), LEAST),
                color=color,
                alpha=0.7,
                linewidth=0,
                zorder=3,
                clip_on=False,
            )
        draw_reference(ax, (0, 1), "perfectly calibrated (ECE 0.000)")
        labels = "Mean predicted probability", "Fraction of positives"
        set_labels(ax, *labels, self.positive)
        draw_legend(ax, inside="upper left")
        return ax
