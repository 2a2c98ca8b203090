"""A user's mistake is one line, and exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

# Where click's class of all errors in a command's arguments stands differs between
# versions of typer; that it is the base of this one does not.
UsageError: Any = typer.BadParameter.__bases__[0]
# Parameters that errors begin with, by what the user types for them.
TYPED = {
    "detector": "MODEL",
    "image_size": "--image-size",
    "label": "--label",
    "max_epochs": "--epochs",
    "paths": "PATH",
    "pos_label": "--pos-label",
    "test": "--test",
    "threshold": "--threshold",
}


@contextmanager
def one_line() -> Iterator[None]:
    """Make one line of errors, in the words of the one who typed the command."""
    try:
        yield
    except (ImportError, OSError, TypeError, ValueError) as error:
        raise UsageError(to_line(error)) from error


def to_line(error: Exception) -> str:
    """Text of an error, about options in place of parameters."""
    first, *others = str(error).split()
    must = others[:1] == ["must"]
    return " ".join([TYPED.get(first, first) if must else first, *others])
