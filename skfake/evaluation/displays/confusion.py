"""Confusion matrices of several detectors, a plot each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from skfake.evaluation.displays._drawing import import_pyplot
from skfake.evaluation.predictions import check_predictions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3
MAX_LEVEL_LABELS = 3


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
    >>> from skfake.evaluation import ConfusionMatricesDisplay
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
        flat = _new_axes(plt, n_plots) if axes is None else np.asarray(axes).ravel()
        if len(flat) != n_plots:
            raise ValueError(
                f"axes must be one for each of {n_plots} detectors; got {len(flat)}."
            )
        # One scale of colours, from none to the whole of the largest class, so that
        # equal counts look equal.
        largest = max(matrix.sum(axis=1).max() for matrix in self.matrices.values())
        scale = {"vmin": 0, "vmax": largest}
        for ax, (name, matrix) in zip(flat, self.matrices.items(), strict=True):
            counts = np.issubdtype(matrix.dtype, np.integer)
            ConfusionMatrixDisplay(matrix, display_labels=self.display_labels).plot(
                ax=ax,
                cmap="Blues",
                colorbar=False,
                im_kw=scale,
                values_format="d" if counts else ".1%",
                xticks_rotation=45 if len(matrix) > MAX_LEVEL_LABELS else "horizontal",
            )
            ax.set(title=name, xlabel="Predicted", ylabel="Actual")
        self.axes_, self.figure_ = flat, flat[0].figure
        return self


def count_confusions(
    predictions: pd.DataFrame,
    classes: np.ndarray | Sequence,
    *,
    normalize: str | None = None,
) -> dict[str, np.ndarray]:
    """Confusion matrix of each detector, its folds counted together.

    Parameters
    ----------
    predictions, classes, normalize
        As in `ConfusionMatricesDisplay.from_predictions`.

    Returns
    -------
    dict of arrays of shape (n_classes, n_classes)
        Actual classes in rows, predicted ones in columns.
    """
    check_predictions(predictions, classes, ["detector", "target", "prediction"])
    return {
        str(name): confusion_matrix(
            part["target"], part["prediction"], labels=classes, normalize=normalize
        )
        for name, part in predictions.groupby("detector", sort=False)
    }


def _new_axes(plt: Any, n: int) -> np.ndarray:
    columns = min(n, COLUMNS)
    rows = -(-n // columns)
    size = (3.6 * columns, 3.6 * rows)
    _, axes = plt.subplots(
        rows, columns, figsize=size, layout="constrained", squeeze=False
    )
    for ax in axes.flat[n:]:
        ax.remove()
    return axes.ravel()[:n]
