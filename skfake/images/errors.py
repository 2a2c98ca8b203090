"""Errors that name all images of an X that can't be read."""

import os
from collections.abc import Mapping
from typing import Any

from skfake.images.wording import cut_off

# Images that an error names, and characters of a path.
N_NAMED, LONGEST = 20, 400


class UnreadableImages(ValueError):
    """Images that can't be read: all of an X, with the reasons.

    It is a `FileNotFoundError` too where all of them are paths that lead to no file.

    Attributes
    ----------
    reasons : dict of str
        Why, by the positions of the images in X.

    named : list of str
        Names with reasons, of the first twenty, and how many more there are.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.reasons: dict[int, str] = {}
        self.named: list[str] = []


class MissingImages(UnreadableImages, FileNotFoundError):
    """Images whose paths all lead to no file."""


def name_of(item: Any, position: int) -> str:
    """What an error calls an item: a path by itself, all else by its position."""
    if not isinstance(item, str | os.PathLike):
        return f"X[{position}]"
    # numpy's own repr of a name would be shown.
    return cut_off(repr(str(os.fsdecode(item))), LONGEST)


def unreadable(
    reasons: Mapping[int, str],
    names: Mapping[int, str],
    n_images: int = 1,
    *,
    missing: bool = False,
) -> UnreadableImages:
    """Error for images that have reasons and names, of `n_images` in all."""
    named = [f"{names[i]}: {reasons[i]}" for i in list(reasons)[:N_NAMED]]
    if len(reasons) > N_NAMED:
        named.append(f"and {len(reasons) - N_NAMED} more")
    if len(reasons) == 1:
        is_path = named[0][0] in "'\""
        came = f"the file {named[0]}" if is_path else named[0]
    else:
        came = f"{len(reasons)} of {n_images} that can't be read: {'; '.join(named)}"
    kind = MissingImages if missing else UnreadableImages
    error = kind(f"X must hold readable images; got {came}.")
    error.reasons, error.named = dict(reasons), named
    return error
