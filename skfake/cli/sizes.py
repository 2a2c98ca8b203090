"""How detectors look at images, chosen by the sizes of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

# Images whose headers are read to know the sizes of all.
N_MEASURED = 500
# Sides of tiles, and of what photographs and small images are resized to, chosen by
# benchmarks/photograph_defaults.py.
TILE, LARGE, SMALL = 64, 128, 32


class View(NamedTuple):
    """Tiles of a side, at full resolution, or images that are resized to it."""

    tiles: bool
    image_size: int


def measure_some(X: Any) -> np.ndarray:
    """Heights and widths of some images, those that can be read, in any order."""
    import numpy as np

    from skfake.images import UnreadableImages, check_images, measure_images

    rows = np.unique(np.linspace(0, len(X) - 1, N_MEASURED).astype(int))
    sizes = []
    for row in rows:
        try:
            sizes.append(measure_images(check_images(X[row : row + 1]))[0])
        # Whoever opens all of them says so.
        except UnreadableImages:
            continue
    return np.array(sizes, dtype=int).reshape(-1, 2)


def choose_view(
    sizes: np.ndarray, *, tiles: bool | None = None, image_size: int | None = None
) -> View:
    """View of images of these heights and widths (n, 2), as far as it is not given."""
    import numpy as np

    from skfake.training_images import PHOTOGRAPH

    are_large = len(sizes) > 0 and np.median(sizes.min(axis=1)) >= PHOTOGRAPH
    if tiles is None:
        tiles = are_large and image_size is None
    resized = LARGE if are_large else SMALL
    return View(bool(tiles), image_size or (TILE if tiles else resized))


def choose_square(sizes: np.ndarray, side: int | str) -> int | str:
    """Side of the squares that are cut from images of these heights and widths."""
    import numpy as np

    if isinstance(side, str) or not len(sizes):
        return side
    return min(side, max(int(np.median(sizes.min(axis=1))), SMALL))


def describe_view(sizes: np.ndarray, view: View) -> str:
    """What becomes of large images, and what to do about it; nothing of small ones."""
    if not len(sizes):
        return ""
    images, largest = _describe_median(sizes)
    if largest <= view.image_size:
        return ""
    square = f"{view.image_size} x {view.image_size}"
    if view.tiles:
        return (
            f"{images} are judged at full resolution, in tiles of {square}; --no-tiles "
            "resizes them, which is faster and less accurate."
        )
    return (
        f"{images} are resized to {square}; --image-size changes that, --tiles judges "
        "them at full resolution."
    )


def describe_square(sizes: np.ndarray, side: int | str) -> str:
    """What is seen of large images by a detector that cuts squares from them."""
    if isinstance(side, str) or not len(sizes):
        return ""
    images, largest = _describe_median(sizes)
    if largest <= side:
        return ""
    return (
        f"{images} are judged at full resolution, by the {side} x {side} in their "
        "centre; --tiles judges all of them."
    )


def _describe_median(sizes: np.ndarray) -> tuple[str, int]:
    """Words for the median of images, by their areas, and its longer side."""
    areas = sizes.prod(axis=1)
    height, width = sizes[areas.argsort()[len(areas) // 2]].tolist()
    return f"Images of {height} x {width} pixels", max(height, width)
