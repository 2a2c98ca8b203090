"""Lists of paths, from a file or as they come in by a pipe."""

import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import BinaryIO

STDIN = "-"
BLOCK = 2**16


def read_list(name: str, *, null: bool) -> Iterator[str]:
    """Paths of a list, each as soon as it has come in."""
    stdin = nullcontext(sys.stdin.buffer)
    with stdin if name == STDIN else open(name, "rb") as stream:
        for line in _split(stream, b"\0" if null else b"\n"):
            yield os.fsdecode(line if null else line.removesuffix(b"\r"))


def _split(stream: BinaryIO, separator: bytes) -> Iterator[bytes]:
    rest = b""
    while block := stream.read1(BLOCK):  # type: ignore[attr-defined]
        *whole, rest = (rest + block).split(separator)
        yield from whole
    if rest:
        yield rest
