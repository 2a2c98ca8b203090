"""Files to pixels."""

import os
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from skfake.images.colours import on_white, upper_byte

#: Formats that files are read from, by Pillow's names: those that photographs and
#: generated images come in. Each more is a decoder that a stranger's file reaches, and
#: some start other programs. HEIF and JXL need a plugin for Pillow.
FORMATS = (
    "JPEG",
    "PNG",
    "WEBP",
    "AVIF",
    "HEIF",
    "JXL",
    "GIF",
    "BMP",
    "TIFF",
    "JPEG2000",
    "PPM",
    "TGA",
)
# A file of more pixels must hold a byte for so many of them, as photographs do: a few
# bytes could otherwise take gigabytes.
MANY_PIXELS, PIXELS_A_BYTE = 2**24, 1000


def read_image(
    file: str | os.PathLike | BinaryIO, *, name: str | None = None
) -> np.ndarray:
    """Decode one image file to RGB bytes.

    The first frame of an animation is read, turned upright by its EXIF data. Palettes
    and CMYK become RGB, 16-bit values keep their upper 8 bits, and what is transparent
    is laid on white. Warnings of Pillow, about metadata, are not shown.

    Parameters
    ----------
    file : path or binary file object that can seek
        The file, in one of `skfake.images.FORMATS`, whatever its name.

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
        If the file is empty, truncated or no image of these formats, or says that it
        has more pixels than twice `PIL.Image.MAX_IMAGE_PIXELS` (178,956,970 unless you
        change it), or more than 16,777,216 and than a thousand for each of its bytes.
        Both are found before memory is taken for them.
    """
    with quiet():
        return decode_file(file, name=name)


def decode_file(
    file: str | os.PathLike | BinaryIO, *, name: str | None = None
) -> np.ndarray:
    """As `read_image` does, with the warnings of Pillow."""
    with _opened(file, name or str(file)) as image:
        return _decode(image)


class FileRows:
    """Rows of a decoded file, upright and in RGB, as `read_image` gives all of them.

    Parameters
    ----------
    file : path
        The file, which is opened now, with the errors of `read_image`.

    Attributes
    ----------
    shape : tuple (H, W, 3)
        Of the upright image.
    """

    def __init__(self, file: str | os.PathLike) -> None:
        self._name = str(file)
        with quiet(), _opened(file, self._name) as image:
            image.load()
            orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        self._image = image
        # In EXIF, from 5 on rows are stored as columns; of these, the last comes first.
        self._turned = orientation in (5, 6, 7, 8)
        self._reversed = orientation in (3, 4, 7, 8)
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
        with _naming(self._name):
            # A part keeps the EXIF data, and is turned by them.
            return _decode(self._image.crop(box))


def open_rows(image: Any) -> np.ndarray | FileRows:
    """Pixels of one item of a checked X, to be read a few rows at a time.

    A large file takes the memory of Pillow's decoded image alone, four bytes a pixel.

    Parameters
    ----------
    image : path or array of shape (H, W, C)
        The item; a file is opened now.

    Returns
    -------
    array of shape (H, W, C) or FileRows
        Both have a `shape`, and slices `[top:bottom]` of either are arrays.
    """
    return image if isinstance(image, np.ndarray) else FileRows(image)


@contextmanager
def quiet() -> Iterator[None]:
    """Show no warning of Pillow's, about metadata that it passes over."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        yield


@contextmanager
def _opened(file: str | os.PathLike | BinaryIO, name: str) -> Iterator[Image.Image]:
    """Image of a file, in a block whose errors name the file."""
    Image.init()
    formats = [known for known in FORMATS if known in Image.OPEN]
    with _naming(name), _open_bytes(file, name) as stream:
        n_bytes = stream.seek(0, os.SEEK_END)
        if n_bytes == 0:
            raise ValueError("it is empty")
        with Image.open(stream, formats=formats) as image:
            _check_density(image, n_bytes)
            yield image


def _open_bytes(
    file: str | os.PathLike | BinaryIO, name: str
) -> AbstractContextManager[BinaryIO]:
    if not isinstance(file, str | os.PathLike):
        return nullcontext(file)
    # A pipe or a device would be waited for.
    if not os.path.isfile(file):
        what = "a folder" if os.path.isdir(file) else "no file"
        raise FileNotFoundError(f"X must hold paths of files; got {name!r}, {what}.")
    return open(file, "rb")


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Errors of a block that reads a file name it."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Image.DecompressionBombError as error:
        raise ValueError(
            f"X must hold images of at most {2 * (Image.MAX_IMAGE_PIXELS or 0):,} "
            f"pixels; got the file {name!r}: {error} Raise PIL.Image.MAX_IMAGE_PIXELS, "
            "of which the limit is twice, if you trust the file."
        ) from error
    # Pillow's decoders raise nearly any class for a broken file.
    except Exception as error:
        reason = str(error).rstrip(".") or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = "it has no format that is read"
        raise ValueError(
            f"X must hold paths of readable images; got the file {name!r}: {reason}."
        ) from error


def _check_density(image: Image.Image, n_bytes: int) -> None:
    """Refuse a small file that would take the memory of a large photograph."""
    n_pixels = image.width * image.height
    if n_pixels > max(MANY_PIXELS, n_bytes * PIXELS_A_BYTE):
        raise ValueError(
            f"it says that it has {image.width:,} x {image.height:,} pixels, which "
            f"are too many for its {n_bytes:,} bytes"
        )


def _decode(image: Image.Image) -> np.ndarray:
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in ("F", "LAB"):
        raise ValueError(f"the mode {image.mode} is not one of 8 or 16 bits")
    if image.mode.startswith("I"):
        # "I" holds 16-bit values in 32 bits where a format's decoder made it.
        gray = upper_byte(np.asarray(image).clip(0, 65535))
        return np.repeat(gray[..., np.newaxis], 3, axis=-1)
    if image.has_transparency_data:
        rgba = image if image.mode == "RGBA" else image.convert("RGBA")
        return on_white(np.asarray(rgba))
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
