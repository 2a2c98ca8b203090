"""From checked images to what a detector is trained on: in memory, or opened later."""

from typing import Any

import numpy as np
import sklearn
from sklearn.utils import gen_batches

from skfake.images import (
    fingerprint_images,
    load_images,
    map_images,
    measure_images,
    naming_unreadable,
    to_float,
)
from skfake.images.colours import set_channels
from skfake.images.crops import crop_at, fill_square
from skfake.images.loading import digest_image
from skfake.scikit_learn import take_rows

# Images that are in memory at a time, beside those that have to be.
CHUNK = 2048
MOST_PIXELS = 2**24
# Images that the statistics of all are estimated from.
N_SAMPLED = 10_000


class DeferredPixels:
    """Pixels of checked images that are read, and resized, when rows are asked for.

    `opened` are all their pixels as they are, where these are kept.
    """

    def __init__(
        self,
        images: np.ndarray | list,
        opened: list | None = None,
        **options: Any,
    ) -> None:
        self.images = images
        self.opened = images if opened is None else opened
        self.options = options

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        return load_images(self._take(rows), **self.options)

    def _take(self, rows: np.ndarray | slice) -> np.ndarray | list:
        if not isinstance(rows, slice):
            rows = np.atleast_1d(rows)
        return take_rows(self.opened, rows)


class Crops(DeferredPixels):
    """Squares of checked images: their centres, or those cut where it is asked for."""

    def cut(self, rows: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """A square of each image, at shares (n, 2) of the places that it can have."""
        size, grayscale = self.options["image_size"], self.options["grayscale"]

        def cut_one(image: np.ndarray, shares: np.ndarray) -> np.ndarray:
            square = fill_square(crop_at(image, size, shares), size)
            return set_channels(square[np.newaxis], grayscale)

        n_jobs = self.options["n_jobs"]
        squares = map_images(cut_one, self._take(rows), shares, n_jobs=n_jobs)
        return np.concatenate(list(squares))


def images_at_once(image_size: int) -> int:
    """Images of a size to be in memory at a time."""
    return int(np.clip(MOST_PIXELS // image_size**2, 1, CHUNK))


def open_pixels(
    images: np.ndarray | list,
    *,
    image_size: int,
    resize: bool,
    grayscale: bool,
    n_jobs: int | None,
) -> tuple[np.ndarray | DeferredPixels, np.ndarray, np.ndarray]:
    """Pixels of all images, if they are there already or take little memory.

    With them come what `describe_images` gives.
    """
    options: dict[str, Any] = {"image_size": image_size, "grayscale": grayscale}
    limit = sklearn.get_config()["working_memory"] * 2**20
    if not resize:
        with naming_unreadable(images, n_jobs=n_jobs):
            sizes = measure_images(images)
        if (sizes != image_size).any():
            return _open_crops(images, sizes, limit, n_jobs=n_jobs, **options)
    shape = (image_size, image_size, 1 if grayscale else 3)
    ready = isinstance(images, np.ndarray) and images.shape[1:] == shape
    if ready or len(images) * np.prod(shape) <= limit:
        return load_pixels(images, n_jobs=n_jobs, **options)
    described = describe_images(images, n_jobs=n_jobs)
    return DeferredPixels(images, n_jobs=n_jobs, **options), *described


def _open_crops(
    images: np.ndarray | list,
    sizes: np.ndarray,
    limit: float,
    *,
    n_jobs: int | None,
    **options: Any,
) -> tuple[Crops, np.ndarray, np.ndarray]:
    """Images that squares are cut from, decoded once if they take little memory."""
    opened = None
    n_bytes = sizes.prod(axis=1).sum() * 3
    if not isinstance(images, np.ndarray) and n_bytes <= limit:
        opened = list(map_images(np.asarray, images, n_jobs=n_jobs))
    described = describe_images(opened or images, n_jobs=n_jobs)
    crops = Crops(images, opened, resize=False, n_jobs=n_jobs, **options)
    return crops, *described


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
    side = pixels[rows[:1]].shape[1]
    for part in gen_batches(len(rows), images_at_once(side)):
        values = to_float(pixels[rows[part]]).astype(np.float64)
        total = total + values.sum(axis=(0, 1, 2))
        squares = squares + (values**2).sum(axis=(0, 1, 2))
        n_values += values[..., 0].size
    mean = total / n_values
    return mean, np.sqrt(np.maximum(squares / n_values - mean**2, 0))
