"""Confusion matrices of several detectors, a plot each."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from skfake.displays._drawing import WIDTH
from skfake.metrics.predictions import check_predictions
from skfake.plotting import import_pyplot

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


class ConfusionMatricesDisplay:
    """Confusion matrices of several detectors, a plot each.

    Parameters
    ----------
    matrices : dict of arrays of shape (n_classes, n_classes)
        Names of the detectors and their matrices: actual classes in rows, predicted
        ones in columns.

    display_labels : sequence of str
        Names of the classes.

    Attributes
    ----------
    axes_ : array of matplotlib Axes
        The plots, after `plot`.

    figure_ : matplotlib Figure
        Their figure, after `plot`.

    See Also
    --------
    skfake.Comparison.confusion_matrices : This display of a comparison.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.displays import ConfusionMatricesDisplay
    >>> predictions = pd.DataFrame({
    ...     "detector": "SVM",
    ...     "target": [0, 0, 1, 1],
    ...     "prediction": [0, 1, 1, 1],
    ... })
    >>> display = ConfusionMatricesDisplay.from_predictions(
    ...     predictions, classes=[0, 1]
    ... )
    >>> display.matrices["SVM"]
    array([[1, 1],
           [0, 2]])
    """

    def __init__(
        self, *, matrices: dict[str, np.ndarray], display_labels: Sequence[str]
    ) -> None:
        self.matrices = matrices
        self.display_labels = display_labels

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

        classes : array-like of shape (n_classes,)
            All labels, sorted.

        target_names : sequence of str, default=None
            Names of the classes. With None, the labels are.

        normalize : {"true", "pred", "all"}, default=None
            Shares of the actual class, of the predicted class or of all images, in
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

    def plot(self, axes: np.ndarray | Sequence[Axes] | None = None) -> Self:
        """Plot the matrices.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Where to plot, one for each detector. With None, a new figure is made.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no detector, or not as many axes as detectors.
        """
        plt = import_pyplot()
        if not self.matrices:
            raise ValueError("matrices must hold at least one detector; got none.")
        n_plots = len(self.matrices)
        layout = _lay_out(n_plots, self.display_labels)
        flat = _new_axes(plt, layout) if axes is None else np.asarray(axes).ravel()
        if len(flat) != n_plots:
            raise ValueError(
                f"axes must be one for each of {n_plots} detectors; got {len(flat)}."
            )
        # One scale of colours, from none to the whole of the largest class, so that
        # equal counts look equal.
        largest = max(matrix.sum(axis=1).max() for matrix in self.matrices.values())
        for number, (name, matrix) in enumerate(self.matrices.items()):
            ax = flat[number]
            self._draw(ax, matrix, largest)
            ax.set(title=layout.wrap(name), xlabel="Predicted", ylabel="Actual")
            if layout.turned:
                ax.set_xticks(ax.get_xticks(), self.display_labels, **TURNED)
            # Its neighbour has the same labels.
            if axes is None and number % layout.columns:
                ax.set_ylabel("")
                ax.tick_params(labelleft=False)
        self.axes_, self.figure_ = flat, flat[0].figure
        return self

    def _draw(self, ax: Axes, matrix: np.ndarray, largest: float) -> None:
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


class Layout(NamedTuple):
    """Where the matrices go: sizes in inches."""

    n_plots: int
    columns: int
    side: float
    left: float
    below: float
    turned: bool

    def wrap(self, name: str) -> str:
        """The name of a detector in lines that are no wider than its matrix."""
        return fill(name, max(10, int((self.side + BETWEEN) / CHARACTER)))


def _lay_out(n_plots: int, display_labels: Sequence[str]) -> Layout:
    """As many matrices beside each other as their numbers can be read in."""
    words = CHARACTER * max(map(len, display_labels))
    left = words + LABEL
    least = max(SIDE, CELL * len(display_labels))
    columns = int(np.clip((WIDTH - left) / (least + BETWEEN), 1, min(n_plots, COLUMNS)))
    side = min((WIDTH - left) / columns - BETWEEN, max(MAX_SIDE, least))
    turned = words > side / len(display_labels)
    below = LABEL + (0.75 * words if turned else LINE)
    return Layout(n_plots, columns, side, left, below, turned)


def _new_axes(plt: Any, layout: Layout) -> np.ndarray:
    rows = -(-layout.n_plots // layout.columns)
    width = layout.left + layout.columns * (layout.side + BETWEEN)
    height = rows * (layout.side + layout.below + 2 * LINE)
    figure, axes = plt.subplots(
        rows,
        layout.columns,
        figsize=(width, height),
        layout="constrained",
        squeeze=False,
    )
    figure.get_layout_engine().set(h_pad=LINE / 2)
    for ax in axes.flat[layout.n_plots :]:
        ax.remove()
    return axes.ravel()[: layout.n_plots]


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
