"""Test images that a fitted detector was trained on, to the pixel."""

from typing import Any

import numpy as np
import pandas as pd

from skfake.images import check_images, fingerprint_images
from skfake.results.comparison import LEAK_COLUMNS, no_leaks
from skfake.training_images import find_fingerprints


def find_own_images(
    detectors: dict[str, Any],
    X: Any,
    rows: np.ndarray,
    *,
    image_shape: tuple[int, ...] | None = None,
    n_jobs: int | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Leaks among the images of X, whose positions `rows` are, and words for them.

    An image that any of the detectors was trained on leaks for all, so that without
    leaks they are still compared on the same images.
    """
    known = {name: find_fingerprints(detector) for name, detector in detectors.items()}
    trained = {name: found for name, found in known.items() if found is not None}
    if not trained:
        return no_leaks(), []
    images = check_images(X, image_shape=image_shape)
    asked = fingerprint_images(images, n_jobs=n_jobs)
    own = {name: np.isin(asked, found) for name, found in trained.items()}
    warnings = [
        f"{is_own.sum()} of {len(asked)} test images are among the training images of "
        f"{name}, to the pixel; what they say is memory."
        for name, is_own in own.items()
        if is_own.any()
    ]
    if not warnings:
        return no_leaks(), []
    leaked = rows[np.any(list(own.values()), axis=0)]
    # Which of the training images it is, a fingerprint does not say.
    found = {"fold": 0, "image": leaked, "train_image": np.nan}
    leaks = pd.DataFrame(found | {"exact": True, "distance": 0.0})
    return leaks[LEAK_COLUMNS], warnings
