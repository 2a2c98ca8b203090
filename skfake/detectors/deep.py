"""What all detectors with a network share: from parameters to a fitted net."""

import os
from abc import ABCMeta, abstractmethod
from copy import deepcopy
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils import Tags, gen_batches
from sklearn.utils.validation import check_is_fitted
from torch import nn

from skfake.corruptions.mix import read_mix
from skfake.detectors._net import (
    OPTIMIZERS,
    find_checkpoint,
    make_callbacks,
    make_net,
    train_detector,
)
from skfake.detectors._net_state import build_net, take_apart
from skfake.detectors._pixels import channel_statistics, images_at_once, open_pixels
from skfake.images import load_images, naming_unreadable
from skfake.labels import encode_known_labels, encode_labels, learn_pos_label
from skfake.networks.layers import head_of, without_head
from skfake.networks.standardize import Standardize
from skfake.networks.trained import TrainedNetwork
from skfake.scikit_learn import Interval, StrOptions, fit_context
from skfake.scoring import Scores, ScoringMixin, compare_logarithms
from skfake.training.augmentation import Augmentation
from skfake.training.batches import PixelDataset
from skfake.training.device import resolve_device
from skfake.training.net import PixelNet
from skfake.training.schedule import SCHEDULES
from skfake.training.seeding import derive_seed, draw_seed, isolated_seed
from skfake.training_images import (
    order_images,
    remember_images,
    validate_training,
    warn_of_reflection,
    warn_of_resizing,
)
from skfake.validation import accept_images, validate_images


