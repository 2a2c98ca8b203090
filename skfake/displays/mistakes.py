"""A contact sheet of the confident mistakes of each detector."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd

from skfake.displays._common import WIDTH, Display, new_axes
from skfake.images.thumbnails import make_thumbnails
from skfake.labels import check_pos_label
from skfake.metrics.predictions import find_confident_mistakes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# In inches, which are the units of the plot.
MAX_SIDE = 1.0
GAP = 0.06
TITLE = 0.3
CAPTION = 0.58
LINE = 0.2
# In points.
SMALL = 7
CHARACTER = 4.6

MAX_COLUMNS = 8
NAME_CHARACTERS, MAX_CHARACTERS = 20, 30
ARROW = "→ "
LEGEND = (
    "Below each image: its file or position, its class, the class that it was given, "
    "the score of that."
)


@dataclass(kw_only=True, repr=False, eq=False)
class ConfidentMistakesDisplay(Display):
    """A contact sheet of the confident mistakes of each detector.

    They are the images that it gave to another class than their own, the highest scores
    first. Below each are the name of its file, or its position, its class, the class
    that it was given, and the score of that.

    Parameters
    ----------
    mistakes : dict of DataFrames
        Names of the detectors and, for each, a row for each image with the columns
        `image`, `target`, `prediction` and `score`, which may be NaN, and `path` and
        `generator` where they are known.

    images : dict of uint8 arrays of shape (H, W, 3)
        The images, by what stands in the column `image`.

    display_labels : dict of str
        Names of the classes, by their labels.

    See Also
    --------
    find_confident_mistakes : Finds the images.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.datasets import make_images
    >>> from skfake.displays import ConfidentMistakesDisplay
    >>> X, y = make_images(n_samples=4, return_X_y=True, random_state=0)
    >>> table = {"image": range(4), "target": y, "prediction": 1 - y}
    >>> table |= {"detector": "SVM", "score": [0.5, 0.7, 0.9, 0.2]}
    >>> display = ConfidentMistakesDisplay.from_predictions(
    ...     pd.DataFrame(table), X, classes=[0, 1], n_images=2
    ... )
    >>> len(display.mistakes["SVM"]), len(display.images)
    (2, 2)
    """

    mistakes: dict[str, pd.DataFrame]
    images: dict[int, np.ndarray]
    display_labels: dict[Any, str]

    @classmethod
    def from_predictions(
        cls,
        predictions: pd.DataFrame,
        images: Any,
        *,
        classes: np.ndarray | Sequence,
        pos_label: Any = None,
        target_names: Sequence[str] | None = None,
        n_images: int = 8,
        image_shape: tuple[int, ...] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Find the images, and show them.

        Parameters
        ----------
        predictions : DataFrame
            In the form of `Comparison.predictions`, with its scores, be they NaN.

        images : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            What was predicted, X or the X of `test`, in any input format; or a dict of
            positions and images that holds those that are shown.

        classes, pos_label, target_names
            Labels, the positive one of two, and names, as in
            `RocCurvesDisplay.from_predictions`.

        n_images : int, default=8
            How many images of each detector, at most.

        image_shape : tuple (H, W) or (H, W, C), default=None
            Shape of one image where they are flattened.

        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        ConfidentMistakesDisplay

        Raises
        ------
        ValueError
            If the predictions lack a column, hold labels that are not in `classes`, or
            name an image that is not in `images`.
        """
        pos_label = check_pos_label(pos_label, classes, target_names)
        found = find_confident_mistakes(
            predictions, classes=classes, pos_label=pos_label, n_images=n_images
        )
        columns = ["image", "path", "generator", "target", "prediction", "score"]
        columns = [name for name in columns if name in found]
        labels = np.asarray(classes).tolist()
        names = labels if target_names is None else target_names
        return cls(
            mistakes={
                str(name): found.loc[found["detector"] == name, columns]
                for name in predictions["detector"].unique()
            },
            images=make_thumbnails(
                images, found["image"].unique(), image_shape=image_shape
            ),
            display_labels=dict(zip(labels, map(str, names), strict=True)),
        ).plot(ax)

    def _draw(self, ax: Axes | None) -> Axes:
        if not self.mistakes:
            raise ValueError("mistakes must hold at least one detector; got none.")
        layout = self._lay_out(ax)
        ax = new_axes(ax, height=layout.height, n_entries=0)
        top = 0.0
        for name, table in self.mistakes.items():
            said = f"{name}: no mistakes" if table.empty else name
            ax.text(0, top + TITLE / 2, said, va="center")
            top += TITLE
            for first in range(0, len(table), layout.columns):
                row = table.iloc[first : first + layout.columns]
                for column, found in enumerate(row.itertuples(index=False)):
                    self._draw_image(ax, found, column * layout.step, top, layout)
                top += layout.side + CAPTION
        ax.text(0, top, LEGEND, va="top", fontsize=SMALL, color="gray")
        ax.set(xlim=(0, layout.width), ylim=(layout.height, 0), aspect="equal")
        ax.axis("off")
        return ax

    def _lay_out(self, ax: Axes | None) -> Layout:
        """As many images beside each other as their captions allow."""
        width, height = WIDTH, 0.0
        if ax is not None:
            box = ax.get_window_extent()
            width, height = box.width / ax.figure.dpi, box.height / ax.figure.dpi
        n_most = max(1, *(len(table) for table in self.mistakes.values()))
        longest = max(len(name) for name in self.display_labels.values())
        longest = min(longest, MAX_CHARACTERS) + len(ARROW)
        names = [
            len(name_image(found))
            for table in self.mistakes.values()
            for found in table.itertuples()
        ]
        # One more, so that names beside each other do not touch.
        longest = max([longest, *(min(n, NAME_CHARACTERS) + 1 for n in names)])
        words = CHARACTER * longest / 72
        columns = max(1, min(int(width / words), MAX_COLUMNS, n_most))
        # Rows of one length, but for the last.
        columns = ceil(n_most / ceil(n_most / columns))
        n_rows = sum(ceil(len(table) / columns) for table in self.mistakes.values())
        between = TITLE * len(self.mistakes) + CAPTION * n_rows + LINE
        side = min(width / columns, MAX_SIDE)
        if height and n_rows:
            side = max(min(side, (height - between) / n_rows), 2 * GAP)
        height = height or between + n_rows * side
        return Layout(width, height, columns, side, step=max(side, words))

    def _draw_image(
        self, ax: Axes, found: Any, left: float, top: float, layout: Layout
    ) -> None:
        image = self.images[found.image]
        sides = np.array(image.shape[:2])
        height, width = (layout.side - GAP) * sides / sides.max()
        extent = (left, left + width, top + height, top)
        # Not resampled: a vector file then holds the pixels, and not what a screen of
        # few dots shows of them.
        ax.imshow(image, extent=extent, interpolation="none")
        target, prediction = (
            _shorten(self.display_labels[label])
            for label in (found.target, found.prediction)
        )
        score = "" if np.isnan(found.score) else f"\n{found.score:.3f}"
        name = shorten_middle(name_image(found), NAME_CHARACTERS)
        said = f"{name}\n{target}\n{ARROW}{prediction}{score}"
        ax.text(left, top + layout.side, said, va="top", fontsize=SMALL)


class Layout(NamedTuple):
    """Where the images of a sheet go: sizes in inches."""

    width: float
    height: float
    columns: int
    side: float
    step: float


def name_image(found: Any) -> str:
    """The name of the file of an image, or its position: a row of mistakes."""
    path = getattr(found, "path", None)
    return os.path.basename(path) if isinstance(path, str) else f"image {found.image}"


def shorten_middle(name: str, n_most: int) -> str:
    """A name without its middle, which says least in the names of files."""
    if len(name) <= n_most:
        return name
    end = n_most // 2
    return f"{name[: n_most - end - 1]}…{name[-end:]}"


def _shorten(name: str) -> str:
    return name if len(name) <= MAX_CHARACTERS else f"{name[: MAX_CHARACTERS - 1]}…"
