"""What the displays draw with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skfake.labels import check_pos_label
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
    names = labels if target_names is None else np.asarray(target_names)
    return str(names[labels == check_pos_label(pos_label, labels)][0])


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
