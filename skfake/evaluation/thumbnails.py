"""Small copies of images, to be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from PIL import Image

from skfake.images import check_images, load_images

SIDE = 128


def make_thumbnails(
    images: Any,
    positions: Iterable[int],
    *,
    image_shape: tuple[int, ...] | None = None,
    side: int = SIDE,
) -> dict[int, np.ndarray]:
    """Shrink some of many images, and open no others.

    Parameters
    ----------
    images : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images, or any other form of them that skfake takes; or a dict of positions and
        images.

    positions : iterable of int
        Which of them.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where they are flattened, as in `skfake.images.check_images`.

    side : int, default=128
        Greatest height and width, in pixels. Smaller images stay as they are.

    Returns
    -------
    dict of uint8 arrays of shape (H, W, 3)
        By their positions. Floats that go beyond 0 to 1 are scaled to fit.

    Raises
    ------
    ValueError
        If there is no image at a position, or an image can't be read.

    Examples
    --------
    >>> import numpy as np
    >>> from skfake.evaluation.thumbnails import make_thumbnails
    >>> images = np.zeros((5, 300, 200), dtype=np.uint8)
    >>> {i: image.shape for i, image in make_thumbnails(images, [4, 1]).items()}
    {4: (128, 85, 3), 1: (128, 85, 3)}
    """
    wanted = [int(position) for position in positions]
    given = isinstance(images, Mapping)
    if not given:
        images = check_images(images, image_shape=image_shape)
    there = images if given else range(len(images))
    missing = [position for position in wanted if position not in there]
    if missing:
        raise ValueError(
            f"images must hold one for each that is shown; got {len(there)}, none for "
            f"{missing[0]}, counted from 0."
        )
    if given and wanted:
        images = check_images([images[position] for position in wanted])
    rows = range(len(wanted)) if given else wanted
    return {
        position: _shrink(load_images(images[row : row + 1])[0], side)
        for position, row in zip(wanted, rows, strict=True)
    }


def _shrink(image: np.ndarray, side: int) -> np.ndarray:
    if image.dtype != np.uint8:
        least, greatest = min(image.min(), 0), max(image.max(), 1)
        shares = (image - least) / (greatest - least)
        image = np.rint(255 * shares).astype(np.uint8)
    if max(image.shape[:2]) <= side:
        return image
    small = Image.fromarray(image)
    small.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(small)
