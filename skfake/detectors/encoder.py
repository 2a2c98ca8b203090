"""A linear classifier on what a pretrained network sees, as a detector."""

import os
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from skfake.detectors._pixels import describe_images
from skfake.features.encoder import EncoderTransformer
from skfake.labels import encode_labels, learn_pos_label
from skfake.networks.encoders import LinearHead
from skfake.networks.trained import TrainedNetwork
from skfake.scikit_learn import Interval, StrOptions, fit_context, plain_config
from skfake.scoring import Scores, ScoringMixin, log_probabilities
from skfake.training_images import (
    order_images,
    remember_images,
    validate_training,
    warn_of_resizing,
    weigh_classes,
)
from skfake.validation import accept_images, validate_images

# Of the solver, which ends before where it converges.
MAX_ITER = 1000


@dataclass(kw_only=True, eq=False, repr=False)
class EncoderDetector(ScoringMixin, ClassifierMixin, BaseEstimator):
    """Logistic regression on what a pretrained network sees [1]_.

    `EncoderTransformer`, `StandardScaler` and a `LogisticRegression`: the network is
    frozen, so that a fit is one pass over the images and a moment more, and what it
    learned of millions of other images holds for fakes of generators that the detector
    was not trained on. Photographs are looked at in full resolution, in their centre.

    Parameters
    ----------
    encoder : str or torch.nn.Module, default="resnet50"
        Name of a network of torchvision, ``"timm:NAME"`` of timm, or
        ``"transformers:NAME"`` of transformers, a name at the Hugging Face hub or a
        folder (the last two need the extra `skfake[encoders]`). Or one's own network,
        as in `EncoderTransformer`.

    weights : "pretrained", path or None, default="pretrained"
        Weights of the named network: those that its library has for it, downloaded
        once; a file, safetensors or torch's, which may lack the head; or random ones.

    layer : str, default=None
        Name of the part of the network whose outputs are taken. With None it is what
        the head is given.

    pooling : {"mean", "max", "first", "flatten"}, default="mean"
        How the outputs at all positions become one vector.

    image_size : int or "auto", default="auto"
        Side in pixels of the squares that the network is given. "auto" is what its
        weights were trained on.

    resize : bool, default=False
        Whether images are resized to this square, as a whole. Else it is cut from the
        centre of the image as it is; smaller images are enlarged.

    n_crops : {1, 5}, default=1
        Squares that are cut: the centre, or also the corners.

    mean, std : tuple of 3 floats, default=None
        By which colours, of 0 to 1, are standardised. With None these are what the
        network's weights were trained with, or ImageNet's for one's own network.

    pos_label : label or list of labels, default=None
        What means fake. With None that follows from the names of the labels.

    C : float, default=0.01
        Inverse of the strength of the penalty, as in `LogisticRegression`.

    class_weight : dict or "balanced", default=None
        Weights of the classes, as in `LogisticRegression`.

    batch_size : int, default=32
        Images, each of `n_crops` squares, that the network is given at a time.

    precision : {"float32", "bfloat16"}, default="float32"
        Arithmetic of the network.

    device : str, default="auto"
        Device in torch's words, as "cuda:1"; "auto" is its accelerator or the CPU.

    keep_weights : bool, default=False
        Whether pickles and saved files hold the network's weights. Else they hold a
        digest, by which the weights are known again when they are read from where they
        were.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of an image where X is flattened. None is the squarest, gray or RGB.

    n_jobs : int, default=None
        Threads that open files.

    random_state : int, RandomState instance or None, default=None
        Passed to the LogisticRegression, where nothing is random with its solver.

    verbose : int, default=0
        1 shows how many training images are encoded, in a bar on stderr, or lines where
        that is no terminal or notebook.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Labels, sorted.

    pos_label_ : label, list of labels or None
        What means fake; None where neither `pos_label` nor a name says it.

    features_ : sklearn.pipeline.Pipeline
        The first two steps, `EncoderTransformer` and `StandardScaler`.

    classifier_ : sklearn.linear_model.LogisticRegression
        The last step.

    image_size_ : int
        Side in pixels of the squares that the network is given.

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
    skfake.features.EncoderTransformer : The features alone.
    skfake.ResNetDetector : A network that goes on learning from ImageNet's weights.

    References
    ----------
    .. [1] U. Ojha, Y. Li and Y. J. Lee, "Towards universal fake image detectors that
       generalize across generative models", CVPR 2023, arXiv:2302.10174.

    Examples
    --------
    >>> from skfake import EncoderDetector
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=120, return_X_y=True, random_state=0)
    >>> detector = EncoderDetector(encoder="resnet18", weights=None, image_size=32)
    >>> detector.fit(X[:80], y[:80]).predict_proba(X[80:]).shape
    (40, 2)
    """

    encoder: str | nn.Module = "resnet50"
    weights: str | os.PathLike | None = "pretrained"
    layer: str | None = None
    pooling: str = "mean"
    image_size: int | str = "auto"
    resize: bool = False
    n_crops: int = 1
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    pos_label: Any = None
    C: float = 0.01
    class_weight: dict | str | None = None
    batch_size: int = 32
    precision: str = "float32"
    device: str = "auto"
    keep_weights: bool = False
    image_shape: tuple[int, ...] | None = None
    n_jobs: int | None = None
    random_state: Any = None
    verbose: int = 0

    _parameter_constraints: ClassVar[dict] = {
        **EncoderTransformer._parameter_constraints,
        # `learn_pos_label` says in one sentence what it takes.
        "pos_label": "no_validation",
        "C": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "random_state": ["random_state"],
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        y : array-like of shape (n,)
            Labels of two or more classes.

        sample_weight : array-like of shape (n,), default=None
            Weights of the images. Whole numbers repeat them, and zero leaves one out,
            where that makes at most ten times as many; others weigh the loss.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If the library of the network is not installed.
        OSError
            If the network's weights are not within reach.
        ValueError
            If X, y or the weights can't be read, there is no such network or layer, or
            the network's weights are another one's.
        """
        images, y, weights = validate_training(self, X, y, sample_weight, reset=True)
        codes = encode_labels(self, y)
        self.pos_label_ = learn_pos_label(self.classes_, self.pos_label)
        fingerprints, sizes = describe_images(images, n_jobs=self.n_jobs)
        remember_images(self, fingerprints, sizes)
        rows, weights = order_images(fingerprints, codes, weights)
        with plain_config():
            encoder = self._make_encoder()
            encoder.fit(images)
            self.image_size_ = encoder.image_size_
            warn_of_resizing(self, len(images))
            features = encoder.transform(images)[rows]
            # Predictions are counted by whoever asks for them.
            encoder.verbose = 0
            scaler = StandardScaler().fit(features, sample_weight=weights)
            self.features_ = make_pipeline(encoder, scaler)
            y = self.classes_[codes[rows]]
            # As weights of images, as in every detector.
            factors = weigh_classes(self.class_weight, y, weights)
            classifier = LogisticRegression(
                C=self.C, max_iter=MAX_ITER, random_state=self.random_state
            )
            self.classifier_ = classifier.fit(
                scaler.transform(features), y, sample_weight=factors
            )
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Logarithms of the odds of two classes, or scores of more.

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
        return self.classifier_.decision_function(features)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes.

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
        return self.classifier_.predict_proba(features)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Logarithms of the probabilities of the classes.

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
        probabilities = self.predict_proba(X)
        return Scores.decide(self.classes_, probabilities, are_probabilities=True)

    def _describe(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        images = validate_images(self, X, reset=False)
        with plain_config():
            return self.features_.transform(images)

    def _trained_network(self) -> TrainedNetwork:
        """The network and the classifier together, for what looks into them."""
        encoder, scaler = (step for _, step in self.features_.steps)
        network = encoder.find_encoder()
        head = LinearHead(
            mean=scaler.mean_,
            scale=scaler.scale_,
            weight=self.classifier_.coef_,
            bias=self.classifier_.intercept_,
        )
        device = network.standardize.mean.device
        module = nn.Sequential(network, head.to(device)).eval()

        def infer(pixels: Tensor) -> Tensor:
            return module(pixels.to(device).permute(0, 3, 1, 2).float() / 255)

        return TrainedNetwork(
            module=module,
            layers=network.network,
            infer=infer,
            load=encoder.load_squares,
            image_size=self.image_size_,
            resize=self.resize,
            enlarge=True,
            n_crops=1 if self.resize else self.n_crops,
        )

    def _make_encoder(self) -> EncoderTransformer:
        names = EncoderTransformer().get_params(deep=False)
        # X is checked already, and an array then.
        del names["image_shape"]
        return EncoderTransformer(**{name: getattr(self, name) for name in names})

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if isinstance(state["weights"], os.PathLike):
            state["weights"] = os.fspath(state["weights"])
        return state

    def __sklearn_tags__(self) -> Tags:
        tags = accept_images(super().__sklearn_tags__())
        # The battery's images are of two pixels, and random features tell little more.
        tags.classifier_tags.poor_score = True
        return tags
