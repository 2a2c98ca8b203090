"""Heat maps of a metric by generators: trained on one, tested on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from skfake.displays._common import WIDTH, GridDisplay, new_grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# In inches.
CELL, LEAST_SIDE, TITLE, CHARACTER = 0.5, 1.6, 0.7, 0.085


@dataclass(kw_only=True, repr=False, eq=False)
class GeneratorMatricesDisplay(GridDisplay):
    """A metric by generators, a heat map with numbers for each detector.

    A row is the generator that the detector was trained on, a column the one that it
    was tested on; the diagonal holds generators that it knew.

    Parameters
    ----------
    matrices : dict of DataFrames of shape (n_generators, n_generators)
        Names of the detectors, and the metric: trained on in rows, tested on in
        columns.

    metric : str
        What the values are.

    See Also
    --------
    skfake.evaluation.GeneratorComparison.plot : This display of what was found.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.displays import GeneratorMatricesDisplay
    >>> table = {"detector": "SVM", "trained_on": ["glide", "glide", "sdxl", "sdxl"]}
    >>> table |= {"tested_on": ["glide", "sdxl"] * 2, "roc_auc": [0.99, 0.6, 0.7, 0.9]}
    >>> display = GeneratorMatricesDisplay.from_table(pd.DataFrame(table))
    >>> float(display.matrices["SVM"].loc["glide", "sdxl"])
    0.6
    """

    _HOLDS = ("matrices", "detector")

    matrices: dict[str, pd.DataFrame]
    metric: str

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        *,
        metric: str = "roc_auc",
        axes: np.ndarray | Sequence[Axes] | None = None,
    ) -> Self:
        """Take the matrices from a table, and plot them.

        Parameters
        ----------
        table : DataFrame
            In the form of `GeneratorComparison.table`; the columns `detector`,
            `trained_on`, `tested_on` and that of the metric are read. Detectors without
            a value in it have no plot.

        metric : str, default="roc_auc"
            The column to plot.

        axes : sequence of matplotlib Axes, default=None
            Where to plot, one for each detector. With None, a new figure is made.

        Returns
        -------
        GeneratorMatricesDisplay

        Raises
        ------
        ValueError
            If no detector has the metric, or there are not as many axes as detectors.
        """
        matrices = {}
        for name, part in table.groupby("detector", sort=False):
            if part[metric].notna().any():
                order = part["trained_on"].unique()
                matrix = part.pivot(
                    index="trained_on", columns="tested_on", values=metric
                )
                matrices[str(name)] = matrix.loc[order, order]
        return cls(matrices=matrices, metric=metric).plot(axes)

    def _new_axes(self) -> np.ndarray:
        matrices = list(self.matrices.values())
        words = CHARACTER * max(len(str(name)) for name in matrices[0].index)
        side = max(CELL * len(matrices[0]), LEAST_SIDE)
        # Titles of rows stand on the left of each plot, turned ones below.
        columns = max(1, min(int(WIDTH / (side + words + TITLE)), len(matrices)))
        n_rows = -(-len(matrices) // columns)
        size = columns * (side + words + TITLE), n_rows * (side + words + 1.2 * TITLE)
        return new_grid(len(matrices), columns, size)

    def _draw(self, *, given: bool) -> None:
        for ax, (name, matrix) in zip(self.axes_, self.matrices.items(), strict=True):
            self._draw_matrix(ax, matrix)
            ax.set(
                title=fill(f"{name}: {self.metric}", 28),
                xlabel="Tested on",
                ylabel="Trained on",
            )

    def _draw_matrix(self, ax: Axes, matrix: pd.DataFrame) -> None:
        values = matrix.to_numpy(dtype=float)
        # From chance, or less, to the best.
        image = ax.imshow(values, vmin=0, vmax=1, cmap="Blues")
        names = [str(name) for name in matrix.index]
        turned: dict[str, Any] = {
            "rotation": 45,
            "ha": "right",
            "rotation_mode": "anchor",
        }
        ax.set_xticks(range(len(names)), names, **turned)
        ax.set_yticks(range(len(names)), names)
        for (row, column), value in np.ndenumerate(values):
            said = "-" if np.isnan(value) else f"{100 * value:.0f}"
            color = image.cmap(0.0 if value > 0.5 else 1.0)
            ax.text(column, row, said, ha="center", va="center", color=color)
