"""Find images that show the same picture, though their pixels differ."""

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from scipy.fft import dctn
from sklearn.utils import gen_batches

from skfake.images import check_images, load_images, naming_unreadable, to_float
from skfake.scikit_learn import Interval, validate_params

SIDE = 32  # pixels of the thumbnail that is described
# Frequencies of a description, in half periods down and across the thumbnail: all
# that are lower than 10, but for the mean, which is brightness.
HALF_PERIODS = np.moveaxis(np.indices((10, 10)), 0, -1).reshape(-1, 2)
FREQUENCY = np.hypot(*HALF_PERIODS.T)
CHOSEN = (FREQUENCY > 0) & (FREQUENCY < 10)
# What changes its sign when the image is mirrored comes last.
ORDER = np.flatnonzero(CHOSEN)[np.argsort(HALF_PERIODS[CHOSEN, 1] % 2, kind="stable")]
N_SYMMETRIC = int((HALF_PERIODS[CHOSEN, 1] % 2 == 0).sum())
FLAT = 1 / 255  # standard deviation that no picture falls below
BATCH_VALUES = 2**23  # of pixels that are described at once
BATCH_FILES = 1024
BATCH_PAIRS = 2**16
BLOCK = 1024  # sides of the blocks of pairs that are compared at once
NONE = np.empty((0, 3))
ROUNDING = 1e-5  # more than single precision loses in a product of descriptions


