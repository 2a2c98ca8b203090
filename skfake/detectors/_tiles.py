"""Where the tiles of an image are, their pixels, and what their scores add up to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from PIL import Image

from skfake.images import load_image, open_rows, to_float


@dataclass
class Grid:
    """Squares that cover an image: every top with every left.

    Parameters
    ----------
    height, width : int
        Sides of the image.

    size : int
        Side of a tile.

    tops, lefts : int arrays
        Where the tiles begin; at 0 alone along a side that is shorter than a tile.
    """

    height: int
    width: int
    size: int
    tops: np.ndarray
    lefts: np.ndarray

    @classmethod
    def over(cls, shape: tuple[int, ...], size: int, overlap: float) -> Grid:
        """Place tiles on an image.

        Parameters
        ----------
        shape : tuple (H, W) or (H, W, C)
            Of the image.

        size : int
            Side of a tile.

        overlap : float
            Share of a tile that its neighbour covers too.

        Returns
        -------
        Grid
        """
        height, width = shape[:2]
        step = max(1, round(size * (1 - overlap)))
        return cls(
            height, width, size, starts(height, size, step), starts(width, size, step)
        )

    def __len__(self) -> int:
        return len(self.tops) * len(self.lefts)

    @property
    def boxes(self) -> np.ndarray:
        """Top, left, bottom and right of each tile, within the image: (n_tiles, 4)."""
        tops, lefts = (
            np.repeat(self.tops, len(self.lefts)),
            np.tile(self.lefts, len(self.tops)),
        )
        bottoms = np.minimum(tops + self.size, self.height)
        rights = np.minimum(lefts + self.size, self.width)
        return np.column_stack([tops, lefts, bottoms, rights])

    def spread(self, scores: np.ndarray) -> np.ndarray:
        """Give each pixel the mean score of the tiles that cover it.

        Parameters
        ----------
        scores : float array of shape (n_tiles,)
            In the order of `boxes`.

        Returns
        -------
        float32 array of shape (H, W)
        """
        # Tiles of a row cover the same rows of pixels: a mean over both directions is
        # one over rows and then one over columns.
        table = scores.reshape(len(self.tops), len(self.lefts)).astype(np.float32)
        rows = _shares(self.tops, self.size, self.height)
        columns = _shares(self.lefts, self.size, self.width)
        return (rows @ table) @ columns.T


def starts(length: int, size: int, step: int) -> np.ndarray:
    """Where tiles along a side begin, the last of them shifted inward to end with it.

    Parameters
    ----------
    length : int
        Of the side.

    size : int
        Of a tile.

    step : int
        From one tile to the next.

    Returns
    -------
    int array

    Examples
    --------
    >>> from skfake.detectors._tiles import starts
    >>> starts(100, size=32, step=32)
    array([ 0, 32, 64, 68])
    """
    last = max(0, length - size)
    return np.append(np.arange(0, last, step), last)


def _shares(begins: np.ndarray, size: int, length: int) -> np.ndarray:
    """Share of each tile in the mean at each pixel of a side: (length, n_tiles)."""
    pixels = np.arange(length)[:, np.newaxis]
    covered = ((pixels >= begins) & (pixels < begins + size)).astype(np.float32)
    return covered / covered.sum(axis=1, keepdims=True)


def cut_tiles(
    rows: Any, grid: Grid, chosen: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """Tiles of one image, some rows of which are in memory at a time.

    Parameters
    ----------
    rows : array of shape (H, W, C) or FileRows
        The image, as `skfake.images.open_rows` returns it.

    grid : Grid
        Of the image.

    chosen : int array, default=None
        Numbers of the tiles to cut, in rising order; one may come several times. With
        None it is all.

    Yields
    ------
    array of shape (size, size, C)
        A view where the image is an array. An image that is shorter than a tile is
        continued by its reflection, downwards and to the right.
    """
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
    images: np.ndarray | list,
    *,
    size: int,
    overlap: float,
    max_tiles: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw equally many tiles from each image.

    Parameters
    ----------
    images : array of shape (n, H, W, C) or list of n paths and arrays
        As `skfake.images.check_images` returns them. Files are opened one at a time.

    size : int
        Side of a tile.

    overlap : float
        Share of a tile that its neighbour covers too.

    max_tiles : int
        Tiles of each image, or as many as the largest image has. Smaller images give
        tiles several times.

    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    array of shape (n * n_tiles, size, size, 3)
        uint8 where all images are, else float32 from 0 to 1; those of an image in a
        row.
    """
    sizes = [len(Grid.over(sides_of(image), size, overlap)) for image in images]
    n_tiles = min(max_tiles, max(sizes))
    tiles = np.empty((len(images) * n_tiles, size, size, 3), np.uint8)
    for i, image in enumerate(images):
        rows = open_rows(image)
        grid = Grid.over(rows.shape, size, overlap)
        chosen = _draw(len(grid), n_tiles, rng)
        for j, tile in enumerate(cut_tiles(rows, grid, chosen), start=i * n_tiles):
            if tile.dtype != tiles.dtype:
                tiles, tile = to_float(tiles), to_float(tile)
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


