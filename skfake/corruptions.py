"""Images damaged by degrees: compressed, blurred, noisy, resized, cropped, relit.

What is random about an image comes from a seed and from its own pixels: the same image
gets the same noise wherever it stands in X, and two corruptions draw independently.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from io import BytesIO
from itertools import chain
from math import inf
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, effective_n_jobs
from PIL import Image
from scipy.ndimage import gaussian_filter
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils import Tags, check_random_state, gen_batches

from skfake.images import (
    check_images,
    is_rows,
    load_image,
    map_images,
    naming_unreadable,
    to_float,
)
from skfake.images.checking import find_white
from skfake.scikit_learn import Interval, StrOptions, validate_params
from skfake.validation import ImageTransformer, validate_images

# Images a worker holds at a time: enough to hide the cost of a call, little memory.
BATCH = 256

__all__ = ["CORRUPTIONS", "Corruption", "CorruptionTransformer", "corrupt"]

Strength = float | tuple[float, float] | Literal["random"]


@dataclass(frozen=True)
class Corruption:
    """One way to damage an image, and by how much.

    Parameters
    ----------
    function : callable
        `function(image, strength, rng)` takes a uint8 array of shape (H, W, C), C being
        1 or 3, a number and a `numpy.random.Generator`, and returns another array of
        that shape.

    unit : str
        What the strength is, in words.

    strengths : tuple of float
        The five degrees, from mild to severe.

    low, high : float
        Least and greatest strength that there can be.

    neutral : float, default=None
        The strength that changes nothing. None where there is no such strength.
    """

    function: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
    unit: str
    strengths: tuple[float, ...]
    low: float
    high: float
    neutral: float | None = None


# What each does to the bytes of one image, in the form of `Corruption.function`


def _compress(form: str, image: np.ndarray, strength: float, _: Any) -> np.ndarray:
    """Write as JPEG, chroma at half the resolution, or as lossy WebP, and read back."""
    file = BytesIO()
    pillow = _to_pillow(image)
    pillow.save(file, form, quality=round(strength))
    with Image.open(file, formats=[form]) as reread:
        # WebP knows no gray.
        return np.asarray(reread.convert(pillow.mode)).reshape(image.shape)


def _blur(image: np.ndarray, strength: float, _: Any) -> np.ndarray:
    """Convolve with a Gaussian."""
    return _to_bytes(gaussian_filter(image, (strength, strength, 0), output=np.float32))


def _add_noise(
    image: np.ndarray, strength: float, rng: np.random.Generator
) -> np.ndarray:
    """Add Gaussian noise to each value; stronger noise is weaker noise enlarged."""
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    return _to_bytes(image + np.float32(strength) * noise)


def _rescale(image: np.ndarray, strength: float, _: Any) -> np.ndarray:
    """Resize, and resize back, antialiased."""
    height, width = image.shape[:2]
    sides = max(1, round(width * strength)), max(1, round(height * strength))
    return _resize(_to_pillow(image).resize(sides, Image.Resampling.BILINEAR), image)


def _crop(image: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Enlarge a window, which may begin and end within a pixel, to the image's size."""
    height, width = image.shape[:2]
    left, top = rng.random(2) * (width, height) * (1 - strength)
    # Rounding must not lead out of the image.
    right = min(left + strength * width, width)
    bottom = min(top + strength * height, height)
    return _resize(_to_pillow(image), image, box=(left, top, right, bottom))


def _brighten(image: np.ndarray, strength: float, _: Any) -> np.ndarray:
    """Add the same, a whole number of levels, to every value."""
    return _to_bytes(image + np.rint(np.float32(255 * strength)))


def _set_contrast(image: np.ndarray, strength: float, _: Any) -> np.ndarray:
    """Draw every value towards the mean of its channel."""
    mean = image.mean(axis=(0, 1), dtype=np.float32)
    return _to_bytes((image - mean) * np.float32(strength) + mean)


def _resize(pillow: Image.Image, image: np.ndarray, **box: Any) -> np.ndarray:
    """Resize a picture, or a box of it, to the size of an image."""
    height, width = image.shape[:2]
    resized = pillow.resize((width, height), Image.Resampling.BILINEAR, **box)
    return np.asarray(resized).reshape(image.shape)


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(values.clip(0, 255)).astype(np.uint8)