@validate_params(
    {
        "threshold": [Interval(Real, 0, 1, closed="both")],
        "flips": ["boolean"],
        "return_distance": ["boolean"],
        "n_jobs": [Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def find_near_duplicates(
    X: Any,
    X_other: Any = None,
    *,
    threshold: float = 0.05,
    flips: bool = True,
    return_distance: bool = False,
    n_jobs: int | None = None,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Find the pairs of images that show the same picture.

    A copy that was resized, compressed again, made a little brighter or darker, turned
    gray or mirrored left to right leaks from a training set into a test set as much as
    an equal one [1]_, which `find_duplicates` finds.

    Parameters
    ----------
    X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images, or any other form of them that skfake takes. Files are decoded one at a
        time and keep 340 bytes each in memory.

    X_other : images, default=None
        A second set, to be compared with `X`. With None, `X` is compared with itself.

    threshold : float, default=0.05
        Largest distance, from 0 to 1, at which two images count as the same picture.

    flips : bool, default=True
        Find mirrored pictures too.

    return_distance : bool, default=False
        Return the distances too.

    n_jobs : int, default=None
        Threads that open files and processes that compare descriptions.

    Returns
    -------
    pairs : int array of shape (n_pairs, 2)
        Sorted pairs of indices. With `X_other`, the first column counts in `X` and
        the second in `X_other`. Without, a pair (i, j) has i < j, and k copies of a
        picture make k (k - 1) / 2 pairs.

    distances : float array of shape (n_pairs,), with `return_distance=True`
        Of each pair, 0 to `threshold`.

    See Also
    --------
    find_duplicates : Find images that are equal, pixel by pixel.

    Notes
    -----
    The description of an image is that of perceptual hashing [2]_: the low
    frequencies of the cosine transform of a gray thumbnail of 32 pixels, without the
    mean. As natural images have amplitudes that fall as the inverse of the frequency
    [3]_, each of the 85 coefficients is multiplied by its frequency, so that all
    count alike. Perceptual hashing keeps only their signs; here the numbers
    themselves are compared: the distance is one minus the cosine of two descriptions,
    and with `flips` the smaller one of the image and its mirrored copy. Each pair is
    compared, so none within `threshold` is missed.

    The default was chosen on CIFAKE. Of its 3.6 billion pairs of a photograph and a
    fake, which can't show the same picture, none is within 0.05 and 14 are within
    0.1, and at least 99.8 % of planted copies of each kind, down to a quality of 30
    in JPEG, are within 0.05 (`benchmarks/near_duplicates.py`). Scenes that are nearly
    empty, such as a boat on the sea, are the first to be taken for each other.

    Brightness and contrast do not count, nor do colours or aspect: thumbnails are
    gray and square. Crops, other rotations than that of EXIF data, and overlays are
    not searched for.
    An image whose thumbnail varies less than one step of 256 gray levels (standard
    deviation) shows no picture and is in no pair, not even with its equal.

    References
    ----------
    .. [1] B. Barz and J. Denzler, "Do We Train on Test Data? Purging CIFAR of
       Near-Duplicates", Journal of Imaging 6(6), 2020, arXiv:1902.00423.
    .. [2] C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash
       Functions", Upper Austria University of Applied Sciences, 2010.
    .. [3] D. J. Field, "Relations between the statistics of natural images and the
       response properties of cortical cells", Journal of the Optical Society of
       America A 4(12), 1987.

    Examples
    --------
    >>> from skfake.datasets import find_near_duplicates, make_images
    >>> X, y = make_images(n_samples=4, return_X_y=True, random_state=0)
    >>> darker, mirrored = X[1] // 5 * 4, X[2, :, ::-1]
    >>> find_near_duplicates([darker, mirrored], X)
    array([[0, 1],
           [1, 2]])
    >>> find_near_duplicates([darker, mirrored], X, flips=False)
    array([[0, 1]])
    """
    rows, A = _describe(X, n_jobs)
    columns, B = (rows, A) if X_other is None else _describe(X_other, n_jobs)
    blocks = Parallel(n_jobs=n_jobs)(
        delayed(_compare)(A, B, block, X_other is None, threshold, flips)
        for block in _batches(len(A), BLOCK)
    )
    found = np.concatenate([NONE, *blocks])
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    i, j = found[:, :2].T.astype(np.intp)
    pairs = np.column_stack([rows[i], columns[j]])
    return (pairs, found[:, 2]) if return_distance else pairs


def _batches(n: int, size: int) -> Iterator[slice]:
    # Of no pair and of flat images alone there is nothing to compare.
    return gen_batches(n, size) if n else iter(())


def _describe(X: Any, n_jobs: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the images that are not flat, and float array (n, 85) of those."""
    images = check_images(X)
    size = BATCH_FILES
    if isinstance(images, np.ndarray):
        size = max(1, BATCH_VALUES // images[0].size)
    options: Any = {"image_size": SIDE, "grayscale": True, "n_jobs": n_jobs}
    with naming_unreadable(images, n_jobs=n_jobs):
        described = np.concatenate(
            [
                _transform(load_images(images[batch], **options))
                for batch in gen_batches(len(images), size)
            ]
        )
    kept = np.flatnonzero(np.linalg.norm(described, axis=1) >= FLAT * SIDE)
    described = described[kept] * FREQUENCY[ORDER].astype(np.float32)
    return kept, described / np.linalg.norm(described, axis=1, keepdims=True)


def _transform(thumbnails: np.ndarray) -> np.ndarray:
    # Orthonormal: the norm of all but the mean is SIDE times the standard deviation.
    spectrum = dctn(to_float(thumbnails[..., 0]), axes=(1, 2), norm="ortho")
    return spectrum[:, *HALF_PERIODS[ORDER].T]


def _compare(
    A: np.ndarray,
    B: np.ndarray,
    block: slice,
    within: bool,
    threshold: float,
    flips: bool,
) -> np.ndarray:
    """Pairs that have their first in a block of A: rows (index, index, distance)."""
    found = [NONE]
    for start in range(block.start if within else 0, len(B), BLOCK):
        others = slice(start, start + BLOCK)
        i, j = np.nonzero(
            _similarity(A[block], B[others], flips) >= 1 - threshold - ROUNDING
        )
        i, j = i + block.start, j + start
        if within:
            i, j = i[i < j], j[i < j]
        distances = _distances(A, B, i, j, flips)
        near = distances <= threshold
        found.append(np.column_stack([i, j, distances])[near])
    return np.concatenate(found)


def _similarity(A: np.ndarray, B: np.ndarray, flips: bool) -> np.ndarray:
    """Cosines of all pairs; with flips, those of the better side."""
    symmetric = A[:, :N_SYMMETRIC] @ B[:, :N_SYMMETRIC].T
    changing = A[:, N_SYMMETRIC:] @ B[:, N_SYMMETRIC:].T
    if flips:
        np.abs(changing, out=changing)
    symmetric += changing
    return symmetric


def _distances(
    A: np.ndarray, B: np.ndarray, i: np.ndarray, j: np.ndarray, flips: bool
) -> np.ndarray:
    """Half the squared distances of pairs: 1 - cosine, and 0 for equal rows."""
    distances = np.empty(len(i))
    for batch in _batches(len(i), BATCH_PAIRS):
        a, b = A[i[batch]], B[j[batch]]
        squares = (a - b) ** 2
        changing = squares[:, N_SYMMETRIC:].sum(axis=1)
        if flips:
            mirrored = (a[:, N_SYMMETRIC:] + b[:, N_SYMMETRIC:]) ** 2
            changing = np.minimum(changing, mirrored.sum(axis=1))
        distances[batch] = (squares[:, :N_SYMMETRIC].sum(axis=1) + changing) / 2
    return distances