def sides_of(image: Any) -> tuple[int, int]:
    """Sides of an image, of a file without its pixels where that will do.

    Parameters
    ----------
    image : path or array of shape (H, W, C)
        Item of a checked X.

    Returns
    -------
    tuple of two ints
        Of a file as it is stored, which may lie on its side.
    """
    if isinstance(image, np.ndarray):
        return image.shape[0], image.shape[1]
    try:
        with Image.open(image) as opened:
            return opened.height, opened.width
    # Of what can't be opened like this, `load_image` knows what to say.
    except Exception:
        pixels = load_image(image)
        return pixels.shape[0], pixels.shape[1]


def score_tiles(
    images: np.ndarray | list,
    score: Callable[[np.ndarray], np.ndarray],
    *,
    size: int,
    overlap: float,
    batch_size: int,
) -> Iterator[tuple[Grid, np.ndarray]]:
    """Score all tiles of each image.

    Parameters
    ----------
    images : array of shape (n, H, W, C) or list of n paths and arrays
        As `skfake.images.check_images` returns them. Files are opened one at a time.

    score : callable
        From uint8 or float32 tiles (n, size, size, 3) to scores (n, n_classes).

    size : int
        Side of a tile.

    overlap : float
        Share of a tile that its neighbour covers too.

    batch_size : int
        Tiles in memory at a time, of one image or of several.

    Yields
    ------
    grid : Grid
        Of the next image.

    scores : array of shape (n_tiles, n_classes)
        Of its tiles.
    """
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
    tiles, n = np.empty((0, size, size, 3), np.uint8), 0
    for image in images:
        rows = open_rows(image)
        grid = Grid.over(rows.shape, size, overlap)
        grids.append(grid)
        for tile in cut_tiles(rows, grid):
            if n == len(tiles) or tile.dtype != tiles.dtype:
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
    scores: np.ndarray, aggregate: str | float, real: int | None
) -> np.ndarray:
    """Scores of an image, from those of its tiles.

    Parameters
    ----------
    scores : array of shape (n_tiles, n_classes)
        Of the tiles.

    aggregate : "mean", "max" or float
        Whether all tiles count, the one that is least real, or this share of them,
        rounded up.

    real : int or None
        Column of the real images; not needed for "mean".

    Returns
    -------
    array of shape (n_classes,)
        A mean of rows, so that probabilities still sum to one.

    Examples
    --------
    >>> import numpy as np
    >>> from skfake.detectors._tiles import aggregate_scores
    >>> scores = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.9, 0.1]])
    >>> aggregate_scores(scores, "max", 0)
    array([0.2, 0.8])
    >>> aggregate_scores(scores, 0.5, 0)
    array([0.45, 0.55])
    """
    if aggregate == "mean":
        return scores.mean(axis=0)
    # Rounded before, as 0.1 * 70 is a little more than 7.
    n = 1 if aggregate == "max" else ceil(round(float(aggregate) * len(scores), 9))
    suspects = np.argsort(scores[:, real], kind="stable")[:n]
    return scores[suspects].mean(axis=0)
