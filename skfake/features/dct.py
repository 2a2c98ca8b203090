"""Cosine transforms of an image's blocks, as a transformer."""

from dataclasses import dataclass

import numpy as np
from scipy import fft

from skfake.features._gray import GrayTransformer
from skfake.images.crops import BLOCK

# Added to sizes, so that those of a flat image have a logarithm: a thousandth of a
# pixel's smallest step.
LEAST_SIZE = 1e-3


@dataclass(kw_only=True, eq=False, repr=False)
class DCTTransformer(GrayTransformer):
    """Describe each image by the cosine transforms of its blocks [1]_ [2]_.

    The image is cut into the blocks of 8 by 8 pixels that JPEG compresses by, and each
    of their 63 frequencies (the mean is left out) described by two numbers over all
    blocks: the logarithm of the mean size of its coefficients, and that of their root
    mean square over the mean size, which is greater the more rarely they are large.
    They do not change when an image is made brighter by a constant.
    Nothing is learned from the images, and files are opened a batch at a time.

    Parameters
    ----------
    crop_size : int or None, default=512
        Side in pixels, at most, of the image's centre, which is looked at as it is,
        never resized. None looks at the whole image.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X holds flattened images. With None it is the
        squarest image, gray or RGB, of that many values.

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
    SpectrumTransformer : Frequencies of the image as a whole.
    ResidualTransformer : How neighbouring pixels go together.

    Notes
    -----
    What compression leaves is seen as well as what a generator leaves: where fakes and
    photographs were not compressed alike, that is what a classifier learns.

    References
    ----------
    .. [1] J. Frank et al., "Leveraging frequency analysis for deep fake image
       recognition", ICML 2020, arXiv:2003.08685.
    .. [2] O. Giudice et al., "Fighting deepfakes by detecting GAN DCT anomalies",
       Journal of Imaging, 2021, arXiv:2101.09781.

    Examples
    --------
    >>> from skfake.datasets import make_images
    >>> from skfake.features import DCTTransformer
    >>> X, y = make_images(n_samples=6, return_X_y=True, random_state=0)
    >>> DCTTransformer().fit_transform(X).shape
    (6, 126)
    """

    def _describe_gray(self, gray: np.ndarray) -> np.ndarray:
        rows, columns = (side // BLOCK for side in gray.shape)
        blocks = gray[: rows * BLOCK, : columns * BLOCK].astype(np.float32)
        blocks = blocks.reshape(rows, BLOCK, columns, BLOCK)
        waves = fft.dctn(blocks, axes=(1, 3), norm="ortho")
        waves = waves.transpose(0, 2, 1, 3).reshape(-1, BLOCK**2)[:, 1:]
        size = np.abs(waves).mean(axis=0, dtype=np.float64)
        spread = np.sqrt((waves**2).mean(axis=0, dtype=np.float64))
        size, spread = size + LEAST_SIZE, spread + LEAST_SIZE
        return np.concatenate([np.log(size), np.log(spread / size)])

    def _name_features(self) -> list[str]:
        places = [divmod(number, BLOCK) for number in range(1, BLOCK**2)]
        return [
            f"{kind}_{vertical}_{horizontal}"
            for kind in ("log_size", "log_spread")
            for vertical, horizontal in places
        ]
