"""ROC and precision-recall curves of several detectors in one plot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from skfake.displays._common import (
    FAINT,
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
from skfake.metrics.predictions import Pairs, mean_over

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Curve = tuple[np.ndarray, np.ndarray]
Curves = dict[str, list[Curve]]

# Where the curves of several classes are averaged: false positive rates, or recalls.
GRID = np.linspace(0, 1, 1001)


@dataclass(kw_only=True, repr=False, eq=False)
class RocCurvesDisplay(ScoresDisplay):
    """ROC curves of several detectors in one plot.

    The curves of one detector's folds share a colour and an entry of the legend,
    which says the area under the curve: mean and sample standard deviation.

    Parameters
    ----------
    curves : dict of lists of (fpr, tpr)
        Names of the detectors, and the points of a curve for each of their folds.

    roc_auc : dict of lists of float
        Area under each of these curves.

    positive : str, default=None
        Name of the positive class, or what else the axes say of the rates.

    colors : dict of str, default=None
        Names of the detectors and their colours. With None, they are matplotlib's.

    See Also
    --------
    skfake.Comparison.roc_curves : This display of a comparison.
    PrecisionRecallCurvesDisplay : For classes of different size.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.displays import RocCurvesDisplay
    >>> scores = {"target": [0, 0, 1, 1], "score": [0.1, 0.6, 0.4, 0.9]}
    >>> predictions = pd.DataFrame({"detector": "SVM", **scores})
    >>> display = RocCurvesDisplay.from_predictions(predictions, classes=[0, 1])
    >>> display.roc_auc
    {'SVM': [0.75]}
    """

    curves: Curves
    roc_auc: dict[str, list[float]]
    positive: str | None = None
    colors: Mapping[str, str] | None = None

    @classmethod
    def _compute(cls, runs: Runs) -> dict[str, Any]:
        area = partial(mean_over, roc_auc_score)
        return {
            "curves": _of_each(runs, _mean_roc_curve),
            "roc_auc": _of_each(runs, area),
        }

    def _draw(self, ax: Axes | None) -> Axes:
        ax = _draw_curves(ax, self, self.roc_auc, "AUC")
        draw_reference(ax, (0, 1), "chance (AUC 0.500)")
        set_labels(ax, "False positive rate", "True positive rate", self.positive)
        draw_legend(ax, inside="lower right")
        return ax


@dataclass(kw_only=True, repr=False, eq=False)
class PrecisionRecallCurvesDisplay(ScoresDisplay):
    """Precision-recall curves of several detectors in one plot.

    The curves of one detector's folds share a colour and an entry of the legend,
    which says the average precision, the area under the steps of the curve: mean and
    sample standard deviation.

    Parameters
    ----------
    curves : dict of lists of (recall, precision)
        As in `RocCurvesDisplay`, from the greatest recall to the least.

    average_precision : dict of lists of float
        Average precision of each of these curves.

    prevalence : float, default=None
        Fraction of positives, the precision of chance, shown as a line.

    positive, colors
        As in `RocCurvesDisplay`.

    See Also
    --------
    skfake.Comparison.precision_recall_curves : This display of a comparison.
    RocCurvesDisplay : Rates that do not depend on how many positives there are.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.displays import PrecisionRecallCurvesDisplay
    >>> scores = {"target": [0, 0, 1, 1], "score": [0.1, 0.4, 0.3, 0.9]}
    >>> curves = PrecisionRecallCurvesDisplay.from_predictions(
    ...     pd.DataFrame({"detector": "SVM", **scores}), classes=[0, 1]
    ... )
    >>> curves.average_precision
    {'SVM': [0.83...]}
    """

    curves: Curves
    average_precision: dict[str, list[float]]
    prevalence: float | None = None
    positive: str | None = None
    colors: Mapping[str, str] | None = None

    @classmethod
    def _compute(cls, runs: Runs) -> dict[str, Any]:
        area = partial(mean_over, average_precision_score)
        found = [
            mean_over(lambda member, _: member.mean(), pairs)
            for of_runs in runs.values()
            for pairs in of_runs
        ]
        return {
            "curves": _of_each(runs, _mean_precision_recall_curve),
            "average_precision": _of_each(runs, area),
            "prevalence": float(np.mean(found)) if found else None,
        }

    def _draw(self, ax: Axes | None) -> Axes:
        ax = _draw_curves(ax, self, self.average_precision, "AP", "steps-post")
        if self.prevalence is not None:
            heights = (self.prevalence, self.prevalence)
            draw_reference(ax, heights, f"chance (AP {self.prevalence:.3f})")
        set_labels(ax, "Recall", "Precision", self.positive)
        draw_legend(ax, inside="lower left")
        return ax


def _of_each(runs: Runs, compute: Callable[[Pairs], Any]) -> dict[str, list]:
    """What is computed of each run, in a list for each detector."""
    return {name: [compute(pairs) for pairs in found] for name, found in runs.items()}


def _draw_curves(
    ax: Axes | None,
    display: RocCurvesDisplay | PrecisionRecallCurvesDisplay,
    areas: dict[str, list[float]],
    metric: str,
    drawstyle: str = "default",
) -> Axes:
    """Draw the curves of all runs; the legend says the area of each detector's."""
    ax = new_axes(ax, height=SIDE, n_entries=len(display.curves) + 1)
    # Not through scikit-learn's displays: between its versions 1.6 and 1.9, no one
    # spelling of a line's colour and label works in all.
    colors = assign_colors(display.curves, display.colors)
    for name, of_runs in display.curves.items():
        style: dict[str, Any] = {} if len(of_runs) == 1 else FAINT
        style = style | {"color": colors[name], "drawstyle": drawstyle}
        label = f"{name} ({metric} {mean_and_spread(areas[name])})"
        for x, y in of_runs:
            ax.plot(x, y, label=label, **style)
            label = "_another run"
    return ax


def _mean_roc_curve(pairs: Pairs) -> Curve:
    curves = [roc_curve(*pair)[:2] for pair in pairs]
    if len(curves) == 1:
        return curves[0]
    mean = np.mean([np.interp(GRID, fpr, tpr) for fpr, tpr in curves], axis=0)
    # Every curve starts there, and rises at once where the best scores are right.
    return np.append(0, GRID), np.append(0, mean)


def _mean_precision_recall_curve(pairs: Pairs) -> Curve:
    curves = [precision_recall_curve(*pair)[:2] for pair in pairs]
    if len(curves) == 1:
        precision, recall = curves[0]
        return recall, precision
    # Not between two points: a step keeps its precision down to the next recall.
    found = [p[::-1][np.searchsorted(r[::-1], GRID)] for p, r in curves]
    return GRID[::-1], np.mean(found, axis=0)[::-1]
