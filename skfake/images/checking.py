"""What X is: four input formats, recognised and checked. No file is opened."""

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
# Beyond this no image lies, and a deep network's sums would leave float32.
LARGEST = 1e6


def is_rows(X: Any) -> bool:
    """Whether X is, or will be after scikit-learn's checks, a table of numbers.

    Parameters
    ----------
    X : object
        Anything that a user may pass as X.

    Returns
    -------
    bool
        True for two-dimensional numbers in any container, and for what only
        scikit-learn has an error for, such as a sparse matrix or one row.
    """
    if hasattr(X, "columns") or (hasattr(X, "toarray") and hasattr(X, "nnz")):
        return True
    X = _unwrap(X)
    if isinstance(X, np.ndarray):
        if X.ndim == 1:
            return X.dtype.kind not in "OSU"
        return X.ndim < 3 and not _holds_text(X)
    if not isinstance(X, list | tuple):
        return False
    if len(X) == 0 or isinstance(X[0], str | bytes | os.PathLike):
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
        Images. Integers are 0 to 255, or to 65535 where they are 16-bit unsigned;
        booleans are black and white; floats are taken as they come.

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
        If X is empty, has a shape that no image has, or holds NaN, a masked value or
        numbers beyond a million.
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
        raise TypeError(f"X must be {FORMS}; got {_describe(X)}.{_advice(X)}")
    if len(X) == 0:
        raise ValueError(
            f"X must hold at least one image; got an empty {type(X).__name__}."
        )
    if isinstance(X[0], str | os.PathLike):
        return _check_paths(X)
    if _is_array(X[0]) and not isinstance(X[0], bytes):
        return _check_sequence(X)
    if not isinstance(X[0], list | tuple):
        came = f"{type(X).__name__} of {type(X[0]).__name__}"
        raise TypeError(f"X must be {FORMS}; got {came}.{_advice(X[0])}")
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


def read_array(X: Any, name: str, must_be: str) -> np.ndarray:
    """Array that numpy reads from an object."""
    if np.ma.is_masked(X):
        raise ValueError(
            f"{name} must hold no masked values; got {np.ma.count_masked(X)}. Use "
            f"{name}.filled(value), or leave those images out."
        )
    try:
        return np.asarray(X)
    # Libraries of tensors raise any class for what they don't convert.
    except Exception as error:
        raise TypeError(
            f"{name} must be {must_be}; got {type(X).__name__}, which numpy can't "
            f"read: {str(error).rstrip('.')}."
        ) from error


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
    if 0 in array.shape:
        raise ValueError(
            f"{name} must hold at least one image, and each a pixel; got shape "
            f"{array.shape}."
        )
    if array.ndim == 2:
        array = _unflatten(array, image_shape)
    _check_shape(array, name)
    return _to_pixels(array if array.ndim == 4 else array[..., np.newaxis], name)


def _unflatten(rows: np.ndarray, image_shape: tuple[int, ...] | None) -> np.ndarray:
    shape = image_shape or squarest_shape(rows.shape[1])
    if np.prod(shape) != rows.shape[1]:
        raise ValueError(
            f"image_shape must hold as many values as X has features, {rows.shape[1]}; "
            f"got {tuple(shape)}."
        )
    return rows.reshape(len(rows), *shape)


def _check_shape(array: np.ndarray, name: str) -> None:
    """Refuse what is neither (n, H, W) nor (n, H, W, C)."""
    shape = array.shape
    expected = (
        f"{name} must be an array of shape (n, H, W) or (n, H, W, C), channels last; "
    )
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


def _check_paths(X: np.ndarray | Sequence) -> list:
    for i, path in enumerate(X):
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"X[{i}] must be a path as X[0] is; got {_describe(path)}.")
        if not os.path.isfile(path):
            what = "a folder" if os.path.isdir(path) else "no file"
            # numpy's own repr of a name would be shown.
            name = str(os.fsdecode(path))
            raise FileNotFoundError(
                f"X[{i}] must be the path of a file; got {name!r}, {what}."
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
        pixels = read_array(image, name, "an array")
        if pixels.ndim == 2:
            pixels = pixels[..., np.newaxis]
        images.append(_check_array(pixels[np.newaxis], name)[0])
    return images


def _nested_array(X: np.ndarray | Sequence) -> np.ndarray:
    try:
        return np.asarray(X)
    except OverflowError as error:
        raise ValueError(_beyond("X", "an integer that no float holds")) from error
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
    # NaN is no number that the comparison holds for.
    peak = max(float(array.max()), -float(array.min()))
    if kind in "iu":
        array, peak = array / 255, peak / 255
    if not peak <= LARGEST:
        if np.isfinite(peak):
            raise ValueError(_beyond(name, f"{peak:g}"))
        what = "NaN" if np.isnan(array).any() else "infinity"
        raise ValueError(f"{name} must hold finite numbers; it contains {what}.")
    return on_white(array.astype(np.float32, copy=False))


def _beyond(name: str, came: str) -> str:
    return (
        f"{name} must hold numbers from {-LARGEST:,.0f} to {LARGEST:,.0f}; got {came}. "
        "Make them 0 to 1, or bytes."
    )


# What came


def _unwrap(X: Any) -> Any:
    """Whatever numpy reads becomes an array: tensors, data frames, views."""
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    readable = hasattr(X, "__array__") or hasattr(X, "__array_interface__")
    if isinstance(X, str | bytes | Image.Image) or not (
        readable or isinstance(X, memoryview)
    ):
        return X
    X = read_array(X, "X", FORMS)
    return X.astype(object) if X.dtype.kind == "T" else X


def _is_array(X: Any) -> bool:
    return hasattr(X, "__array__") and hasattr(X, "ndim") and hasattr(X, "dtype")


def _holds_text(array: np.ndarray) -> bool:
    if array.dtype.kind == "O":
        return array.size > 0 and isinstance(array.flat[0], str | os.PathLike)
    return array.dtype.kind in "SU"


def _depth(X: Any) -> int:
    """Dimensions of nested lists, as far as they can matter: a list may hold itself."""
    depth = 0
    while isinstance(X, list | tuple) and depth < 3:
        depth += 1
        if len(X) == 0:
            return depth
        X = X[0]
    return depth + (X.ndim if _is_array(X) else 0)


def _describe(X: Any) -> str:
    kind = "None" if X is None else type(X).__name__
    return f"{kind} of shape {X.shape}, dtype {X.dtype}" if _is_array(X) else kind


def _advice(came: Any) -> str:
    if isinstance(came, Image.Image):
        return ' Use [np.asarray(image.convert("RGB")) for image in images].'
    if isinstance(came, bytes):
        return " Use [os.fsdecode(path) for path in X] for paths."
    return ""
