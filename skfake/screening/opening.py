"""Files to pixels, by threads that read ahead of what is computed, in batches."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, perf_counter
from typing import NamedTuple

import numpy as np
from joblib import effective_n_jobs

from skfake.images.decoding import decode_file, quiet
from skfake.read_ahead import ReadAhead
from skfake.screening.paths import Found

# Decoded pixels of a batch, at most, and for how many batches there is room.
BATCH_BYTES = 2**27
N_AHEAD = 3
# Images of the first batch: a slow detector's first rows are wanted soon. Each of the
# next is as large as what is computed in so many seconds, and at most twice the last.
FEW = 4
SECONDS = 1.0
# Seconds after which a batch goes as it is, where the next file is long in coming.
PATIENCE = 1.0


class Opened(NamedTuple):
    """A file's pixels, of shape (H, W, 3), or the reason why there are none."""

    path: str
    pixels: np.ndarray | None
    error: str | None
    seconds: float

    @property
    def n_bytes(self) -> int:
        """Bytes of the pixels."""
        return 0 if self.pixels is None else self.pixels.nbytes


@contextmanager
def open_images(
    found: Iterator[Found], *, batch_size: int, n_jobs: int | None
) -> Iterator[Iterator[list[Opened]]]:
    """Decode files in threads, from now on; give them in batches, in their order.

    The first are small, and so are all where it takes long until the next is asked for.
    """
    with (
        quiet(),
        ReadAhead(
            _open,
            found,
            n_threads=effective_n_jobs(n_jobs),
            n_ahead=N_AHEAD * batch_size,
            n_bytes=N_AHEAD * BATCH_BYTES,
            size=lambda opened: opened.n_bytes,
        ) as ahead,
    ):
        yield _take_batches(ahead, batch_size)


def _take_batches(
    ahead: ReadAhead[Found, Opened], batch_size: int
) -> Iterator[list[Opened]]:
    size = min(FEW, batch_size)
    while batch := _take_batch(ahead, size):
        started = perf_counter()
        yield batch
        seconds = max(perf_counter() - started, 1e-9)
        in_time = int(len(batch) * SECONDS / seconds)
        size = max(1, min(in_time, 2 * size, batch_size))


def _take_batch(ahead: ReadAhead[Found, Opened], batch_size: int) -> list[Opened]:
    """Files that are opened, after a while also fewer; none at the end."""
    batch: list[Opened] = []
    n_bytes, last = 0, monotonic() + PATIENCE
    while len(batch) < batch_size and n_bytes < BATCH_BYTES:
        if batch and not ahead.wait(max(0, last - monotonic())):
            break
        try:
            batch.append(next(ahead))
        # The end, or an error of the paths: it comes again, for the next batch.
        except Exception as error:
            if not batch and not isinstance(error, StopIteration):
                raise
            break
        n_bytes += batch[-1].n_bytes
    return batch


def _open(found: Found) -> Opened:
    if found.error:
        return Opened(found.path, None, found.error, 0.0)
    started = perf_counter()
    pixels, error = None, None
    try:
        pixels = decode_file(found.path)
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
