"""The one subclass of skorch's net: pixels in, in batches, seeded by the epoch."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EpochTimer, PassthroughScoring, PrintLog
from torch import Tensor
from torch.utils.data import Subset

from skfake.training.batches import Batches, PixelDataset
from skfake.training.seeding import derive_seed, isolated_seed


class PixelNet(NeuralNetClassifier):
    """Train any network on images that lie in memory.

    `fit(images, codes)` takes pixels, uint8 or float32 of shape (n, H, W, C), and
    codes from 0 to k - 1. The module sees floats of shape (n, C, H, W) in the
    channels-last memory layout: bytes as 0 to 1, floats as they come.

    Each epoch draws its order, and seeds what the network draws itself, from `seed`
    and the number of the epoch alone. The generators of the caller are left alone.

    Parameters
    ----------
    module : torch.nn.Module
        Float images in, logits out.

    seed : int
        See above.

    precision : "float32" or "bfloat16"
        Arithmetic of training. Predictions are always made in float32.

    **kwargs
        As `skorch.NeuralNetClassifier`.
    """

    def __init__(
        self, module: Any, *, seed: int = 0, precision: str = "float32", **kwargs: Any
    ) -> None:
        super().__init__(module, **kwargs)
        self.seed = seed
        self.precision = precision

    def get_default_callbacks(self) -> list:
        """Loss and accuracy of an epoch, its seconds, and the log of them."""
        recorded = [
            PassthroughScoring(
                name=f"{part}_{figure}",
                lower_is_better=figure == "loss",
                on_train=part == "train",
            )
            for figure in ("loss", "accuracy")
            for part in ("train", "valid")
        ]
        return [
            ("epoch_timer", EpochTimer()),
            ("batch_accuracy", BatchAccuracy()),
            *((callback.name, callback) for callback in recorded),
            ("print_log", PrintLog()),
        ]

    def fit_loop(self, X: Any, y: Any = None, **kwargs: Any) -> Self:
        """Run the epochs and leave the caller's random numbers as they were."""
        with isolated_seed(self.seed, self.device):
            return super().fit_loop(X, y, **kwargs)

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Seed the epoch by its number, so that a continued fit is the same fit."""
        self.generator_.manual_seed(derive_seed(self.seed, len(self.history), 0))
        torch.manual_seed(derive_seed(self.seed, len(self.history), 1))
        super().on_epoch_begin(net, **kwargs)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Let go of the figures of single batches, which would swell a pickle."""
        super().on_train_end(net, **kwargs)
        for epoch in self.history:
            epoch["batches"] = []

    def get_dataset(self, X: Any, y: Any = None) -> Any:
        """Wrap pixels; leave a dataset as it is."""
        return PixelDataset(X, y) if isinstance(X, np.ndarray) else X

    def get_iterator(self, dataset: Any, training: bool = False) -> Batches:
        """Batches of a dataset, or of the part of it that a split has taken."""
        part = "iterator_train" if training else "iterator_valid"
        batch_size = self.get_params_for(part).get("batch_size", self.batch_size)
        if isinstance(dataset, Subset):
            rows = torch.as_tensor(np.asarray(dataset.indices))
            dataset = dataset.dataset
        else:
            rows = torch.arange(len(dataset))
        generator = None
        if training:
            generator = self.generator_ = torch.Generator()
        return Batches(dataset, rows, batch_size=batch_size, generator=generator)

    def infer(self, x: Tensor, **fit_params: Any) -> Tensor:
        """Bring a batch to the device, to floats and to channels first, and apply."""
        x = x.to(self.device, non_blocking=True).permute(0, 3, 1, 2)
        x = x.float() / 255 if x.dtype == torch.uint8 else x
        kind = torch.device(self.device).type
        autocast = self.module_.training and self.precision == "bfloat16"
        with torch.autocast(kind, dtype=torch.bfloat16, enabled=autocast):
            return self.module_(x, **fit_params).float()

    def __getstate__(self) -> dict:
        # The generator lives for one fit, and can't be pickled.
        return {k: v for k, v in super().__getstate__().items() if k != "generator_"}


class BatchAccuracy(Callback):
    """Record the share of right answers of every batch, as skorch does its loss."""

    def on_batch_end(
        self,
        net: NeuralNetClassifier,
        batch: Any = None,
        training: bool = False,
        y_pred: Any = None,
        **kwargs: Any,
    ) -> None:
        """Compare a batch's answers with its codes."""
        codes = batch[1].to(y_pred.device)
        accuracy = (y_pred.argmax(dim=1) == codes).float().mean().item()
        part = "train" if training else "valid"
        net.history.record_batch(f"{part}_accuracy", accuracy)
