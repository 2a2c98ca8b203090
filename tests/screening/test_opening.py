"""Files are opened ahead, in batches that are neither large nor late."""

import time
import warnings
from itertools import chain

import numpy as np
import pytest

from skfake.screening import opening
from skfake.screening.paths import Found
from tests.screening.instances import write

PIXEL = np.zeros((1, 1, 3), dtype=np.uint8)


def batches_of(found, *, batch_size=9, n_jobs=2):
    with opening.open_images(found, batch_size=batch_size, n_jobs=n_jobs) as batches:
        return list(batches)


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_files_come_in_batches_in_their_order(folder, n_jobs):
    for i in range(30):
        write(f"{i:02}.png", 8 * i, side=60 if i % 4 else 2)
    found = [Found(f"{i:02}.png") for i in range(30)]
    batches = batches_of(iter(found), batch_size=7, n_jobs=n_jobs)
    # The first is small, lest anyone waits for a slow detector.
    assert [len(batch) for batch in batches] == [4, 7, 7, 7, 5]
    opened = [opened for batch in batches for opened in batch]
    assert [file.path for file in opened] == [file.path for file in found]
    assert [file.pixels.max() for file in opened] == [8 * i for i in range(30)]
    assert all(0 < file.seconds < 60 for file in opened)


def test_what_can_not_be_read_says_why(folder):
    write("a.png")
    whole = (folder / "a.png").read_bytes()
    (folder / "b.png").write_bytes(whole[:50])
    (folder / "c.png").write_text("no image")
    (folder / "d.png").touch()
    (folder / "e.png").mkdir()
    found = [Found(f"{name}.png") for name in "abcdef"]
    batches = batches_of(iter([*found, Found("g", "forbidden")]))
    good, cut, *others = chain(*batches)
    assert (good.error, good.pixels.shape) == (None, (4, 4, 3))
    assert "truncated" in cut.error.lower() or "broken" in cut.error.lower()
    assert "b.png" not in cut.error
    assert [file.error for file in others] == [
        "it has no format that is read",
        "it is empty",
        "no such file",
        "no such file",
        "forbidden",
    ]
    assert all(file.pixels is None for file in [cut, *others])


def test_few_files_are_held_at_a_time(monkeypatch):
    alive = most = 0

    class Pixels(np.ndarray):
        def __del__(self):
            nonlocal alive
            alive -= 1

    def read(path):
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        return np.zeros((10, 10, 3), dtype=np.uint8).view(Pixels)

    monkeypatch.setattr(opening, "decode_file", read)
    # Of 300 bytes each.
    monkeypatch.setattr(opening, "BATCH_BYTES", 1200)
    found = (Found(str(i)) for i in range(500))
    with opening.open_images(found, batch_size=128, n_jobs=3) as batches:
        sizes = [len(batch) for batch in batches]
    assert sum(sizes) == 500
    assert set(sizes) == {4}
    assert most <= 3 * 4 + 3 + 2 * 4


def test_batches_are_as_large_as_what_is_computed_in_time(monkeypatch):
    monkeypatch.setattr(opening, "decode_file", lambda path: PIXEL)
    monkeypatch.setattr(opening, "SECONDS", 0.05)
    found = (Found("a") for _ in range(60))
    sizes = []
    with opening.open_images(found, batch_size=16, n_jobs=1) as batches:
        for batch in batches:
            sizes.append(len(batch))
            # Slow until the fourth.
            time.sleep(0.02 * len(batch) if len(sizes) < 4 else 0)
    assert sizes[:7] == [4, 2, 2, 2, 4, 8, 16]


def test_a_slow_list_does_not_hold_back_what_is_there(monkeypatch):
    monkeypatch.setattr(opening, "PATIENCE", 0.05)
    monkeypatch.setattr(opening, "decode_file", lambda path: PIXEL)
    taken = []

    def find():
        yield Found("a")
        while not taken:
            time.sleep(0.01)
        yield Found("b")

    with opening.open_images(find(), batch_size=9, n_jobs=2) as batches:
        for batch in batches:
            taken.append([opened.path for opened in batch])
    assert taken == [["a"], ["b"]]


def test_a_list_that_goes_on_slowly_does_not_hold_back_what_is_there(monkeypatch):
    monkeypatch.setattr(opening, "PATIENCE", 0.2)
    monkeypatch.setattr(opening, "decode_file", lambda path: PIXEL)

    def find():
        while True:
            time.sleep(0.01)
            yield Found("a")

    with opening.open_images(find(), batch_size=10_000, n_jobs=2) as batches:
        assert 1 <= len(next(batches)) <= 30


def test_an_error_of_the_list_is_raised_after_what_was_read(monkeypatch):
    monkeypatch.setattr(opening, "decode_file", lambda path: PIXEL)

    def find():
        yield Found("a")
        raise OSError("the list broke off")

    read = []
    with (
        opening.open_images(find(), batch_size=9, n_jobs=2) as batches,
        pytest.raises(OSError, match="broke off"),
    ):
        read.extend(batches)
    assert len(read) == 1


def test_pillow_s_warnings_are_not_shown(monkeypatch):
    def warn(path):
        warnings.warn_explicit("odd metadata", UserWarning, "x", 1, module="PIL.Image")
        return PIXEL

    monkeypatch.setattr(opening, "decode_file", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        ((opened,),) = batches_of(iter([Found("a")]))
        assert warnings.filters == before
    assert opened.error is None
