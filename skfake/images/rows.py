"""A decoded file, a few rows at a time."""

import os

import numpy as np
from PIL import Image

from skfake.images.decoding import (
    REVERSED,
    TURNED,
    decode,
    naming,
    opened,
    orientation_of,
    quiet,
    source_name,
)


class FileRows:
    """Rows of a decoded file, upright and in RGB, as `read_image` gives all of them.

    Parameters
    ----------
    file : path, bytes of a file or image of Pillow
        The file, which is opened now, with the errors of `read_image`.

    Attributes
    ----------
    shape : tuple (H, W, 3)
        Of the upright image.
    """

    def __init__(self, file: str | os.PathLike | bytes | Image.Image) -> None:
        self._file = file
        with quiet(), opened(file) as image:
            image.load()
            orientation = orientation_of(image)
        self._image = image
        self._turned = orientation in TURNED
        self._reversed = orientation in REVERSED
        width, height = image.size
        self.shape = (width, height, 3) if self._turned else (height, width, 3)

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Rows as an array."""
        height = self.shape[0]
        top, bottom, _ = rows.indices(height)
        if self._reversed:
            top, bottom = height - bottom, height - top
        if self._turned:
            box = (top, 0, bottom, self._image.height)
        else:
            box = (0, top, self._image.width, bottom)
        with naming(source_name(self._file)):
            # A part keeps the EXIF data, and is turned by them.
            return decode(self._image.crop(box))
