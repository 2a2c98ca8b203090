"""What the displays have in common: where they plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from skfake.plotting import import_pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
