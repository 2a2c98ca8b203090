"""The maps of a detector, laid on the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from skfake.detectors import SVMDetector
from skfake.explanation._cells import hog_pictures
from skfake.explanation._members import find_members, has_heat_maps, has_network
from skfake.explanation.saliency import find_labels, saliency_maps
from skfake.images import load_images
from skfake.images.thumbnails import make_thumbnails
from skfake.plotting import import_pyplot
from skfake.scikit_learn import take_rows
from skfake.scoring import class_scores, score_method
from skfake.validation import validate_images

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# In inches, which are the units of the plot.
WIDTH = 6.5
BAR = 0.9
MAX_SIDE = 1.9
GAP = 0.06
BETWEEN = 0.25
TITLE = 0.26
CAPTION = 0.2
# In points.
MEDIUM = 9
SMALL = 8

# Greatest side, in pixels, of what is kept of an image whose map has its size.
LARGEST = 512
COLORS = "RdBu_r"


@dataclass(kw_only=True, eq=False, repr=False)
class ExplanationDisplay:
    """Where in images a detector finds what speaks for a class.

    Beside each image, it is shown in gray under its map: red speaks for the class that
    the title names, blue against it. For an `SVMDetector`, the histograms of gradients
    are shown too, as cells with strokes along the edges in them.

    Parameters
    ----------
    images : uint8 array of shape (n, H, W, 3), or sequence of n such images
        What the detector saw.

    maps : float array of shape (n, h, w), or sequence of n such maps
        A map for each image, of whatever size; positive values speak for its label.

    labels : array-like of shape (n,)
        The class that each map is of.

    scores : array-like of shape (n,)
        Score of that class.

    score_name : {"probability", "distance"}, default="probability"
        What the scores are: distances are signed.

    histograms : float array of shape (n, H, W), default=None
        Pictures of histograms of gradients.

    display_labels : dict of str, default=None
        Names of the classes, by their labels. With None, the labels are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The plot, after `plot`.

    figure_ : matplotlib Figure
        Its figure, after `plot`.

    See Also
    --------
    saliency_maps : The maps alone.
    skfake.displays.ConfidentMistakesDisplay : Images that a detector gets most wrong.

    Examples
    --------
    >>> from skfake import SVMDetector
    >>> from skfake.datasets import make_images
    >>> from skfake.explanation import ExplanationDisplay
    >>> X, y = make_images(n_samples=200, return_X_y=True, random_state=0)
    >>> detector = SVMDetector().fit(X[:150], y[:150])
    >>> display = ExplanationDisplay.from_estimator(detector, X[150:152], label=1)
    >>> display.maps.shape, display.labels, display.score_name
    ((2, 32, 32), array([1, 1]), 'distance')
    """

    images: np.ndarray | Sequence[np.ndarray]
    maps: np.ndarray | Sequence[np.ndarray]
    labels: np.ndarray | Sequence
    scores: np.ndarray | Sequence[float]
    score_name: str = "probability"
    histograms: np.ndarray | Sequence[np.ndarray] | None = None
    display_labels: dict[Any, str] | None = None

    @classmethod
    def from_estimator(
        cls,
        detector: Any,
        X: Any,
        *,
        label: Any = None,
        method: str = "integrated",
        layer: str | None = None,
        target_names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Compute the maps, and plot them.

        A detector with a method `heat_maps(X, label=...)`, that returns an array for
        each image, is asked for its own maps. Where it has probabilities, one over the
        number of classes is subtracted, so that less speaks against the class.

        Parameters
        ----------
        detector : estimator
            Fitted detector, or an estimator around one; see `saliency_maps`.

        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            A few images, in any form that skfake takes: `[path]` for one file.

        label : label, default=None
            The class to explain. With None it is, for each image, the one that the
            detector predicts.

        method, layer : str, default="integrated", None
            As in `saliency_maps`.

        target_names : sequence of str, default=None
            Names of the classes, in the order of `classes_`. With None, the labels are.

        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        ExplanationDisplay

        Raises
        ------
        TypeError
            If there is no detector within that has maps.
        ValueError
            If X can't be read, `label` is no class, `layer` is none that gives maps,
            or `target_names` are more or fewer than the classes.
        ImportError
            If matplotlib is not installed.
        """
        names = _name_classes(detector, target_names)
        member, of_member = find_members(detector, X)[0]
        labels = find_labels(detector, X, label)
        if has_heat_maps(member):
            maps: Any = _own_maps(member, of_member, labels)
        else:
            maps = saliency_maps(detector, X, label=label, method=method, layer=layer)
        scores, score_name = _score_labels(detector, X, labels)
        is_svm = isinstance(member, SVMDetector)
        return cls(
            images=_shown_images(member, of_member),
            maps=maps,
            labels=labels,
            scores=scores,
            score_name=score_name,
            histograms=hog_pictures(member, of_member) if is_svm else None,
            display_labels=names,
        ).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Show the images and their maps, all on one scale.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot, the colour bar too. With None, a new figure is made.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        plt = import_pyplot()
        layout = self._lay_out(ax)
        if ax is None:
            size = (layout.width + BAR, layout.height)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        limit = max(float(np.abs(found).max()) for found in self.maps) or 1.0
        colors = ScalarMappable(Normalize(-limit, limit), COLORS)
        for position in range(len(self.images)):
            self._draw(ax, position, layout, colors)
        ax.set(xlim=(0, layout.width), ylim=(layout.height, 0), aspect="equal")
        ax.axis("off")
        bar = ax.figure.colorbar(colors, ax=ax, ticks=[-limit, 0, limit], shrink=0.8)
        bar.ax.set_yticklabels(["against", "", "for"])
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _lay_out(self, ax: Axes | None) -> Layout:
        """One image below the other, or two beside each other."""
        width = WIDTH - BAR
        if ax is not None:
            width = max(ax.get_window_extent().width / ax.figure.dpi - BAR, BAR)
        n_images, n_panels = len(self.images), 2 + (self.histograms is not None)
        columns = min(n_images, 2)
        space = (width - BETWEEN * (columns - 1)) / columns
        side = min(space / n_panels - GAP, MAX_SIDE)
        block = n_panels * (side + GAP)
        rows = -(-n_images // columns)
        return Layout(
            width=columns * block + (columns - 1) * BETWEEN,
            height=rows * (TITLE + side + CAPTION),
            columns=columns,
            side=side,
            block=block,
        )

    def _draw(self, ax: Axes, position: int, layout: Layout, colors: Any) -> None:
        """An image with its title, and its panels beside each other."""
        row, column = divmod(position, layout.columns)
        left = column * (layout.block + BETWEEN)
        top = row * (TITLE + layout.side + CAPTION) + TITLE
        ax.text(left, top - GAP, self._title(position), va="bottom", fontsize=MEDIUM)
        image, found = self.images[position], self.maps[position]
        gray = np.asarray(image).mean(axis=2)
        # Where the map is zero, the image is seen.
        opacity = 0.85 * (np.abs(found) / colors.norm.vmax)
        panels: dict[str, list[tuple[np.ndarray, dict]]] = {
            "image": [(image, {})],
            "map": [
                (gray, {"cmap": "gray", "vmin": 0, "vmax": 255}),
                (found, {"cmap": COLORS, "norm": colors.norm, "alpha": opacity}),
            ],
        }
        if self.histograms is not None:
            panels["gradients"] = [(self.histograms[position], {"cmap": "gray"})]
        sides = np.array(image.shape[:2])
        height, width = layout.side * sides / sides.max()
        for caption, layers in panels.items():
            for pixels, options in layers:
                extent = (left, left + width, top + height, top)
                ax.imshow(pixels, extent=extent, interpolation="none", **options)
            below = top + height + GAP / 2
            ax.text(left, below, caption, va="top", fontsize=SMALL, color="gray")
            left += layout.side + GAP

    def _title(self, position: int) -> str:
        label = np.asarray(self.labels)[position : position + 1].tolist()[0]
        name = (self.display_labels or {}).get(label, str(label))
        return f"{name}: {self.score_name} {self.scores[position]:.2f}"


class Layout(NamedTuple):
    """Where the images of a display go: sizes in inches."""

    width: float
    height: float
    columns: int
    side: float
    block: float


def _name_classes(
    detector: Any, target_names: Sequence[str] | None
) -> dict[Any, str] | None:
    if target_names is None:
        return None
    classes = detector.classes_.tolist()
    if len(target_names) != len(classes):
        raise ValueError(
            f"target_names must hold a name for each class, {classes}; got "
            f"{len(target_names)} names."
        )
    return {label: str(name) for label, name in zip(classes, target_names, strict=True)}


def _own_maps(detector: Any, X: Any, labels: np.ndarray) -> list[np.ndarray]:
    middle = 1 / len(detector.classes_) if hasattr(detector, "predict_proba") else 0
    maps: list[Any] = [None] * len(labels)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        found = detector.heat_maps(take_rows(X, rows), label=label)
        for row, heat in zip(rows, found, strict=True):
            maps[row] = np.asarray(heat) - middle
    return maps


def _score_labels(detector: Any, X: Any, labels: np.ndarray) -> tuple[np.ndarray, str]:
    codes = np.searchsorted(detector.classes_, labels)
    scores = class_scores(detector, X)[np.arange(len(codes)), codes]
    has_probabilities = score_method(detector) == "predict_proba"
    return scores, "probability" if has_probabilities else "distance"


def _shown_images(detector: Any, X: Any) -> np.ndarray | Sequence[np.ndarray]:
    """What the detector saw; of one that makes its own maps, the image as it is."""
    if has_heat_maps(detector):
        shape = getattr(detector, "image_shape_", None)
        shown = make_thumbnails(X, range(len(X)), image_shape=shape, side=LARGEST)
        return list(shown.values())
    images = validate_images(detector, X, reset=False)
    seen = _load_seen(detector, images)
    shown = make_thumbnails(seen, range(len(seen)), side=seen.shape[1])
    return np.stack(list(shown.values()))


def _load_seen(detector: Any, images: np.ndarray | list) -> np.ndarray:
    """Images in the size that a detector sees them in, in their colours."""
    if not has_network(detector):
        return load_images(images, image_size=detector.image_size)
    of = detector._trained_network()
    if not of.grayscale:
        return of.load(images)[:, 0]
    return load_images(images, image_size=of.image_size, resize=of.resize)
