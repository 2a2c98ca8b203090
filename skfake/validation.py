"""The door of every estimator: parameters, X and y, in scikit-learn's words.

The private names of scikit-learn that skfake takes all enter here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import Tags, _safe_indexing, check_consistent_length
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._param_validation import (
    Interval,
    Options,
    StrOptions,
    validate_params,
)
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from skfake.images import check_images, is_rows
from skfake.images.checking import read_array

__all__ = [
    "Interval",
    "Options",
    "StrOptions",
    "_fit_context",
    "_safe_indexing",
    "accept_images",
    "check_labels",
    "check_scores",
    "class_scores",
    "decode_scores",
    "encode_known_labels",
    "encode_labels",
    "find_classes",
    "read_array",
    "validate_images",
    "validate_params",
]
SCORE_METHODS = ("predict_proba", "decision_function")


def accept_images(tags: Tags) -> Tags:
    """Say in an estimator's tags that it takes images and flattened images."""
    tags.input_tags.two_d_array = True
    tags.input_tags.three_d_array = True
    return tags


# In place of y where none is looked at.
NO_Y = object()


def validate_images(
    estimator: BaseEstimator, X: Any, y: Any = NO_Y, *, reset: bool
) -> Any:
    """Check X, and y where it is given, for an estimator's method."""
    has_y = y is not NO_Y
    if has_y:
        y = check_labels(y)
    if reset:
        _forget(estimator, "n_features_in_", "image_shape_")
    if is_rows(X):
        X, y = _validate_rows(estimator, X, y, reset=reset)
    elif has_y:
        y = validate_data(estimator, X="no_validation", y=y, reset=reset)
    shape = getattr(estimator, "image_shape_", estimator.image_shape)
    images = check_images(X, image_shape=shape)
    if reset and isinstance(images, np.ndarray):
        estimator.image_shape_ = images.shape[1:]
        estimator.n_features_in_ = int(np.prod(images.shape[1:]))
    if not has_y:
        return images
    check_consistent_length(images, y)
    return images, y


def check_labels(y: Any) -> Any:
    """Refuse labels that scikit-learn would misread or has no words for."""
    # Columns of data frames are scikit-learn's to read.
    if hasattr(y, "__array__") and not hasattr(y, "iloc"):
        y = read_array(y, "y", "an array of labels")
        y = y.astype(object) if y.dtype.kind == "T" else y
    kind = getattr(getattr(y, "dtype", None), "kind", None)
    if kind in ("m", "M") and np.isnat(y).any():
        raise ValueError(
            "y must hold a label for each image; got NaT. Leave out the images that "
            "have no label."
        )
    if kind not in ("O", "S") and not isinstance(y, list | tuple):
        return y
    labels = y if isinstance(y, list | tuple) else list(np.asarray(y).flat)
    if any(isinstance(label, bytes) for label in labels):
        raise TypeError(
            "y must hold text or numbers; got bytes. Use [label.decode() for label in "
            "y]."
        )
    if any(label is None or is_pandas_na(label) for label in labels):
        raise ValueError(
            "y must hold a label for each image; got None or NA. Leave out the images "
            "that have no label."
        )
    if 0 < sum(isinstance(label, str) for label in labels) < len(labels):
        kinds = sorted({type(label).__name__ for label in labels})
        raise TypeError(
            f"y must hold labels of one kind; got {' and '.join(kinds)}. Make them all "
            "text or all numbers."
        )
    return y


def encode_labels(estimator: BaseEstimator, y: np.ndarray) -> np.ndarray:
    """Learn `classes_` from checked labels and return their codes."""
    estimator.classes_, codes = find_classes(y)
    return codes


def find_classes(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Classes of checked labels, and the code of each label."""
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"y must hold at least two classes; got one class, {y[0]!r}, in "
            f"{len(y)} images."
        )
    return classes, codes


def encode_known_labels(
    classes: np.ndarray, y: np.ndarray, *, whole: bool = False
) -> np.ndarray:
    """Codes of labels whose classes are known already."""
    check_classification_targets(y)
    came = np.unique(y)
    if not np.isin(came, classes).all() or (whole and len(came) < len(classes)):
        raise ValueError(
            f"y must hold the classes that were learned before, {classes.tolist()}; "
            f"got {came.tolist()}."
        )
    return np.searchsorted(classes, y)


def decode_scores(classes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Labels that scores speak for."""
    codes = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
    return classes[codes]


def check_scores(name: str, estimator: Any) -> None:
    """Refuse what is no classifier with scores, before it is fitted."""
    if isinstance(estimator, type):
        raise TypeError(
            f"{name} must be a classifier; got the class {estimator.__name__}. Use "
            f"{estimator.__name__}()."
        )
    if not hasattr(estimator, "fit") or not any(
        hasattr(estimator, method) for method in SCORE_METHODS
    ):
        raise TypeError(
            f"{name} must be a classifier with predict_proba or decision_function; "
            f"got a {type(estimator).__name__}."
        )


def class_scores(model: Any, X: Any) -> np.ndarray:
    """Scores of the classes, from `predict_proba` or else from `decision_function`."""
    method = next(name for name in SCORE_METHODS if hasattr(model, name))
    scores = np.asarray(getattr(model, method)(X), dtype=float)
    return np.column_stack([-scores, scores]) if scores.ndim == 1 else scores


def _validate_rows(
    estimator: BaseEstimator, X: Any, y: Any, *, reset: bool
) -> tuple[np.ndarray, Any]:
    """scikit-learn's checks of flattened images, and of y where there is one."""
    has_y = y is not NO_Y
    try:
        checked = validate_data(
            estimator, X, y if has_y else "no_validation", reset=reset
        )
    except OverflowError as error:
        raise ValueError(
            "X must hold numbers that a float can hold; got an integer that is too "
            "large."
        ) from error
    return checked if has_y else (checked, y)


def _forget(estimator: BaseEstimator, *names: str) -> None:
    for name in names:
        if hasattr(estimator, name):
            delattr(estimator, name)
