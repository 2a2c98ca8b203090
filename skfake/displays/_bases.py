"""What displays have in common: where they plot, and what they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd

from skfake.displays._drawing import assign_colors, name_positive
from skfake.metrics.predictions import Pairs, scored_runs
from skfake.plotting import import_pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of each detector, the pairs of each of its fits.
Runs = dict[str, list[Pairs]]


class Display:
    """A display that is one plot; a subclass draws it in `_draw`."""

    ax_: Axes
    figure_: Any

    def plot(self, ax: Axes | None = None) -> Self:
        """Plot what the display holds.

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
        ValueError
            If there is nothing to plot.
        """
        self.ax_ = self._draw(ax)
        self.figure_ = self.ax_.figure
        return self

    def _draw(self, ax: Axes | None) -> Axes:
        """Draw on given or on new axes, and return them."""
        raise NotImplementedError


class ScoresDisplay(Display):
    """Curves that are computed from scores; a subclass computes and draws them."""

    positive: str | None
    colors: Mapping[str, str] | None

    def __init__(self, **parameters: Any) -> None:
        raise NotImplementedError

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
    ) -> Self:
        """Compute the curves from predictions, and plot them.

        Parameters
        ----------
        predictions : DataFrame
            In the form of `Comparison.predictions`; the columns `detector`, `fold` and
            `seed` (if there), `target` and those of the scores are read. Folds whose
            targets lack a class, and detectors without scores, have no curve.

        classes : array-like of shape (n_classes,)
            All labels, sorted. For more than two, the curve is the mean of those of
            each class against the rest: of their true positive rates at the same false
            positive rate, or of their precisions at the same recall.

        pos_label : label, default=None
            The positive one of two classes, whose scores the table holds. With None
            it is the greater one.

        target_names : sequence of str, default=None
            Names of the classes. With None, the labels are.

        colors : dict of str, default=None
            Names of the detectors and their colours. With None, they are matplotlib's,
            in the order of the predictions.

        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        RocCurvesDisplay or PrecisionRecallCurvesDisplay

        Raises
        ------
        ValueError
            If the predictions lack a column, or hold labels that are not in `classes`.
        """
        given = (classes, pos_label, target_names, colors)
        return cls._from_scores(predictions, *given).plot(ax)

    @classmethod
    def _from_scores(
        cls,
        predictions: pd.DataFrame,
        classes: np.ndarray | Sequence,
        pos_label: Any,
        target_names: Sequence[str] | None,
        colors: Mapping[str, str] | None,
        **options: Any,
    ) -> Self:
        runs: Runs = {}
        for name, pairs in scored_runs(predictions, classes, pos_label):
            runs.setdefault(name, []).append(pairs)
        parameters = cls._compute(runs, **options)
        parameters["positive"] = name_positive(classes, pos_label, target_names)
        names = predictions["detector"].unique()
        return cls(**parameters, colors=assign_colors(names, colors))

    @classmethod
    def _compute(cls, runs: Runs) -> dict[str, Any]:
        """Parameters of the display that follow from the scores."""
        raise NotImplementedError


class GridDisplay:
    """A display of several plots; a subclass makes the axes and draws on them."""

    # The attribute with an item for each plot, and what an item is of.
    _HOLDS: ClassVar[tuple[str, str]]
    axes_: np.ndarray
    figure_: Any

    def plot(self, axes: np.ndarray | Sequence[Axes] | None = None) -> Self:
        """Plot what the display holds.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Where to plot, as many as there are plots. With None, a new figure is made.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is nothing to plot, or not as many axes as plots.
        """
        import_pyplot()
        attribute, item = self._HOLDS
        n_plots = len(getattr(self, attribute))
        if n_plots == 0:
            raise ValueError(f"{attribute} must hold at least one {item}; got none.")
        flat = self._new_axes() if axes is None else np.asarray(axes).ravel()
        if len(flat) != n_plots:
            raise ValueError(
                f"axes must be one for each of {n_plots} {item}s; got {len(flat)}."
            )
        self.axes_, self.figure_ = flat, flat[0].figure
        self._draw(given=axes is not None)
        return self

    def _new_axes(self) -> np.ndarray:
        raise NotImplementedError

    def _draw(self, *, given: bool) -> None:
        """Draw on `axes_`, which a user has given or which are new."""
        raise NotImplementedError
