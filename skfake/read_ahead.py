"""A function of many items, computed by threads ahead of whoever takes the results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from math import inf
from threading import Condition, Lock, Thread
from time import monotonic
from typing import Any, Generic, Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# Stands after the last result.
END: Any = object()
# Seconds that closing waits for threads that are in the midst of an item.
GRACE = 0.1


class ReadAhead(Iterator[Result], Generic[Item, Result]):
    """Results in the order of the items, with errors in their places, as of `map`.

    At most `n_ahead` items are begun before the next result is taken, and none while
    the results that wait have `n_bytes` or more by `size`.
    """

    def __init__(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        n_threads: int = 1,
        n_ahead: int,
        n_bytes: float = inf,
        size: Callable[[Result], int] = lambda result: 0,
    ) -> None:
        self._function = function
        self._items = iter(items)
        self._n_ahead = n_ahead
        self._n_bytes = n_bytes
        self._size = size
        # Threads take items in turn: so the result that is waited for is always begun.
        self._turn = Lock()
        self._changed = Condition()
        self._results: deque[Future[Result]] = deque()
        self._n_bytes_done = 0
        self._is_over = False
        # Not those of an executor, which Python waits for before it exits: one of them
        # may be waiting for a pipe.
        self._threads = [
            Thread(target=self._work, daemon=True) for _ in range(n_threads)
        ]
        for thread in self._threads:
            thread.start()

    def __next__(self) -> Result:
        with self._changed:
            self._changed.wait_for(lambda: self._results)
        # What is raised, or the end, stays for the next call.
        result = self._results[0].result()
        if result is END:
            raise StopIteration
        with self._changed:
            self._results.popleft()
            self._n_bytes_done -= self._size(result)
            self._changed.notify_all()
        return result

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the next result, at most so many seconds; return whether it came."""
        if self._results and self._results[0].done():
            return True
        started = monotonic()
        with self._changed:
            if not self._changed.wait_for(lambda: self._results, seconds):
                return False
        if seconds is not None:
            seconds = max(0, seconds - (monotonic() - started))
        return bool(wait([self._results[0]], seconds).done)

    def close(self) -> None:
        """Begin no more items."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        last = monotonic() + GRACE
        for thread in self._threads:
            thread.join(max(0, last - monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        while self._compute_next():
            pass

    def _compute_next(self) -> bool:
        """Compute one more result, if there is one to come."""
        with self._turn:
            future = self._begin()
            if future is None:
                return False
            try:
                item = next(self._items)
            except StopIteration:
                self._is_over = True
                future.set_result(END)
                return False
            except BaseException as error:
                self._is_over = True
                future.set_exception(error)
                return False
        try:
            result = self._function(item)
            with self._changed:
                self._n_bytes_done += self._size(result)
            future.set_result(result)
        except BaseException as error:
            future.set_exception(error)
        return True

    def _begin(self) -> Future[Result] | None:
        """Place for the next result, when there is room for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or self._has_room())
            if self._is_over:
                return None
            future: Future[Result] = Future()
            self._results.append(future)
            self._changed.notify_all()
            return future

    def _has_room(self) -> bool:
        few = len(self._results) < self._n_ahead
        return few and self._n_bytes_done < self._n_bytes
