"""The study's support vector machine as a detector."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skfake.detectors._pixels import load_pixels
from skfake.detectors.kernel_machine import KernelMachine, find_gamma, resolve_engine
from skfake.features.hog import HOGTransformer
from skfake.labels import encode_labels, learn_pos_label
from skfake.scikit_learn import Interval, StrOptions, fit_context, plain_config
from skfake.scoring import Scores, ScoringMixin, log_odds, log_probabilities
from skfake.training_images import (
    order_images,
    remember_images,
    validate_training,
    warn_of_resizing,
    weigh_classes,
)
from skfake.validation import accept_images, validate_images

CALIBRATION_FOLDS = 5


def _calibrated(detector: SVMDetector) -> bool:
    if detector.probability:
        return True
    raise AttributeError(
        "probability must be True for predict_proba; got False. Use "
        "SVMDetector(probability=True), or decision_function."
    )


@dataclass(kw_only=True, eq=False, repr=False)
class SVMDetector(ScoringMixin, ClassifierMixin, BaseEstimator):
    """Support vector machine on histograms of oriented gradients.

    The study's pipeline [1]_: gray images of 32 pixels, `HOGTransformer`,
    `StandardScaler`, and an `SVC` with the RBF kernel and a soft margin.

    Parameters
    ----------
    image_size : int, default=32
        Side, in pixels, of the square that each image is resized to.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of an image where X is flattened. None is the squarest, gray or RGB.

    pos_label : label or list of labels, default=None
        What means fake. With None that follows from the names of the labels.

    orientations, pixels_per_cell, cells_per_block : int, default=9, 8, 3
        As in `HOGTransformer`.

    C : float, default=1.0
        How much an image on the wrong side of the margin costs.

    kernel : {"rbf", "linear", "poly", "sigmoid"}, default="rbf"
        As in `sklearn.svm.SVC`.

    gamma : {"scale", "auto"} or float, default="scale"
        Coefficient of the kernel, as in `sklearn.svm.SVC`.

    class_weight : dict or "balanced", default=None
        Factor of C for each class, as in `sklearn.svm.SVC`.

    probability : bool, default=False
        Whether to fit a sigmoid over the distances to the margin [2]_ that five folds
        give for images they were not fitted on, at the price of five more fits. All
        methods then agree: the distances become the logarithms of the odds (two
        classes) or of the probabilities.

    engine : {"auto", "scikit-learn", "scikit-learn-intelex"}, default="auto"
        Whose SVC is fitted. scikit-learn-intelex solves the same problem many times
        faster on x86 processors, in float32; "auto" takes it where it is installed
        (`pip install "skfake[fast]"`). Predictions need neither.

    cache_size : float, default=1000
        Memory for the kernel in megabytes (2**20 bytes).

    n_jobs : int, default=None
        Processes that share the images, as in scikit-learn.

    random_state : int, RandomState instance or None, default=None
        Passed to the SVC, where nothing is random without its own probabilities.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Labels, sorted.

    pos_label_ : label, list of labels or None
        What means fake; None where neither `pos_label` nor a name says it.

    features_ : sklearn.pipeline.Pipeline
        The first two steps, `HOGTransformer` and `StandardScaler`.

    svc_ : classifier, or CalibratedClassifierCV of it
        The last step: `support_vectors_`, `dual_coef_`, `intercept_`, `n_support_` and
        `classes_` as in `sklearn.svm.SVC`, and `gamma_`, a number.

    engine_ : str
        The library that fitted the machine.

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
    skfake.HOGTransformer : The features alone.
    skfake.CNNDetector : A small network that learns its own features.

    References
    ----------
    .. [1] "Harnessing Machine Learning for Discerning AI-Generated Synthetic
       Images", arXiv:2401.07358.
    .. [2] J. Platt, "Probabilistic outputs for support vector machines and
       comparisons to regularized likelihood methods", 1999.

    Examples
    --------
    >>> from skfake import SVMDetector
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=200, return_X_y=True, random_state=0)
    >>> detector = SVMDetector().fit(X[:150], y[:150])
    >>> detector.predict(X[150:]).shape
    (50,)
    """

    image_size: int = 32
    image_shape: tuple[int, ...] | None = None
    pos_label: Any = None
    orientations: int = 9
    pixels_per_cell: int = 8
    cells_per_block: int = 3
    C: float = 1.0
    kernel: str = "rbf"
    gamma: str | float = "scale"
    class_weight: dict | str | None = None
    probability: bool = False
    engine: str = "auto"
    cache_size: float = 1000
    n_jobs: int | None = None
    random_state: Any = None

    _parameter_constraints: ClassVar[dict] = {
        **HOGTransformer._parameter_constraints,
        # `learn_pos_label` says in one sentence what it takes.
        "pos_label": "no_validation",
        "C": [Interval(Real, 0, None, closed="neither")],
        "kernel": [StrOptions({"rbf", "linear", "poly", "sigmoid"})],
        "gamma": [
            StrOptions({"scale", "auto"}),
            Interval(Real, 0, None, closed="left"),
        ],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "probability": ["boolean"],
        "engine": [StrOptions({"auto", "scikit-learn", "scikit-learn-intelex"})],
        "cache_size": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the machine.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        y : array-like of shape (n,)
            Labels of two or more classes.

        sample_weight : array-like of shape (n,), default=None
            Weights of the images. Whole numbers repeat them, and zero leaves one out,
            where that makes at most ten times as many; others are factors of C,
            relative to their mean.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If `engine` is not installed.
        ValueError
            If X, y or the weights can't be read, or a class is too small for
            calibration.
        """
        images, y, weights = validate_training(self, X, y, sample_weight, reset=True)
        codes = encode_labels(self, y)
        self.pos_label_ = learn_pos_label(self.classes_, self.pos_label)
        self.engine_ = resolve_engine(self.engine)
        hog = self._make_hog().fit(images)
        pixels, fingerprints, sizes = load_pixels(
            images, image_size=self.image_size, grayscale=True, n_jobs=self.n_jobs
        )
        remember_images(self, fingerprints, sizes)
        warn_of_resizing(self, len(images))
        rows, weights = order_images(fingerprints, codes, weights)
        with plain_config():
            self._fit_machine(hog, pixels[rows], codes[rows], weights)
        return self

    def _fit_machine(
        self,
        hog: HOGTransformer,
        pixels: np.ndarray,
        codes: np.ndarray,
        weights: np.ndarray | None,
    ) -> None:
        features = hog.transform(pixels)
        scaler = StandardScaler().fit(features, sample_weight=weights)
        features = scaler.transform(features)
        self.features_ = make_pipeline(hog, scaler)
        svc: Any = self._make_svc(features, weights)
        if self.probability:
            svc = calibrate(svc, np.bincount(codes).min())
        y = self.classes_[codes]
        # As weights of images, class weights reach the calibration too.
        factors = weigh_classes(self.class_weight, y, weights)
        self.svc_ = svc.fit(features, y, sample_weight=factors)

    def decision_function(self, X: Any) -> np.ndarray:
        """Signed distances to the margin; see `probability` for what it changes.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        float array of shape (n,) for two classes, else (n, n_classes)
            For two classes, positive speaks for `classes_[1]`.
        """
        features = self._describe(X)
        if isinstance(self.svc_, KernelMachine):
            return self.svc_.decision_function(features)
        return log_odds(self.svc_.predict_proba(features))

    @available_if(_calibrated)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes, with `probability=True` alone.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        float array of shape (n, n_classes)
            In the order of `classes_`.
        """
        features = self._describe(X)
        return self.svc_.predict_proba(features)

    @available_if(_calibrated)
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Logarithms of the probabilities, with `probability=True` alone.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        float array of shape (n, n_classes)
            In the order of `classes_`.
        """
        return log_probabilities(self.predict_proba(X))

    def _score_images(self, X: Any) -> Scores:
        calibrated = not isinstance(self.svc_, KernelMachine)
        probable = calibrated and hasattr(self, "predict_proba")
        score = self.predict_proba if probable else self.decision_function
        return Scores.decide(self.classes_, score(X), are_probabilities=probable)

    def _describe(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        images = validate_images(self, X, reset=False)
        with plain_config():
            return self.features_.transform(images)

    def _make_hog(self) -> HOGTransformer:
        return HOGTransformer(
            image_size=self.image_size,
            orientations=self.orientations,
            pixels_per_cell=self.pixels_per_cell,
            cells_per_block=self.cells_per_block,
            n_jobs=self.n_jobs,
        )

    def _make_svc(
        self, features: np.ndarray, weights: np.ndarray | None
    ) -> KernelMachine:
        gamma = self.gamma
        if weights is not None:
            # The machine is given class weights too, which change no variance.
            gamma = find_gamma(features, gamma, weights)
        return KernelMachine(
            C=self.C,
            kernel=self.kernel,
            gamma=gamma,
            engine=self.engine_,
            cache_size=self.cache_size,
            random_state=self.random_state,
        )

    def __sklearn_tags__(self) -> Tags:
        tags = accept_images(super().__sklearn_tags__())
        # The battery scores on images of two pixels, and of their difference HOG
        # keeps the sign alone.
        tags.classifier_tags.poor_score = True
        return tags


def calibrate(svc: KernelMachine, smallest_class: int) -> CalibratedClassifierCV:
    """Add probabilities to a machine: one sigmoid, from cross-validated distances."""
    if smallest_class < 2:
        raise ValueError(
            "y must hold at least two images of each class where probability is True; "
            "got a class with 1 sample."
        )
    folds = StratifiedKFold(min(CALIBRATION_FOLDS, int(smallest_class)))
    return CalibratedClassifierCV(svc, method="sigmoid", cv=folds, ensemble=False)
