"""What every detector with a network has in common: from parameters to a fitted net."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from copy import deepcopy
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, compute_class_weight, gen_batches
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import EarlyStopping, LRScheduler, ProgressBar
from skorch.dataset import ValidSplit
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR

from skfake.images import load_images, to_float
from skfake.networks.standardize import Standardize
from skfake.training.net import PixelNet
from skfake.training.seeding import derive_seed, draw_seed, isolated_seed
from skfake.validation import (
    Interval,
    StrOptions,
    _fit_context,
    accept_images,
    decode_scores,
    encode_labels,
    validate_images,
)

OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict]] = {
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
    "sgd": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
}

# Images in memory at a time when predicting: files are opened so many at once.
CHUNK = 2048
PREDICT_BATCH = 256


class DeepDetector(ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """A detector whose scores come from a network, trained by skorch.

    A subclass stores its parameters, among them all that are constrained here, and
    builds its network.
    """

    _parameter_constraints: ClassVar[dict] = {
        "image_size": [Interval(Integral, 1, None, closed="left")],
        "image_shape": [tuple, None],
        "grayscale": ["boolean"],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "schedule": [StrOptions({"one_cycle", "cosine"}), None],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "device": [str],
        "callbacks": [list, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    @abstractmethod
    def _build_network(self, n_classes: int) -> nn.Module:
        """Network from standardised images of shape (n, C, H, W) to logits."""

    @property
    @abstractmethod
    def _smallest_size(self) -> int:
        """Side, in pixels, of the smallest image that the network can take."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Train the network from nothing.

        Ctrl-C ends the training and keeps the network as it then is.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        y : array-like of shape (n,)
            Labels of two or more classes.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X or y can't be read, `validation_fraction` leaves a class out, or
            `device` is not there.
        """
        images, y = validate_images(self, X, y, reset=True)
        codes = encode_labels(self, y)
        self._check_settings(codes)
        pixels = self._load(images)
        seed = draw_seed(self.random_state)
        device = resolve_device(self.device)
        with isolated_seed(derive_seed(seed, 0), device):
            network = self._build_network(len(self.classes_))
        module = nn.Sequential(Standardize(*channel_statistics(pixels)), network)
        self.net_ = make_net(self, module, codes, seed=seed, device=device)
        self.net_.fit(pixels, codes)
        self.history_ = epoch_figures(self.net_)
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
        check_is_fitted(self)
        images = validate_images(self, X, reset=False)
        logits = [
            self.net_.forward(self._load(images[part])).numpy()
            for part in gen_batches(len(images), CHUNK)
        ]
        return softmax(np.concatenate(logits).astype(np.float64), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """Most probable labels.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        array of shape (n,)
        """
        probabilities = self.predict_proba(X)
        return decode_scores(self.classes_, probabilities)

    def _load(self, images: np.ndarray | list) -> np.ndarray:
        return load_images(images, image_size=self.image_size, grayscale=self.grayscale)

    def _check_settings(self, codes: np.ndarray) -> None:
        if self.image_size < self._smallest_size:
            raise ValueError(
                f"image_size must be at least {self._smallest_size} pixels for this "
                f"network; got {self.image_size}."
            )
        if self.early_stopping and self.validation_fraction is None:
            raise ValueError(
                "validation_fraction must be a fraction where early_stopping is True; "
                "got None."
            )
        counts = np.bincount(codes)
        if self.validation_fraction is not None and counts.min() < 2:
            label = self.classes_[counts.argmin()]
            raise ValueError(
                "y must hold at least two images of each class, one of them for "
                f"validation; got 1 sample of class {label!r}. Set "
                "validation_fraction=None to train on all."
            )

    def __sklearn_tags__(self) -> Tags:
        return accept_images(super().__sklearn_tags__())


def resolve_device(device: str) -> str:
    """Device that a detector's `device` names.

    Parameters
    ----------
    device : str
        "auto" is the first accelerator that torch finds, or the CPU.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If torch knows no such device, or this machine has none.
    """
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    here = ["cpu"] if accelerator is None else ["cpu", accelerator.type]
    if device == "auto":
        return here[-1]
    if device.partition(":")[0] not in here:
        raise ValueError(
            f"device must be 'auto' or a device that torch finds here, {here}; got "
            f"{device!r}."
        )
    return device


def resolve_precision(precision: str, device: str) -> str:
    """Arithmetic that a detector's `precision` names.

    Parameters
    ----------
    precision : str
        "auto" is bfloat16 where the device computes with it, else float32.

    device : str
        As `resolve_device` returns it.

    Returns
    -------
    "float32" or "bfloat16"
    """
    if precision != "auto":
        return precision
    kind = torch.device(device).type
    if kind == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        # Without AVX-512 BF16 a CPU would emulate it. `torch.cpu.get_capabilities`
        # tells this publicly, in releases of torch later than 2.10.
        native = kind == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if native else "float32"


def channel_statistics(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel, bytes counted as 0 to 1.

    Parameters
    ----------
    pixels : uint8 or float32 array of shape (n, H, W, C)
        Images.

    Returns
    -------
    mean, std : float arrays of shape (C,)
    """
    total = squares = np.zeros(pixels.shape[-1])
    for part in gen_batches(len(pixels), CHUNK):
        values = to_float(pixels[part]).astype(np.float64)
        total = total + values.sum(axis=(0, 1, 2))
        squares = squares + (values**2).sum(axis=(0, 1, 2))
    n_values = np.prod(pixels.shape[:3])
    mean = total / n_values
    return mean, np.sqrt(np.maximum(squares / n_values - mean**2, 0))


