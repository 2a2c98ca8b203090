"""Confusion matrices of several detectors, a plot each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from skfake.displays._common import WIDTH, GridDisplay, new_grid
from skfake.metrics.predictions import check_predictions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3
# In inches: sides of a matrix, the least of a cell, and what surrounds them.
SIDE, MAX_SIDE = 1.5, 2.8
CELL = 0.48
BETWEEN = 0.2
LABEL, LINE = 0.5, 0.2
CHARACTER = 0.085
TURNED: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}


@dataclass(kw_only=True, repr=False, eq=False)
class ConfusionMatricesDisplay(GridDisplay):
    """Confusion matrices of several detectors, a plot each.

    Parameters
    ----------
    matrices : dict of arrays of shape (n_classes, n_classes)
        Names of the detectors and their matrices: actual classes in rows, predicted
        ones in columns.

    display_labels : sequence of str
        Names of the classes.

    See Also
    --------
    skfake.Comparison.confusion_matrices : This display of a comparison.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.displays import ConfusionMatricesDisplay
    >>> labels = {"target": [0, 0, 1, 1], "prediction": [0, 1, 1, 1]}
    >>> display = ConfusionMatricesDisplay.from_predictions(
    ...     pd.DataFrame({"detector": "SVM", **labels}), classes=[0, 1]
    ... )
    >>> display.matrices["SVM"]
    array([[1, 1],
           [0, 2]])
    """

    _HOLDS = ("matrices", "detector")

    matrices: dict[str, np.ndarray]
    display_labels: Sequence[str]

    @classmethod
    def from_predictions(
        cls,
        predictions: pd.DataFrame,
        *,
        classes: np.ndarray | Sequence,
        target_names: Sequence[str] | None = None,
        normalize: str | None = None,
        axes: np.ndarray | Sequence[Axes] | None = None,
    ) -> Self:
        """Count the predictions, and plot the matrices.

        Parameters
        ----------
        predictions : DataFrame
            In the form of `Comparison.predictions`; the columns `detector`, `target`
            and `prediction` are read. Folds are counted together.

        classes, target_names
            All labels, sorted, and their names; with None, the labels are.

        normalize : {"true", "pred", "all"}, default=None
            Fractions of the actual class, of the predicted class or of all images, in
            place of counts.

        axes : sequence of matplotlib Axes, default=None
            Where to plot, one for each detector. With None, a new figure is made.

        Returns
        -------
        ConfusionMatricesDisplay
        """
        names = classes if target_names is None else target_names
        matrices = count_confusions(predictions, classes, normalize=normalize)
        display_labels = [str(name) for name in names]
        return cls(matrices=matrices, display_labels=display_labels).plot(axes)

    def _new_axes(self) -> np.ndarray:
        n_plots, words = len(self.matrices), self._label_width
        columns, side, turned = self._lay_out()
        width = LABEL + words + columns * (side + BETWEEN)
        row = LABEL + side + 2 * LINE + (0.75 * words if turned else LINE)
        axes = new_grid(n_plots, columns, (width, -(-n_plots // columns) * row))
        axes[0].figure.get_layout_engine().set(h_pad=LINE / 2)
        return axes

    def _draw(self, *, given: bool) -> None:
        columns, side, turned = self._lay_out()
        # One scale of colours, from none to the whole of the largest class, so that
        # equal counts look equal.
        largest = max(matrix.sum(axis=1).max() for matrix in self.matrices.values())
        for number, (name, matrix) in enumerate(self.matrices.items()):
            ax = self.axes_[number]
            self._draw_matrix(ax, matrix, largest)
            title = fill(name, max(10, int((side + BETWEEN) / CHARACTER)))
            ax.set(title=title, xlabel="Predicted", ylabel="Actual")
            if turned:
                ax.set_xticks(ax.get_xticks(), self.display_labels, **TURNED)
            # Its neighbour has the same labels.
            if not given and number % columns:
                ax.set_ylabel("")
                ax.tick_params(labelleft=False)

    @property
    def _label_width(self) -> float:
        return CHARACTER * max(map(len, self.display_labels))

    def _lay_out(self) -> tuple[int, float, bool]:
        """Matrices in a row, the side of one, and whether its labels must be turned."""
        n_classes, room = len(self.display_labels), WIDTH - self._label_width - LABEL
        least = max(SIDE, CELL * n_classes)
        most = min(len(self.matrices), COLUMNS)
        columns = int(np.clip(room / (least + BETWEEN), 1, most))
        side = min(room / columns - BETWEEN, max(MAX_SIDE, least))
        return columns, side, self._label_width > side / n_classes

    def _draw_matrix(self, ax: Axes, matrix: np.ndarray, largest: float) -> None:
        counts = np.issubdtype(matrix.dtype, np.integer)
        display = ConfusionMatrixDisplay(matrix, display_labels=self.display_labels)
        display.plot(
            ax=ax,
            cmap="Blues",
            colorbar=False,
            im_kw={"vmin": 0, "vmax": largest},
            values_format="d" if counts else ".1%",
            text_kw={"fontsize": "small"},
        )
        # Its texts contrast on a scale from the least to the greatest of one matrix.
        light, dark = display.im_.cmap(0.0), display.im_.cmap(1.0)
        for text, value in zip(display.text_.flat, matrix.flat, strict=True):
            text.set_color(light if value > largest / 2 else dark)


def count_confusions(
    predictions: pd.DataFrame,
    classes: np.ndarray | Sequence,
    *,
    normalize: str | None = None,
) -> dict[str, np.ndarray]:
    """Confusion matrix of each detector, its folds counted together."""
    check_predictions(predictions, classes, ["detector", "target", "prediction"])
    return {
        str(name): confusion_matrix(
            part["target"], part["prediction"], labels=classes, normalize=normalize
        )
        for name, part in predictions.groupby("detector", sort=False)
    }
