"""The display of robustness: a metric over the strength of each corruption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from skfake.corruptions.conditions import unit_of
from skfake.displays._common import GridDisplay, new_grid
from skfake.results.robustness import CLEAN

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 4
# Looks of the line that says how a detector does on the images as they are.
LEVEL: dict = {"linestyle": "--", "linewidth": 1}
# Looks of the intervals of the values.
BAND: dict = {"alpha": 0.15, "linewidth": 0}


@dataclass(kw_only=True, repr=False, eq=False)
class RobustnessCurvesDisplay(GridDisplay):
    """How detectors do as corruptions grow, a plot for each corruption.

    A line is a detector, in a band of its intervals where there are any; dashed, in its
    colour, is its level on the images as they are. Damage grows to the right.

    Parameters
    ----------
    curves : dict of dicts of (strengths, values)
        Names of the corruptions, names of the detectors, and the points of each line,
        from mild to severe.

    clean : dict of float
        Names of the detectors, and their values on the images as they are.

    metric : str
        What the values are.

    bands : dict of dicts of (low, high), default=None
        Names of the corruptions, names of the detectors, and the ends of the intervals
        of the values. With None, no bands are drawn.

    See Also
    --------
    skfake.evaluation.Robustness.curves : This display of what was found.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.displays import RobustnessCurvesDisplay
    >>> table = {"detector": "SVM", "corruption": ["clean", "jpeg", "jpeg"]}
    >>> table |= {"strength": [float("nan"), 90, 50], "roc_auc": [0.9, 0.8, 0.6]}
    >>> display = RobustnessCurvesDisplay.from_table(pd.DataFrame(table))
    >>> display.clean
    {'SVM': 0.9}
    """

    _HOLDS = ("curves", "corruption")

    curves: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]
    clean: dict[str, float]
    metric: str
    bands: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] | None = None

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        *,
        metric: str = "roc_auc",
        axes: np.ndarray | Sequence[Axes] | None = None,
    ) -> Self:
        """Take the lines from a table, and plot them.

        Parameters
        ----------
        table : DataFrame
            In the form of `Robustness.table`; the columns `detector`, `corruption`,
            `strength`, that of the metric and, if there, the ends of its intervals are
            read. Detectors without a value in it have no line.

        metric : str, default="roc_auc"
            The column to plot.

        axes : sequence of matplotlib Axes, default=None
            Where to plot, one for each corruption. With None, a new figure is made.

        Returns
        -------
        RobustnessCurvesDisplay

        Raises
        ------
        ValueError
            If no detector has the metric, or there are not as many axes as corruptions.
        """
        found = table.groupby("detector")[metric].transform("count") > 0
        if not found.any():
            raise ValueError(
                f"metric must be a metric that a detector has; got {metric!r}, which "
                "none has."
            )
        table = table[found]
        is_clean = table["corruption"] == CLEAN
        clean = table[is_clean].set_index("detector")[metric]
        curves: dict[str, dict] = {}
        bands: dict[str, dict] = {}
        ends = [f"{metric}_low", f"{metric}_high"]
        parts = table[~is_clean].groupby(["corruption", "detector"], sort=False)
        for (corruption, name), part in parts:
            points = part["strength"].to_numpy(), part[metric].to_numpy()
            curves.setdefault(str(corruption), {})[str(name)] = points
            if {*ends} <= {*table}:
                band = part[ends[0]].to_numpy(), part[ends[1]].to_numpy()
                bands.setdefault(str(corruption), {})[str(name)] = band
        levels = {str(name): float(value) for name, value in clean.items()}
        display = cls(curves=curves, clean=levels, metric=metric, bands=bands or None)
        return display.plot(axes)

    def _new_axes(self) -> np.ndarray:
        """Axes in a figure with room below them for a legend."""
        n_plots, n_entries = len(self.curves), len(self.clean) + 1
        columns = min(n_plots, COLUMNS)
        rows, rows_of_legend = -(-n_plots // columns), -(-n_entries // columns)
        size = (3.2 * columns, 2.6 * rows + 0.3 * rows_of_legend)
        return new_grid(n_plots, columns, size, sharey=True)

    def _draw(self, *, given: bool) -> None:
        from matplotlib.lines import Line2D

        for ax, corruption in zip(self.axes_, self.curves, strict=True):
            self._draw_corruption(ax, corruption)
        first, columns = self.axes_[0], min(len(self.curves), COLUMNS)
        level = Line2D([], [], **LEVEL, color="gray", label="images as they are")
        handles = [*first.get_legend_handles_labels()[0], level]
        if given:
            first.legend(handles=handles, fontsize="small")
        else:
            place = {"loc": "outside lower center", "ncols": columns}
            self.figure_.legend(handles=handles, **place)

    def _draw_corruption(self, ax: Axes, corruption: str) -> None:
        lines = self.curves[corruption].items()
        for number, (name, (strengths, values)) in enumerate(lines):
            colour = f"C{number}"
            ax.plot(strengths, values, marker="o", label=name, color=colour)
            if self.bands is not None:
                low, high = self.bands[corruption][name]
                ax.fill_between(strengths, low, high, color=colour, **BAND)
            ax.axhline(self.clean[name], **LEVEL, color=colour)
        ax.set_xticks(strengths, [f"{strength:g}" for strength in strengths])
        if strengths[0] > strengths[-1]:
            ax.invert_xaxis()
        ax.set(title=corruption, xlabel=unit_of(corruption))
        place = ax.get_subplotspec()
        if place is None or place.is_first_col():
            ax.set_ylabel(self.metric)
