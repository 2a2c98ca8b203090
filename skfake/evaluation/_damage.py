"""Images under each corruption and strength, a batch after the other."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import sklearn
from sklearn.utils import gen_batches

from skfake.corruptions.conditions import Condition
from skfake.corruptions.damage import BATCH, corrupt_in_turn, open_images
from skfake.images.checking import find_white
from skfake.results.robustness import CLEAN
from skfake.scikit_learn import take_rows

# What a table calls a condition: its name and its strength.
Key = tuple[str, float]
AS_THEY_ARE: Key = (CLEAN, np.nan)


def damage_images(
    X: Any,
    images: np.ndarray | list,
    conditions: dict[Key, Condition | None],
    damage: dict[str, Any],
    verbose: int,
) -> Iterator[tuple[Key, slice, Any]]:
    """A batch of images after the other, under each condition; None is as they are."""
    white, shape = find_white(X), damage["image_shape"]
    for part in _slice_images(images):
        given = take_rows(X, part)
        if white is None:
            given = open_images(given, image_shape=shape)
            source = given
        else:
            # As bytes, for a dark batch alone does not say of which scale it is.
            source = _on_each(partial(_to_bytes, white=white), given)
        for key, condition in conditions.items():
            damaged, name = given, CLEAN
            if condition is not None:
                name = f"{condition.name} {condition.strength:g}"
                damaged = corrupt_in_turn(source, condition.steps, **damage)
                if white is not None:
                    # On the scale that detectors were fitted to.
                    damaged = _on_each(lambda bytes: bytes * (white / 255), damaged)
            if verbose:
                which = f"images {part.start} to {part.stop - 1} of {len(images)}"
                print(f"{name}: {which}", file=sys.stderr, flush=True)
            yield key, part, damaged


def _to_bytes(numbers: Any, white: float) -> Any:
    return np.clip(np.rint(numbers * (255 / white)), 0, 255).astype(np.uint8)


def _on_each(function: Callable[[Any], Any], X: Any) -> Any:
    """A function of an array, or of each of a list."""
    return [function(image) for image in X] if isinstance(X, list) else function(X)


def check_scale(images: np.ndarray | list) -> None:
    """Refuse numbers on no known scale, of which damage has no meaning."""
    for image in [images] if isinstance(images, np.ndarray) else images:
        if not isinstance(image, np.ndarray) or image.dtype == np.uint8:
            continue
        low, high = image.min(), image.max()
        if low < 0 or high > 1:
            raise ValueError(
                "X must hold bytes, or floats from 0 to 1 or to 255, to be damaged; "
                f"got numbers from {low:g} to {high:g}."
            )


def _slice_images(images: np.ndarray | list) -> Iterator[slice]:
    """Files and single arrays by batches, others as `working_memory` holds them."""
    if not isinstance(images, np.ndarray):
        return gen_batches(len(images), BATCH)
    # As they are, damaged one by one, and those together again.
    n_bytes = 3 * images[0].nbytes
    limit = sklearn.get_config()["working_memory"] * 2**20
    return gen_batches(len(images), max(1, int(limit // n_bytes)))
