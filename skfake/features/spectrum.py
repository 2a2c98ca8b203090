"""The power of an image by frequency, as a transformer."""

from dataclasses import dataclass
from functools import cache
from numbers import Integral
from typing import ClassVar

import numpy as np
from scipy import fft
from scipy.signal.windows import hann

from skfake.features._gray import GrayTransformer
from skfake.scikit_learn import Interval

# Added to powers, so that a flat image has a logarithm: that of a millionth of a
# pixel's smallest step.
LEAST_POWER = 1e-6


@dataclass(kw_only=True, eq=False, repr=False)
class SpectrumTransformer(GrayTransformer):
    """Describe each image by its power at rising frequencies [1]_ [2]_.

    Generators that enlarge small maps leave too much or too little power at high
    frequencies. The features are means of the logarithm of the power, over rings of
    equal width from none to the highest frequency, that of a checkerboard. They do not
    change when an image is made brighter by a constant.
    Nothing is learned from the images, and files are opened a batch at a time.

    Parameters
    ----------
    n_rings : int, default=48
        Rings, and so features. One between the frequencies of a small image has the
        power that its neighbours let expect.

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
    DCTTransformer : Frequencies of small blocks, each by itself.
    ResidualTransformer : How neighbouring pixels go together.

    References
    ----------
    .. [1] R. Durall et al., "Watch your up-convolution: CNN based generative deep
       neural networks are failing to reproduce spectral distributions", CVPR 2020,
       arXiv:2003.01826.
    .. [2] R. Corvi et al., "Intriguing properties of synthetic images: from generative
       adversarial networks to diffusion models", CVPR workshops 2023,
       arXiv:2304.06408.

    Examples
    --------
    >>> from skfake.datasets import make_images
    >>> from skfake.features import SpectrumTransformer
    >>> X, y = make_images(n_samples=6, return_X_y=True, random_state=0)
    >>> SpectrumTransformer().fit_transform(X).shape
    (6, 48)
    """

    n_rings: int = 48

    _parameter_constraints: ClassVar[dict] = {
        **GrayTransformer._parameter_constraints,
        "n_rings": [Interval(Integral, 1, None, closed="left")],
    }

    def _describe_gray(self, gray: np.ndarray) -> np.ndarray:
        values = gray - gray.mean()
        # Without a window, an image's border would be an edge of all frequencies.
        values *= _window(gray.shape[0])[:, np.newaxis]
        values *= _window(gray.shape[1])
        power = np.abs(fft.rfft2(values)) ** 2 / values.size
        ring, n_in_ring = _rings(*gray.shape, self.n_rings)
        sums = np.bincount(ring, np.log(power + LEAST_POWER).ravel(), self.n_rings + 1)
        seen = np.flatnonzero(n_in_ring)
        return np.interp(np.arange(self.n_rings), seen, sums[seen] / n_in_ring[seen])

    def _name_features(self) -> list[str]:
        # Of 0 to the square root of 0.5 periods a pixel.
        return [f"log_power_{ring}" for ring in range(self.n_rings)]


@cache
def _window(n: int) -> np.ndarray:
    """Hann's window, of a mean square of one."""
    window = hann(n + 2)[1:-1]
    return window / np.sqrt(np.mean(window**2))


@cache
def _rings(height: int, width: int, n_rings: int) -> tuple[np.ndarray, np.ndarray]:
    """The ring of each frequency that `rfft2` gives, and how many each ring has."""
    radius = np.hypot(fft.fftfreq(height)[:, np.newaxis], fft.rfftfreq(width))
    ring = (radius / np.sqrt(0.5) * n_rings).astype(int).clip(max=n_rings - 1)
    # The mean of the image, which is in no ring.
    ring[0, 0] = n_rings
    return ring.ravel(), np.bincount(ring.ravel(), minlength=n_rings + 1)[:n_rings]
