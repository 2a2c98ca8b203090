"""Images that a detector is fitted to: their weights, order, fingerprints and sizes."""

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import compute_sample_weight

from skfake.nested import list_inside, walk_nested
from skfake.scikit_learn import check_sample_weight, take_rows
from skfake.validation import validate_images

# Whole weights repeat images where that makes at most so many times as many.
MOST_REPEATS = 10
# Photographs have sides of so many pixels or more, and are far larger than what is
# looked at of them if they are so many times as large.
PHOTOGRAPH, FAR_LARGER = 128, 4
# Images are small if their sides are so small a part of what is cut from them.
REFLECTED = 2


def validate_training(
    estimator: BaseEstimator, X: Any, y: Any, sample_weight: Any, *, reset: bool
) -> tuple[np.ndarray | list, np.ndarray, np.ndarray | None]:
    """Check what a detector is fitted to, and leave out images of no weight."""
    images, y = validate_images(estimator, X, y, reset=reset)
    if sample_weight is None:
        return images, y, None
    weights = check_sample_weight(
        sample_weight, y, dtype=np.float64, ensure_non_negative=True
    )
    kept = np.flatnonzero(weights)
    if len(kept) == 0:
        raise ValueError(
            "sample_weight must hold a number above zero; got zeros alone."
        )
    if len(kept) < len(y):
        images, y, weights = take_rows(images, kept), y[kept], weights[kept]
    return images, y, weights


def order_images(
    fingerprints: np.ndarray, codes: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Rows of images, in an order that theirs in X does not change, and their weights.

    Whole weights repeat rows where that makes few; others get a mean of 1.
    """
    if weights is None:
        return np.lexsort((codes, fingerprints)), None
    rows = np.lexsort((weights, codes, fingerprints))
    weights = weights[rows]
    most = MOST_REPEATS * len(rows)
    if weights.sum() <= most and (weights == np.rint(weights)).all():
        return np.repeat(rows, weights.astype(np.intp)), None
    if weights.min() == weights.max():
        return rows, None
    return rows, weights / weights.mean()


def remember_images(
    estimator: Any, fingerprints: np.ndarray, sizes: np.ndarray, *, more: bool = False
) -> None:
    """Learn which images an estimator is fitted to, and of which sizes (n, 2).

    With `more`, they join those of earlier fits.
    """
    if more:
        # A file may have been written without them.
        earlier = getattr(estimator, "fingerprints_", fingerprints[:0])
        fingerprints = np.append(earlier, fingerprints)
        sizes = np.vstack([estimator.image_sizes_[[0, 2]], sizes])
    estimator.fingerprints_ = np.unique(fingerprints)
    heights, widths = sizes.astype(np.int64).T
    order = np.lexsort((widths, heights, heights * widths))
    estimator.image_sizes_ = np.column_stack([heights, widths])[
        order[[0, len(order) // 2, -1]]
    ]


def find_fingerprints(detector: Any) -> np.ndarray | None:
    """Fingerprints, sorted, of the images that a detector or those inside learned."""
    found = list(_walk_fingerprints(detector))
    return np.unique(np.concatenate(found)) if found else None


def _walk_fingerprints(detector: Any) -> Iterator[np.ndarray]:
    if getattr(detector, "fingerprints_", None) is not None:
        # What is inside of it has learned parts of these images.
        yield detector.fingerprints_
        return
    for part in list_inside(detector):
        yield from _walk_fingerprints(part)


def find_sized(detector: Any) -> Any:
    """The detector, or the one inside it, that knows the sizes of its images."""
    parts = walk_nested(detector)
    return next((part for part in parts if hasattr(part, "image_sizes_")), None)


def are_far_larger(images: Iterable[np.ndarray], detector: Any) -> list[bool]:
    """Whether images are so much larger than those that a detector resizes and knows.

    What it was trained on says nothing of such.
    """
    sized = find_sized(detector)
    if sized is None or find_side(sized) is None:
        return [False for _ in images]
    least = max(PHOTOGRAPH, FAR_LARGER * max(sized.image_sizes_[2]))
    return [min(image.shape[:2]) >= least for image in images]


def describe_sizes(image_sizes: np.ndarray) -> str:
    """Words for the smallest, the median and the largest of images."""
    smallest, median, largest = (f"{height} x {width}" for height, width in image_sizes)
    if smallest == largest:
        return f"{median} pixels"
    return f"{median} pixels (median; {smallest} to {largest})"


def weigh_classes(
    class_weight: Any, y: np.ndarray, weights: np.ndarray | None
) -> np.ndarray:
    """Weights of images, times those of their classes."""
    factors = compute_sample_weight(class_weight, y)
    return factors if weights is None else factors * weights


def find_side(detector: Any) -> int | None:
    """Side of the square that a detector resizes images to; None where it does not."""
    return find_square(detector) if getattr(detector, "resize", True) else None


def find_square(detector: Any) -> int | None:
    """Side of the square that a detector sees of images; None where it sees none."""
    # What was learned, where the parameter leaves it open.
    return getattr(detector, "image_size_", getattr(detector, "image_size", None))


def describe_resizing(image_sizes: np.ndarray, image_size: int) -> str | None:
    """What becomes of images that are larger than what is looked at of them."""
    if max(image_sizes[1]) <= image_size:
        return None
    sizes = describe_sizes(image_sizes)
    return f"{sizes}, resized to {image_size} x {image_size}"


def warn_of_resizing(estimator: Any, n_images: int) -> None:
    """Warn where an estimator looks at a small part of its images' pixels."""
    size = find_side(estimator)
    if size is None or min(estimator.image_sizes_[1]) < max(
        PHOTOGRAPH, FAR_LARGER * size
    ):
        return
    warnings.warn(
        f"{n_images:,} images of {describe_sizes(estimator.image_sizes_)} are resized "
        f"to {size} x {size}, where traces of generators may be lost. Try "
        "TiledDetector(CompactDetector(image_size=64), max_tiles=8), which looks at "
        f"full resolution, or image_size={FAR_LARGER * size}.",
        UserWarning,
        stacklevel=4,
    )


def warn_of_reflection(estimator: Any) -> None:
    """Warn where most of what an estimator looks at mirrors its images."""
    side, size = min(estimator.image_sizes_[1]), estimator.image_size
    if estimator.resize or size < max(PHOTOGRAPH, REFLECTED * side):
        return
    warnings.warn(
        f"Images of {describe_sizes(estimator.image_sizes_)} are continued by their "
        f"reflection to {size} x {size}, which takes time and shows nothing more. Use "
        f"image_size={side}.",
        UserWarning,
        stacklevel=4,
    )
