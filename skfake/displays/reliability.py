"""Reliability of several detectors' probabilities in one plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.calibration import CalibrationDisplay, calibration_curve

from skfake.displays._bases import Display
from skfake.displays._drawing import (
    SIDE,
    assign_colors,
    draw_legend,
    draw_reference,
    mean_and_spread,
    name_positive,
    new_axes,
    set_labels,
)
from skfake.metrics.detection import expected_calibration_error
from skfake.metrics.predictions import Pairs, mean_over, scored_runs
from skfake.metrics.summary import N_BINS, bin_probabilities

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Area of a point that stands for all images, in square points.
WHOLE = 500
LEAST = 4


class ReliabilityDisplay(Display):
    """Reliability diagrams of several detectors in one plot.

    Where a detector gives a probability of 0.8, eight of ten images should be positive:
    its curve then follows the diagonal. The larger a point, the more images it stands
    for. The legend says the expected calibration error, the mean distance from the
    diagonal: over folds, its mean and sample standard deviation. The curve is that of
    all folds together.

    Parameters
    ----------
    curves : dict of (prob_pred, prob_true, n_images)
        Names of the detectors and three arrays, an item for each bin that is not empty:
        mean probability, fraction of positives, number of images.

    calibration_error : dict of lists of float
        Expected calibration error of each detector and each of its folds.

    positive : str, default=None
        Name of the positive class, or what else the axes say.

    colors : dict of str, default=None
        Names of the detectors and their colours. With None, they are matplotlib's, in
        turn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The plot, after `plot`.

    figure_ : matplotlib Figure
        Its figure, after `plot`.

    See Also
    --------
    skfake.Comparison.reliability : This display of a comparison.
    expected_calibration_error : The metric alone.
    sklearn.calibration.CalibratedClassifierCV : Mends probabilities.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.displays import ReliabilityDisplay
    >>> predictions = pd.DataFrame({
    ...     "detector": "SVM",
    ...     "fold": 0,
    ...     "target": [0, 0, 1, 1, 1],
    ...     "score": [0.0, 0.75, 0.75, 0.75, 0.75],
    ... })
    >>> display = ReliabilityDisplay.from_predictions(predictions, classes=[0, 1])
    >>> display.curves["SVM"]
    (array([0.  , 0.75]), array([0.  , 0.75]), array([1, 4]))
    >>> display.calibration_error
    {'SVM': [0.0]}
    """

    def __init__(
        self,
        *,
        curves: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
        calibration_error: dict[str, list[float]],
        positive: str | None = None,
        colors: Mapping[str, str] | None = None,
    ) -> None:
        self.curves = curves
        self.calibration_error = calibration_error
        self.positive = positive
        self.colors = colors

    @classmethod
    def from_predictions(
        cls,
        predictions: pd.DataFrame,
        *,
        classes: np.ndarray | Sequence,
        pos_label: Any = None,
        target_names: Sequence[str] | None = None,
        n_bins: int = N_BINS,
        colors: Mapping[str, str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Compute the curves from predictions, and plot them.

        Parameters
        ----------
        predictions : DataFrame
            In the form of `Comparison.predictions`; the columns `detector`, `fold` and
            `seed` (if there), `target` and those of the scores are read. Detectors that
            have a score below 0 or above 1 give no probabilities and have no curve;
            folds whose targets lack a class are left out.

        classes : array-like of shape (n_classes,)
            All labels, sorted. For more than two, the curve is that of each class
            against the rest, all taken together, and the error their mean.

        pos_label : label, default=None
            The positive one of two classes, whose scores the table holds. With None
            it is the greater one.

        target_names : sequence of str, default=None
            Names of the classes. With None, the labels are.

        n_bins : int, default=15
            How many bins of equal width there are from 0 to 1.

        colors : dict of str, default=None
            Names of the detectors and their colours. With None, they are matplotlib's,
            in the order of the predictions.

        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        ReliabilityDisplay

        Raises
        ------
        ValueError
            If the predictions lack a column, or hold labels that are not in `classes`.
        """
        runs: dict[str, list[Pairs]] = {}
        for name, pairs in scored_runs(predictions, classes, pos_label):
            runs.setdefault(name, []).append(pairs)
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
        positive = name_positive(classes, pos_label, target_names)
        return cls(
            curves=curves,
            calibration_error=errors,
            positive=positive,
            colors=assign_colors(predictions["detector"].unique(), colors),
        ).plot(ax)

    def _draw(self, ax: Axes | None) -> Axes:
        ax = new_axes(ax, height=SIDE, n_entries=len(self.curves) + 1)
        colors = assign_colors(self.curves, self.colors)
        for name, curve in self.curves.items():
            error = mean_and_spread(self.calibration_error[name])
            _draw_curve(ax, *curve, f"{name} (ECE {error})", colors[name])
        draw_reference(ax, (0, 1), "perfectly calibrated (ECE 0.000)")
        set_labels(
            ax, "Mean predicted probability", "Fraction of positives", self.positive
        )
        draw_legend(ax, inside="upper left")
        return ax


def _draw_curve(
    ax: Axes,
    prob_pred: np.ndarray,
    prob_true: np.ndarray,
    n_images: np.ndarray,
    label: str,
    color: str,
) -> None:
    # A line alone would show bins of a few images as loud as those of thousands.
    display = CalibrationDisplay(prob_true, prob_pred, None, estimator_name=label)
    display.plot(ax=ax, ref_line=False, color=color, marker="", linewidth=1, alpha=0.5)
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
