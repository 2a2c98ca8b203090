"""What errors call an X, its items and values, in few words."""

from typing import Any

FORMS = (
    "an array of shape (n, H, W) or (n, H, W, C) with C 1, 3 or 4, an array of shape "
    "(n, n_features), or a sequence of n paths, encoded files, images of Pillow or "
    "arrays"
)
LONGEST = 80


def shorten(value: Any) -> str:
    """Representation of a value, cut off where it is long."""
    return cut_off(repr(value))


def cut_off(text: str, longest: int = LONGEST) -> str:
    """Text whose end is left out where it is long."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def describe(X: Any) -> str:
    """Type of an object, and the shape of an array."""
    if X is None:
        return "None"
    kind = type(X).__name__
    if not is_array(X):
        return kind
    if X.ndim == 1:
        return f"a 1-dimensional {kind} of {len(X)} {X.dtype}"
    return f"{kind} of shape {tuple(X.shape)}, dtype {X.dtype}"


def is_array(X: Any) -> bool:
    """Whether an object is an array of any library."""
    return hasattr(X, "__array__") and hasattr(X, "ndim") and hasattr(X, "dtype")
