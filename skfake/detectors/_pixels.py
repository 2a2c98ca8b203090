"""From checked images to what a detector is trained on: in memory, or opened later."""

from typing import Any

import numpy as np
import sklearn
from sklearn.utils import gen_batches

from skfake.images import fingerprint_images, load_images, map_images, to_float
from skfake.images.loading import digest_image
from skfake.scikit_learn import take_rows

CHUNK = 2048
# Images that the statistics of all are estimated from.
N_SAMPLED = 10_000


class DeferredPixels:
    """Pixels of checked images that are read, and resized, when rows are asked for."""

    def __init__(self, images: np.ndarray | list, **options: Any) -> None:
        self.images = images
        self.options = options

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        if not isinstance(rows, slice):
            rows = np.atleast_1d(rows)
        return load_images(take_rows(self.images, rows), **self.options)


def open_pixels(
    images: np.ndarray | list, *, image_size: int, grayscale: bool, n_jobs: int | None
) -> tuple[np.ndarray | DeferredPixels, np.ndarray, np.ndarray]:
    """Pixels of all images, if they are there already or take little memory.

    With them come what `describe_images` gives.
    """
    shape = (image_size, image_size, 1 if grayscale else 3)
    ready = isinstance(images, np.ndarray) and images.shape[1:] == shape
    options: dict[str, Any] = {"image_size": image_size, "grayscale": grayscale}
    limit = sklearn.get_config()["working_memory"] * 2**20
    if ready or len(images) * np.prod(shape) <= limit:
        return load_pixels(images, n_jobs=n_jobs, **options)
    described = describe_images(images, n_jobs=n_jobs)
    return DeferredPixels(images, n_jobs=n_jobs, **options), *described


def load_pixels(
    images: np.ndarray | list, *, n_jobs: int | None, **options: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels of all images, and what `describe_images` gives, from one decoding."""
    if isinstance(images, np.ndarray):
        pixels = load_images(images, n_jobs=n_jobs, **options)
        return pixels, *describe_images(images, n_jobs=n_jobs)

    def look(image: np.ndarray) -> tuple:
        return load_images(image[np.newaxis], **options), *_describe(image)

    looked = zip(*map_images(look, images, n_jobs=n_jobs), strict=True)
    small, fingerprints, sizes = looked
    return np.concatenate(small), np.array(fingerprints, np.uint64), np.array(sizes)


def describe_images(
    images: np.ndarray | list, *, n_jobs: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Fingerprints (n,) of images, and their heights and widths (n, 2)."""
    if isinstance(images, np.ndarray):
        fingerprints = fingerprint_images(images, n_jobs=n_jobs)
        return fingerprints, np.tile(images.shape[1:3], (len(images), 1))
    described = zip(*map_images(_describe, images, n_jobs=n_jobs), strict=True)
    numbers, sizes = described
    return np.array(numbers, np.uint64), np.array(sizes)


def _describe(image: np.ndarray) -> tuple[int, tuple[int, ...]]:
    # As `fingerprint_images` does, which takes long to begin.
    return int.from_bytes(digest_image(image)[:8], "little"), image.shape[:2]


def channel_statistics(
    pixels: np.ndarray | DeferredPixels, rows: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel, bytes counted as 0 to 1."""
    if len(rows) > N_SAMPLED:
        rng = np.random.default_rng(seed)
        rows = rows[np.sort(rng.choice(len(rows), N_SAMPLED, replace=False))]
    total: Any = 0
    squares: Any = 0
    n_values = 0
    for part in gen_batches(len(rows), CHUNK):
        values = to_float(pixels[rows[part]]).astype(np.float64)
        total = total + values.sum(axis=(0, 1, 2))
        squares = squares + (values**2).sum(axis=(0, 1, 2))
        n_values += values[..., 0].size
    mean = total / n_values
    return mean, np.sqrt(np.maximum(squares / n_values - mean**2, 0))
