"""Parts of one image at full resolution."""

from collections.abc import Iterable

import numpy as np
from PIL import Image

# Side of the squares that JPEG and the DCT work on, in pixels.
BLOCK = 8


def crop_centre(image: np.ndarray, size: int) -> np.ndarray:
    """The centre of images, (..., at most size, at most size, C), on JPEG's grid."""
    top, left = (room // 2 // BLOCK * BLOCK for room in _find_room(image, size))
    return image[..., top : top + size, left : left + size, :]


def crop_at(image: np.ndarray, size: int, shares: Iterable[float]) -> np.ndarray:
    """A part of an image, at shares, from 0 to 1, of the places that it can have."""
    top, left = (
        int(share * (room + 1))
        for share, room in zip(shares, _find_room(image, size), strict=True)
    )
    return image[..., top : top + size, left : left + size, :]


def fill_square(image: np.ndarray, size: int) -> np.ndarray:
    """Images (..., size, size, C), continued by their reflection if they were less."""
    missing = [(0, max(size - side, 0)) for side in image.shape[-3:-1]]
    if not any(gap for _, gap in missing):
        return image
    whole = [(0, 0)] * (image.ndim - 3)
    return np.pad(image, [*whole, *missing, (0, 0)], mode="reflect")


def crop_five(image: np.ndarray, size: int) -> list[np.ndarray]:
    """The centre and the four corners of an image."""
    bottom, right = (side - size for side in image.shape[:2])
    corners = [(top, left) for top in (0, bottom) for left in (0, right)]
    cut = [image[top : top + size, left : left + size] for top, left in corners]
    return [crop_centre(image, size), *cut]


def enlarge(image: np.ndarray, size: int) -> np.ndarray:
    """An RGB image whose shorter side is `size` pixels, if it was less."""
    height, width = image.shape[:2]
    if min(height, width) >= size:
        return image
    factor = size / min(height, width)
    sides = [max(size, round(side * factor)) for side in (width, height)]
    larger = Image.fromarray(image).resize(sides, Image.Resampling.BILINEAR)
    return np.asarray(larger)


def _find_room(image: np.ndarray, size: int) -> list[int]:
    """Pixels by which the sides of images are longer than those of a square."""
    return [max(side - size, 0) for side in image.shape[-3:-1]]
