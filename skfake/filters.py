"""A local filter of images, for arrays of numpy and tensors of torch alike."""

from typing import Any


def median_filter(xp: Any, padded: Any) -> Any:
    """Median of the 3 by 3 values around each, (..., H + 2, W + 2) to (..., H, W).

    `xp` is numpy or torch. Columns of three are sorted first, which neighbours share:
    A. W. Paeth, "Median finding on a 3x3 grid", Graphics Gems, 1990.
    """
    least, most = xp.minimum, xp.maximum
    rows = _neighbours(padded, axis=-2)
    below, above = least(rows[0], rows[1]), most(rows[0], rows[1])
    lows = _neighbours(least(below, rows[2]), axis=-1)
    middles = _neighbours(most(below, least(above, rows[2])), axis=-1)
    highs = _neighbours(most(above, rows[2]), axis=-1)
    return _middle(
        xp,
        most(most(lows[0], lows[1]), lows[2]),
        _middle(xp, *middles),
        least(least(highs[0], highs[1]), highs[2]),
    )


def _neighbours(values: Any, *, axis: int) -> list[Any]:
    """The value before each, the value itself and the one after it."""
    n = values.shape[axis] - 2
    parts = [slice(start, start + n) for start in range(3)]
    return [values[..., part, :] if axis == -2 else values[..., part] for part in parts]


def _middle(xp: Any, first: Any, second: Any, third: Any) -> Any:
    """The second largest of three values."""
    lesser, greater = xp.minimum(first, second), xp.maximum(first, second)
    return xp.maximum(lesser, xp.minimum(greater, third))
