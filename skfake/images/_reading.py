"""A function of every image, computed by threads that read ahead."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
from joblib import effective_n_jobs

from skfake.images.decoding import quiet
from skfake.images.errors import UnreadableImages
from skfake.images.items import decode_item
from skfake.read_ahead import ReadAhead

Result = TypeVar("Result")
# Images that a thread may be ahead of the one that is waited for.
N_AHEAD = 16


def map_items(
    function: Callable[..., Result],
    images: np.ndarray | list,
    *more: Iterable,
    n_jobs: int | None = None,
) -> Iterator[Result]:
    """Apply a function to each item's pixels and one of each of more, in order."""

    def call(arguments: tuple) -> Result:
        item, *others = arguments
        return function(decode_item(item), *others)

    yield from _read_ahead(call, zip(images, *more, strict=True), n_jobs)


def try_images(
    items: list, *, n_jobs: int | None = None
) -> Iterator[UnreadableImages | None]:
    """Why each item can't be read; None where it can."""
    return _read_ahead(_try, items, n_jobs)


def _try(item: Any) -> UnreadableImages | None:
    try:
        decode_item(item)
    except UnreadableImages as error:
        return error
    return None


def _read_ahead(
    function: Callable[[Any], Result], items: Any, n_jobs: int | None
) -> Iterator[Result]:
    n_threads = effective_n_jobs(n_jobs)
    if n_threads == 1:
        for item in items:
            with quiet():
                result = function(item)
            yield result
        return
    n_ahead = N_AHEAD * n_threads
    # Filters of warnings are those of all threads.
    with (
        quiet(),
        ReadAhead(function, items, n_threads=n_threads, n_ahead=n_ahead) as ahead,
    ):
        yield from ahead
