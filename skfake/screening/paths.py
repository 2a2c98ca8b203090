"""Which files to look at: files, folders and patterns become paths."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from itertools import chain
from typing import NamedTuple

from skfake.datasets.folder import image_extensions


class Found(NamedTuple):
    """A path to look at, or one that led nowhere, with the reason."""

    path: str
    error: str = ""


def find_images(
    paths: str | os.PathLike | Iterable[str | os.PathLike],
    passed_over: Counter[str] | None = None,
) -> Iterator[Found]:
    """Images that files, folders and patterns lead to, in their order.

    The endings of files that are no images by their names are counted in `passed_over`.
    """
    for path in [paths] if isinstance(paths, str | os.PathLike) else paths:
        name = os.fsdecode(path)
        if os.path.isdir(name):
            yield from _go_through(name, passed_over)
        elif os.path.lexists(name):
            yield Found(name)
        elif has_magic(name):
            yield from _some(_match(name), Found(name, "no images match this pattern"))
        else:
            yield Found(name, "no such file")


def find_listed(
    paths: Iterable[str], passed_over: Counter[str] | None = None
) -> Iterator[Found]:
    """Images that a list of files and folders leads to, as the list comes."""
    for path in paths:
        if os.path.isdir(path):
            yield from _go_through(path, passed_over)
        elif path:
            yield Found(path)


def require_images(found: Iterator[Found]) -> Iterator[Found]:
    """The same, if there is an image among it."""
    read = []
    for item in found:
        read.append(item)
        if not item.error:
            return chain(read, found)
    came = f"{read[0].path!r}, {read[0].error}" if read else "an empty list"
    raise FileNotFoundError(f"paths must lead to images; got {came}.")


def _go_through(folder: str, passed_over: Counter[str] | None) -> Iterator[Found]:
    counts = Counter[str]() if passed_over is None else passed_over
    return _some(_walk(folder, counts), Found(folder, "no images in this folder"))


def _some(found: Iterator[Found], nothing: Found) -> Iterator[Found]:
    first = next(found, nothing)
    return chain([first], found)


def _walk(folder: str, passed_over: Counter[str]) -> Iterator[Found]:
    extensions = image_extensions()
    waiting = [(folder, True)]
    while waiting:
        path, is_folder = waiting.pop()
        if not is_folder:
            yield Found(path)
            continue
        try:
            inside = _list(path, extensions, passed_over)
        except OSError as error:
            yield Found(path, str(error.strerror))
        else:
            waiting += reversed(inside)


def _list(
    folder: str, extensions: set[str], passed_over: Counter[str]
) -> list[tuple[str, bool]]:
    """Images and folders in a folder, sorted; True marks a folder."""
    inside = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder or _ending(entry.name) in extensions:
                inside.append((entry.path, is_folder))
            # Links to folders are no files.
            elif entry.is_file():
                passed_over[_ending(entry.name)] += 1
    return sorted(inside)


def _match(pattern: str) -> Iterator[Found]:
    extensions = image_extensions()
    for path in sorted(glob(pattern, recursive=True)):
        if _ending(path) in extensions and not os.path.isdir(path):
            yield Found(path)


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()
