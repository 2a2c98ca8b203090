"""A row for each image, as CSV or as JSON Lines, written in whole lines."""

from __future__ import annotations

import csv
import io
import json
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType
from typing import Any, BinaryIO

from skfake.cli.endings import leave_pipe


class Format(StrEnum):
    """How rows are written."""

    csv = "csv"
    jsonl = "jsonl"


class RowWriter:
    """Write rows, so that a reader finds them at once, and only whole ones.

    Parameters
    ----------
    stream : binary file object
        Where to.

    format : Format
        CSV as RFC 4180 has it, but for plain line breaks, and with the bytes of a path
        that is no UTF-8 as they are; or JSON Lines, where such a byte 0xNN is the
        lone surrogate U+DCNN, as Python reads and writes it.

    columns : sequence of str
        Their names.
    """

    def __init__(
        self, stream: BinaryIO, *, format: Format, columns: Sequence[str]
    ) -> None:
        self.stream = stream
        self.format = format
        self.columns = columns
        if format is Format.csv:
            self._send(_to_csv([columns]))

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows and flush them.

        Parameters
        ----------
        rows : iterable of sequences
            Cells in the order of the columns; None is an empty cell, or null.
        """
        if self.format is Format.csv:
            self._send(_to_csv(rows))
            return
        dicts = [dict(zip(self.columns, row, strict=True)) for row in rows]
        self._send("".join(f"{json.dumps(row)}\n" for row in dicts))

    def _send(self, text: str) -> None:
        content = text.encode("utf-8", "surrogateescape")
        try:
            with _uninterrupted():
                self.stream.write(content)
                self.stream.flush()
        # Not left to typer, whose exit code for it would be that of rows with errors.
        except BrokenPipeError:
            leave_pipe()


@contextmanager
def open_output(path: Path | None) -> Iterator[BinaryIO]:
    """Open a file to write to, or stdout.

    Parameters
    ----------
    path : Path or None
        None is stdout.

    Yields
    ------
    binary file object
    """
    with nullcontext(sys.stdout.buffer) if path is None else open(path, "wb") as stream:
        yield stream


def _to_csv(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait for the end of a line."""
    if current_thread() is not main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    handler = signal.signal(signal.SIGINT, lambda *signalled: came.append(signalled))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if came and callable(handler):
        handler(*came[0])