def _to_pillow(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


QUALITIES = (90, 75, 50, 30, 10)
PIXELS, LEVELS = "standard deviation in pixels", "standard deviation in levels of 256"
SIDE, ADDED = "fraction of the side", "fraction of the range added"
#: Names of the corruptions, and each as a :class:`Corruption`.
CORRUPTIONS = {
    "jpeg": Corruption(partial(_compress, "JPEG"), "quality", QUALITIES, 1, 100),
    "webp": Corruption(partial(_compress, "WEBP"), "quality", QUALITIES, 1, 100),
    "blur": Corruption(_blur, PIXELS, (0.5, 1.0, 1.5, 2.0, 3.0), 0, inf, 0),
    "noise": Corruption(_add_noise, LEVELS, (2, 5, 10, 20, 40), 0, inf, 0),
    "rescale": Corruption(_rescale, SIDE, (0.9, 0.75, 0.5, 0.35, 0.25), 0.001, 8, 1),
    "crop": Corruption(_crop, SIDE, (0.9, 0.8, 0.7, 0.6, 0.5), 0.001, 1, 1),
    "brightness": Corruption(_brighten, ADDED, (0.1, 0.2, 0.3, 0.4, 0.5), -1, 1, 0),
    "contrast": Corruption(
        _set_contrast, "fraction left", (0.75, 0.5, 0.4, 0.3, 0.15), 0, inf, 1
    ),
}
CONSTRAINTS = {
    "corruption": [StrOptions(set(CORRUPTIONS))],
    "strength": [Real, tuple, StrOptions({"random"})],
    "image_shape": [tuple, None],
    "random_state": ["random_state"],
    "n_jobs": [Integral, None],
}


@validate_params(CONSTRAINTS, prefer_skip_nested_validation=True)
def corrupt(
    X: Any,
    corruption: str,
    strength: Strength,
    *,
    image_shape: tuple[int, ...] | None = None,
    random_state: int | np.random.RandomState | None = 0,
    n_jobs: int | None = None,
) -> np.ndarray | pd.DataFrame | list[np.ndarray]:
    """Damage images, each by itself [1]_.

    Parameters
    ----------
    X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images, or any other form of them that skfake takes.

    corruption : {"jpeg", "webp", "blur", "noise", "rescale", "crop", "brightness", \
            "contrast"}
        What is done to them: see `CORRUPTIONS`.

    strength : float, tuple (low, high) or "random"
        How much: the quality of "jpeg" and of "webp" (which takes sides of at most
        16383 pixels), the standard deviation of "blur" in pixels and of "noise" in
        levels of 256, the fraction of the side that "rescale" and "crop" leave before
        the image is resized to what it was ("rescale" enlarges first above 1), the
        fraction of the range that "brightness" adds, the fraction of "contrast" that is
        left. With a pair each image draws from between the two, and with "random" from
        the five strengths in `CORRUPTIONS`.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X holds flattened images. With None it is the
        squarest image, gray or RGB, of that many values.

    random_state : int, RandomState instance or None, default=0
        Seed of what is random. With an int, an image is damaged in the same way
        wherever it comes in X.

    n_jobs : int, default=None
        Processes, as in scikit-learn.

    Returns
    -------
    array of shape (n, H, W, C), or list of n arrays of shape (H, W, C)
        The list where sizes differ. Arrays of shape (n, H, W) and (n, n_features) keep
        it, and a data frame its columns. They are uint8, or float32 on the scale of X
        where X holds floats.

    Raises
    ------
    ValueError
        If the strength is none that the corruption can have, or images can't be read.

    See Also
    --------
    CorruptionTransformer : The same as a step of a Pipeline.

    Notes
    -----
    Damage is done to bytes: numbers on no known scale are clipped to 0 to 1 and rounded
    to multiples of 1/255, unless the strength is one that changes nothing.

    References
    ----------
    .. [1] D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to
       common corruptions and perturbations", ICLR 2019, arXiv:1903.12261.

    Examples
    --------
    >>> from skfake.corruptions import corrupt
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=6, return_X_y=True, random_state=0)
    >>> corrupt(X, "jpeg", 50).shape == X.shape
    True
    """
    images = check_images(X, image_shape=image_shape)
    corrupted = _corrupt_images(
        images, corruption, strength, random_state=random_state, n_jobs=n_jobs
    )
    return _keep_columns(X, _in_form_of(X, corrupted))


def open_images(
    X: Any, *, image_shape: tuple[int, ...] | None = None
) -> np.ndarray | pd.DataFrame | list[np.ndarray]:
    """Undamaged images in the form that `corrupt` returns, with their files opened."""
    images = check_images(X, image_shape=image_shape)
    if not isinstance(images, np.ndarray):
        images = _stack(list(map_images(lambda image: image, images)))
    return _keep_columns(X, _in_form_of(X, images))


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
    corruption : {"jpeg", "webp", "blur", "noise", "rescale", "crop", "brightness", \
            "contrast"}, default="jpeg"
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
        return _in_form_of(X, images if self.when == "fit" else self._damage(images))

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
        return _in_form_of(X, self._damage(images))

    def _check_parameters(self) -> None:
        check_strength(self.corruption, self.strength)

    def _damage(self, images: np.ndarray | list) -> np.ndarray | list[np.ndarray]:
        taken = ("corruption", "strength", "probability", "random_state", "n_jobs")
        return _corrupt_images(images, **{name: getattr(self, name) for name in taken})

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def check_strength(corruption: str, strength: Strength) -> None:
    """Refuse a strength that a corruption can't have."""
    if isinstance(strength, str):
        return
    of = CORRUPTIONS[corruption]
    ends = strength if isinstance(strength, tuple) else (strength, strength)
    are_two = len(ends) == 2 and all(isinstance(end, Real) for end in ends)
    if not are_two or not of.low <= ends[0] <= ends[1] <= of.high:
        raise ValueError(
            f"strength must be a number from {of.low} to {of.high}, the {of.unit} of "
            f"{corruption!r}, or a pair (low, high) of such; got {strength!r}."
        )


def _corrupt_images(
    images: np.ndarray | list,
    corruption: str,
    strength: Strength,
    *,
    probability: float = 1,
    random_state: int | np.random.RandomState | None,
    n_jobs: int | None,
) -> np.ndarray | list[np.ndarray]:
    """Damage checked images: an array of those of one shape and type, else a list."""
    check_strength(corruption, strength)
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    damage = partial(
        _corrupt_image,
        corruption=CORRUPTIONS[corruption],
        strength=strength,
        probability=probability,
        key=f"{corruption} {seed}".encode(),
    )
    n_images = len(images)
    n_at_once = min(BATCH, -(-n_images // effective_n_jobs(n_jobs)))
    with naming_unreadable(images, n_jobs=n_jobs):
        batches = Parallel(n_jobs=n_jobs)(
            delayed(_corrupt_batch)(images[part], damage)
            for part in gen_batches(n_images, n_at_once)
        )
    return _stack(list(chain.from_iterable(batches)))


def _corrupt_batch(images: np.ndarray | list, damage: Callable) -> list[np.ndarray]:
    return [damage(load_image(image)) for image in images]


def _corrupt_image(
    image: np.ndarray,
    *,
    corruption: Corruption,
    strength: Strength,
    probability: float,
    key: bytes,
) -> np.ndarray:
    pixels = image if image.dtype == np.uint8 else _to_bytes(255 * image)
    digest = blake2b(pixels.tobytes(), digest_size=16, key=key).digest()
    rng = np.random.default_rng(int.from_bytes(digest, "little"))
    if probability < 1 and rng.random() >= probability:
        return image
    if strength == "random":
        strength = corruption.strengths[rng.integers(len(corruption.strengths))]
    elif isinstance(strength, tuple):
        strength = rng.uniform(*strength)
    if strength == corruption.neutral:
        return image
    corrupted = corruption.function(pixels, strength, rng)
    return corrupted if image.dtype == np.uint8 else to_float(corrupted)


def _stack(images: list[np.ndarray]) -> np.ndarray | list[np.ndarray]:
    """One array of images of one shape and type; the list of others."""
    kinds = {(image.shape, image.dtype) for image in images}
    return np.stack(images) if len(kinds) == 1 else images


def _in_form_of(
    X: Any, corrupted: np.ndarray | list[np.ndarray]
) -> np.ndarray | list[np.ndarray]:
    """On the scale of X; flattened where X is, without channels where it has none."""
    white = find_white(X)
    if isinstance(corrupted, list):
        return [_scale(image, white) for image in corrupted]
    scaled = _scale(corrupted, white)
    if is_rows(X):
        return scaled.reshape(len(scaled), -1)
    return scaled[..., 0] if getattr(X, "ndim", 4) == 3 else scaled


def _scale(image: Any, white: float | None) -> Any:
    """Bytes as floats, where there is a number that means white."""
    is_bytes = isinstance(image, np.ndarray) and image.dtype == np.uint8
    return image / np.float32(255 / white) if white and is_bytes else image


def _keep_columns(X: Any, images: Any) -> Any:
    """A data frame where X is one and images are its rows."""
    if isinstance(X, pd.DataFrame) and getattr(images, "shape", None) == X.shape:
        return pd.DataFrame(images, index=X.index, columns=X.columns)
    return images
