"""Which images can be read, before anything is fitted, and which are left out."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skfake.files import show_path
from skfake.images import check_images, find_unreadable
from skfake.images.errors import name_of, unreadable
from skfake.images.forms import read_form
from skfake.results.comparison import UNREADABLE_COLUMNS
from skfake.scikit_learn import take_rows


@dataclass(frozen=True, kw_only=True)
class Part:
    """Images as given, positions of those that can be read, and the other items."""

    name: str
    X: Any
    rows: np.ndarray
    unreadable: pd.DataFrame
    bad: dict[int, tuple[Any, str]]

    @property
    def readable(self) -> Any:
        """The images that can be read: all of X where all can."""
        return take_rows(self.X, self.rows if len(self.unreadable) else None)


def find_readable(
    given: dict[tuple[str, str], Any],
    caller: str,
    *,
    skip: bool,
    image_shape: tuple[int, ...] | None = None,
    n_jobs: int | None = None,
) -> list[Part]:
    """Look at all images of all parts, and refuse what can't be read, or skip it.

    The keys of `given` say what a part is, and what `caller` calls its X.
    """
    parts = []
    for (part, name), X in given.items():
        with _naming(name, caller):
            reasons = find_unreadable(X, n_jobs=n_jobs)
            rows = np.setdiff1d(np.arange(len(X)), list(reasons))
        items = read_form(X) if reasons else []
        parts.append(
            Part(
                name=name,
                X=X,
                rows=rows,
                unreadable=_tabulate_unreadable(part, items, reasons),
                bad={i: (items[i], reason) for i, reason in reasons.items()},
            )
        )
    _refuse(parts, skip=skip)
    for found in parts:
        with _naming(found.name, caller):
            check_images(found.readable, image_shape=image_shape)
    return parts


def join_unreadable(parts: Sequence[Part]) -> pd.DataFrame:
    """One table of what can't be read."""
    return pd.concat([part.unreadable for part in parts], ignore_index=True)


def list_paths(part: Part) -> np.ndarray | None:
    """Path of each image that has one, by its position; None where none has."""
    images = check_images(part.readable)
    if isinstance(images, np.ndarray):
        return None
    paths = np.full(len(part.X), None, dtype=object)
    paths[part.rows] = [_read_path(image) for image in images]
    return paths if any(path is not None for path in paths) else None


def _tabulate_unreadable(
    part: str, items: Any, reasons: dict[int, str]
) -> pd.DataFrame:
    rows = [
        (part, i, _read_path(items[i]), show_path(reason))
        for i, reason in reasons.items()
    ]
    return pd.DataFrame(rows, columns=UNREADABLE_COLUMNS)


def _refuse(parts: Sequence[Part], *, skip: bool) -> None:
    """Name all images that can't be read, or pass them over where some are left."""
    some_are_left = all(len(part.rows) for part in parts)
    if skip and some_are_left:
        return
    reasons: dict[int, str] = {}
    names: dict[int, str] = {}
    n_images, missing = 0, True
    for part in parts:
        for position, (item, reason) in part.bad.items():
            # Positions in X, and after them those in the test images.
            place = n_images + position
            reasons[place] = reason
            names[place] = name_of(item, position)
            if names[place] == f"X[{position}]":
                names[place] = f"{part.name}[{position}]"
            missing &= _is_missing(item)
        n_images += len(part.X)
    if not reasons:
        return
    error = unreadable(reasons, names, n_images, missing=missing)
    if some_are_left:
        said = f"{error} skip_unreadable=True leaves out what can't be read."
        named = error.named
        error = type(error)(said)
        error.reasons, error.named = reasons, named
    raise error


@contextmanager
def _naming(name: str, caller: str) -> Iterator[None]:
    """Say in errors which X of a function they are about."""
    try:
        yield
    except (TypeError, ValueError, OSError) as error:
        error.add_note(f"This X is {name} of {caller}.")
        raise


def _is_missing(item: Any) -> bool:
    return isinstance(item, str | os.PathLike) and not os.path.lexists(item)


def _read_path(item: Any) -> str | None:
    is_path = isinstance(item, str | os.PathLike)
    return show_path(item) if is_path else None
