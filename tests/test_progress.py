import io
import os
import sys
import types
from contextlib import contextmanager, redirect_stderr
from threading import Thread

import pytest
from joblib import Parallel, delayed

from skfake import progress as module
from skfake.progress import Progress, is_watched, to_words, write_above


class Terminal(io.StringIO):
    def isatty(self):
        return True

    @property
    def last(self):
        """What stands in the last line that was drawn."""
        return self.getvalue().rstrip("\n").rpartition("\r")[2].strip()


class Clock:
    """Time that passes when a test says so."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


@contextmanager
def watched():
    """Text that is drawn while stderr is a terminal."""
    with redirect_stderr(Terminal()) as terminal:
        yield terminal


def test_a_bar_says_what_is_done_and_how_long_the_rest_takes(clock):
    with watched() as terminal, Progress(100_000) as progress:
        progress.title, progress.note = "epoch 3 of 10", "valid accuracy 93.1 %"
        clock.now += 100
        progress.advance(45_000)
        shown = "epoch 3 of 10, 45,000 of 100,000 images, valid accuracy 93.1 %"
        assert terminal.last.endswith(f"{shown}, 2 min to go")
        clock.now += 200
        progress.advance(55_000)
    assert terminal.last.endswith(
        "100,000 of 100,000 images, valid accuracy 93.1 %, took 5 min"
    )
    assert terminal.getvalue().count("\n") == 1


def test_a_bar_without_a_total_counts(clock):
    with watched() as terminal, Progress(unit="files") as progress:
        clock.now += 1
        progress.advance(7)
        assert terminal.last.endswith("7 files")


def test_a_bar_is_drawn_ten_times_a_second_at_most(clock):
    with watched() as terminal, Progress(1000) as progress:
        for _ in range(1000):
            clock.now += 0.01
            progress.advance()
    assert 80 < terminal.getvalue().count("images") <= 102


def test_what_was_done_before_says_nothing_of_the_time_to_go(clock):
    with watched() as terminal, Progress(100) as progress:
        progress.start_at(80)
        clock.now += 30
        progress.advance(10)
        assert terminal.last.endswith("90 of 100 images, 30 s to go")


def test_the_time_to_go_follows_the_pace(clock):
    # The second half takes three times as long.
    def pace(n):
        return n if n < 50 else 50 + 3 * (n - 50)

    with watched() as terminal, Progress(100, pace=pace) as progress:
        clock.now += 10
        progress.advance(50)
        assert terminal.last.endswith("50 of 100 images, 30 s to go")
        clock.now += 15
        progress.advance(25)
        assert terminal.last.endswith("75 of 100 images, 15 s to go")


def test_where_nobody_watches_there_is_a_line_every_ten_seconds(capsys, clock):
    with Progress(10) as progress:
        for i in range(10):
            clock.now += 4
            progress.advance()
            progress.write_line(f"part {i}")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "part 2, 28 s to go",
        "part 5, 16 s to go",
        "part 8, 4 s to go",
        "part 9, took 40 s",
    ]


def test_the_last_line_is_written_wherever_it_ends(capsys, clock):
    with Progress(10) as progress:
        progress.advance()
        progress.write_line("part 0")
    assert capsys.readouterr().err == "part 0, took 0 s\n"


def test_a_line_that_is_due_at_the_end_is_written_once(capsys, clock):
    with Progress(10) as progress:
        clock.now += 20
        progress.advance(10)
        progress.write_line("all parts")
    assert capsys.readouterr().err == "all parts, took 20 s\n"


def test_a_terminal_without_a_size_shows_a_bar():
    pty = pytest.importorskip("pty")
    shown, written = pty.openpty()
    os.set_blocking(shown, False)
    seen = b""
    with open(shown, "rb", buffering=0) as reader, open(written, "w") as terminal:
        with redirect_stderr(terminal), Progress(10) as progress:
            progress.advance(3)
        while part := reader.read(1000):
            seen += part
    assert b"3 of 10 images" in seen


def test_a_bar_leaves_lines_away(clock):
    with watched() as terminal, Progress(10) as progress:
        clock.now += 20
        progress.write_line("part 0")
    assert "part 0" not in terminal.getvalue()


def test_a_line_on_stdout_stands_above_the_bar(clock, capsys):
    with watched() as terminal, Progress(10) as progress:
        clock.now += 1
        progress.advance()
        n, bar = len(terminal.getvalue()), terminal.last
        write_above("a line")
        _, cleared, _, drawn = terminal.getvalue()[n - 1 :].split("\r")
        assert cleared.strip() == ""
        assert drawn.strip() == bar
    assert capsys.readouterr().out == "a line\n"


def test_only_the_main_thread_of_the_main_process_draws_a_bar():
    seen = []
    with watched():
        assert is_watched()
        thread = Thread(target=lambda: seen.append(is_watched()))
        thread.start()
        thread.join()
    assert seen == [False]
    assert Parallel(2)(delayed(is_watched_there)() for _ in range(2)) == [False] * 2


def is_watched_there():
    with watched():
        return is_watched()


@pytest.mark.parametrize(("shell", "watched"), [("kernel", True), ("config", False)])
def test_a_notebook_is_watched_and_a_file_is_not(monkeypatch, capsys, shell, watched):
    assert not is_watched()
    shell = types.SimpleNamespace(**{shell: None})
    ipython = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert is_watched() == watched


def test_without_stderr_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with Progress(10) as progress:
        progress.advance()
        progress.write_line("part 0")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (99, "99 s"),
        (100, "2 min"),
        (5900, "98 min"),
        (6100, "1 h 42 min"),
    ],
)
def test_durations_in_words(seconds, words):
    assert to_words(seconds) == words
