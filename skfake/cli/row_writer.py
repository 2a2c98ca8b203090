"""A row for each image, as CSV or as JSON Lines, written in whole lines."""

import csv
import io
import json
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from skfake.cli.errors import leave_pipe
from skfake.files import show_path


class Format(StrEnum):
    """How rows are written."""

    csv = "csv"
    jsonl = "jsonl"


class RowWriter:
    """Write rows at once, and only whole ones."""

    def __init__(
        self, stream: BinaryIO, *, format: Format, columns: Sequence[str]
    ) -> None:
        self.stream = stream
        self.format = format
        self.columns = columns
        if format is Format.csv:
            self._send(_to_csv([columns]))

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows and flush them."""
        rows = [[_show(value) for value in row] for row in rows]
        if self.format is Format.csv:
            self._send(_to_csv(rows))
        else:
            dicts = [dict(zip(self.columns, row, strict=True)) for row in rows]
            self._send("".join(f"{json.dumps(row)}\n" for row in dicts))

    def _send(self, text: str) -> None:
        content = text.encode()
        try:
            with _uninterrupted():
                self.stream.write(content)
                self.stream.flush()
        # Not left to typer, whose exit code for it would be that of rows with errors.
        except BrokenPipeError:
            leave_pipe()


def open_output(path: Path | None) -> AbstractContextManager[BinaryIO]:
    """Open a file to write to, or stdout."""
    return nullcontext(sys.stdout.buffer) if path is None else open(path, "wb")


def _show(value: Any) -> Any:
    return show_path(value) if isinstance(value, str) else value


def _to_csv(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait for the end of a line."""
    came: list[tuple[int, FrameType | None]] = []
    handler = signal.signal(signal.SIGINT, lambda *signalled: came.append(signalled))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if came and callable(handler):
        handler(*came[0])
