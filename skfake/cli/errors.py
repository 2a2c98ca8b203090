"""A user's mistake is one line, and exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

# Where click's class of all errors in a command's arguments stands differs between
# versions of typer; that it is the base of this one does not.
UsageError: Any = typer.BadParameter.__bases__[0]


@contextmanager
def one_line() -> Iterator[None]:
    """Make one line of errors whose text is for the one who typed the command."""
    try:
        yield
    except (ImportError, OSError, TypeError, ValueError) as error:
        raise UsageError(" ".join(str(error).split())) from error
