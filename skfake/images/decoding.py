"""Files, encoded bytes and images of Pillow to pixels."""

import os
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from threading import Lock
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import IMAGELENGTH, IMAGEWIDTH, TiffImageFile

from skfake.images.colours import on_white, upper_byte
from skfake.images.errors import UnreadableImages, unreadable

#: Formats that files are read from, by Pillow's names: those that photographs and
#: generated images come in. Each more is a decoder that a stranger's file reaches, and
#: some start other programs. HEIF needs pillow-heif, and JXL another plugin for Pillow.
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
# What the files of phones begin with, after the length of the first box.
HEIF_BRANDS = (b"ftyphe", b"ftypmif1", b"ftypmsf1")
# A file of more pixels must hold a byte for so many of them, as photographs do: a few
# bytes could otherwise take gigabytes.
MANY_PIXELS, PIXELS_A_BYTE = 2**24, 1000
# In EXIF, from 5 on rows are stored as columns; of these, the last comes first.
TURNED, REVERSED = (5, 6, 7, 8), (3, 4, 7, 8)

# An image of Pillow's reads its file when it is first used, and not by two threads.
_using = Lock()

Source = str | os.PathLike | bytes | BinaryIO | Image.Image


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
    UnreadableImages
        If the file is empty, truncated or no image of these formats, or says that it
        has more pixels than twice `PIL.Image.MAX_IMAGE_PIXELS` (178,956,970 unless you
        change it), or more than 16,777,216 and than a thousand for each of its bytes.
        Both are found before memory is taken for them. If there is no such file, the
        error is a FileNotFoundError too.
    """
    with quiet():
        return decode_file(file, name=name)


def decode_file(file: Source, *, name: str | None = None) -> np.ndarray:
    """As `read_image` does, with the warnings of Pillow, and of more than files."""
    with opened(file, name) as image:
        return decode(image)


@cache
def readable_formats() -> tuple[str, ...]:
    """Formats that can be read here; Pillow learns of those that others bring."""
    Image.init()
    if find_spec("pillow_heif") is not None:
        # An extra.
        from pillow_heif import register_heif_opener

        register_heif_opener()
    return tuple(known for known in FORMATS if known in Image.OPEN)


@contextmanager
def quiet() -> Iterator[None]:
    """Show no warning of Pillow's, about metadata that it passes over."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        yield


@contextmanager
def opened(source: Source, name: str | None = None) -> Iterator[Image.Image]:
    """Image of a source, to be changed at will, in a block whose errors name it."""
    name = source_name(source if name is None else name)
    with naming(name):
        if isinstance(source, Image.Image):
            with _using:
                image = source.copy()
            yield image
            return
        with _open_bytes(source, name) as stream:
            n_bytes = stream.seek(0, os.SEEK_END)
            if n_bytes == 0:
                raise ValueError("it is empty")
            stream.seek(0)
            with _open_stream(stream) as image:
                _check_density(image, n_bytes)
                yield image


def source_name(source: Source) -> str:
    """What an error calls a source."""
    unnamed = isinstance(source, bytes | Image.Image)
    return "an image" if unnamed else repr(str(source))


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Errors of a block that reads an image name it."""
    try:
        yield
    except UnreadableImages:
        raise
    # Pillow's decoders raise nearly any class for a broken file.
    except Exception as error:
        raise unreadable({0: _reason(error)}, {0: name}) from error


def decode(image: Image.Image) -> np.ndarray:
    """Upright RGB bytes of an image, which is changed."""
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


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Height and width of an image that is open, and need not be decoded for that."""
    width, height = image.size
    if isinstance(image, TiffImageFile):
        # Some releases of Pillow have turned these sides already, and some have not.
        width, height = (image.tag_v2[tag] for tag in (IMAGEWIDTH, IMAGELENGTH))
    turned = orientation_of(image) in TURNED
    return (width, height) if turned else (height, width)


def orientation_of(image: Image.Image) -> int:
    """How an image is stored, in EXIF's numbers."""
    return image.getexif().get(ExifTags.Base.Orientation, 1)


def _open_bytes(source: Source, name: str) -> AbstractContextManager[BinaryIO]:
    if isinstance(source, bytes):
        return BytesIO(source)
    if not isinstance(source, str | os.PathLike):
        return nullcontext(source)  # type: ignore[arg-type]
    # A pipe or a device would be waited for.
    if not os.path.isfile(source):
        raise unreadable({0: why_missing(source)}, {0: name}, missing=True)
    return open(source, "rb")


def why_missing(path: str | os.PathLike) -> str:
    """What a path leads to that is no file."""
    if os.path.isdir(path):
        return "it is a folder, whose files skfake.datasets.load_image_folder lists"
    return "there is no such file"


def _open_stream(stream: BinaryIO) -> Image.Image:
    try:
        return Image.open(stream, formats=readable_formats())
    except UnidentifiedImageError as error:
        stream.seek(0)
        if stream.read(12)[4:].startswith(HEIF_BRANDS) and "HEIF" not in Image.OPEN:
            raise ValueError(
                'it is HEIC, which pillow-heif reads: run pip install "skfake[heif]"'
            ) from error
        raise ValueError("it has no format that is read") from error


def _reason(error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return (
            "it says that it has more than "
            f"{2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels, twice "
            "PIL.Image.MAX_IMAGE_PIXELS, which you may raise if you trust it"
        )
    return str(error).rstrip(".") or type(error).__name__


def _check_density(image: Image.Image, n_bytes: int) -> None:
    """Refuse a small file that would take the memory of a large photograph."""
    n_pixels = image.width * image.height
    if n_pixels > max(MANY_PIXELS, n_bytes * PIXELS_A_BYTE):
        raise ValueError(
            f"it says that it has {image.width:,} x {image.height:,} pixels, which "
            f"are too many for its {n_bytes:,} bytes"
        )