# A dataclass, so that the parameters of all networks stand here alone: a subclass adds
# its own, and other defaults.
@dataclass(kw_only=True, eq=False, repr=False)
class DeepDetector(
    ScoringMixin,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """A detector whose scores come from a network, trained by skorch."""

    image_size: int = 32
    resize: bool = True
    image_shape: tuple[int, ...] | None = None
    pos_label: Any = None
    augment: Augmentation | str | None = "auto"
    label_smoothing: float = 0.05
    max_epochs: int = 10
    batch_size: int | str = "auto"
    optimizer: str = "adamw"
    lr: float = 1e-3
    schedule: str | None = "one_cycle"
    weight_decay: float = 0.05
    patience: int | None = None
    validation_fraction: float | None = 0.1
    class_weight: dict | str | None = None
    warm_start: bool = False
    checkpoint: str | os.PathLike | None = None
    precision: str = "auto"
    inference_precision: str = "float32"
    compile: bool = False
    device: str = "auto"
    n_jobs: int | None = None
    callbacks: list | None = None
    random_state: Any = None
    verbose: int = 0

    _parameter_constraints: ClassVar[dict] = {
        "image_size": [Interval(Integral, 1, None, closed="left")],
        "resize": ["boolean"],
        "image_shape": [tuple, None],
        # `learn_pos_label` says in one sentence what it takes.
        "pos_label": "no_validation",
        "augment": [StrOptions({"auto"}), Augmentation, None],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "schedule": [StrOptions(set(SCHEDULES)), None],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "warm_start": ["boolean"],
        "checkpoint": [str, os.PathLike, None],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "inference_precision": [StrOptions({"float32", "bfloat16"})],
        "compile": ["boolean"],
        "device": [str],
        "n_jobs": [Integral, None],
        "callbacks": [list, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    # Detectors that let users choose have a parameter of this name.
    grayscale = False
    # What `augment="auto"` is.
    _own_augmentation: ClassVar[Any] = Augmentation()
    # What `batch_size="auto"` is where there are images enough.
    _largest_batch: ClassVar[int]
    # Side, in pixels, of the smallest image that the network can take.
    _smallest_size: ClassVar[Any]

    # Settings of `robust` besides the augmentation.
    _robust_settings: ClassVar[dict[str, Any]] = {}

    @classmethod
    def robust(cls, **params: Any) -> Self:
        """Make a detector for images as they are found on the web.

        It trains on images that are compressed, blurred, resized, cropped, noisy and
        relit at random, each anew in every epoch, and so it knows them again as fakes
        or not when others have done so. On images that nobody has touched it is a
        little less right than one that was trained on such alone.

        Parameters
        ----------
        **params : dict
            Parameters of the detector, in place of the recipe's own.

        Returns
        -------
        detector
            One that is not fitted yet, whose parameters say what the recipe is. Its
            augmentation is the detector's own with `corruptions="robust"`.

        See Also
        --------
        skfake.evaluation.evaluate_robustness : How much a detector loses on damaged
            images.
        """
        detector = cls(**{**cls._robust_settings, **params})
        if "augment" not in params:
            own = detector._own_augmentation
            if own is None:
                own = Augmentation(crop=None, flip=False, average_flips=False)
            augment = clone(own).set_params(corruptions="robust", growing_crops=False)
            detector.augment = augment
        return detector

    @abstractmethod
    def _build_network(self, n_classes: int) -> nn.Module:
        """Network from standardised images of shape (n, C, H, W) to logits."""

    def _build_backbone(self, n_classes: int) -> nn.Module:
        """The same network without weights that were learned elsewhere."""
        return self._build_network(n_classes)

    def _standardization(self, dataset: PixelDataset, seed: int) -> Standardize:
        rows, seed = np.asarray(dataset.rows), derive_seed(seed, 1)
        return Standardize(*channel_statistics(dataset.images, rows, seed))

    def _find_augmentation(self) -> Augmentation | None:
        """Copy of what `augment` names, which a later change does not reach."""
        augmentation = self.augment
        if isinstance(augmentation, str):
            augmentation = self._own_augmentation
        if augmentation is None:
            return None
        augmentation._validate_params()
        read_mix(augmentation.corruptions, augmentation.corruption_probability)
        return clone(augmentation)

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network: from scratch, unless `warm_start` is True.

        Ctrl-C ends the training with KeyboardInterrupt. The network is kept as it then
        is, to predict with or to save, where an epoch is done; or else the detector is
        as it was before. A warning says which.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes. Where their pixels, in
            the size of the network, would take more memory than scikit-learn's
            `working_memory`, they are opened batch by batch.

        y : array-like of shape (n,)
            Labels of two or more classes.

        sample_weight : array-like of shape (n,), default=None
            Weights of the images. Whole numbers repeat them, and zero leaves one out,
            where that makes at most ten times as many; others weigh the loss, relative
            to their mean.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X, y or the weights can't be read, `validation_fraction` leaves a class
            out, `device` is not there, or y has other classes than the fit that
            `warm_start` goes on from.
        torch.OutOfMemoryError
            If the device has too little memory for a batch.
        KeyboardInterrupt
            On Ctrl-C, so that whatever has called `fit` ends too.

        Warns
        -----
        UserWarning
            If the training was interrupted.
        """
        before = dict(vars(self))
        images, y, weights = validate_training(self, X, y, sample_weight, reset=True)
        earlier = getattr(self, "net_", None) if self.warm_start else None
        if earlier is None:
            codes = encode_labels(self, y)
        else:
            codes = encode_known_labels(self.classes_, y, whole=True)
        self.pos_label_ = learn_pos_label(self.classes_, self.pos_label)
        self.augment_ = self._find_augmentation()
        self._check_settings()
        dataset = self._open(images, codes, weights, more=earlier is not None)
        warn_of_resizing(self, len(images))
        warn_of_reflection(self)
        codes = dataset.codes_in_order()
        self._check_counts(codes)
        checkpoint = find_checkpoint(self, dataset, earlier)
        seed = self._draw_seed(checkpoint)
        first_epoch = 0 if earlier is None else len(earlier.history)
        callbacks = make_callbacks(self, first_epoch)
        if checkpoint is not None:
            callbacks.append(("checkpoint", checkpoint))
        net = self._prepare_net(dataset, codes, seed, earlier, callbacks=callbacks)
        options: dict[str, Any] = {"n_epochs": self.max_epochs}
        options["checkpoint"] = checkpoint
        with naming_unreadable(images, n_jobs=self.n_jobs):
            train_detector(self, net, dataset, before=before, **options)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Train for one more epoch, on these images, with the learning rate `lr`.

        No schedule, validation or early stopping takes part.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        y : array-like of shape (n,)
            Labels.

        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call alone, where y
            does not hold them all.

        sample_weight : array-like of shape (n,), default=None
            Weights of the images, as in `fit`; others than whole numbers are relative
            to the mean of this call.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X, y or the weights can't be read, y holds a label that is not among the
            classes, or `class_weight` is "balanced", which needs all of y.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight must be None or a dict for partial_fit, which doesn't "
                "see all labels; got 'balanced'."
            )
        before = dict(vars(self))
        earlier = getattr(self, "net_", None)
        more = earlier is not None
        images, y, weights = validate_training(
            self, X, y, sample_weight, reset=not more
        )
        if earlier is None:
            encode_labels(self, y if classes is None else np.asarray(classes))
        codes = encode_known_labels(self.classes_, y)
        self.pos_label_ = learn_pos_label(self.classes_, self.pos_label)
        self.augment_ = self._find_augmentation()
        self._check_sizes(self.augment_)
        dataset = self._open(images, codes, weights, more=more)
        codes = dataset.codes_in_order()
        seed = draw_seed(self.random_state) if earlier is None else earlier.seed
        callbacks = deepcopy(self.callbacks or [])
        net = self._prepare_net(
            dataset, codes, seed, earlier, callbacks=callbacks, validate=False
        )
        if earlier is not None and type(earlier.optimizer_) is type(net.optimizer_):
            net.optimizer_.load_state_dict(earlier.optimizer_.state_dict())
            for group in net.optimizer_.param_groups:
                group["lr"] = self.lr
        with naming_unreadable(images, n_jobs=self.n_jobs):
            train_detector(self, net, dataset, before=before, n_epochs=1)
        return self

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
        return softmax(self._predict_logits(X), axis=1)

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
        return log_softmax(self._predict_logits(X), axis=1)

    def decision_function(self, X: Any) -> np.ndarray:
        """Logarithms of the odds of two classes, or of the probabilities of more.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        float array of shape (n,) for two classes, else (n, n_classes)
            For two classes, positive speaks for `classes_[1]`.
        """
        return compare_logarithms(self.predict_log_proba(X))

    def transform(self, X: Any) -> np.ndarray:
        """What the last layer of the network sees of images: their embedding.

        As probabilities do, it looks at the centre of images where the training looked
        at crops of one size, and is a mean over mirror images where `augment` asks for
        it.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        float32 array of shape (n, n_features_out)
            One row for each image.
        """
        check_is_fitted(self)
        return self._apply(make_embedder(self.net_), X)

    @property
    def _n_features_out(self) -> int:
        module = self.net_.module_
        return module.get_submodule(head_of(module)).in_features

    def _predict_logits(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return self._apply(self.net_, X).astype(np.float64)

    def _apply(self, net: PixelNet, X: Any) -> np.ndarray:
        images = validate_images(self, X, reset=False)
        parts = gen_batches(len(images), images_at_once(self.image_size))
        with naming_unreadable(images, n_jobs=self.n_jobs):
            pixels = (self._load(images[part]) for part in parts)
            precision = self.inference_precision
            return np.concatenate([net.predict_logits(x, precision) for x in pixels])

    def _score_images(self, X: Any) -> Scores:
        probabilities = self.predict_proba(X)
        return Scores.decide(self.classes_, probabilities, are_probabilities=True)

    def _pixel_options(self) -> dict[str, Any]:
        """What the network sees of images, for those who read them."""
        names = ("image_size", "resize", "grayscale", "n_jobs")
        return {name: getattr(self, name) for name in names}

    def _trained_network(self) -> TrainedNetwork:
        """The network, for what looks into it."""
        net = self.net_
        return TrainedNetwork(
            module=net.module_,
            layers=net.module_[1],
            infer=net.infer,
            load=lambda images: self._load(images)[:, np.newaxis],
            image_size=self.image_size,
            resize=self.resize,
            grayscale=self.grayscale,
            crop_size=net.crop_size,
            average_flips=net.average_flips,
            is_compiled=net.compile,
        )

    def _load(self, images: np.ndarray | list) -> np.ndarray:
        return load_images(images, **self._pixel_options())

    def _open(
        self,
        images: np.ndarray | list,
        codes: np.ndarray,
        weights: np.ndarray | None = None,
        *,
        more: bool = False,
    ) -> PixelDataset:
        """Training images in an order of their own; which they are is learned."""
        pixels, fingerprints, sizes = open_pixels(images, **self._pixel_options())
        remember_images(self, fingerprints, sizes, more=more)
        rows, weights = order_images(fingerprints, codes, weights)
        return PixelDataset(pixels, codes, rows=rows, weights=weights)

    def _draw_seed(self, checkpoint: Any) -> int:
        """Seed of the fit: where the caller gives none, that of what was begun."""
        if self.random_state is None and checkpoint is not None:
            state = checkpoint.read()
            if state is not None:
                return state["seed"]
        return draw_seed(self.random_state)

    def _prepare_net(
        self,
        dataset: PixelDataset,
        codes: np.ndarray,
        seed: int,
        earlier: PixelNet | None,
        **options: Any,
    ) -> PixelNet:
        """Net ready to be trained, on the weights of an earlier one if there is one."""
        device = resolve_device(self.device)
        if earlier is not None:
            module = deepcopy(earlier.module_)
        else:
            with isolated_seed(derive_seed(seed), device):
                network = self._build_network(len(self.classes_))
            module = nn.Sequential(self._standardization(dataset, seed), network)
        net = make_net(self, module, codes, seed=seed, device=device, **options)
        with isolated_seed(seed, device):
            net.initialize()
        if earlier is not None:
            net.history = deepcopy(earlier.history)
        return net

    def _check_sizes(self, augmentation: Augmentation | None) -> None:
        smallest = self._smallest_size
        if self.image_size < smallest:
            raise ValueError(
                f"image_size must be at least {smallest} pixels for this network; got "
                f"{self.image_size}."
            )
        crop_size = None if augmentation is None else augmentation.crop_size
        if crop_size is not None and not smallest <= crop_size <= self.image_size:
            raise ValueError(
                f"crop_size must be from {smallest} pixels, the least for this network,"
                f" to image_size, {self.image_size}; got {crop_size}."
            )

    def _check_settings(self) -> None:
        self._check_sizes(self.augment_)
        if self.patience is not None and self.validation_fraction is None:
            raise ValueError(
                "validation_fraction must be a fraction where patience is a number; "
                "got None."
            )

    def _check_counts(self, codes: np.ndarray) -> None:
        counts = np.bincount(codes)
        if self.validation_fraction is not None and counts.min() < 2:
            label = self.classes_[counts.argmin()]
            raise ValueError(
                "y must hold at least two images of each class, one of them for "
                f"validation; got 1 sample of class {label!r}. Set "
                "validation_fraction=None to train on all."
            )

    def __getstate__(self) -> dict[str, Any]:
        # A pickle, a copy and a saved file hold what came of a training, in parts that
        # need no code to be read, and not what served the training alone.
        state = super().__getstate__()
        if "net_" not in state:
            return state
        plain = {"callbacks": None, "checkpoint": None, "net_": take_apart(self.net_)}
        if isinstance(state.get("weights"), os.PathLike):
            plain["weights"] = os.fspath(state["weights"])
        return {**state, **plain}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "net_" in state:
            self.net_ = build_net(self, state["net_"])

    def __sklearn_tags__(self) -> Tags:
        tags = accept_images(super().__sklearn_tags__())
        # `transform` gives no other.
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def make_embedder(net: PixelNet) -> PixelNet:
    """Net that predicts what the head of a trained net is given."""
    embedder = PixelNet(
        without_head(net.module_),
        criterion=nn.CrossEntropyLoss,
        augmentation=net.augmentation,
        device=net.device,
    )
    return embedder.initialize()
