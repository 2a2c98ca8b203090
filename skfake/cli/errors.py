"""How the command ends early: a mistake in one line, Ctrl-C, a closed pipe."""

import os
import re
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
# What a user's files, options and machine may be wrong by.
MISTAKES = (ImportError, MemoryError, OSError, RuntimeError, TypeError, ValueError)
# Parameters that errors begin with, and what the user types for them.
TYPED = {
    "X": "SOURCE",
    "augment": "--augmentation",
    "detector": "MODEL",
    "device": "--device",
    "encoder": "--encoder",
    "image_size": "--image-size",
    "inference_precision": "--inference-precision",
    "label": "--label",
    "max_epochs": "--epochs",
    "path": "SOURCE",
    "paths": "PATH",
    "pos_label": "--pos-label",
    "source": "SOURCE",
    "test": "--test",
    "threshold": "--threshold",
    "weights": "--weights",
}
# What else an error says in the words of Python.
SKIPPED = "skip_unreadable=True"
IN_PYTHON = [
    (re.compile(r"\bX\[\d+\]"), "an image"),
    (re.compile(rf"\b{SKIPPED}"), "--skip-unreadable"),
    (re.compile(r"\bwithout_leaks\(\)"), "--without-leaks"),
]


@contextmanager
def one_line(**typed: str) -> Iterator[None]:
    """Make one line of errors, in the words of the one who typed the command."""
    try:
        yield
    except MISTAKES as error:
        raise UsageError("\n  ".join(to_lines(error, **typed))) from error


def to_lines(error: BaseException, **typed: str) -> list[str]:
    """Text of an error and, where it names several files, a line for each."""
    named = getattr(error, "named", [])
    if len(named) < 2:
        return [to_line(error, **typed)]
    what, _, rest = str(error).partition(":")
    cure = " --skip-unreadable leaves them out." if SKIPPED in rest else ""
    return [to_line(ValueError(f"{what}.{cure}"), **typed), *named]


def to_line(error: BaseException, **typed: str) -> str:
    """Text of an error, about options in place of parameters."""
    text = str(error)
    if isinstance(error, OSError) and error.filename and error.strerror:
        # As Python's own errors are written: [Errno 21] Is a directory: 'x'.
        text = f"{error.filename!r} can't be used: {error.strerror}."
    first, *others = (text or type(error).__name__).split()
    if others[:1] == ["must"]:
        first = (TYPED | typed).get(first, first)
    return say_options(" ".join([first, *others]))


def say_options(text: str) -> str:
    """The same text with options for what is Python in it."""
    for pattern, words in IN_PYTHON:
        text = pattern.sub(words, text)
    return text


def stop(*_: object) -> NoReturn:
    """Handle Ctrl-C."""
    print("skfake: interrupted", file=sys.stderr)
    sys.exit(INTERRUPTED)


def leave_pipe() -> NoReturn:
    """End quietly when a reader, such as `head`, takes no more."""
    # Python would try once more to write what is left.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(BROKEN_PIPE)
