"""Numbers of any known scale to bytes; others stay as they come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

import numpy as np
from sklearn.utils import gen_batches

from skfake.images.colours import AT_ONCE, on_white, upper_byte

# Beyond this no image lies, and a deep network's sums would leave float32.
LARGEST = 1e6
# Half a step between two bytes, to which resizing and rounding may miss 0 and 1.
HALF = 0.5 / 255
# From here on, the greatest float of training images shows that 255 is white, even
# where not all are whole.
BYTES_ABOVE = 127
# Floats up to this may be of 0 to 1, enlarged a little by resizing.
UNIT_BELOW = 2

Range = tuple[float, float]
# What is known of the scale of X: that it is a known one (None), the numbers that were
# seen where it is not, or nothing yet.
Learned = Range | Literal["nothing"] | None


@dataclass
class Extent:
    """The least and the greatest of numbers of one kind."""

    least: float = inf
    greatest: float = -inf

    def add(self, array: np.ndarray, name: str) -> None:
        """See more numbers; refuse those that no image has."""
        least, greatest = float(array.min()), float(array.max())
        # NaN is no number that the comparison holds for.
        if not max(-least, greatest) <= LARGEST:
            if np.isfinite(least) and np.isfinite(greatest):
                beyond = greatest if greatest > -least else least
                raise ValueError(
                    f"{name} must hold numbers from {-LARGEST:,.0f} to "
                    f"{LARGEST:,.0f}; got {beyond:g}. Make them 0 to 1, or bytes."
                )
            what = "NaN" if np.isnan(array).any() else "infinity"
            raise ValueError(f"{name} must hold finite numbers; it contains {what}.")
        self.least, self.greatest = min(least, self.least), max(greatest, self.greatest)


def to_pixels(
    arrays: Sequence[np.ndarray],
    names: Iterable[str],
    learned: Learned = "nothing",
    *,
    beside_files: bool = False,
) -> tuple[list[np.ndarray], Range | None]:
    """Bytes of all arrays (..., C) of one X, and None; or float32, and their range."""
    extents = {"integers": Extent(), "floats": Extent()}
    has_bytes = beside_files
    for array, name in zip(arrays, names, strict=True):
        if _is_bytes(array, name):
            has_bytes = True
        else:
            extents[_kind(array)].add(array, name)
    least = min(extent.least for extent in extents.values())
    greatest = max(extent.greatest for extent in extents.values())
    if isinstance(learned, tuple):
        _check_range(learned, least, greatest, has_bytes)
        return [_as_they_come(array) for array in arrays], learned
    fitting = learned == "nothing"
    whites = {
        kind: _find_white(kind, extent, arrays, fitting=fitting)
        for kind, extent in extents.items()
        if extent.least <= extent.greatest
    }
    if None not in whites.values():
        return [_to_bytes(array, whites) for array in arrays], None
    if not fitting or has_bytes:
        raise ValueError(
            "X must hold bytes, floats of 0 to 1 or floats of 0 to 255"
            f"{'' if fitting else ', as the training images did'}; got "
            f"{_describe(least, greatest, has_bytes)}. "
            f"{advise_scale((least, greatest), 'floats' in whites)}"
        )
    return [_as_they_come(array) for array in arrays], (least, greatest)


def _find_white(
    kind: str, extent: Extent, arrays: Sequence[np.ndarray], *, fitting: bool
) -> float | None:
    """The number that means white, 1 or 255; None where no scale is known."""
    least, greatest = extent.least, extent.greatest
    if kind == "integers":
        return 255 if least >= 0 and greatest <= 255 else None
    if least >= -HALF and greatest <= 1 + HALF:
        return 1
    if not -HALF * greatest <= least or greatest > 255 * (1 + HALF):
        return None
    above = BYTES_ABOVE if fitting else UNIT_BELOW
    return 255 if greatest > above or _are_whole(arrays) else None


def _are_whole(arrays: Sequence[np.ndarray]) -> bool:
    """Whether all numbers are whole ones."""
    images = (image for array in arrays for image in array)
    return all((image == np.rint(image)).all() for image in images)


def _describe(least: float, greatest: float, has_bytes: bool) -> str:
    """What came, in words."""
    beside = "bytes beside " if has_bytes else ""
    return f"{beside}numbers from {least:g} to {greatest:g}"


def find_float_white(arrays: Sequence[np.ndarray]) -> float | None:
    """What means white in floats on a known scale; None where there are others."""
    if not arrays or any(array.dtype.kind != "f" for array in arrays):
        return None
    extent = Extent()
    for array in arrays:
        extent.add(array, "X")
    return _find_white("floats", extent, arrays, fitting=True)


def advise_scale(numbers: Range, are_floats: bool = True) -> str:
    """What to do with numbers that are on no known scale."""
    least, greatest = numbers
    if are_floats and least >= -0.25 and greatest <= UNIT_BELOW:
        return "Use X.clip(0, 1) where 1 is white."
    if are_floats and least >= -1 - HALF and greatest <= 1 + HALF:
        return "Use (X + 1) / 2."
    if least < 0:
        return "Undo what made them negative, such as a normalisation."
    if greatest <= 255:
        return "Use X.round().astype(np.uint8) where 255 is white."
    if greatest > 65535:
        return "Divide them by the number that means white."
    cure = "X / 65535" if are_floats else "X.astype(np.uint16)"
    return f"Use {cure} where 65535 is white."


def _check_range(
    learned: Range, least: float, greatest: float, has_bytes: bool
) -> None:
    low, high = learned
    span = (high - low) or abs(high) or 1.0
    if has_bytes or least < low - span or greatest > high + span:
        came = "bytes" if has_bytes else f"numbers from {least:g} to {greatest:g}"
        raise ValueError(
            f"X must hold numbers on the scale of the training images, {low:g} to "
            f"{high:g}; got {came}. Prepare X as those were, or fit on bytes."
        )


def _is_bytes(array: np.ndarray, name: str) -> bool:
    """Whether the type alone says what white is."""
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        peak = int(array.max())
        if 0 < peak <= 255:
            raise ValueError(
                f"{name} must hold numbers of 0 to 65535 where it is uint16; got "
                f"{peak} at most, nearly black. Use X.astype(np.uint8) where 255 is "
                "white."
            )
        return True
    return array.dtype == np.uint8 or array.dtype.kind == "b"


def _kind(array: np.ndarray) -> str:
    return "integers" if array.dtype.kind in "iu" else "floats"


def _as_they_come(array: np.ndarray) -> np.ndarray:
    return on_white(array.astype(np.float32, copy=False))


def _to_bytes(array: np.ndarray, whites: dict[str, Any]) -> np.ndarray:
    if array.dtype == np.uint8:
        return on_white(array)
    if array.dtype.kind == "b":
        return on_white(array.astype(np.uint8) * np.uint8(255))
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return on_white(upper_byte(array))
    if array.dtype.kind in "iu":
        return on_white(array.astype(np.uint8))
    return on_white(_round(array, np.float32(255 / whites["floats"])))


def _round(array: np.ndarray, factor: np.float32) -> np.ndarray:
    """Floats as the nearest bytes, some images at a time."""
    rounded = np.empty(array.shape, np.uint8)
    size = max(1, AT_ONCE // max(1, array[0].size))
    for part in gen_batches(len(array), size):
        values = array[part].astype(np.float32) * factor
        np.rint(values, out=values)
        np.clip(values, 0, 255, out=values)
        rounded[part] = values
    return rounded


def spread_to_bytes(image: np.ndarray, numbers: tuple[float, float]) -> np.ndarray:
    """Bytes of an image on no known scale, of the least and greatest number there."""
    least, greatest = numbers
    levels = (image - least) * (255 / ((greatest - least) or 1))
    return np.rint(levels).clip(0, 255).astype(np.uint8)
