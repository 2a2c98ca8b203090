"""The door of every estimator: X and y, in scikit-learn's words."""

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags, check_consistent_length
from sklearn.utils.validation import validate_data

from skfake.images import is_rows
from skfake.images.arrays import read_tensor
from skfake.images.checking import learn_images
from skfake.images.scales import advise_scale
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
LEARNED = {"feature_names_in_", "n_features_in_", "image_shape_", "pixel_range_"}


def validate_images(
    estimator: BaseEstimator, X: Any, y: Any = NO_Y, *, reset: bool
) -> Any:
    """Check X, and y where it is given, for an estimator's method.

    With `reset` the shape and the scale of X are learned: `pixel_range_` is None where
    the scale is known, so that images are bytes, else the least and greatest number.
    """
    has_y = y is not NO_Y
    if has_y:
        y = check_labels(y)
    if reset:
        for name in LEARNED & vars(estimator).keys():
            delattr(estimator, name)
    if is_rows(X):
        X, y = _validate_rows(estimator, X, y, reset=reset)
    elif has_y:
        y = validate_data(estimator, X="no_validation", y=y, reset=reset)
    images, numbers = learn_images(
        X,
        image_shape=getattr(estimator, "image_shape_", estimator.image_shape),
        learned=getattr(estimator, "pixel_range_", "nothing"),
    )
    if reset:
        _learn(estimator, images, numbers)
    if not has_y:
        return images
    check_consistent_length(images, y)
    return images, y


def _learn(
    estimator: BaseEstimator,
    images: np.ndarray | list,
    numbers: tuple[float, float] | None,
) -> None:
    """Learn the shape of images, where it is one, and their scale."""
    if isinstance(images, np.ndarray):
        estimator.image_shape_ = images.shape[1:]
        estimator.n_features_in_ = int(np.prod(images.shape[1:]))
    estimator.pixel_range_ = numbers
    if numbers is not None:
        least, greatest = numbers
        warnings.warn(
            "X should be on a known scale, bytes or floats of 0 to 1 or of 0 to 255; "
            f"got numbers from {least:g} to {greatest:g}, which are taken as they "
            "come: other images, and files, can then not be judged. "
            + advise_scale(numbers),
            stacklevel=3,
        )


def _validate_rows(
    estimator: BaseEstimator, X: Any, y: Any, *, reset: bool
) -> tuple[np.ndarray, Any]:
    """scikit-learn's checks of flattened images, and of y where there is one."""
    X = read_tensor(X)
    _refuse_vector(X)
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


def _refuse_vector(X: Any) -> None:
    """Refuse a vector, which scikit-learn would print as a whole."""
    listed = isinstance(X, list | tuple) and np.isscalar(X[0])
    if not listed and getattr(X, "ndim", None) != 1:
        return
    kind = type(X[0]).__name__ if listed else np.asarray(X).dtype
    raise ValueError(
        "X must hold images, not numbers in one dimension; got a "
        f"{type(X).__name__} of {len(X)} {kind}. If X and y are swapped, use "
        "fit(X, y). Reshape your data by np.reshape(X, (1, -1)) if it is one flattened "
        "image."
    )
