"""Items of a checked X that are opened one by one, when their pixels are needed."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
from PIL import Image

from skfake.images.arrays import read_one
from skfake.images.colours import on_white
from skfake.images.decoding import decode_file, naming, opened, quiet, upright_size
from skfake.images.errors import UnreadableImages
from skfake.images.rows import FileRows
from skfake.images.wording import describe, is_array

MUST_BE = (
    "a path, the bytes of a file, an image of Pillow or an array of shape (H, W) or "
    "(H, W, C)"
)


class Picture:
    """An image of Pillow's, which stays as it is."""

    __slots__ = ("image",)

    def __init__(self, image: Image.Image) -> None:
        self.image = image

    def read(self) -> Image.Image:
        """The image."""
        return self.image

    def __reduce__(self) -> tuple:
        # Pillow's own pickles lose some of the data that say what is up.
        try:
            return np.copy, (load_image(self),)
        except UnreadableImages:
            # It can't be read there either; whoever sent it says why.
            return bytes, ()


class Deferred:
    """An image that a sequence or data set gives when it is asked for it."""

    __slots__ = ("position", "source")

    def __init__(self, source: Any, position: int) -> None:
        self.source, self.position = source, position

    def read(self) -> Any:
        """A path, bytes, an image of Pillow's or a uint8 array (H, W, C)."""
        name = f"X[{self.position}]"
        item = to_item(self.source[self.position], name)
        if isinstance(item, np.ndarray) and item.dtype != np.uint8:
            raise TypeError(f"{name} must hold bytes; got {describe(item)}")
        return resolve_item(item)


def to_item(came: Any, name: str) -> Any:
    """What stands for one image in a list: no file is opened, nothing decoded.

    It is a path, bytes, a Picture, a Deferred or an array (H, W, C) of any numbers.
    """
    if isinstance(came, np.ndarray) and came.ndim in (2, 3):
        return read_one(came, name)
    came = _unpack(came)
    if isinstance(came, str | bytes | os.PathLike | Picture | Deferred):
        # Text of numpy's is shown otherwise.
        return str(came) if isinstance(came, str) else came
    if isinstance(came, Image.Image):
        return Picture(came)
    if isinstance(came, bytearray) or (isinstance(came, memoryview) and came.ndim == 1):
        return bytes(came)
    if hasattr(came, "read") and hasattr(came, "seek"):
        return _read_stream(came, name)
    if isinstance(came, memoryview):
        came = np.asarray(came)
    if is_array(came) and came.ndim in (2, 3):
        return read_one(came, name)
    cure = ""
    if isinstance(came, dict) and "image" in came:
        cure = ' Use [row["image"] for row in X].'
    raise TypeError(f"{name} must be {MUST_BE}; got {describe(came)}.{cure}")


def _unpack(came: Any) -> Any:
    """The image of a pair with its label, and of a dict of Hugging Face's."""
    if is_pair(came):
        came = came[0]
    if isinstance(came, dict) and came.keys() <= {"bytes", "path"}:
        content = came.get("bytes")
        return came.get("path") if content is None else content
    return came


def is_pair(came: Any) -> bool:
    """Whether it is an image and its label, as data sets of PyTorch give them."""
    if not isinstance(came, tuple) or len(came) != 2:
        return False
    image = came[0]
    is_image = isinstance(image, bytes | dict | Image.Image | Picture)
    return is_image or (is_array(image) and image.ndim in (2, 3))


def _read_stream(stream: Any, name: str) -> bytes:
    """All bytes of an open file, whose position stays."""
    try:
        position = stream.tell()
        stream.seek(0)
        content = stream.read()
        stream.seek(position)
    except (OSError, ValueError) as error:
        raise TypeError(
            f"{name} must be a file that can be read and can seek; got "
            f"{type(stream).__name__}: {str(error).rstrip('.')}."
        ) from error
    if not isinstance(content, bytes):
        raise TypeError(
            f"{name} must be a file opened for bytes; got one of text. Use open(path, "
            '"rb").'
        )
    return content


def is_data_set(X: Any) -> bool:
    """Whether X is a Dataset of PyTorch, which is not imported for that."""
    data = sys.modules.get("torch.utils.data")
    return data is not None and isinstance(X, data.Dataset)


def resolve_item(item: Any) -> Any:
    """A path, bytes, an image of Pillow's or an array: what an item stands for."""
    return item.read() if isinstance(item, Picture | Deferred) else item


def load_image(image: Any) -> np.ndarray:
    """Pixels of one item of a checked X.

    Parameters
    ----------
    image : item of a list that `check_images` returned, or array of shape (H, W, C)
        The item; a file is opened now.

    Returns
    -------
    array of shape (H, W, C)
        uint8, or float32 where X is on no known scale.

    Raises
    ------
    UnreadableImages
        If it can't be read.
    """
    if isinstance(image, np.ndarray):
        return image
    with quiet():
        return decode_item(image)


def decode_item(item: Any) -> np.ndarray:
    """As `load_image` does, with the warnings of Pillow."""
    source = _source(item)
    return source if isinstance(source, np.ndarray) else decode_file(source)


def _source(item: Any) -> Any:
    """What an item stands for; arrays without what is transparent."""
    if isinstance(item, Deferred):
        with naming(f"X[{item.position}]"):
            source = item.read()
            return on_white(source) if isinstance(source, np.ndarray) else source
    return resolve_item(item)


def measure_images(images: np.ndarray | list) -> np.ndarray:
    """Heights and widths of checked images, as they are upright.

    Of files, the headers are read and no pixels.

    Parameters
    ----------
    images : array of shape (n, H, W, C) or list of n items
        As `check_images` returns them.

    Returns
    -------
    int array of shape (n, 2)

    Raises
    ------
    UnreadableImages
        If a header can't be read.
    """
    if isinstance(images, np.ndarray):
        return np.tile(images.shape[1:3], (len(images), 1))
    with quiet():
        return np.array([_measure(image) for image in images], dtype=int)


def _measure(item: Any) -> tuple[int, int]:
    source = _source(item)
    if isinstance(source, np.ndarray):
        return source.shape[0], source.shape[1]
    with opened(source) as image:
        return upright_size(image)


def open_rows(image: Any) -> np.ndarray | FileRows:
    """Pixels of one item of a checked X, to be read a few rows at a time.

    A large file takes the memory of Pillow's decoded image alone, four bytes a pixel.

    Parameters
    ----------
    image : item of a list that `check_images` returned, or array of shape (H, W, C)
        The item; a file is opened now.

    Returns
    -------
    array of shape (H, W, C) or FileRows
        Both have a `shape`, and slices `[top:bottom]` of either are arrays.
    """
    source = _source(image)
    return source if isinstance(source, np.ndarray) else FileRows(source)
