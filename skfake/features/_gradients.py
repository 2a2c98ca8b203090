"""Histograms of oriented gradients of many images at once."""

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# Of L2-Hys: the largest part of a block, and what is added to its length.
CLIP, EPSILON = 0.2, 1e-5


def describe_gradients(
    images: np.ndarray, orientations: int, pixels_per_cell: int, cells_per_block: int
) -> np.ndarray:
    """What `skimage.feature.hog` gives for each of some images (n, H, W), at once."""
    bins, strength = _find_gradients(images, orientations)
    n = len(images)
    rows, columns = (side // pixels_per_cell for side in images.shape[1:])
    whole = np.s_[:, : rows * pixels_per_cell, : columns * pixels_per_cell]
    cells = np.arange(n * rows * columns).reshape(n, rows, columns)
    places = cells.repeat(pixels_per_cell, axis=1).repeat(pixels_per_cell, axis=2)
    places *= orientations
    places += bins[whole]
    length = cells.size * orientations
    sums = np.bincount(places.ravel(), strength[whole].ravel(), length)
    histograms = sums.reshape(*cells.shape, orientations) / pixels_per_cell**2
    window = (cells_per_block, cells_per_block)
    blocks = sliding_window_view(histograms, window, axis=(1, 2))
    blocks = np.moveaxis(blocks, 3, -1).reshape(*blocks.shape[:3], -1)
    # L2-Hys: of unit length, clipped, and again of unit length.
    clipped = np.minimum(_to_unit_length(blocks), CLIP)
    return _to_unit_length(clipped).reshape(n, -1)


def _find_gradients(
    images: np.ndarray, orientations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Bins and strengths of the gradients of all pixels, which are zero at the rim."""
    are_bytes = images.dtype == np.uint8
    images = images.astype(np.int32 if are_bytes else np.float64)
    down, right = np.zeros_like(images), np.zeros_like(images)
    np.subtract(images[:, 2:], images[:, :-2], out=down[:, 1:-1])
    np.subtract(images[:, :, 2:], images[:, :, :-2], out=right[:, :, 1:-1])
    if not are_bytes:
        return _to_polar(down, right, orientations)
    # Of the same numbers again and again, from a table.
    bins, strength = _tabulate_polar(orientations)
    down += 255
    down *= 511
    down += right
    down += 255
    return bins[down], strength[down]


@lru_cache(maxsize=4)
def _tabulate_polar(orientations: int) -> tuple[np.ndarray, np.ndarray]:
    differences = np.arange(-255.0, 256.0)
    down, right = np.meshgrid(differences, differences, indexing="ij")
    bins, strength = _to_polar(down.ravel(), right.ravel(), orientations)
    return bins, strength


def _to_polar(
    down: np.ndarray, right: np.ndarray, orientations: int
) -> tuple[np.ndarray, np.ndarray]:
    angle = np.rad2deg(np.arctan2(down, right)) % 180
    edges = 180 / orientations * np.arange(1, orientations + 1)
    bins = np.searchsorted(edges, angle, side="right")
    # Rounding can make an angle 180, for which there is no bin.
    strength = np.where(bins < orientations, np.hypot(right, down), 0)
    return np.minimum(bins, orientations - 1), strength


def _to_unit_length(blocks: np.ndarray) -> np.ndarray:
    squares = np.einsum("...i,...i->...", blocks, blocks)[..., np.newaxis]
    return blocks / np.sqrt(squares + EPSILON**2)
