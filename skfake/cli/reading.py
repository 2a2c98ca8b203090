"""Files to pixels, by threads that read ahead of what is computed."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Condition, Lock, Thread
from time import perf_counter
from typing import NamedTuple, Self

import numpy as np

from skfake.cli.paths import Found
from skfake.images import read_image

# Decoded pixels of a batch, at most, and for how many batches there is room.
BATCH_BYTES = 2**27
N_AHEAD = 3
# Seconds after which a batch goes as it is, where the next file is long in coming.
PATIENCE = 1.0


class Opened(NamedTuple):
    """A file's pixels, of shape (H, W, 3), or the reason why there are none."""

    path: str
    pixels: np.ndarray | None
    error: str
    seconds: float


class ReadAhead:
    """Decode files in threads; give them in batches, in their order."""

    def __init__(
        self, found: Iterator[Found], *, batch_size: int, n_threads: int
    ) -> None:
        self._found = found
        self._batch_size = batch_size
        self._turn = Lock()
        self._changed = Condition()
        # What is decoded, by position. From `_first` to before `_next` nothing lacks.
        self._done: dict[int, Opened] = {}
        self._first = self._next = self._n_taken = 0
        self._bytes_ready = self._bytes_done = 0
        self._ended = self._stopped = False
        self._failure: BaseException | None = None
        self._threads = [
            Thread(target=self._work, daemon=True) for _ in range(n_threads)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        # One that waits for a pipe is left behind; it ends with the process.
        for thread in self._threads:
            thread.join(timeout=0.1)

    def __iter__(self) -> Iterator[list[Opened]]:
        while batch := self._take_batch():
            yield batch
        if self._failure is not None:
            raise self._failure

    def _take_batch(self) -> list[Opened]:
        with self._changed:
            while not self._is_full():
                if not self._changed.wait(PATIENCE) and self._next > self._first:
                    break
            batch: list[Opened] = []
            n_bytes = 0
            while self._first < self._next and not self._fills(len(batch), n_bytes):
                batch.append(self._done.pop(self._first))
                n_bytes += _size(batch[-1])
                self._first += 1
            self._bytes_ready -= n_bytes
            self._bytes_done -= n_bytes
            self._changed.notify_all()
            return batch

    def _is_full(self) -> bool:
        """Whether there is a batch to be had, or nothing more to come."""
        whole = self._ended and self._next == self._n_taken
        return whole or self._fills(self._next - self._first, self._bytes_ready)

    def _fills(self, n_files: int, n_bytes: int) -> bool:
        return n_files >= self._batch_size or n_bytes >= BATCH_BYTES

    def _work(self) -> None:
        while True:
            # Taken in turn, and only where there is room: so the file that is waited
            # for is always one that a thread has begun.
            with self._turn:
                if not self._wait_for_room():
                    return
                found = self._go_on()
                if found is None:
                    return
                position = self._n_taken
                self._n_taken += 1
            self._put(position, _open(found))

    def _wait_for_room(self) -> bool:
        with self._changed:
            while not self._stopped and (
                self._n_taken - self._first >= N_AHEAD * self._batch_size
                or self._bytes_done >= N_AHEAD * BATCH_BYTES
            ):
                self._changed.wait()
            return not (self._stopped or self._ended)

    def _go_on(self) -> Found | None:
        """The next path, or the end."""
        try:
            found = next(self._found, None)
        # It is raised where the batches are taken.
        except BaseException as error:
            self._failure, found = error, None
        if found is None:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
        return found

    def _put(self, position: int, opened: Opened) -> None:
        with self._changed:
            self._done[position] = opened
            self._bytes_done += _size(opened)
            if position != self._next:
                return
            while self._next in self._done:
                self._bytes_ready += _size(self._done[self._next])
                self._next += 1
            if self._is_full():
                self._changed.notify_all()


def _size(opened: Opened) -> int:
    return 0 if opened.pixels is None else opened.pixels.nbytes


def _open(found: Found) -> Opened:
    if found.error:
        return Opened(found.path, None, found.error, 0.0)
    started = perf_counter()
    pixels, error = None, ""
    try:
        pixels = read_image(found.path)
    except FileNotFoundError:
        error = "no such file"
    except (OSError, ValueError) as raised:
        error = _reason(raised, found.path)
    return Opened(found.path, pixels, error, perf_counter() - started)


def _reason(error: Exception, path: str) -> str:
    """What was wrong with a file, without the path, which its row has already."""
    text = str(error)
    _, named, reason = text.partition(f"got the file {path!r}: ")
    return " ".join((reason if named else text).rstrip(".").split())
