"""Find images that are equal, pixel by pixel."""

from collections import defaultdict
from itertools import combinations
from typing import Any

import numpy as np

from skfake.images import check_images, map_images
from skfake.images.loading import digest_image


def find_duplicates(X: Any, X_other: Any = None) -> np.ndarray:
    """Find the pairs of images whose pixels are all equal.

    A test image that is also in the training set measures memory, not skill: call
    `find_duplicates(X_test, X_train)` before you publish a score.

    Parameters
    ----------
    X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images, or any other form of them that skfake takes. Files are decoded one at a
        time.

    X_other : images, default=None
        A second set, to be compared with `X`. With None, `X` is compared with itself.

    Returns
    -------
    int array of shape (n_pairs, 2)
        Sorted pairs of indices. With `X_other`, the first column counts in `X` and
        the second in `X_other`. Without, a pair (i, j) has i < j, and k equal images
        make k (k - 1) / 2 pairs.

    Notes
    -----
    Images are equal when their shapes and values are. A gray image equals its RGB copy,
    and floats the bytes that they mean. Two files are equal when they decode to the
    same pixels, whatever their formats. Images are compared by digests of 128 bits
    (BLAKE2b), which do not collide by chance.

    Examples
    --------
    >>> from skfake.datasets import find_duplicates, make_images
    >>> X, y = make_images(n_samples=4, return_X_y=True, random_state=0)
    >>> find_duplicates(X[[0, 1, 2, 1]])
    array([[1, 3]])
    >>> find_duplicates(X[:2], X[[3, 2, 1]])
    array([[1, 2]])
    """
    if X_other is None:
        groups = _group_by_digest(X).values()
        pairs = sorted(pair for group in groups for pair in combinations(group, 2))
    else:
        others = _group_by_digest(X_other)
        pairs = [
            (i, j)
            for i, digest in enumerate(_digests(X))
            for j in others.get(digest, ())
        ]
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def _group_by_digest(X: Any) -> dict[bytes, list[int]]:
    groups = defaultdict(list)
    for i, digest in enumerate(_digests(X)):
        groups[digest].append(i)
    return groups


def _digests(X: Any) -> list[bytes]:
    return list(map_images(digest_image, check_images(X)))
