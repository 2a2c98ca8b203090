"""Whatever X is, checked and brought to one of two forms. No file is opened."""

import os
from typing import Any

import numpy as np

from skfake.images.arrays import CHANNELS
from skfake.images.forms import read_form
from skfake.images.items import is_data_set
from skfake.images.scales import Learned, Range, find_float_white, to_pixels
from skfake.images.unreadable import refuse_unreadable
from skfake.images.wording import FORMS, describe


def check_images(
    X: Any, *, image_shape: tuple[int, ...] | None = None
) -> np.ndarray | list:
    """Check X and bring it to one of two forms, without opening a file.

    Parameters
    ----------
    X : array of shape (n, H, W) or (n, H, W, C), array of shape (n, n_features), \
            or sequence of n paths, encoded files, images of Pillow or arrays
        Images. Integers are 0 to 255, or to 65535 where they are 16-bit unsigned;
        booleans are black and white; floats are 0 to 1 or 0 to 255.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X is an array of flattened images. With None it is
        `squarest_shape` of the number of features.

    Returns
    -------
    images : array of shape (n, H, W, C) or list of n items
        Arrays are uint8, as are those in a list, beside paths and whatever else is
        opened later. Where X holds numbers on no known scale, all are float32.

    Raises
    ------
    TypeError
        If X, or one of its items, is nothing that can be read as an image.
    ValueError
        If X is empty, has a shape that no image has, or holds NaN, a masked value or
        numbers beyond a million.
    UnreadableImages
        If paths lead to no file: it names all files that can't be read, and is a
        FileNotFoundError too where none of them is there.

    Examples
    --------
    >>> import numpy as np
    >>> from skfake.images import check_images
    >>> check_images(np.zeros((2, 784), dtype=np.uint8)).shape
    (2, 28, 28, 1)
    """
    return learn_images(X, image_shape=image_shape)[0]


def learn_images(
    X: Any,
    *,
    image_shape: tuple[int, ...] | None = None,
    learned: Learned = "nothing",
) -> tuple[np.ndarray | list, Range | None]:
    """As `check_images` does, on a scale that was learned; the range of a free one."""
    form = read_form(X)
    if isinstance(form, list):
        return _check_items(form, learned)
    array = _check_array(form, image_shape)
    (pixels,), numbers = to_pixels([array], ["X"], learned)
    return pixels, numbers


def find_white(X: Any) -> float | None:
    """Find what means white where X holds floats on a known scale.

    Parameters
    ----------
    X : images in any form that skfake takes
        What says the scale.

    Returns
    -------
    float or None
        1 or 255; None where X holds anything but floats, or they are on another scale.
    """
    if is_data_set(X):
        return None
    form = read_form(X)
    arrays = [form] if isinstance(form, np.ndarray) else form
    are_arrays = all(isinstance(array, np.ndarray) for array in arrays)
    return find_float_white(arrays) if are_arrays else None


def squarest_shape(n_features: int) -> tuple[int, int, int]:
    """Shape of the squarest image, gray or RGB, of so many values.

    Parameters
    ----------
    n_features : int
        Number of values of one flattened image.

    Returns
    -------
    tuple (H, W, C)
        With H at most W, and C 1 or 3. RGB where both are equally square.

    Examples
    --------
    >>> from skfake.images import squarest_shape
    >>> squarest_shape(3072), squarest_shape(784), squarest_shape(10)
    ((32, 32, 3), (28, 28, 1), (2, 5, 1))
    """
    shapes = []
    for channels in (3, 1):
        n_pixels, rest = divmod(n_features, channels)
        if rest == 0:
            sides = range(int(n_pixels**0.5), 0, -1)
            height = next(side for side in sides if n_pixels % side == 0)
            shapes.append((height, n_pixels // height, channels))
    return min(shapes, key=lambda shape: shape[1] / shape[0])


def _check_array(array: np.ndarray, image_shape: tuple[int, ...] | None) -> np.ndarray:
    """Numbers of shape (n, H, W, C)."""
    if array.dtype.kind not in "biuf" or array.ndim == 1:
        raise TypeError(f"X must be {FORMS}; got {describe(array)}.")
    if 0 in array.shape:
        raise ValueError(
            "X must hold at least one image, and each a pixel; got shape "
            f"{array.shape}."
        )
    if array.ndim == 2:
        array = _unflatten(array, image_shape)
    _check_shape(array)
    return array if array.ndim == 4 else array[..., np.newaxis]


def _unflatten(rows: np.ndarray, image_shape: tuple[int, ...] | None) -> np.ndarray:
    shape = image_shape or squarest_shape(rows.shape[1])
    if np.prod(shape) != rows.shape[1]:
        raise ValueError(
            f"image_shape must hold as many values as X has features, {rows.shape[1]}; "
            f"got {tuple(shape)}."
        )
    return rows.reshape(len(rows), *shape)


def _check_shape(array: np.ndarray) -> None:
    """Refuse what is neither (n, H, W) nor (n, H, W, C)."""
    shape = array.shape
    expected = "X must be an array of shape (n, H, W) or (n, H, W, C), channels last; "
    if array.ndim not in (3, 4):
        raise ValueError(
            f"{expected}got {array.ndim} dimensions, shape {shape}. Use "
            "X.reshape(n, H, W, C)."
        )
    if array.ndim == 3 and shape[2] in (3, 4) and min(shape[:2]) > shape[2]:
        raise ValueError(
            f"{expected}got shape {shape}, which looks like one colour image. Use "
            "X[np.newaxis]."
        )
    if array.ndim == 4 and shape[3] not in CHANNELS:
        is_first = shape[1] in CHANNELS
        cure = "Use X.transpose(0, 2, 3, 1)." if is_first else "C must be 1, 3 or 4."
        raise ValueError(f"{expected}got shape {shape}. {cure}")


def _check_items(items: list, learned: Learned) -> tuple[list, Range | None]:
    """Items of which arrays are pixels, and all paths lead to files."""
    places = [i for i, item in enumerate(items) if isinstance(item, np.ndarray)]
    for i in places:
        if items[i].dtype.kind not in "biuf" or 0 in items[i].shape:
            raise TypeError(
                f"X[{i}] must be an array of numbers, one pixel at least; got "
                f"{describe(items[i])}."
            )
    pixels, numbers = to_pixels(
        [items[i] for i in places],
        [f"X[{i}]" for i in places],
        learned,
        beside_files=len(places) < len(items),
    )
    for i, image in zip(places, pixels, strict=True):
        items[i] = image
    paths = (item for item in items if isinstance(item, str | os.PathLike))
    if not all(os.path.isfile(path) for path in paths):
        refuse_unreadable(items)
    return items, numbers
