"""What a local filter leaves of an image, and how its neighbours go together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from numbers import Integral
from typing import ClassVar

import numpy as np

from skfake.features._gray import GrayTransformer
from skfake.filters import median_filter
from skfake.images.crops import BLOCK
from skfake.scikit_learn import Interval

# Runs that are told apart, at most.
MAX_RUNS = 100_000
# Residuals are whole numbers of this part of the square's centre weight [1].
SQUARE_STEP = 4


def _from_median(gray: np.ndarray) -> Iterator[np.ndarray]:
    median = median_filter(np, np.pad(gray, 1, mode="edge"))
    residual = gray.astype(np.int16) - median
    yield from (residual, residual.T)


def _from_neighbour(gray: np.ndarray) -> Iterator[np.ndarray]:
    levels = gray.astype(np.int16)
    yield from (np.diff(levels, axis=1), np.diff(levels, axis=0).T)


def _from_square(gray: np.ndarray) -> Iterator[np.ndarray]:
    # The weights -1, 2, -1; 2, -4, 2; -1, 2, -1: a second difference both ways.
    second = np.diff(np.diff(gray.astype(np.int16), n=2, axis=0), n=2, axis=1)
    residual = np.rint(second / SQUARE_STEP).astype(np.int16)
    yield from (residual, residual.T)


# Residuals whose rows are looked along, in both directions of the image.
FILTERS: dict[str, Callable[[np.ndarray], Iterator[np.ndarray]]] = {
    "median": _from_median,
    "neighbour": _from_neighbour,
    "square": _from_square,
}


@dataclass(kw_only=True, eq=False, repr=False)
class ResidualTransformer(GrayTransformer):
    """Describe each image by the noise that a local filter leaves of it [1]_.

    What is seen in an image hides the traces of what made it. The difference of each
    pixel from a prediction by its neighbours, the residual, is mostly traces: it is
    rounded, cut off at `threshold`, and the features are how often each run of `order`
    neighbours occurs in it, along rows and columns. Runs that are each other's mirror
    image or negative count as one. Each filter's features are square roots of
    frequencies, so that their distances are Hellinger's.
    Nothing is learned from the images, and files are opened a batch at a time.

    Parameters
    ----------
    filters : tuple of {"median", "neighbour", "square"}, \
            default=("median", "neighbour", "square")
        Predictions that a pixel's difference is taken from: the median of the 3 by 3
        pixels around it [2]_; the pixel before it; the square of 3 by 3 pixels whose
        second differences vanish.

    order : int, default=4
        Neighbours in a run.

    threshold : int, default=2
        Greatest residual, in steps between two bytes; greater ones count as this one.

    crop_size : int or None, default=512
        Side in pixels, at most, of the image's centre, which is looked at as it is,
        never resized. None looks at the whole image.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X holds flattened images. With None it is the
        squarest image, gray or RGB, of that many values.

    n_jobs : int, default=None
        Processes, as in scikit-learn.

    Attributes
    ----------
    image_shape_ : tuple (H, W, C)
        Shape of the images seen in `fit`, where they were of one shape.

    n_features_in_ : int
        Values of one image seen in `fit`, where they were of one shape.

    pixel_range_ : tuple (least, greatest) or None
        Numbers seen in `fit` that were on no known scale; None where all was bytes.

    feature_names_in_ : array of str
        Column names seen in `fit`, where X had any.

    See Also
    --------
    SpectrumTransformer : Power by frequency.
    DCTTransformer : Frequencies of small blocks, each by itself.

    References
    ----------
    .. [1] J. Fridrich and J. Kodovsky, "Rich models for steganalysis of digital
       images", IEEE Transactions on Information Forensics and Security, 2012.
    .. [2] S. Liang et al., "FerretNet: Efficient synthetic image detection via local
       pixel dependencies", 2025, arXiv:2509.20890.

    Examples
    --------
    >>> from skfake.datasets import make_images
    >>> from skfake.features import ResidualTransformer
    >>> X, y = make_images(n_samples=6, return_X_y=True, random_state=0)
    >>> ResidualTransformer(filters=("median",)).fit_transform(X).shape
    (6, 169)
    """

    filters: tuple[str, ...] = ("median", "neighbour", "square")
    order: int = 4
    threshold: int = 2

    _parameter_constraints: ClassVar[dict] = {
        **GrayTransformer._parameter_constraints,
        # `fit` says in one sentence what it takes.
        "filters": "no_validation",
        # So many are found in the smallest image, whose square residual is smaller.
        "order": [Interval(Integral, 1, BLOCK - 2, closed="both")],
        "threshold": [Interval(Integral, 1, None, closed="left")],
    }

    def _check_parameters(self) -> None:
        names = self.filters
        known = isinstance(names, tuple | list) and FILTERS.keys() >= set(names)
        if not known or not names or len(set(names)) < len(names):
            raise ValueError(
                f"filters must be a tuple of some of {', '.join(map(repr, FILTERS))}, "
                f"each at most once; got {names!r}."
            )
        n_runs = (2 * self.threshold + 1) ** self.order
        if n_runs > MAX_RUNS:
            raise ValueError(
                f"order and threshold must give at most {MAX_RUNS:,} runs; got "
                f"{n_runs:,}, (2 * {self.threshold} + 1) ** {self.order}."
            )

    def _describe_gray(self, gray: np.ndarray) -> np.ndarray:
        return np.concatenate(
            [self._count(FILTERS[name](gray)) for name in self.filters]
        )

    def _count(self, residuals: Iterator[np.ndarray]) -> np.ndarray:
        """Square roots of the frequencies of runs along rows."""
        n_levels = 2 * self.threshold + 1
        runs, representatives = _group_runs(self.order, self.threshold)
        total = np.zeros(len(runs))
        for residual in residuals:
            levels = residual.clip(-self.threshold, self.threshold) + self.threshold
            length = levels.shape[1] - self.order + 1
            number = np.zeros((len(levels), length), np.int32)
            for place in range(self.order):
                number = number * n_levels + levels[:, place : place + length]
            total += np.bincount(number.ravel(), minlength=len(runs))
        counts = np.bincount(runs, total, len(representatives))
        return np.sqrt(counts / counts.sum())

    def _name_features(self) -> list[str]:
        _, representatives = _group_runs(self.order, self.threshold)
        return [
            f"{name}_{'_'.join(map(str, run))}"
            for name in self.filters
            for run in representatives
        ]


@cache
def _group_runs(order: int, threshold: int) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """The group of each run of residuals, by their number, and a run of each group."""
    groups: dict[tuple[int, ...], int] = {}
    numbers = []
    for run in product(range(-threshold, threshold + 1), repeat=order):
        negative = tuple(-value for value in run)
        alike = min(run, run[::-1], negative, negative[::-1])
        numbers.append(groups.setdefault(alike, len(groups)))
    return np.array(numbers), list(groups)
