"""How far something long is: one bar where someone watches stderr, else lines."""

import os
import sys
from collections.abc import Callable
from multiprocessing import parent_process
from threading import current_thread, main_thread
from time import monotonic
from typing import Self

from tqdm import tqdm

# Seconds between two drawings of a bar, and between two lines.
BAR_SECONDS = 0.1
LINE_SECONDS = 10
# Columns that a bar and its text take at most.
WIDTH = 100


class Progress:
    """Count what is done, and show it on stderr.

    Whoever counts sets `title`, which comes before the count, `note`, which comes after
    it, and `total`, as far as they are known; all three may change. `pace` is the time
    that so many take, in any unit, where not all take the same.
    """

    def __init__(
        self,
        total: int | None = None,
        unit: str = "images",
        *,
        pace: Callable[[int], float] = float,
    ) -> None:
        self.total = total
        self.unit = unit
        self.pace = pace
        self.title = ""
        self.note = ""
        self.n_done = 0
        self._n_at_start = 0
        self._started = self._written = monotonic()
        self._drawn = -BAR_SECONDS
        self._line = ""
        self._bar: tqdm | None = None
        if is_watched():
            form = "{bar} {desc}"
            # Some terminals say that they have no rows, where tqdm draws nothing.
            self._bar = tqdm(
                total=total, bar_format=form, ncols=_find_width(), nrows=24
            )

    def start_at(self, n: int) -> None:
        """Count what was done before, which says nothing of the time to go."""
        self.n_done = self._n_at_start = n

    def advance(self, n: int = 1) -> None:
        """Count what is done, and draw the bar if it is time."""
        self.n_done += n
        if self._bar is None:
            return
        now = monotonic()
        if now - self._drawn >= BAR_SECONDS:
            self._drawn = now
            self._draw(self._time_to_go())

    def write_line(self, text: str) -> None:
        """Write a line where there is no bar, if it is time, or else at the end."""
        self._line = text
        due = monotonic() - self._written >= LINE_SECONDS
        if self._bar is None and due and self.n_done != self.total:
            self._write(self._time_to_go())

    def close(self) -> None:
        """Leave the bar, or else the last line, with the time that all has taken."""
        took = f"took {to_words(monotonic() - self._started)}"
        if self._bar is not None:
            self._draw(took)
            self._bar.close()
            self._bar = None
        elif self._line:
            self._write(took)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _draw(self, time: str) -> None:
        assert self._bar is not None
        of = "" if self.total is None else f" of {self.total:,}"
        text = _join(self.title, f"{self.n_done:,}{of} {self.unit}", self.note, time)
        self._bar.n, self._bar.total = self.n_done, self.total
        self._bar.ncols = _find_width()
        self._bar.set_description_str(text, refresh=False)
        self._bar.refresh()

    def _write(self, time: str) -> None:
        if sys.stderr is not None:
            print(_join(self._line, time), file=sys.stderr, flush=True)
        self._line, self._written = "", monotonic()

    def _time_to_go(self) -> str:
        done = self.pace(self.n_done) - self.pace(self._n_at_start)
        if self.total is None or done == 0 or self.n_done >= self.total:
            return ""
        left = self.pace(self.total) - self.pace(self.n_done)
        return f"{to_words((monotonic() - self._started) * left / done)} to go"


def is_watched() -> bool:
    """Whether a bar can be drawn on stderr, and no other may come in between."""
    if parent_process() is not None or current_thread() is not main_thread():
        return False
    return sys.stderr is not None and (sys.stderr.isatty() or _is_in_notebook())


def write_above(text: str) -> None:
    """Write a line to stdout, above the bar if there is one."""
    tqdm.write(text)


def to_words(seconds: float) -> str:
    """Seconds as people say them, in two digits."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def _find_width() -> int:
    """Columns of a bar and its text, so that they stay in one line."""
    try:
        n_columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (AttributeError, OSError, ValueError):
        n_columns = 0
    # Some terminals say 0, and some begin another line after the last column.
    return min(n_columns - 1, WIDTH) if n_columns else WIDTH


def _is_in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
