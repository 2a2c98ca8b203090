"""What displays have in common: what they read, where they plot, and their looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd

from skfake.labels import check_pos_label, guess_fakes, name_labels, plain_name
from skfake.metrics.predictions import Pairs, scored_runs
from skfake.plotting import import_pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# In inches. A page of text is about as wide.
WIDTH = 6.5
LEGEND_LINE = 0.22
# Of a square plot with its labels: less than its width, for a layout engine makes exact
# room in one direction only where the sides must be equal.
SIDE = 5.8
# How the lines of several folds look, which would hide each other.
FAINT: dict[str, Any] = {"alpha": 0.65, "linewidth": 1}
# Names of detectors and, for each of their fits, what `scored_runs` found.
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
            With the plot as `ax_` and its figure as `figure_`.

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
            it is the label that means fake, or else the greater.

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
        pos_label = check_pos_label(pos_label, classes, target_names)
        runs: Runs = {}
        for name, pairs in scored_runs(predictions, classes, pos_label):
            runs.setdefault(name, []).append(pairs)
        shared = {
            "positive": name_positive(classes, pos_label, target_names),
            "colors": assign_colors(predictions["detector"].unique(), colors),
        }
        return cls(**cls._compute(runs, **options), **shared)

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
            With the plots as `axes_` and their figure as `figure_`.

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


def new_axes(ax: Axes | None, *, height: float, n_entries: int) -> Axes:
    """Where to plot: what was given, or a new figure."""
    plt = import_pyplot()
    if ax is None:
        size = (WIDTH, height + n_entries * LEGEND_LINE)
        _, ax = plt.subplots(figsize=size, layout="constrained")
    return ax


def draw_legend(ax: Axes, *, inside: Any) -> None:
    """Put the legend below the plot, so that it covers no curve."""
    if not ax.get_legend_handles_labels()[0]:
        return
    if ax.figure.get_layout_engine() is None:
        ax.legend(loc=inside, fontsize="small")
        return
    # Ticks, their labels and the label of the axis stand between: in sizes of the font.
    n_lines = ax.get_xlabel().count("\n") + 2
    legend = ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        borderaxespad=1.35 + 1.25 * n_lines,
        frameon=False,
    )
    for line in legend.get_lines():
        line.set(alpha=1, linewidth=1.5)


def new_grid(
    n_plots: int, columns: int, size: tuple[float, float], **options: Any
) -> np.ndarray:
    """Axes of a new figure, in rows of some columns."""
    _, axes = import_pyplot().subplots(
        -(-n_plots // columns),
        columns,
        figsize=size,
        layout="constrained",
        squeeze=False,
        **options,
    )
    for ax in axes.flat[n_plots:]:
        ax.remove()
    return axes.ravel()[:n_plots]


def assign_colors(
    names: Iterable[str], colors: Mapping[str, str] | None
) -> dict[str, str]:
    """Colours of the detectors, so that each has its own in all displays."""
    in_turn = {str(name): f"C{number}" for number, name in enumerate(names)}
    return in_turn | dict(colors or {})


def mean_and_spread(values: Sequence[float]) -> str:
    """Mean and, of several values, their sample standard deviation."""
    mean = f"{np.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.3f}"


def name_positive(
    classes: np.ndarray | Sequence,
    pos_label: Any,
    target_names: Sequence[str] | None,
) -> str:
    """What the axes of a plot say that their rates are those of."""
    if len(classes) > 2:
        return "each class against the rest, averaged"
    labels = np.asarray(classes)
    names = [str(name) for name in (labels if target_names is None else target_names)]
    position = labels.tolist().index(pos_label)
    fakes = guess_fakes(name_labels(names))
    if fakes is None or not fakes[position] or plain_name(names[position]) == "fake":
        return names[position]
    return f"{names[position]} (fake)"


def draw_reference(ax: Axes, heights: tuple[float, float], label: str) -> None:
    """A line to hold the curves against."""
    ax.plot([0, 1], heights, color="gray", linestyle="--", label=label)


def set_labels(ax: Axes, x: str, y: str, positive: str | None) -> None:
    """Label the axes of two fractions, and show all of both."""
    of_whom = f"\n({positive})" if positive else ""
    ax.set(
        xlabel=x + of_whom,
        ylabel=y + of_whom,
        xlim=(-0.01, 1.01),
        ylim=(-0.01, 1.01),
        aspect="equal",
    )
