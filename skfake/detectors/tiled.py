"""A detector around another that judges images of any size, tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from skfake.detectors._pixels import describe_images
from skfake.detectors._tiles import Grid, aggregate_scores, draw_tiles, score_tiles
from skfake.images import naming_unreadable
from skfake.labels import (
    encode_known_labels,
    find_classes,
    find_label,
    find_pos_labels,
    learn_pos_label,
    read_pos_label,
)
from skfake.scikit_learn import Interval, StrOptions, fit_context
from skfake.scoring import (
    Scores,
    ScoringMixin,
    check_has_scores,
    class_scores,
    log_odds,
    log_probabilities,
)
from skfake.training_images import order_images, remember_images, validate_training
from skfake.validation import accept_images, validate_images


def _estimator_has(name: str) -> Callable[[TiledDetector], bool]:
    def check(tiled: TiledDetector) -> bool:
        # It raises the detector's own AttributeError.
        getattr(getattr(tiled, "estimator_", tiled.estimator), name)
        return True

    return check


@dataclass(eq=False, repr=False)
class TiledDetector(ScoringMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Another detector on the tiles of images of any size, none of them resized.

    What a generator leaves sits in the finest details, and is gone once a photograph
    is as small as a network wants it [3]_. So the detector judges squares cut from each
    image, whose scores make the answer [1]_, and show where a trace is: `heat_maps`.

    Parameters
    ----------
    estimator : classifier
        Detector of tiles, with `predict_proba` or `decision_function`. A fitted one in
        a `sklearn.frozen.FrozenEstimator` is used as it is; `fit` only checks X and y.

    tile_size : int or "auto", default="auto"
        Side of a tile in pixels. "auto" is the `image_size` of the detector, so that it
        resizes nothing. Smaller images are continued by their reflection to one tile.

    overlap : float, default=0.0
        Fraction of a tile's side that the next one covers too. The last tiles of a row
        and of a column are shifted inward, so that all pixels are judged and none made
        up. May be changed after `fit`.

    aggregate : {"mean", "max"} or float, default="mean"
        Which tiles make the answer: all of them [1]_, for images that a generator made
        as a whole; the one that is least real [2]_, for images of which a part was
        replaced, with the more false alarms the more tiles there are; or this fraction,
        rounded up, those that are least real [4]_. May be changed after `fit`.

    pos_label : label or list of labels, default=None
        What means fake, which "max", a float and `heat_maps` need to know. With None
        it is what the estimator says, or follows from the names of the labels.

    max_tiles : int, default=32
        Tiles that `fit` draws of each image, at most, and equally many of all images,
        so that large ones do not outweigh others: the number is that of the largest
        image if this is less, and smaller ones give theirs repeatedly.

    batch_size : int, default=256
        Tiles that are judged, and in memory, at a time.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of an image where X is flattened. None is the squarest, gray or RGB.

    random_state : int, RandomState instance or None, default=None
        Seed of the draw of tiles. The detector has its own.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Labels, sorted.

    pos_label_ : label, list of labels or None
        What means fake; None where neither `pos_label` nor a name says it.

    estimator_ : classifier
        The fitted detector of tiles.

    tile_size_ : int
        Side of a tile in pixels.

    fingerprints_ : uint64 array of shape (n_distinct,)
        Digests of the training images, sorted, by which they are known again.

    image_sizes_ : int array of shape (3, 2)
        Height and width of the smallest, the median and the largest training image.

    pixel_range_ : tuple (least, greatest) or None
        Numbers of the training images where they were on no known scale of images.

    image_shape_, n_features_in_, feature_names_in_ : tuple (H, W, C), int, array
        Shape and number of values of all images seen in `fit`, and names of columns,
        where X had them.

    See Also
    --------
    skfake.CompactDetector : Small network for small images, such as tiles.
    skfake.decisions.NeymanPearsonClassifier : Few false alarms, also with "max".

    Notes
    -----
    In `fit`, a tile has the label of its image: train on images that are fake
    everywhere, or nowhere. What the detector holds out, to stop early or to fit
    probabilities, are tiles, of which others of the same image may be in training.

    Predicting opens one file at a time, at four bytes a pixel, 400 MB for 100
    megapixels, besides the batch of tiles. `fit` holds all that it draws in memory.

    References
    ----------
    .. [1] L. Chai et al., "What makes fake images detectable? Understanding properties
       that generalize", ECCV 2020, arXiv:2008.10588.
    .. [2] S. Mandelli et al., "Detecting GAN-generated images by orthogonal training
       of multiple CNNs", ICIP 2022, arXiv:2203.02246.
    .. [3] F. Marra et al., "A full-image full-resolution end-to-end-trainable CNN
       framework for image forgery detection", IEEE Access, 2020, arXiv:1909.06751.
    .. [4] W. Li and N. Vasconcelos, "Multiple instance learning for soft bags via top
       instances", CVPR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from skfake import SVMDetector, TiledDetector
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(
    ...     n_samples=60, image_size=96, return_X_y=True, random_state=0
    ... )
    >>> detector = TiledDetector(SVMDetector(), random_state=0).fit(X, y)
    >>> photograph = np.concatenate(list(X[y == 0][:5]), axis=1)
    >>> photograph.shape
    (96, 480, 3)
    >>> detector.predict([photograph, X[0]]).shape
    (2,)
    >>> detector.heat_maps([photograph])[0].shape
    (96, 480)
    """

    estimator: Any
    _: KW_ONLY
    tile_size: int | str = "auto"
    overlap: float = 0.0
    aggregate: str | float = "mean"
    pos_label: Any = None
    max_tiles: int = 32
    batch_size: int = 256
    image_shape: tuple[int, ...] | None = None
    random_state: Any = None

    _parameter_constraints: ClassVar[dict] = {
        # `fit` says in one sentence what it takes.
        "estimator": "no_validation",
        "tile_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "overlap": [Interval(Real, 0, 1, closed="left")],
        "aggregate": [
            StrOptions({"mean", "max"}),
            Interval(Real, 0, 1, closed="right"),
        ],
        "pos_label": "no_validation",
        "max_tiles": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "image_shape": [tuple, None],
        "random_state": ["random_state"],
    }

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the detector to tiles of the images, each with the label of its image.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        y : array-like of shape (n,)
            Labels of two or more classes.

        sample_weight : array-like of shape (n,), default=None
            Weights of the images. Whole numbers repeat them, and zero leaves one out,
            where that makes at most ten times as many; others are passed on, as
            weights of the tiles.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `estimator` is no classifier with scores, or its `fit` takes no weights
            and `sample_weight` holds others than whole numbers.
        ValueError
            If X, y or the weights can't be read, `tile_size` is "auto" and the
            estimator has no `image_size`, or `pos_label` holds no labels of y, or is
            needed and None.
        """
        check_has_scores("estimator", self.estimator)
        images, y, weights = validate_training(self, X, y, sample_weight, reset=True)
        size = find_tile_size(self.tile_size, self.estimator)
        self.estimator_ = clone(self.estimator)
        if isinstance(self.estimator, FrozenEstimator):
            check_is_fitted(self.estimator)
            encode_known_labels(self.estimator.classes_, y)
        else:
            self._fit_tiles(images, y, weights, size)
        self.tile_size_ = size
        pos_label = self.pos_label
        if pos_label is None:
            pos_label = read_pos_label(self.estimator_)
        self.pos_label_ = learn_pos_label(self.classes_, pos_label)
        if self.aggregate != "mean":
            self._find_negatives()
        return self

    def _fit_tiles(
        self,
        images: np.ndarray | list,
        y: np.ndarray,
        weights: np.ndarray | None,
        size: int,
    ) -> None:
        codes = find_classes(y)[1]
        fingerprints, sizes = describe_images(images)
        remember_images(self, fingerprints, sizes)
        rows, weights = order_images(fingerprints, codes, weights)
        tiles = draw_tiles(
            [images[row] for row in rows],
            sizes[rows],
            size=size,
            overlap=self.overlap,
            max_tiles=self.max_tiles,
            rng=make_generator(self.random_state),
        )
        n_tiles, options = len(tiles) // len(rows), {}
        if weights is not None:
            check_takes_weights(self.estimator_)
            options["sample_weight"] = np.repeat(weights, n_tiles)
        self.estimator_.fit(tiles, np.repeat(y[rows], n_tiles), **options)

    def score_tiles(self, X: Any) -> list[tuple[np.ndarray, np.ndarray]]:
        """Scores of all tiles of each image.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        list of n tuples (boxes, scores)
            `boxes` is an int array of shape (n_tiles, 4): top, left, bottom and right
            of each tile, in pixels, row by row, so that
            `image[top:bottom, left:right]` is the tile. `scores` is a float array of
            shape (n_tiles, n_classes): probabilities in the order of `classes_`, or
            the detector's distances where it has no probabilities.
        """
        return [(grid.boxes, scores) for grid, scores in self._score_tiles(X)]

    def heat_maps(self, X: Any, *, label: Any = None) -> list[np.ndarray]:
        """Where in each image its tiles speak for a class.

        Each pixel has the mean score of the tiles that it is in. With an `overlap` of a
        half or more, the map is finer than the tiles.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        label : label, default=None
            Class that is looked for. With None it is all of `pos_label`.

        Returns
        -------
        list of n float32 arrays of shape (H, W)
            Probabilities, or the detector's distances where it has no probabilities.

        Raises
        ------
        ValueError
            If `label` is no label, or None where `pos_label` must be known.
        """
        self._check_fitted()
        certain = 1 if self._has_probabilities() else 0
        if label is None:
            negatives = self._find_negatives()
        else:
            column = self.classes_.tolist().index(find_label(self.classes_, label))
        maps = []
        for grid, scores in self._score_tiles(X):
            if label is None:
                maps.append(grid.spread(certain - scores[:, negatives].sum(axis=1)))
            else:
                maps.append(grid.spread(scores[:, column]))
        return maps

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes, where the detector gives them.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        float array of shape (n, n_classes)
            In the order of `classes_`: means over the tiles that count.
        """
        return self._aggregate(X)

    @available_if(_estimator_has("predict_proba"))
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Logarithms of the probabilities, where the detector gives these.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        float array of shape (n, n_classes)
            In the order of `classes_`.
        """
        return log_probabilities(self._aggregate(X))

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Signed distances, where the detector gives them.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        float array of shape (n,) for two classes, else (n, n_classes)
            For two classes, positive speaks for `classes_[1]`. Means over the tiles
            that count or, where the detector has probabilities too, the logarithms of
            the odds (two classes) or of the probabilities, so that all methods agree.
        """
        scores = self._aggregate(X)
        if self._has_probabilities():
            return log_odds(scores)
        return scores[:, 1] if len(self.classes_) == 2 else scores

    @property
    def classes_(self) -> np.ndarray:
        """Labels, sorted."""
        return self._check_fitted().classes_

    def _check_fitted(self) -> Any:
        """The fitted detector."""
        check_is_fitted(self)
        return getattr(self, "estimator_", self.estimator)

    def __sklearn_is_fitted__(self) -> bool:
        if hasattr(self, "estimator_"):
            return True
        frozen = isinstance(self.estimator, FrozenEstimator)
        return frozen and self.estimator.__sklearn_is_fitted__()

    def _has_probabilities(self) -> bool:
        return hasattr(self._check_fitted(), "predict_proba")

    def _find_negatives(self) -> np.ndarray:
        """Columns of the labels that are no fakes."""
        pos_label = self.pos_label
        if pos_label is None:
            # Around a frozen detector it may be used without `fit`.
            pos_label = read_pos_label(self)
        return np.flatnonzero(~find_pos_labels(self.classes_, pos_label))

    def _score_tiles(self, X: Any) -> Iterator[tuple[Grid, np.ndarray]]:
        detector = self._check_fitted()
        # Some may have changed since `fit`, which a frozen detector has not seen.
        self._validate_params()
        images = validate_images(self, X, reset=False)
        size = getattr(self, "tile_size_", None)
        with naming_unreadable(images):
            yield from score_tiles(
                images,
                lambda tiles: class_scores(detector, tiles),
                size=size or find_tile_size(self.tile_size, detector),
                overlap=self.overlap,
                batch_size=self.batch_size,
            )

    def _score_images(self, X: Any) -> Scores:
        values = self._aggregate(X)
        probable = self._has_probabilities()
        return Scores.decide(self.classes_, values, are_probabilities=probable)

    def _aggregate(self, X: Any) -> np.ndarray:
        self._check_fitted()
        negatives = None if self.aggregate == "mean" else self._find_negatives()
        return np.array(
            [
                aggregate_scores(scores, self.aggregate, negatives)
                for _, scores in self._score_tiles(X)
            ]
        )

    def __sklearn_tags__(self) -> Tags:
        tags = accept_images(super().__sklearn_tags__())
        wrapped = get_tags(self.estimator)
        tags.non_deterministic = wrapped.non_deterministic
        if wrapped.classifier_tags is not None:
            tags.classifier_tags = wrapped.classifier_tags
        return tags


def find_tile_size(tile_size: int | str, detector: Any) -> int:
    """Side of a tile."""
    if not isinstance(tile_size, str):
        return int(tile_size)
    size = getattr(detector, "image_size", None)
    if not isinstance(size, Integral):
        raise ValueError(
            "tile_size must be a number of pixels where the detector has no "
            f"image_size; got 'auto' and a {type(detector).__name__}."
        )
    return int(size)


def make_generator(random_state: Any) -> np.random.Generator:
    """Generator that leaves numpy's global state alone."""
    if isinstance(random_state, np.random.RandomState):
        random_state = int(random_state.randint(2**31 - 1))
    return np.random.default_rng(random_state)


def check_takes_weights(detector: Any) -> None:
    """Refuse weights that can't be passed on."""
    if not has_fit_parameter(detector, "sample_weight"):
        raise TypeError(
            "sample_weight must be None, or hold whole numbers that repeat images, for "
            f"a {type(detector).__name__}, whose fit takes no weights; got others."
        )
