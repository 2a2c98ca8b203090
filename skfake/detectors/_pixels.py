"""From checked images to what a network is trained on: in memory, or opened later."""

from typing import Any

import numpy as np
import sklearn
from sklearn.utils import gen_batches

from skfake.images import load_images, to_float
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
) -> np.ndarray | DeferredPixels:
    """Pixels of all images, if they are there already or take little memory."""
    shape = (image_size, image_size, 1 if grayscale else 3)
    ready = isinstance(images, np.ndarray) and images.shape[1:] == shape
    options: dict[str, Any] = {"image_size": image_size, "grayscale": grayscale}
    options["n_jobs"] = n_jobs
    limit = sklearn.get_config()["working_memory"] * 2**20
    if ready or len(images) * np.prod(shape) <= limit:
        return load_images(images, **options)
    return DeferredPixels(images, **options)


def channel_statistics(
    pixels: np.ndarray | DeferredPixels, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel, bytes counted as 0 to 1."""
    n = len(pixels)
    rows = np.arange(n)
    if n > N_SAMPLED:
        rows = np.random.default_rng(seed).choice(n, N_SAMPLED, replace=False)
        rows.sort()
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
