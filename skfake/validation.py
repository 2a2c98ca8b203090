"""The door of every estimator: X and y, in scikit-learn's words."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags, check_consistent_length
from sklearn.utils.validation import validate_data

from skfake.images import check_images, is_rows
from skfake.labels import check_labels
from skfake.scikit_learn import fit_context


def accept_images(tags: Tags) -> Tags:
    """Say in an estimator's tags that it takes images and flattened images."""
    tags.input_tags.two_d_array = True
    tags.input_tags.three_d_array = True
    return tags


class ImageTransformer(TransformerMixin, BaseEstimator):
    """Base of transformers that learn nothing but the shape of the images."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and X.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        y : ignored
            Present by convention.

        Returns
        -------
        self
        """
        self._check_parameters()
        validate_images(self, X, reset=True)
        return self

    def _check_parameters(self) -> None:
        """Refuse parameters that don't fit each other."""

    def __sklearn_tags__(self) -> Tags:
        tags = accept_images(super().__sklearn_tags__())
        tags.requires_fit = False
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
        for name in {"n_features_in_", "image_shape_"} & vars(estimator).keys():
            delattr(estimator, name)
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
