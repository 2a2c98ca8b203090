"""Damage as a step of a Pipeline."""

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils import Tags

from skfake.corruptions.damage import CONSTRAINTS, corrupt_images, in_form_of
from skfake.corruptions.definitions import Strength, check_strength
from skfake.scikit_learn import Interval, StrOptions
from skfake.validation import ImageTransformer, validate_images


@dataclass(kw_only=True, eq=False, repr=False)
class CorruptionTransformer(OneToOneFeatureMixin, ImageTransformer):
    """Damage images before the next step of a Pipeline sees them.

    In front of a fitted detector it shows how that detector does on damaged images.
    In front of one that is to be fitted, with random strengths and `when="fit"`, it
    augments the training images [1]_ and leaves images to be predicted as they are.
    `fit(X).transform(X)` is then not `fit_transform(X)`, which a Pipeline's `fit`
    calls, as in scikit-learn's `TargetEncoder`.

    Each image is damaged once, not in each epoch of a network. Damaged images are in
    memory, all of them and in their full size; paths of the others stay paths.

    Parameters
    ----------
    corruption : {"jpeg", "webp", "blur", "noise", "rescale", "crop", "center_crop", \
            "brightness", "contrast", "color_jitter"}, default="jpeg"
        What is done to the images.

    strength : float, tuple (low, high) or "random", default="random"
        How much, as in `corrupt`.

    probability : float, default=1.0
        Fraction of the images that are damaged; the others are left as they are.

    when : {"always", "fit"}, default="always"
        With "fit" only `fit_transform` damages images, and `transform` leaves them as
        they are.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X holds flattened images. With None it is the
        squarest image, gray or RGB, of that many values.

    random_state : int, RandomState instance or None, default=0
        Seed of what is random, as in `corrupt`.

    n_jobs : int, default=None
        Processes, as in scikit-learn.

    Attributes
    ----------
    image_shape_ : tuple (H, W, C)
        Shape of the images seen in `fit`, where they were of one shape.

    n_features_in_ : int
        Values of one image seen in `fit`, where they were of one shape.

    pixel_range_ : tuple (least, greatest) or None
        Numbers seen in `fit` that were on no known scale; None where all was bytes.

    feature_names_in_ : array of str
        Column names seen in `fit`, where X had any.

    See Also
    --------
    corrupt : The same as a function.

    References
    ----------
    .. [1] S.-Y. Wang et al., "CNN-generated images are surprisingly easy to spot...
       for now", CVPR 2020, arXiv:1912.11035.

    Examples
    --------
    Training as in [1]_, half of the images blurred and half of them compressed:

    >>> from sklearn.pipeline import make_pipeline
    >>> from skfake import SVMDetector
    >>> from skfake.corruptions import CorruptionTransformer
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=40, return_X_y=True, random_state=0)
    >>> half = {"probability": 0.5, "when": "fit"}
    >>> detector = make_pipeline(
    ...     CorruptionTransformer(corruption="blur", strength=(0, 3), **half),
    ...     CorruptionTransformer(corruption="jpeg", strength=(30, 100), **half),
    ...     SVMDetector(),
    ... )
    >>> detector.fit(X, y).predict(X).shape
    (40,)
    """

    corruption: str = "jpeg"
    strength: Strength = "random"
    probability: float = 1.0
    when: str = "always"
    image_shape: tuple[int, ...] | None = None
    random_state: int | np.random.RandomState | None = 0
    n_jobs: int | None = None

    _parameter_constraints: ClassVar[dict] = {
        **CONSTRAINTS,
        "probability": [Interval(Real, 0, 1, closed="both")],
        "when": [StrOptions({"always", "fit"})],
    }

    def transform(self, X: Any) -> np.ndarray | list[np.ndarray]:
        """Damage images, unless `when` says that only training images are.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        array of shape (n, H, W, C), or list of n paths or arrays
            As `corrupt` returns them; with `when="fit"`, checked but not opened.

        Raises
        ------
        ValueError
            If images can't be read.
        """
        images = validate_images(self, X, reset=False)
        return in_form_of(X, images if self.when == "fit" else self._damage(images))

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray | list[np.ndarray]:
        """Check the parameters and X, and damage the images.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        y : ignored
            Present by convention.

        Returns
        -------
        array of shape (n, H, W, C), or list of n arrays of shape (H, W, C)
            As `corrupt` returns them.

        Raises
        ------
        ValueError
            If images can't be read.
        """
        images = validate_images(self.fit(X, y), X, reset=False)
        return in_form_of(X, self._damage(images))

    def _check_parameters(self) -> None:
        check_strength(self.corruption, self.strength)

    def _damage(self, images: np.ndarray | list) -> np.ndarray | list[np.ndarray]:
        taken = ("corruption", "strength", "probability", "random_state", "n_jobs")
        return corrupt_images(images, **{name: getattr(self, name) for name in taken})

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
