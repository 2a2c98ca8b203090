"""Parts of one image at full resolution."""

import numpy as np
from PIL import Image

# Side of the squares that JPEG and the DCT work on, in pixels.
BLOCK = 8


def crop_centre(image: np.ndarray, size: int) -> np.ndarray:
    """The centre (at most size, at most size, C) of an image, on the grid of JPEG."""
    top, left = (max(side - size, 0) // 2 for side in image.shape[:2])
    top, left = (start // BLOCK * BLOCK for start in (top, left))
    return image[top : top + size, left : left + size]


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


def spread_to_bytes(image: np.ndarray, numbers: tuple[float, float]) -> np.ndarray:
    """Bytes of an image on no known scale, of the least and greatest number there."""
    least, greatest = numbers
    levels = (image - least) * (255 / ((greatest - least) or 1))
    return np.rint(levels).clip(0, 255).astype(np.uint8)
