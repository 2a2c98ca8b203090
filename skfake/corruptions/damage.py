"""Damage images, or leave them as they are but open them: each by itself."""

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b
from itertools import chain
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.utils import check_random_state, gen_batches

from skfake.corruptions._functions import FUNCTIONS
from skfake.corruptions.conditions import Step
from skfake.corruptions.definitions import CORRUPTIONS, Strength, check_strength
from skfake.images import (
    check_images,
    is_rows,
    load_image,
    map_images,
    naming_unreadable,
    to_float,
)
from skfake.images.checking import find_white
from skfake.scikit_learn import StrOptions, validate_params

# Images a worker holds at a time: enough to hide the cost of a call, little memory.
BATCH = 256

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

    corruption : {"jpeg", "webp", "blur", "noise", "rescale", "crop", "center_crop", \
            "brightness", "contrast", "color_jitter"}
        What is done to them: see `CORRUPTIONS`.

    strength : float, tuple (low, high) or "random"
        How much: the quality of "jpeg" and of "webp" (which takes sides of at most
        16383 pixels), the standard deviation of "blur" in pixels and of "noise" in
        levels of 256, the fraction of the side that "rescale", "crop" and "center_crop"
        leave before the image is resized to what it was ("rescale" enlarges first above
        1), the fraction of the range that "brightness" adds, the fraction of "contrast"
        that is left, how far from 1 the factors of brightness, contrast and saturation
        are drawn by "color_jitter". With a pair each image draws from between the two,
        and with "random" from the five strengths in `CORRUPTIONS`.

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
    corrupted = corrupt_images(
        images, corruption, strength, random_state=random_state, n_jobs=n_jobs
    )
    return _keep_columns(X, in_form_of(X, corrupted))


def corrupt_in_turn(X: Any, steps: Sequence[Step], **damage: Any) -> Any:
    """Damage images by one step after the other, with keywords of `corrupt`."""
    for step in steps:
        X = corrupt(X, *step, **damage)
    return X


def open_images(
    X: Any, *, image_shape: tuple[int, ...] | None = None
) -> np.ndarray | pd.DataFrame | list[np.ndarray]:
    """Undamaged images in the form that `corrupt` returns, with their files opened."""
    images = check_images(X, image_shape=image_shape)
    if not isinstance(images, np.ndarray):
        images = _stack(list(map_images(lambda image: image, images)))
    return _keep_columns(X, in_form_of(X, images))


def corrupt_images(
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
        corruption=corruption,
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
    corruption: str,
    strength: Strength,
    probability: float,
    key: bytes,
) -> np.ndarray:
    pixels = image if image.dtype == np.uint8 else _to_bytes(image)
    digest = blake2b(pixels.tobytes(), digest_size=16, key=key).digest()
    rng = np.random.default_rng(int.from_bytes(digest, "little"))
    if probability < 1 and rng.random() >= probability:
        return image
    of = CORRUPTIONS[corruption]
    if strength == "random":
        strength = of.strengths[rng.integers(len(of.strengths))]
    elif isinstance(strength, tuple):
        strength = rng.uniform(*strength)
    if strength == of.neutral:
        return image
    # A copy, for torch takes no array that can't be written to or runs backwards.
    batch = torch.from_numpy(pixels[np.newaxis].copy())
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    strengths = torch.tensor([strength], dtype=torch.float32)
    corrupted = FUNCTIONS[corruption](batch, strengths, generator)[0].numpy()
    return corrupted if image.dtype == np.uint8 else to_float(corrupted)


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return np.rint((255 * values).clip(0, 255)).astype(np.uint8)


def _stack(images: list[np.ndarray]) -> np.ndarray | list[np.ndarray]:
    """One array of images of one shape and type; the list of others."""
    kinds = {(image.shape, image.dtype) for image in images}
    return np.stack(images) if len(kinds) == 1 else images


def in_form_of(
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
