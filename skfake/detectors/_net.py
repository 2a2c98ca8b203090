"""A detector's plain parameters in skorch's language, and its training."""

import hashlib
import os
import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch
from sklearn.utils import compute_class_weight
from skorch.callbacks import Callback, EarlyStopping
from skorch.dataset import ValidSplit
from skorch.utils import noop
from torch import nn

from skfake.training.batches import PixelDataset
from skfake.training.checkpoint import Checkpoint
from skfake.training.cores import FreeCores
from skfake.training.device import resolve_precision
from skfake.training.muon import Muon
from skfake.training.net import PixelNet
from skfake.training.progress import TrainingProgress
from skfake.training.schedule import GrowingCrops, Schedule

OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict]] = {
    "adam": (torch.optim.Adam, {"fused": True}),
    "adamw": (torch.optim.AdamW, {"fused": True}),
    "muon": (Muon, {}),
    "sgd": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "fused": True}),
}

# Parameters that say how a training runs, and not what comes of it.
OPERATIONAL = (
    "callbacks",
    "checkpoint",
    "compile",
    "device",
    "inference_precision",
    "n_jobs",
    "verbose",
)


def make_net(
    detector: Any,
    module: nn.Module,
    codes: np.ndarray,
    *,
    seed: int,
    device: str,
    callbacks: list,
    validate: bool = True,
) -> PixelNet:
    """Say a detector's plain parameters in skorch's language, here alone."""
    optimizer, settings = OPTIMIZERS[detector.optimizer]
    n_classes = len(detector.classes_)
    fraction, split = detector.validation_fraction, None
    if fraction is not None and validate:
        # A stratified split needs room for an image of each class.
        fraction = max(fraction, n_classes / len(codes))
        split = ValidSplit(fraction, stratified=True, random_state=seed)
    return PixelNet(
        module,
        seed=seed,
        precision=resolve_precision(detector.precision, device),
        augmentation=detector.augment_,
        compile=detector.compile,
        device=device,
        criterion=nn.CrossEntropyLoss,
        criterion__weight=class_weights(detector, codes),
        criterion__label_smoothing=detector.label_smoothing,
        optimizer=optimizer,
        **{f"optimizer__{name}": value for name, value in settings.items()},
        optimizer__weight_decay=detector.weight_decay,
        lr=detector.lr,
        max_epochs=detector.max_epochs,
        batch_size=resolve_batch_size(detector, len(codes)),
        train_split=split,
        classes=np.arange(n_classes),
        callbacks=callbacks,
        verbose=int(detector.verbose > 1),
    )


