"""How several detectors learned, epoch by epoch, in one plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skfake.displays._common import (
    FAINT,
    Display,
    assign_colors,
    draw_legend,
    new_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METRICS = ("accuracy", "loss")
HEIGHT = 4.0
# What was measured on which images, and the line that shows it.
STYLES = {"train": ("training images", "-"), "valid": ("images held out", "--")}


@dataclass(kw_only=True, repr=False, eq=False)
class TrainingCurvesDisplay(Display):
    """Accuracy or loss of several detectors after each epoch, in one plot.

    Solid lines are those of the training images, as they were augmented, dashed ones
    those of images that were held out of them. The folds of one detector share a colour
    and an entry of the legend. scikit-learn's `LearningCurveDisplay` shows something
    else: scores by the number of training images.

    Parameters
    ----------
    histories : dict of lists of dict
        Names of the detectors, and for each of their folds a history: lists, with an
        item an epoch, `train_<metric>` and, where images were held out,
        `valid_<metric>`.

    metric : {"accuracy", "loss"}, default="accuracy"
        What to plot.

    colors : dict of str, default=None
        Names of the detectors and their colours. With None, they are matplotlib's.

    See Also
    --------
    skfake.Comparison.training_curves : This display of a comparison.

    Examples
    --------
    >>> from skfake import CNNDetector
    >>> from skfake.datasets import make_images
    >>> from skfake.displays import TrainingCurvesDisplay
    >>> X, y = make_images(n_samples=60, return_X_y=True, random_state=0)
    >>> detector = CNNDetector(max_epochs=2, random_state=0).fit(X, y)
    >>> display = TrainingCurvesDisplay.from_detectors({"CNN": detector})
    >>> len(display.histories["CNN"][0]["train_accuracy"])
    2
    """

    histories: dict[str, list[Mapping[str, Sequence[float]]]]
    metric: str = "accuracy"
    colors: Mapping[str, str] | None = None

    @classmethod
    def from_detectors(
        cls,
        detectors: Mapping[str, Any],
        *,
        metric: str = "accuracy",
        colors: Mapping[str, str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Read the histories of fitted detectors, and plot them.

        Parameters
        ----------
        detectors : dict
            Names and fitted detectors, or lists of them, as in `Comparison.detectors`.
            Those without a `history_` have no curve. That of a pipeline is its last
            step's, that of a search its best estimator's.

        metric : {"accuracy", "loss"}, default="accuracy"
            What to plot.

        colors : dict of str, default=None
            Names of the detectors and their colours. With None, they are matplotlib's,
            in the order of `detectors`.

        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        TrainingCurvesDisplay

        Raises
        ------
        ValueError
            If no detector has a history, or the metric is not one of the two.
        """
        colors = assign_colors(detectors, colors)
        histories = read_histories(detectors)
        return cls(histories=histories, metric=metric, colors=colors).plot(ax)

    def _draw(self, ax: Axes | None) -> Axes:
        if self.metric not in METRICS:
            raise ValueError(f"metric must be one of {METRICS}; got {self.metric!r}.")
        if not self.histories:
            raise ValueError(
                "detectors must hold at least one with a history_, as those with a "
                "network have once they are fitted; got none."
            )
        ax = new_axes(ax, height=HEIGHT, n_entries=len(self.histories) + len(STYLES))
        names: set[str] = set()
        colors = assign_colors(self.histories, self.colors)
        for name, of_runs in self.histories.items():
            # An entry of the legend that is not dashed, nor pale.
            ax.plot([], [], color=colors[name], label=name)
            faint = {} if len(of_runs) == 1 else FAINT
            for history in of_runs:
                _draw_history(ax, history, self.metric, {"color": colors[name]} | faint)
                names.update(history)
        for subset, (what, line) in STYLES.items():
            if f"{subset}_{self.metric}" in names:
                ax.plot([], [], color="gray", linestyle=line, label=what)
        ax.set(xlabel="Epoch", ylabel=self.metric.capitalize())
        ax.locator_params(axis="x", integer=True, min_n_ticks=1)
        corner = {"accuracy": "lower right", "loss": "upper right"}[self.metric]
        draw_legend(ax, inside=corner)
        return ax


def read_histories(detectors: Mapping[str, Any]) -> dict[str, list]:
    """Histories of those detectors that have one."""
    found: dict[str, list] = {}
    for name, fitted in detectors.items():
        for detector in fitted if isinstance(fitted, list | tuple) else [fitted]:
            history = getattr(_innermost(detector), "history_", None)
            if isinstance(history, Mapping):
                found.setdefault(name, []).append(history)
    return found


def _innermost(detector: Any) -> Any:
    """The estimator that was trained, inside of pipelines and searches."""
    if hasattr(detector, "best_estimator_"):
        return _innermost(detector.best_estimator_)
    if hasattr(detector, "steps"):
        return _innermost(detector.steps[-1][1])
    return detector


def _draw_history(
    ax: Axes, history: Mapping[str, Sequence[float]], metric: str, style: dict[str, Any]
) -> None:
    for subset, (_, line) in STYLES.items():
        values = history.get(f"{subset}_{metric}", [])
        # One epoch alone makes no line.
        marker = "." if len(values) == 1 else ""
        epochs = np.arange(1, len(values) + 1)
        ax.plot(epochs, values, linestyle=line, marker=marker, label="_run", **style)
