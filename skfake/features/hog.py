"""Histograms of oriented gradients as a transformer."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin

from skfake.features._batches import describe_batches
from skfake.features._gradients import describe_gradients
from skfake.images import load_images
from skfake.scikit_learn import Interval
from skfake.validation import ImageTransformer, validate_images

# Images a worker holds at a time: enough to hide the cost of a call, little memory.
BATCH = 256


@dataclass(kw_only=True, eq=False, repr=False)
class HOGTransformer(ClassNamePrefixFeaturesOutMixin, ImageTransformer):
    """Describe each image by its histograms of oriented gradients [1]_.

    Images become gray squares; their features are those of scikit-image's `hog` with
    its own defaults, of many images at once. They do not change when an image is made
    brighter by a constant. Nothing is learned from the images, and files are opened a
    batch at a time.

    Parameters
    ----------
    image_size : int, default=32
        Side, in pixels, of the square that each image is resized to.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X holds flattened images. With None it is the
        squarest image, gray or RGB, of that many values.

    orientations : int, default=9
        Bins of each histogram, over 180 degrees.

    pixels_per_cell : int, default=8
        Side, in pixels, of the square cell that a histogram is taken over.

    cells_per_block : int, default=3
        Side, in cells, of the square block that is normalised together.

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
    skfake.SVMDetector : The detector that starts with these features.

    References
    ----------
    .. [1] N. Dalal and B. Triggs, "Histograms of oriented gradients for human
       detection", CVPR 2005.

    Examples
    --------
    >>> from skfake import HOGTransformer
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=6, return_X_y=True, random_state=0)
    >>> HOGTransformer().fit_transform(X).shape
    (6, 324)
    """

    image_size: int = 32
    image_shape: tuple[int, ...] | None = None
    orientations: int = 9
    pixels_per_cell: int = 8
    cells_per_block: int = 3
    n_jobs: int | None = None

    _parameter_constraints: ClassVar[dict] = {
        "image_size": [Interval(Integral, 1, None, closed="left")],
        "image_shape": [tuple, None],
        "orientations": [Interval(Integral, 1, None, closed="left")],
        "pixels_per_cell": [Interval(Integral, 1, None, closed="left")],
        "cells_per_block": [Interval(Integral, 1, None, closed="left")],
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
        array of shape (n, n_features_out)
            Histograms, each block of unit length (L2-Hys), float64.

        Raises
        ------
        ValueError
            If images can't be read, or a block is larger than the image.
        """
        self._check_parameters()
        images = validate_images(self, X, reset=False)
        return describe_batches(
            self._describe_batch, images, batch_size=BATCH, n_jobs=self.n_jobs
        )

    @property
    def _n_features_out(self) -> int:
        blocks = self.image_size // self.pixels_per_cell - self.cells_per_block + 1
        return blocks**2 * self.cells_per_block**2 * self.orientations

    def _check_parameters(self) -> None:
        needed = self.pixels_per_cell * self.cells_per_block
        if self.image_size < needed:
            raise ValueError(
                "image_size must be at least pixels_per_cell * cells_per_block, "
                f"{needed} pixels; got {self.image_size}."
            )

    def _describe_batch(self, images: np.ndarray | list) -> np.ndarray:
        pixels = load_images(images, image_size=self.image_size, grayscale=True)
        return describe_gradients(
            pixels[..., 0],
            self.orientations,
            self.pixels_per_cell,
            self.cells_per_block,
        )
