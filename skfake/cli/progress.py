"""Progress of a long command, on stderr, if that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter


def is_watched(*, writes_to_stdout: bool) -> bool:
    """Whether to show progress."""
    return sys.stderr.isatty() and not (writes_to_stdout and sys.stdout.isatty())


@contextmanager
def show_progress(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Count images as they are done."""
    if not shown:
        yield lambda n, n_failed: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[done]}"),
        TextColumn("{task.fields[failed]}", style="red"),
        TimeElapsedColumn(),
    )
    started = perf_counter()
    n_done = n_without = 0
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None, done="0 images", failed="")

        def advance(n: int, n_failed: int) -> None:
            nonlocal n_done, n_without
            n_done, n_without = n_done + n, n_without + n_failed
            rate = n_done / (perf_counter() - started)
            done = f"{n_done:,} images, {rate:,.0f}/s"
            failed = f"{n_without:,} without an answer" if n_without else ""
            progress.update(task, done=done, failed=failed)

        yield advance