def resolve_batch_size(detector: Any, n: int) -> int:
    """Images of a training step."""
    if detector.batch_size != "auto":
        return detector.batch_size
    return int(np.clip(n // 20, 16, detector._largest_batch))


def class_weights(detector: Any, codes: np.ndarray) -> torch.Tensor | None:
    """Weights of the loss, one a class."""
    if detector.class_weight is None:
        return None
    weights = compute_class_weight(
        detector.class_weight, classes=detector.classes_, y=detector.classes_[codes]
    )
    return torch.as_tensor(weights, dtype=torch.float32)


def make_callbacks(detector: Any, first_epoch: int) -> list:
    """Callbacks that a detector's parameters ask for, and the user's own."""
    callbacks: list[tuple[str, Callback]] = []
    costs = np.ones(detector.max_epochs)
    if detector.schedule is not None:
        schedule = Schedule(detector.schedule, detector.max_epochs, first_epoch)
        callbacks.append(("schedule", schedule))
    augmentation = detector.augment_
    if augmentation and augmentation.crop and augmentation.growing_crops:
        side = augmentation.crop_size or detector.image_size
        size = max(round(side * 3 / 8) * 2, detector._smallest_size)
        n_epochs = detector.max_epochs * 3 // 4
        callbacks.append(("growing_crops", GrowingCrops(size, n_epochs, first_epoch)))
        costs[:n_epochs] = (size / side) ** 2
    # Before what may end the training, so that it sees the last epoch.
    if detector.verbose:
        callbacks.append(("progress", TrainingProgress(costs, first_epoch)))
    if detector.patience is not None:
        stopping = EarlyStopping(
            "valid_loss", patience=detector.patience, load_best=True, sink=noop
        )
        callbacks.append(("early_stopping", stopping))
    return callbacks + deepcopy(detector.callbacks or [])


def find_checkpoint(
    detector: Any, dataset: PixelDataset, earlier: PixelNet | None
) -> Checkpoint | None:
    """Checkpoint of one training among all that share a detector's folder."""
    if detector.checkpoint is None:
        return None
    params = detector.get_params(deep=False)
    settings = {k: v for k, v in params.items() if k not in OPERATIONAL}
    settings["augment"] = detector.augment_ and detector.augment_.get_params()
    if isinstance(settings.get("weights"), str | os.PathLike):
        # Another file of the same name is another training, a moved one is not.
        settings["weights"] = _digest(settings["weights"])
    if isinstance(detector.random_state, np.random.RandomState):
        # Trainings that draw from one generator are as many as its states.
        settings["random_state"] = detector.random_state.get_state()
    start = earlier and [p.numpy(force=True) for p in earlier.module_.parameters()]
    images = getattr(dataset.images, "images", dataset.images)
    # As arrays: equal tensors have different hashes.
    parts = [
        None if part is None else part.numpy()
        for part in (dataset.codes, dataset.rows, dataset.weights)
    ]
    of = (type(detector).__name__, settings, images, parts, start)
    name = f"{type(detector).__name__}-{joblib.hash(of)}.pt"
    return Checkpoint(Path(detector.checkpoint) / name)


def _digest(path: str | os.PathLike) -> str:
    if not os.path.isfile(path):
        return str(path)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def train_detector(
    detector: Any,
    net: PixelNet,
    dataset: PixelDataset,
    *,
    before: dict[str, Any],
    n_epochs: int,
    checkpoint: Checkpoint | None = None,
) -> None:
    """Train a detector's net; on Ctrl-C keep its whole epochs, or what was before."""
    first = len(net.history)
    try:
        _train(net, dataset, n_epochs, checkpoint)
    except KeyboardInterrupt as interruption:
        n_done = len([epoch for epoch in net.history if "dur" in epoch]) - first
        del net.history[first + n_done :]
        told = f"no epoch of {n_epochs} is done; the detector is as it was before."
        if n_done > 0:
            told = f"{n_done} of {n_epochs} epochs are done, and kept."
            _keep(detector, net)
        else:
            vars(detector).clear()
            vars(detector).update(before)
        try:
            # Of the line that has called `fit`, so that it is told there each time.
            warnings.warn(f"Training interrupted by user: {told}", stacklevel=4)
        finally:
            # Even where warnings are made errors, which a search would swallow.
            raise interruption
    _keep(detector, net)


def _train(
    net: PixelNet, dataset: PixelDataset, n_epochs: int, checkpoint: Checkpoint | None
) -> None:
    """Train a net, from its checkpoint on where there is one."""
    last = len(net.history) + n_epochs
    if checkpoint is not None and checkpoint.restore(net):
        return
    codes = dataset.codes_in_order()
    try:
        net.partial_fit(dataset, codes, epochs=last - len(net.history))
    finally:
        callbacks = dict(net.callbacks_)
        if "early_stopping" in callbacks:
            # The net has them.
            callbacks["early_stopping"].best_model_weights_ = None
        for callback in callbacks.values():
            if isinstance(callback, TrainingProgress | FreeCores):
                callback.close()
    if checkpoint is not None:
        checkpoint.finish(net)


def _keep(detector: Any, net: PixelNet) -> None:
    detector.net_ = net
    detector.history_ = _epoch_metrics(net)


def _epoch_metrics(net: PixelNet) -> dict[str, list[float]]:
    """Loss and accuracy of every whole epoch."""
    # An epoch of `partial_fit` holds no images out.
    nothing, epochs = float("nan"), net.history
    names = ["train_loss", "train_accuracy"]
    if net.train_split is not None or any("valid_loss" in epoch for epoch in epochs):
        names += ["valid_loss", "valid_accuracy"]
    metrics = {n: [float(epoch.get(n, nothing)) for epoch in epochs] for n in names}
    return {**metrics, "seconds": [float(epoch["dur"]) for epoch in epochs]}
