"""Features of images that are opened a batch at a time, in several processes."""

import os
from collections.abc import Callable
from functools import partial

import numpy as np
from joblib import Parallel, delayed
from sklearn.utils import gen_batches

from skfake.images import map_images, naming_unreadable

# Photographs that a worker is given at a time.
BATCH = 64


def describe_one_by_one(
    describe: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray | list,
    *,
    n_jobs: int | None,
) -> np.ndarray:
    """Features (n, n_features) by a function of the pixels (H, W, C) of one image."""
    return describe_batches(
        partial(_describe_each, describe), images, batch_size=BATCH, n_jobs=n_jobs
    )


def _describe_each(
    describe: Callable[[np.ndarray], np.ndarray], batch: np.ndarray | list
) -> np.ndarray:
    return np.stack(list(map_images(describe, batch)))


def describe_batches(
    describe: Callable[[np.ndarray | list], np.ndarray],
    images: np.ndarray | list,
    *,
    batch_size: int,
    n_jobs: int | None,
) -> np.ndarray:
    """Features (n, n_features) by a function of a batch of images."""
    # Not every backend of joblib gives results one by one.
    parallel = Parallel(n_jobs=n_jobs)
    with naming_unreadable(images, n_jobs=n_jobs):
        described = parallel(
            delayed(describe)(_absolute(images[part]))
            for part in gen_batches(len(images), batch_size)
        )
    return np.concatenate(described)


def _absolute(images: np.ndarray | list) -> np.ndarray | list:
    """Items whose paths hold in workers, which may be in another folder."""
    if isinstance(images, np.ndarray):
        return images
    return [
        os.path.abspath(item) if isinstance(item, str | os.PathLike) else item
        for item in images
    ]
