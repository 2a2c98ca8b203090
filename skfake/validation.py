"""The door of every estimator: X and y, in scikit-learn's words."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_consistent_length
from sklearn.utils.validation import validate_data

from skfake.images import check_images, is_rows
from skfake.labels import check_labels


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
