"""Whatever people bring as images: one array of numbers, or a list of items."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from skfake.images.arrays import is_tensor, read_array, read_stack
from skfake.images.items import Deferred, Picture, is_data_set, is_pair, to_item
from skfake.images.wording import FORMS, cut_off, describe, is_array, shorten

# Rows of a table that show what it holds: the first may hold nothing.
N_LOOKED_AT = 100
ONE = str | bytes | os.PathLike | Image.Image | Picture | Deferred | dict


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
    if hasattr(X, "toarray") and hasattr(X, "nnz"):
        return True
    if hasattr(X, "columns"):
        return not _holds_images(X)
    if is_tensor(X):
        return X.ndim < 3
    X = _unwrap(X)
    if isinstance(X, np.ndarray):
        if X.ndim == 1:
            return X.dtype.kind not in "OSU"
        return X.ndim < 3 and not _is_column(X)
    if not isinstance(X, list | tuple) or len(X) == 0:
        return False
    if isinstance(X[0], ONE) or is_pair(X[0]):
        return False
    depth = _depth(X)
    return depth == 2 or (depth == 1 and np.isscalar(X[0]))


def read_form(X: Any) -> np.ndarray | list:
    """Numbers of all images, or an item for each; no file is opened.

    Parameters
    ----------
    X : object
        Anything that a user may pass as X.

    Returns
    -------
    array of numbers or list of items
        The array may have any shape; items are as `to_item` returns them.
    """
    if isinstance(X, ONE):
        raise TypeError(f"X must be {FORMS}; got {_describe_one(X)}")
    if is_tensor(X):
        return read_stack(X, "X", FORMS)
    if hasattr(X, "columns"):
        X = _read_frame(X)
    X = _unwrap(X)
    if isinstance(X, np.ndarray):
        if _is_column(X):
            X = X.ravel()
        if X.ndim != 1 or X.dtype.kind not in "OU":
            return _refuse_bytes(X)
    if is_data_set(X) and hasattr(X, "__len__"):
        return _list_items(X)
    if not isinstance(X, np.ndarray | Sequence):
        raise TypeError(f"X must be {FORMS}; got {describe(X)}.{_advice(X)}")
    if len(X) == 0:
        raise ValueError(
            f"X must hold at least one image; got an empty {type(X).__name__}."
        )
    if isinstance(X, list | tuple | np.ndarray):
        if isinstance(X[0], list | tuple) and not is_pair(X[0]):
            return _nested_array(X)
        return [to_item(item, f"X[{i}]") for i, item in enumerate(X)]
    return _list_items(X)


def _list_items(X: Any) -> list:
    """Items of a sequence that may make them; those to be decoded are made later."""
    try:
        first = X[0]
    # It may be a file that can't be read: whoever needs it is told.
    except Exception:
        first = b""
    if isinstance(to_item(first, "X[0]"), str | os.PathLike | np.ndarray):
        return [to_item(X[i], f"X[{i}]") for i in range(len(X))]
    return [Deferred(X, i) for i in range(len(X))]


def _refuse_bytes(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "S":
        raise TypeError(
            f"X must be {FORMS}; got {describe(array)}, which drops zeros at the end. "
            "Use a list of bytes, or X.astype(str) for paths."
        )
    return array


def _nested_array(X: np.ndarray | Sequence) -> np.ndarray:
    try:
        return np.asarray(X)
    except OverflowError as error:
        raise ValueError(
            "X must hold numbers that a float can hold; got an integer that is too "
            "large."
        ) from error
    except ValueError as error:
        raise ValueError(
            f"X must be {FORMS}; got lists whose lengths differ. Make each image an "
            "array."
        ) from error


# What came


def _unwrap(X: Any) -> Any:
    """Whatever numpy reads becomes an array: data frames, columns, views."""
    if isinstance(X, ONE) or is_tensor(X):
        return X
    if hasattr(X, "to_numpy"):
        X = _to_numpy(X)
    readable = hasattr(X, "__array__") or hasattr(X, "__array_interface__")
    if not (readable or isinstance(X, memoryview)):
        return X
    X = read_array(X, "X", FORMS)
    return X.astype(object) if X.dtype.kind == "T" else X


def _to_numpy(X: Any) -> Any:
    try:
        return X.to_numpy()
    # An array of Arrow's says no to this where it must copy.
    except ValueError:
        return X


def _read_frame(frame: Any) -> np.ndarray:
    """Numbers of a data frame, or its one column."""
    array = _unwrap(frame)
    if array.ndim == 2 and array.shape[1] > 1 and _holds_images(array):
        names = ", ".join(map(str, frame.columns))
        raise TypeError(
            f"X must be {FORMS}; got a data frame of the columns {cut_off(names)}. Use "
            'the column that holds the images, such as X[["path"]].'
        )
    return array


def _is_column(array: np.ndarray) -> bool:
    """Whether an array of shape (n, 1) holds no numbers: paths, files, images."""
    return array.ndim == 2 and array.shape[1] == 1 and _holds_images(array)


def _holds_images(table: Any) -> bool:
    """Whether a data frame or an array begins with paths, files or images."""
    array = _unwrap(table[:N_LOOKED_AT])
    if array.dtype.kind != "O":
        return array.dtype.kind in "SU"
    return any(isinstance(x, ONE) or getattr(x, "ndim", 0) > 1 for x in array.flat)


def _depth(X: Any) -> int:
    """Dimensions of nested lists, as far as they can matter: a list may hold itself."""
    depth = 0
    while isinstance(X, list | tuple) and depth < 3:
        depth += 1
        if len(X) == 0:
            return depth
        X = X[0]
    return depth + (X.ndim if is_array(X) else 0)


def _describe_one(X: Any) -> str:
    """One image in place of several, and what to do."""
    if isinstance(X, str | os.PathLike):
        return (
            f"one path, {shorten(str(os.fsdecode(X)))}. Use [path] for one image, or "
            "skfake.datasets.load_image_folder(path) for a folder."
        )
    if isinstance(X, dict):
        return "dict. Use one of its values."
    return f"one {type(X).__name__}. Use [X] for one image."


def _advice(came: Any) -> str:
    if is_data_set(came):
        return " Use a data set that has a length and can be indexed."
    if hasattr(came, "column_names"):
        return ' Use one column, such as X["image"].'
    return ""
