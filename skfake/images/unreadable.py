"""Images that can't be read: all of an X, by their positions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from skfake.images._reading import try_images
from skfake.images.errors import MissingImages, UnreadableImages, name_of, unreadable
from skfake.images.forms import is_rows, read_form


def find_unreadable(X: Any, *, n_jobs: int | None = None) -> dict[int, str]:
    """Find the images that can't be read.

    Each is decoded, as far as it can be, and forgotten.

    Parameters
    ----------
    X : sequence of paths, or images in any other form that skfake takes
        Images. Arrays can always be read.

    n_jobs : int, default=None
        Threads that open files, as in scikit-learn.

    Returns
    -------
    dict of str
        Why, by the positions in X, in their order.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> from skfake.images import find_unreadable
    >>> with TemporaryDirectory() as folder:
    ...     paths = [Path(folder, name) for name in ("a.png", "b.png", "c.png")]
    ...     Image.new("RGB", (8, 8)).save(paths[0])
    ...     paths[1].touch()
    ...     find_unreadable(paths)
    {1: 'it is empty', 2: 'there is no such file'}
    """
    if is_rows(X):
        return {}
    form = read_form(X)
    if isinstance(form, np.ndarray):
        return {}
    return {i: next(iter(e.reasons.values())) for i, e in _errors(form, n_jobs)}


def refuse_unreadable(images: np.ndarray | list, *, n_jobs: int | None = None) -> None:
    """Raise an error that names all of checked images that can't be read."""
    if isinstance(images, np.ndarray):
        return
    errors = dict(_errors(images, n_jobs))
    if not errors:
        return
    raise unreadable(
        {i: next(iter(error.reasons.values())) for i, error in errors.items()},
        {i: name_of(images[i], i) for i in errors},
        len(images),
        missing=all(isinstance(error, MissingImages) for error in errors.values()),
    ) from errors[min(errors)]


@contextmanager
def naming_unreadable(
    images: np.ndarray | list, *, n_jobs: int | None = None
) -> Iterator[None]:
    """Name all images of X that can't be read, where one can't be in this block.

    Parameters
    ----------
    images : array of shape (n, H, W, C) or list of n items
        As `check_images` returns them: all of X, of which the block may read parts.

    n_jobs : int, default=None
        Threads that look at them all, once there is one, as in scikit-learn.

    Raises
    ------
    UnreadableImages
        In place of the block's own error of this kind.
    """
    try:
        yield
    except UnreadableImages as error:
        refuse_unreadable(images, n_jobs=n_jobs)
        # It could be read now.
        raise error


def _errors(items: list, n_jobs: int | None) -> Iterator[tuple[int, UnreadableImages]]:
    """Positions and errors of items that can't be read."""
    for i, error in enumerate(try_images(items, n_jobs=n_jobs)):
        if error is not None:
            yield i, error
