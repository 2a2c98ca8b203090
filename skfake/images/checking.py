"""What X is: four forms of images, told apart and checked. No file is opened."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from skfake.images.colours import on_white, upper_byte

CHANNELS = (1, 3, 4)
FORMS = (
    "an array of shape (n, H, W) or (n, H, W, C) with C 1, 3 or 4, an array of shape "
    "(n, n_features), a sequence of n paths or a sequence of n arrays"
)


def is_rows(X: Any) -> bool:
    """Tell whether X is, or will be after scikit-learn's checks, a table of numbers.

    Parameters
    ----------
    X : object
        Anything that a user may pass as X.

    Returns
    -------
    bool
        True for two-dimensional numbers in any container, and for what only
        scikit-learn has words to refuse, such as a sparse matrix or one row.
    """
    if hasattr(X, "columns") or (hasattr(X, "toarray") and hasattr(X, "nnz")):
        return True
    X = _unwrap(X)
    if isinstance(X, np.ndarray):
        if X.ndim == 1:
            return X.dtype.kind not in "OSU"
        return X.ndim < 3 and not _holds_text(X)
    if not isinstance(X, list | tuple):
        # Anything else that numpy can read, as scikit-learn's `check_array` does.
        return hasattr(X, "__array__") or hasattr(X, "__array_interface__")
    if len(X) == 0 or isinstance(X[0], str | os.PathLike):
        return False
    depth = _depth(X)
    return depth == 2 or (depth == 1 and np.isscalar(X[0]))


def check_images(
    X: Any, *, image_shape: tuple[int, ...] | None = None
) -> np.ndarray | list:
    """Check X and bring it to one of two forms, without opening a file.

    Parameters
    ----------
    X : array of shape (n, H, W) or (n, H, W, C), array of shape (n, n_features), \
            sequence of n paths or sequence of n arrays
        Images. Bytes (uint8) mean 0 to 255, 16-bit unsigned integers 0 to 65535,
        booleans black and white; other integers are read on the scale of bytes,
        floats are taken as they come.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X is an array of flattened images. With None it is
        `squarest_shape` of the number of features.

    Returns
    -------
    images : array of shape (n, H, W, C) or list of n paths and arrays (H, W, C)
        Arrays are uint8 or float32.

    Raises
    ------
    TypeError
        If X, or one of its items, is nothing that can be read as an image.
    ValueError
        If X is empty, holds NaN or infinity, or has a shape that no image has.
    FileNotFoundError
        If one of the paths leads to no file.

    Examples
    --------
    >>> import numpy as np
    >>> from skfake.images import check_images
    >>> check_images(np.zeros((2, 784), dtype=np.uint8)).shape
    (2, 28, 28, 1)
    """
    if isinstance(X, str | bytes | os.PathLike):
        raise TypeError(
            f"X must be {FORMS}; got one path, {X!r}. Use [path] for one image, or "
            "skfake.datasets.load_image_folder(path) for a folder."
        )
    X = _unwrap(X)
    if isinstance(X, np.ndarray) and X.ndim != 1:
        return _check_array(X, "X", image_shape)
    if not isinstance(X, np.ndarray | Sequence):
        raise TypeError(f"X must be {FORMS}; got {_describe(X)}.")
    if len(X) == 0:
        raise ValueError(
            f"X must hold at least one image; got an empty {type(X).__name__}."
        )
    if isinstance(X[0], str | os.PathLike):
        return _check_paths(X)
    if _is_array(X[0]):
        return _check_sequence(X)
    if not isinstance(X[0], list | tuple):
        came = f"{type(X).__name__} of {type(X[0]).__name__}"
        raise TypeError(f"X must be {FORMS}; got {came}.{_advice(X)}")
    return _check_array(_nested_array(X), "X", image_shape)


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


# The checks of X, a form each


def _check_array(
    array: np.ndarray, name: str, image_shape: tuple[int, ...] | None = None
) -> np.ndarray:
    if _holds_text(array) or array.dtype.kind not in "biuf":
        advice = " Use X.ravel() for a column of paths." if array.ndim == 2 else ""
        raise TypeError(
            f"{name} must be {FORMS}; got shape {array.shape} of dtype {array.dtype}."
            + advice
        )
    if array.ndim == 2:
        array = _unflatten(array, image_shape)
    if array.ndim == 3:
        _check_no_single_image(array, name)
        array = array[..., np.newaxis]
    _check_shape(array, name)
    return _to_pixels(array, name)


def _unflatten(rows: np.ndarray, image_shape: tuple[int, ...] | None) -> np.ndarray:
    shape = image_shape or squarest_shape(rows.shape[1])
    if np.prod(shape) != rows.shape[1]:
        raise ValueError(
            f"image_shape must hold as many values as X has features, {rows.shape[1]}; "
            f"got {tuple(shape)}."
        )
    return rows.reshape(len(rows), *shape)


def _check_shape(array: np.ndarray, name: str) -> None:
    expected = (
        f"{name} must be an array of shape (n, H, W) or (n, H, W, C), channels last; "
    )
    if array.ndim != 4:
        raise ValueError(
            f"{expected}got {array.ndim} dimensions, shape {array.shape}. Use "
            "X.reshape(n, H, W, C)."
        )
    if 0 in array.shape:
        raise ValueError(
            f"{name} must hold at least one image, and each a pixel; got shape "
            f"{array.shape}."
        )
    height, n_channels = array.shape[1], array.shape[3]
    if n_channels not in CHANNELS:
        if height in CHANNELS:
            raise ValueError(
                f"{expected}got shape {array.shape}. Use X.transpose(0, 2, 3, 1)."
            )
        raise ValueError(f"{expected}got shape {array.shape}. C must be 1, 3 or 4.")


def _check_no_single_image(array: np.ndarray, name: str) -> None:
    height, width, n_channels = array.shape
    if n_channels in (3, 4) and min(height, width) > n_channels:
        raise ValueError(
            f"{name} must be an array of shape (n, H, W) or (n, H, W, C), channels "
            f"last; got shape {array.shape}, which looks like one colour image. Use "
            "X[np.newaxis]."
        )


def _check_paths(X: np.ndarray | Sequence) -> list:
    for i, path in enumerate(X):
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"X[{i}] must be a path as X[0] is; got {_describe(path)}.")
        if not os.path.isfile(path):
            what = "a folder" if os.path.isdir(path) else "no file"
            raise FileNotFoundError(
                f"X[{i}] must be the path of a file; got {os.fspath(path)!r}, {what}."
            )
    return list(X)


def _check_sequence(X: np.ndarray | Sequence) -> list:
    images = []
    for i, image in enumerate(X):
        name = f"X[{i}]"
        if not _is_array(image) or image.ndim not in (2, 3):
            raise TypeError(
                f"{name} must be an array of shape (H, W) or (H, W, C); got "
                f"{_describe(image)}."
            )
        pixels = np.asarray(image)
        if pixels.ndim == 2:
            pixels = pixels[..., np.newaxis]
        images.append(_check_array(pixels[np.newaxis], name)[0])
    return images


def _nested_array(X: np.ndarray | Sequence) -> np.ndarray:
    try:
        return np.asarray(X)
    except ValueError as error:
        raise ValueError(
            f"X must be {FORMS}; got lists whose lengths differ. Make each image an "
            "array."
        ) from error


def _to_pixels(array: np.ndarray, name: str) -> np.ndarray:
    kind, dtype = array.dtype.kind, array.dtype
    if dtype == np.uint8:
        return on_white(array)
    if kind == "b":
        return on_white(array.astype(np.uint8) * np.uint8(255))
    if dtype == np.uint16:
        return on_white(upper_byte(array))
    if kind in "iu":
        return on_white((array / 255).astype(np.float32))
    if not np.isfinite(array).all():
        what = "NaN" if np.isnan(array).any() else "infinity"
        raise ValueError(f"{name} must hold finite numbers; it contains {what}.")
    return on_white(array.astype(np.float32, copy=False))


# What came


def _unwrap(X: Any) -> Any:
    """Tensors and columns of a data frame become numpy arrays."""
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if _is_array(X):
        X = np.asarray(X)
        return X.astype(object) if X.dtype.kind == "T" else X
    return X


def _is_array(X: Any) -> bool:
    return hasattr(X, "__array__") and hasattr(X, "ndim") and hasattr(X, "dtype")


def _holds_text(array: np.ndarray) -> bool:
    if array.dtype.kind == "O":
        return array.size > 0 and isinstance(array.flat[0], str | os.PathLike)
    return array.dtype.kind in "SU"


def _depth(X: Any) -> int:
    if _is_array(X):
        return X.ndim
    if isinstance(X, list | tuple):
        return 1 + (_depth(X[0]) if len(X) else 0)
    return 0


def _describe(X: Any) -> str:
    kind = "None" if X is None else type(X).__name__
    return f"{kind} of shape {X.shape}, dtype {X.dtype}" if _is_array(X) else kind


def _advice(X: Any) -> str:
    if isinstance(X[0], Image.Image):
        return ' Use [np.asarray(image.convert("RGB")) for image in X].'
    return ""
