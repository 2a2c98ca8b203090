"""Images under each corruption and strength, a batch after the other."""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
import sklearn
from sklearn.utils import gen_batches

from skfake.corruptions import CORRUPTIONS, corrupt
from skfake.corruptions.damage import BATCH, open_images
from skfake.corruptions.definitions import check_strength
from skfake.images.checking import find_white
from skfake.results.robustness import CLEAN
from skfake.scikit_learn import take_rows

# A corruption and its strength.
Condition = tuple[str, float]
AS_THEY_ARE: Condition = (CLEAN, np.nan)


def damage_images(
    X: Any,
    images: np.ndarray | list,
    conditions: list[Condition],
    damage: dict[str, Any],
    verbose: int,
) -> Iterator[tuple[Condition, slice, Any]]:
    """A batch of images after the other, as they are and under each condition."""
    white, shape = find_white(X), damage["image_shape"]
    for part in _slice_images(images):
        given = take_rows(X, part)
        if white is None:
            given = open_images(given, image_shape=shape)
            source = given
        else:
            # As bytes, for a dark batch alone does not say of which scale it is.
            source = _on_each(partial(_to_bytes, white=white), given)
        for condition in conditions:
            damaged, (name, strength) = given, condition
            if condition is not AS_THEY_ARE:
                name = f"{name} {strength:g}"
                damaged = corrupt(source, *condition, **damage)
                if white is not None:
                    # On the scale that detectors were fitted to.
                    damaged = _on_each(lambda bytes: bytes * (white / 255), damaged)
            if verbose:
                which = f"images {part.start} to {part.stop - 1} of {len(images)}"
                print(f"{name}: {which}", file=sys.stderr, flush=True)
            yield condition, part, damaged


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
                "X must hold bytes, or floats from 0 to 1, to be damaged; got numbers "
                f"from {low:g} to {high:g}."
            )


def list_conditions(
    corruptions: dict[str, Sequence[float]] | Sequence[str] | None,
) -> list[Condition]:
    """Each corruption with each strength."""
    names = list(CORRUPTIONS if corruptions is None else corruptions)
    unknown = [name for name in names if name not in CORRUPTIONS]
    if unknown or not names:
        came = repr(unknown[0]) if unknown else "none"
        raise ValueError(
            f"corruptions must hold names of {list(CORRUPTIONS)}; got {came}."
        )
    conditions = []
    for name in names:
        strengths = CORRUPTIONS[name].strengths
        if isinstance(corruptions, dict):
            strengths = _check_strengths(name, corruptions[name])
        conditions += [(name, float(strength)) for strength in strengths]
    return list(dict.fromkeys(conditions))


def _check_strengths(corruption: str, strengths: Sequence[float]) -> tuple[float, ...]:
    strengths = tuple(strengths)
    strange = [strength for strength in strengths if not isinstance(strength, Real)]
    if strange or not strengths:
        raise ValueError(
            f"corruptions[{corruption!r}] must hold numbers, one at least; got "
            f"{repr(strange[0]) if strange else 'none'}."
        )
    for strength in strengths:
        check_strength(corruption, strength)
    return strengths


def _slice_images(images: np.ndarray | list) -> Iterator[slice]:
    """Files and single arrays by batches, others as `working_memory` holds them."""
    if not isinstance(images, np.ndarray):
        return gen_batches(len(images), BATCH)
    # As they are, damaged one by one, and those together again.
    n_bytes = 3 * images[0].nbytes
    limit = sklearn.get_config()["working_memory"] * 2**20
    return gen_batches(len(images), max(1, int(limit // n_bytes)))
