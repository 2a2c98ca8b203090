"""Which files to look at: files, folders, patterns and lists become paths."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from glob import glob, has_magic
from itertools import chain
from typing import BinaryIO, NamedTuple

from skfake.datasets.folder import image_extensions

STDIN = "-"
BLOCK = 2**16


class Found(NamedTuple):
    """A path to look at, or one that led nowhere, with the reason."""

    path: str
    error: str = ""


def find_images(named: Iterable[str]) -> Iterator[Found]:
    """Images that a user's words lead to, in the order of the words."""
    for name in named:
        if os.path.isdir(name):
            yield from _some(_walk(name), Found(name, "no images in this folder"))
        elif os.path.lexists(name):
            yield Found(name)
        elif has_magic(name):
            yield from _some(_match(name), Found(name, "no images match this pattern"))
        else:
            yield Found(name, "no such file")


def find_listed(name: str, *, null: bool) -> Iterator[Found]:
    """Images that a list of paths leads to, as the list is read."""
    stdin = nullcontext(sys.stdin.buffer)
    with stdin if name == STDIN else open(name, "rb") as stream:
        for line in _split(stream, b"\0" if null else b"\n"):
            path = os.fsdecode(line if null else line.removesuffix(b"\r"))
            if os.path.isdir(path):
                yield from _some(_walk(path), Found(path, "no images in this folder"))
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
    raise FileNotFoundError(f"PATH must lead to images; got {came}.")


def _some(found: Iterator[Found], nothing: Found) -> Iterator[Found]:
    first = next(found, nothing)
    return chain([first], found)


def _walk(folder: str) -> Iterator[Found]:
    extensions = image_extensions()
    waiting = [(folder, True)]
    while waiting:
        path, is_folder = waiting.pop()
        if not is_folder:
            yield Found(path)
            continue
        try:
            inside = _list(path, extensions)
        except OSError as error:
            yield Found(path, str(error.strerror))
        else:
            waiting += reversed(inside)


def _list(folder: str, extensions: set[str]) -> list[tuple[str, bool]]:
    """Images and folders in a folder, sorted; the latter are told by True."""
    inside = []
    with os.scandir(folder) as entries:
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not entry.name.startswith(".") and (
                is_folder or _ends_as_image(entry.name, extensions)
            ):
                inside.append((entry.path, is_folder))
    return sorted(inside)


def _match(pattern: str) -> Iterator[Found]:
    extensions = image_extensions()
    for path in sorted(glob(pattern, recursive=True)):
        if _ends_as_image(path, extensions) and not os.path.isdir(path):
            yield Found(path)


def _ends_as_image(name: str, extensions: set[str]) -> bool:
    return os.path.splitext(name)[1].lower() in extensions


def _split(stream: BinaryIO, separator: bytes) -> Iterator[bytes]:
    """Parts of a stream, each as soon as it has come in."""
    rest = b""
    while block := stream.read1(BLOCK):  # type: ignore[attr-defined]
        *whole, rest = (rest + block).split(separator)
        yield from whole
    if rest:
        yield rest
