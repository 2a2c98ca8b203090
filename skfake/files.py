"""Files that are whole, or as they were before, and names of files as text."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replace_when_whole(path: str | os.PathLike) -> Iterator[Path]:
    """Have a file written beside its place, and put it there when it is whole."""
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"path must be in a folder that is there; got {str(path)!r}. Make the "
            "folder."
        )
    if path.is_dir():
        raise IsADirectoryError(
            f"path must be the name of a file; got {str(path)!r}, a folder."
        )
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield beside
        with open(beside, "r+b") as stream:
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def show_path(path: str | os.PathLike) -> str:
    """A path as text that every program reads, whatever bytes are in it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
