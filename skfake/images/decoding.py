"""Files to pixels."""

from __future__ import annotations

import os
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from skfake.images.colours import on_white, upper_byte


def read_image(
    file: str | os.PathLike | BinaryIO, *, name: str | None = None
) -> np.ndarray:
    """Decode one image file to RGB bytes.

    The first frame of an animation is read, turned upright as its EXIF data say.
    Palettes and CMYK become RGB, 16-bit values keep their upper 8 bits, and what is
    transparent is laid on white.

    Parameters
    ----------
    file : path or binary file object
        The file, in any format that Pillow reads.

    name : str, default=None
        What an error calls the file. With None it is the path.

    Returns
    -------
    uint8 array of shape (H, W, 3)

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is empty, truncated, no image or larger than Pillow's limit
        against decompression bombs.
    """
    name = name or str(file)
    try:
        with Image.open(file) as image:
            _check_size(image)
            return _decode(image)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"X must hold paths of files; got {name!r}, no file."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(
            f"X must hold images of at most {Image.MAX_IMAGE_PIXELS} pixels (Pillow's "
            f"limit against decompression bombs); got the file {name!r}: {error} Raise "
            "PIL.Image.MAX_IMAGE_PIXELS if you trust the file."
        ) from error
    # Pillow's decoders raise nearly any class for a broken file.
    except Exception as error:
        raise ValueError(
            f"X must hold paths of readable images; got the file {name!r}: "
            f"{_reason(file, error)}."
        ) from error


def _reason(file: str | os.PathLike | BinaryIO, error: Exception) -> str:
    if not isinstance(error, UnidentifiedImageError):
        return str(error).rstrip(".")
    if isinstance(file, str | os.PathLike):
        n_bytes = os.path.getsize(file)
    else:
        n_bytes = file.seek(0, os.SEEK_END)
    return "it has no format that Pillow knows" if n_bytes else "it is empty"


def _check_size(image: Image.Image) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and image.width * image.height > limit:
        raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels.")


def _decode(image: Image.Image) -> np.ndarray:
    image = ImageOps.exif_transpose(image)
    if image.mode in ("F", "LAB"):
        raise ValueError(f"the mode {image.mode} is not one of 8 or 16 bits")
    if image.mode.startswith("I"):
        # "I" holds 16-bit values in 32 bits where a format's decoder made it.
        gray = upper_byte(np.asarray(image).clip(0, 65535))
        return np.repeat(gray[..., np.newaxis], 3, axis=-1)
    if image.has_transparency_data:
        return on_white(np.asarray(image.convert("RGBA")))
    return np.asarray(image.convert("RGB"))