def make_net(
    detector: Any, module: nn.Module, codes: np.ndarray, *, seed: int, device: str
) -> PixelNet:
    """Say a detector's plain parameters in skorch's language, here alone.

    Parameters
    ----------
    detector : DeepDetector
        Its parameters are read.

    module : torch.nn.Module
        Float images in, logits out.

    codes : int array of shape (n,)
        Codes of the labels that the net will be trained on.

    seed : int
        Seed of the fit.

    device : str
        Where to compute.

    Returns
    -------
    PixelNet
        Not yet fitted.
    """
    optimizer, settings = OPTIMIZERS[detector.optimizer]
    n_classes = len(detector.classes_)
    fraction, split = detector.validation_fraction, None
    n_train = len(codes)
    if fraction is not None:
        # A stratified split needs room for an image of each class.
        fraction = max(fraction, n_classes / len(codes))
        split = ValidSplit(fraction, stratified=True, random_state=seed)
        n_train -= int(np.ceil(fraction * len(codes)))
    return PixelNet(
        module,
        seed=seed,
        precision=resolve_precision(detector.precision, device),
        device=device,
        criterion=nn.CrossEntropyLoss,
        criterion__weight=class_weights(detector, codes),
        optimizer=optimizer,
        **{f"optimizer__{name}": value for name, value in settings.items()},
        optimizer__weight_decay=detector.weight_decay,
        lr=detector.lr,
        max_epochs=detector.max_epochs,
        batch_size=detector.batch_size,
        iterator_valid__batch_size=PREDICT_BATCH,
        train_split=split,
        classes=np.arange(n_classes),
        callbacks=make_callbacks(detector, -(-n_train // detector.batch_size)),
        verbose=int(detector.verbose > 1),
    )


def class_weights(detector: Any, codes: np.ndarray) -> torch.Tensor | None:
    """Weights of the loss, one a class.

    Parameters
    ----------
    detector : DeepDetector
        With `class_weight` and `classes_`.

    codes : int array of shape (n,)
        Codes of the labels.

    Returns
    -------
    float32 tensor of shape (n_classes,) or None
    """
    if detector.class_weight is None:
        return None
    weights = compute_class_weight(
        detector.class_weight, classes=detector.classes_, y=detector.classes_[codes]
    )
    return torch.as_tensor(weights, dtype=torch.float32)


def make_callbacks(detector: Any, n_batches: int) -> list:
    """Callbacks that a detector's parameters ask for, and the user's own.

    Parameters
    ----------
    detector : DeepDetector
        Its parameters are read; its callbacks are copied.

    n_batches : int
        Batches of an epoch.

    Returns
    -------
    list of skorch callbacks
    """
    callbacks = []
    n_steps = n_batches * detector.max_epochs
    if detector.schedule == "one_cycle":
        cycle = {"max_lr": detector.lr, "total_steps": n_steps + 1, "pct_start": 0.2}
        if detector.optimizer == "sgd":
            cycle["cycle_momentum"] = False
        scheduler = LRScheduler(OneCycleLR, step_every="batch", **cycle)
        callbacks.append(("schedule", scheduler))
    elif detector.schedule == "cosine":
        scheduler = LRScheduler(CosineAnnealingLR, step_every="batch", T_max=n_steps)
        callbacks.append(("schedule", scheduler))
    if detector.early_stopping:
        stopping = EarlyStopping(
            "valid_loss", patience=detector.patience, load_best=True, sink=_no_log
        )
        callbacks.append(("early_stopping", stopping))
    if detector.verbose:
        callbacks.append(("progress_bar", ProgressBar()))
    return callbacks + deepcopy(detector.callbacks or [])


def _no_log(message: str) -> None:
    pass


def epoch_figures(net: PixelNet) -> dict[str, list[float]]:
    """Loss and accuracy of every whole epoch.

    Parameters
    ----------
    net : PixelNet
        Fitted.

    Returns
    -------
    dict of lists of length n_epochs
        `train_loss`, `train_accuracy`, `seconds` and, where images were held out,
        `valid_loss` and `valid_accuracy`.
    """
    names = ["train_loss", "train_accuracy"]
    if net.train_split is not None:
        names += ["valid_loss", "valid_accuracy"]
    # An epoch that Ctrl-C broke off has no duration.
    epochs = [epoch for epoch in net.history if "dur" in epoch]
    figures = {name: [float(epoch[name]) for epoch in epochs] for name in names}
    return {**figures, "seconds": [float(epoch["dur"]) for epoch in epochs]}
