"""Small copies of images, to be shown."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from PIL import Image

from skfake.images.checking import check_images
from skfake.images.loading import load_images

SIDE = 128


def make_thumbnails(
    images: Any,
    positions: Iterable[int],
    *,
    image_shape: tuple[int, ...] | None = None,
    side: int = SIDE,
) -> dict[int, np.ndarray]:
    """Shrink some of many images, and open no others."""
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
        scaled = (image - least) / (greatest - least)
        image = np.rint(255 * scaled).astype(np.uint8)
    if max(image.shape[:2]) <= side:
        return image
    small = Image.fromarray(image)
    small.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(small)
