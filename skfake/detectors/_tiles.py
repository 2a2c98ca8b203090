"""Where the tiles of an image are, their pixels, and what their scores add up to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from skfake.images import open_rows


@dataclass
class Grid:
    """Squares that cover an image: every top with every left."""

    height: int
    width: int
    size: int
    tops: np.ndarray
    lefts: np.ndarray

    @classmethod
    def over(cls, shape: tuple[int, ...], size: int, overlap: float) -> Grid:
        """Place tiles on an image."""
        height, width = shape[:2]
        step = max(1, round(size * (1 - overlap)))
        tops, lefts = (starts(side, size, step) for side in (height, width))
        return cls(height, width, size, tops, lefts)

    def __len__(self) -> int:
        return len(self.tops) * len(self.lefts)

    @property
    def boxes(self) -> np.ndarray:
        """Top, left, bottom and right of each tile, within the image: (n_tiles, 4)."""
        tops = np.repeat(self.tops, len(self.lefts))
        lefts = np.tile(self.lefts, len(self.tops))
        bottoms = np.minimum(tops + self.size, self.height)
        rights = np.minimum(lefts + self.size, self.width)
        return np.column_stack([tops, lefts, bottoms, rights])

    def spread(self, scores: np.ndarray) -> np.ndarray:
        """Give each pixel the mean score of the tiles that cover it."""
        # Tiles of a row cover the same rows of pixels: a mean over both directions is
        # one over rows and then one over columns.
        table = scores.reshape(len(self.tops), len(self.lefts)).astype(np.float32)
        rows = _shares(self.tops, self.size, self.height)
        columns = _shares(self.lefts, self.size, self.width)
        return (rows @ table) @ columns.T


def starts(length: int, size: int, step: int) -> np.ndarray:
    """Where tiles along a side begin; the last is shifted inward to end with it."""
    last = max(0, length - size)
    return np.append(np.arange(0, last, step), last)


def _shares(begins: np.ndarray, size: int, length: int) -> np.ndarray:
    """Part of each tile in the mean at each pixel of a side: (length, n_tiles)."""
    pixels = np.arange(length)[:, np.newaxis]
    covered = ((pixels >= begins) & (pixels < begins + size)).astype(np.float32)
    return covered / covered.sum(axis=1, keepdims=True)


def cut_tiles(
    rows: Any, grid: Grid, chosen: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """Tiles of one image, some rows of which are in memory at a time."""
    if chosen is None:
        chosen = np.arange(len(grid))
    numbers, columns = np.divmod(chosen, len(grid.lefts))
    for number in np.unique(numbers):
        top = grid.tops[number]
        strip = rows[top : top + grid.size]
        missing = [max(0, grid.size - side) for side in (len(strip), grid.width)]
        if any(missing):
            margins = [*((0, gap) for gap in missing), (0, 0)]
            strip = np.pad(strip, margins, mode="reflect")
        for left in grid.lefts[columns[numbers == number]]:
            yield strip[:, left : left + grid.size]


def draw_tiles(
    images: Sequence,
    sides: np.ndarray,
    *,
    size: int,
    overlap: float,
    max_tiles: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw equally many tiles from each image, whose height and width are known."""
    most = max(len(Grid.over(of_one, size, overlap)) for of_one in sides)
    n_tiles = min(max_tiles, most)
    # Numbers of no known scale stay floats, all of them.
    dtype = getattr(images[0], "dtype", np.uint8)
    tiles = np.empty((len(images) * n_tiles, size, size, 3), dtype)
    for i, image in enumerate(images):
        rows = open_rows(image)
        grid = Grid.over(rows.shape, size, overlap)
        chosen = _draw(len(grid), n_tiles, rng)
        for j, tile in enumerate(cut_tiles(rows, grid, chosen), start=i * n_tiles):
            # A gray tile fills three channels.
            tiles[j] = tile
        # Or the next image would be opened beside it.
        del rows
    return tiles


def _draw(n: int, n_drawn: int, rng: np.random.Generator) -> np.ndarray:
    """Numbers below n, each as often as any other, but for the rest of a division."""
    whole, rest = divmod(n_drawn, n)
    drawn = np.append(np.tile(np.arange(n), whole), rng.choice(n, rest, replace=False))
    return np.sort(drawn)


def score_tiles(
    images: np.ndarray | list,
    score: Callable[[np.ndarray], np.ndarray],
    *,
    size: int,
    overlap: float,
    batch_size: int,
) -> Iterator[tuple[Grid, np.ndarray]]:
    """Score all tiles of each image."""
    grids: deque[Grid] = deque()
    scored: list[np.ndarray] = []
    for tiles in _batch_tiles(images, grids, size, overlap, batch_size):
        scored.append(score(tiles))
        n_scored = sum(len(scores) for scores in scored)
        if n_scored < len(grids[0]):
            continue
        scores = np.concatenate(scored)
        while grids and len(grids[0]) <= len(scores):
            grid = grids.popleft()
            yield grid, scores[: len(grid)]
            scores = scores[len(grid) :]
        scored = [scores]


def _batch_tiles(
    images: np.ndarray | list,
    grids: deque[Grid],
    size: int,
    overlap: float,
    batch_size: int,
) -> Iterator[np.ndarray]:
    """Tiles of all images by batches; an image's grid is there before its tiles."""
    tiles, n = np.empty((0, size, size, 3)), 0
    for image in images:
        rows = open_rows(image)
        grid = Grid.over(rows.shape, size, overlap)
        grids.append(grid)
        for tile in cut_tiles(rows, grid):
            if n == len(tiles):
                if n:
                    yield tiles[:n]
                tiles, n = np.empty((batch_size, size, size, 3), tile.dtype), 0
            # A gray tile fills three channels.
            tiles[n] = tile
            n += 1
        # Or the next image would be opened beside it.
        del rows
    if n:
        yield tiles[:n]


def aggregate_scores(
    scores: np.ndarray, aggregate: str | float, negatives: np.ndarray | None
) -> np.ndarray:
    """Scores of an image from its tiles'; `negatives` are columns that are no fakes."""
    if aggregate == "mean":
        return scores.mean(axis=0)
    # Rounded before, as 0.1 * 70 is a little more than 7.
    n = 1 if aggregate == "max" else ceil(round(float(aggregate) * len(scores), 9))
    suspects = np.argsort(scores[:, negatives].sum(axis=1), kind="stable")[:n]
    return scores[suspects].mean(axis=0)
