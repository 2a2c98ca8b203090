"""Displays of several detectors side by side, in scikit-learn's manner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    confusion_matrix,
    roc_auc_score,
    roc_curve,
)

from skfake.evaluation.metrics import class_scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Where the curves of several classes are averaged: false positive rates.
GRID = np.linspace(0, 1, 1001)
COLUMNS = 3
MAX_LEVEL_LABELS = 3


def import_pyplot() -> Any:
    """Matplotlib's pyplot, which is an extra.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "matplotlib must be installed to plot; got no such package. Run "
            'pip install "skfake[plot]".'
        ) from error
    return plt


class RocCurvesDisplay:
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
        Name of the positive class, or what else the axes shall say of the rates.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The plot, after `plot`.

    figure_ : matplotlib Figure
        Its figure, after `plot`.

    See Also
    --------
    skfake.Comparison.roc_curves : This display of a comparison.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.evaluation import RocCurvesDisplay
    >>> predictions = pd.DataFrame({
    ...     "detector": "SVM",
    ...     "fold": 0,
    ...     "target": [0, 0, 1, 1],
    ...     "score": [0.1, 0.6, 0.4, 0.9],
    ... })
    >>> display = RocCurvesDisplay.from_predictions(predictions, classes=[0, 1])
    >>> display.roc_auc
    {'SVM': [0.75]}
    """

    def __init__(
        self,
        *,
        curves: dict[str, list[tuple[np.ndarray, np.ndarray]]],
        roc_auc: dict[str, list[float]],
        positive: str | None = None,
    ) -> None:
        self.curves = curves
        self.roc_auc = roc_auc
        self.positive = positive

    @classmethod
    def from_predictions(
        cls,
        predictions: pd.DataFrame,
        *,
        classes: np.ndarray | Sequence,
        pos_label: Any = None,
        target_names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Compute the curves from predictions, and plot them.

        Parameters
        ----------
        predictions : DataFrame
            In the form of `Comparison.predictions`; the columns `detector`, `fold`,
            `target` and those of the scores are read. Folds whose targets lack a
            class, and detectors without scores, have no curve.

        classes : array-like of shape (n_classes,)
            All labels, sorted. For more than two, the curve is the mean of those of
            each class against the rest.

        pos_label : label, default=None
            The positive one of two classes, whose scores the table holds. With None
            it is the greater one.

        target_names : sequence of str, default=None
            Names of the classes. With None, the labels are.

        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        RocCurvesDisplay
        """
        classes = np.asarray(classes)
        positive = "mean of each class against the rest"
        if len(classes) == 2:
            pos_label = classes[1] if pos_label is None else pos_label
            names = classes if target_names is None else np.asarray(target_names)
            positive = str(names[classes == pos_label][0])
        curves: dict[str, list] = {}
        areas: dict[str, list] = {}
        for (name, _), part in predictions.groupby(["detector", "fold"], sort=False):
            target, scores = part["target"].to_numpy(), score_columns(part)
            if np.isnan(scores).any() or not np.isin(classes, target).all():
                continue
            points = _mean_curve(target, scores, classes, pos_label)
            pairs = class_scores(target, scores, classes, pos_label)
            roc_auc = np.mean([roc_auc_score(*pair) for pair in pairs])
            curves.setdefault(str(name), []).append(points)
            areas.setdefault(str(name), []).append(float(roc_auc))
        return cls(curves=curves, roc_auc=areas, positive=positive).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Plot the curves, and that of chance.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        plt = import_pyplot()
        if ax is None:
            _, ax = plt.subplots(figsize=(5.5, 5.5), layout="constrained")
        # Not through scikit-learn's display: between its versions 1.6 and 1.9, no
        # one spelling of a line's colour and label works in all.
        for number, (name, curves) in enumerate(self.curves.items()):
            label = f"{name} (AUC {_mean_and_spread(self.roc_auc[name])})"
            alpha = 1 if len(curves) == 1 else 0.5
            for fpr, tpr in curves:
                ax.plot(fpr, tpr, label=label, color=f"C{number}", alpha=alpha)
                label = "_another fold"
        ax.plot(
            [0, 1], [0, 1], color="gray", linestyle="--", label="chance (AUC 0.500)"
        )
        of_whom = f"\n({self.positive})" if self.positive else ""
        ax.set(
            xlabel=f"False positive rate{of_whom}",
            ylabel=f"True positive rate{of_whom}",
            xlim=(-0.01, 1.01),
            ylim=(-0.01, 1.01),
            aspect="equal",
        )
        ax.legend(loc="lower right")
        self.ax_, self.figure_ = ax, ax.figure
        return self


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
    return {
        str(name): confusion_matrix(
            part["target"], part["prediction"], labels=classes, normalize=normalize
        )
        for name, part in predictions.groupby("detector", sort=False)
    }


def score_columns(predictions: pd.DataFrame) -> np.ndarray:
    """Scores in a table of predictions.

    Parameters
    ----------
    predictions : DataFrame
        In the form of `Comparison.predictions`.

    Returns
    -------
    float array of shape (n,), or (n, n_classes) for more than two classes
    """
    if "score" in predictions:
        return predictions["score"].to_numpy()
    names = [name for name in predictions if str(name).startswith("score_")]
    return predictions[names].to_numpy()


def _mean_curve(
    target: np.ndarray, scores: np.ndarray, classes: np.ndarray, pos_label: Any
) -> tuple[np.ndarray, np.ndarray]:
    curves = [
        roc_curve(*pair)[:2]
        for pair in class_scores(target, scores, classes, pos_label)
    ]
    if len(curves) == 1:
        return curves[0]
    mean = np.mean([np.interp(GRID, fpr, tpr) for fpr, tpr in curves], axis=0)
    # Every curve starts there, and rises at once where the best scores are right.
    return np.append(0, GRID), np.append(0, mean)


def _mean_and_spread(values: Sequence[float]) -> str:
    mean = f"{np.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.3f}"


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
