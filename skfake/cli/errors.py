"""How the command ends early: a mistake in one line, Ctrl-C, a closed pipe."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

# Where click's class of all errors in a command's arguments is differs between versions
# of typer; that it is the base of this one does not.
UsageError: Any = typer.BadParameter.__bases__[0]
# Exit codes by which shells say that a command was ended by these signals.
INTERRUPTED = 128 + 2
BROKEN_PIPE = 128 + 13
# Parameters that errors begin with, and what the user types for them.
TYPED = {
    "detector": "MODEL",
    "image_size": "--image-size",
    "label": "--label",
    "max_epochs": "--epochs",
    "path": "SOURCE",
    "paths": "PATH",
    "pos_label": "--pos-label",
    "source": "SOURCE",
    "test": "--test",
    "threshold": "--threshold",
}


@contextmanager
def one_line(**typed: str) -> Iterator[None]:
    """Make one line of errors, in the words of the one who typed the command."""
    try:
        yield
    except (ImportError, OSError, TypeError, ValueError) as error:
        raise UsageError(to_line(error, **typed)) from error


def to_line(error: Exception, **typed: str) -> str:
    """Text of an error, about options in place of parameters."""
    first, *others = str(error).split()
    if others[:1] == ["must"]:
        first = (TYPED | typed).get(first, first)
    return " ".join([first, *others])


def stop(*_: object) -> NoReturn:
    """Handle Ctrl-C."""
    print("skfake: interrupted", file=sys.stderr)
    sys.exit(INTERRUPTED)


def leave_pipe() -> NoReturn:
    """End quietly when a reader, such as `head`, takes no more."""
    # Python would try once more to write what is left.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(BROKEN_PIPE)
