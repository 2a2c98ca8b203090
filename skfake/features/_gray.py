"""What the transformers of gray images share: the centre, at full resolution."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from skfake.features._batches import describe_one_by_one
from skfake.images.colours import set_channels
from skfake.images.crops import BLOCK, crop_centre
from skfake.images.scales import spread_to_bytes
from skfake.scikit_learn import Interval
from skfake.validation import ImageTransformer, validate_images


@dataclass(kw_only=True, eq=False, repr=False)
class GrayTransformer(ImageTransformer):
    """Base of transformers that describe an image by its gray centre."""

    crop_size: int | None = 512
    image_shape: tuple[int, ...] | None = None
    n_jobs: int | None = None

    _parameter_constraints: ClassVar[dict] = {
        "crop_size": [Interval(Integral, BLOCK, None, closed="left"), None],
        "image_shape": [tuple, None],
        "n_jobs": [Integral, None],
    }

    def transform(self, X: Any) -> np.ndarray:
        """Describe images.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        float64 array of shape (n, n_features_out)
            In the order of `get_feature_names_out`.

        Raises
        ------
        ValueError
            If images can't be read.
        """
        self._check_parameters()
        images = validate_images(self, X, reset=False)
        return describe_one_by_one(self._describe, images, n_jobs=self.n_jobs)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the features.

        Parameters
        ----------
        input_features : ignored
            Present by convention.

        Returns
        -------
        str array of shape (n_features_out,)
        """
        return np.array(self._name_features(), dtype=object)

    def _describe(self, image: np.ndarray) -> np.ndarray:
        numbers = getattr(self, "pixel_range_", None)
        return self._describe_gray(read_centre(image, self.crop_size, numbers))

    def _describe_gray(self, gray: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _name_features(self) -> list[str]:
        raise NotImplementedError


def read_centre(
    image: np.ndarray,
    crop_size: int | None,
    numbers: tuple[float, float] | None = None,
) -> np.ndarray:
    """Gray bytes (H, W) of an image's centre, which keeps to the grid of JPEG.

    A side of less than a block is continued by its reflection. `numbers` are the least
    and the greatest of images on no known scale.
    """
    if crop_size is not None:
        image = crop_centre(image, crop_size)
    gray = set_channels(image[np.newaxis], grayscale=True)[0, ..., 0]
    if numbers is not None:
        gray = spread_to_bytes(gray, numbers)
    missing = [(0, max(0, BLOCK - side)) for side in gray.shape]
    return np.pad(gray, missing, mode="symmetric")
