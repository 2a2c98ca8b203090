"""A function of many items, computed by threads ahead of whoever takes the results."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from math import inf
from threading import Condition, Lock, Thread
from time import monotonic
from typing import Generic, NoReturn, Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

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
        self.wait()
        # What is raised, StopIteration too, is raised again by the next call.
        result = self._results[0].result()
        with self._changed:
            self._results.popleft()
            self._n_bytes_done -= self._size(result)
            self._changed.notify_all()
        return result

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the next result, at most so many seconds; return whether it came."""
        with self._changed:
            return self._changed.wait_for(self._is_next_done, seconds)

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
        future: Future[Result] = Future()
        with self._turn:
            if not self._wait_for_room():
                return False
            call = self._take_item()
            self._results.append(future)
        try:
            result = call()
            with self._changed:
                self._n_bytes_done += self._size(result)
            future.set_result(result)
        except BaseException as error:
            future.set_exception(error)
        with self._changed:
            if self._is_next_done():
                self._changed.notify_all()
        return True

    def _wait_for_room(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or self._has_room())
            return not self._is_over

    def _take_item(self) -> Callable[[], Result]:
        """What gives the next result, or raises what the items ended with."""
        try:
            return partial(self._function, next(self._items))
        except BaseException as error:
            self._is_over = True
            return partial(_raise, error)

    def _has_room(self) -> bool:
        few = len(self._results) < self._n_ahead
        return few and self._n_bytes_done < self._n_bytes

    def _is_next_done(self) -> bool:
        return bool(self._results) and self._results[0].done()


def _raise(error: BaseException) -> NoReturn:
    raise error
