"""The one subclass of skorch's net: pixels in, in batches, seeded by the epoch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping, EpochTimer, PassthroughScoring, PrintLog
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import Subset

from skfake.corruptions.mix import read_mix
from skfake.networks.inference import InferenceNetwork
from skfake.progress import write_above
from skfake.training._augment import augment, center_crop
from skfake.training.augmentation import Augmentation
from skfake.training.batches import Batches, PixelDataset, Targets
from skfake.training.device import largest_batch, least_batch
from skfake.training.seeding import derive_seed, isolated_seed


class PixelNet(NeuralNetClassifier):
    """Train any network on images."""

    # Side of the crops of this epoch, where it is not the augmentation's.
    training_size_: int | None = None
    # What has ended the training, where it was neither the last epoch nor a callback.
    interruption_: KeyboardInterrupt | None = None
    # What has predicted last.
    inference_network_: InferenceNetwork | None = None

    def __init__(
        self,
        module: Any,
        *,
        seed: int = 0,
        precision: str = "float32",
        augmentation: Augmentation | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(module, **kwargs)
        self.seed = seed
        self.precision = precision
        self.augmentation = augmentation

    @property
    def crop_size(self) -> int | None:
        """Side of the central square that predictions look at; None for all."""
        of = self.augmentation
        return of.crop_size if of is not None and of.crop_predictions else None

    @property
    def average_flips(self) -> bool:
        """Whether predictions average over mirror images."""
        return self.augmentation is not None and self.augmentation.average_flips

    def get_default_callbacks(self) -> list:
        """Loss and accuracy of an epoch, its seconds, and the log of them."""
        recorded = [
            PassthroughScoring(
                name=f"{part}_{metric}",
                lower_is_better=metric == "loss",
                on_train=part == "train",
            )
            for metric in ("loss", "accuracy")
            for part in ("train", "valid")
        ]
        return [
            ("epoch_timer", EpochTimer()),
            *((callback.name, callback) for callback in recorded),
            # With a sink of its own, it writes whatever `verbose` is.
            *([("print_log", PrintLog(sink=write_above))] if self.verbose else []),
        ]

    def initialize_module(self) -> Self:
        """Bring the module to the memory layout that convolutions are fastest in."""
        super().initialize_module()
        self.module_.to(memory_format=torch.channels_last)
        return self

    def torch_compile(self, module: nn.Module, name: str) -> nn.Module:
        """Compile in place, so that the names of weights stay."""
        if self.compile and name == "module":
            module.compile(**self.get_params_for("compile"))
        return module

    def partial_fit(
        self, X: Any, y: Any = None, classes: Any = None, **kwargs: Any
    ) -> Self:
        """Train, and raise the KeyboardInterrupt that skorch takes for the end."""
        super().partial_fit(X, y, classes, **kwargs)
        interruption, self.interruption_ = self.interruption_, None
        if interruption is not None:
            raise interruption
        return self

    def fit_loop(self, X: Any, y: Any = None, **kwargs: Any) -> Self:
        """Run the epochs and leave the caller's random numbers as they were."""
        try:
            with isolated_seed(self.seed, self.device):
                return super().fit_loop(X, y, **kwargs)
        except KeyboardInterrupt as error:
            # It is also how EarlyStopping ends a training.
            self.interruption_ = None if self.is_stopped_early else error
            raise

    @property
    def is_stopped_early(self) -> bool:
        """Whether a callback for early stopping has ended the training."""
        return any(
            isinstance(callback, EarlyStopping)
            and callback.misses_ >= callback.patience
            for _, callback in self.callbacks_
        )

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Seed the epoch by its number, so that a continued fit is the same fit."""
        for part, generator in enumerate((self.order_, self.draws_)):
            generator.manual_seed(derive_seed(self.seed, len(self.history), part))
        torch.manual_seed(derive_seed(self.seed, len(self.history), 2))
        super().on_epoch_begin(net, **kwargs)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Let go of the metrics of single batches, which take much memory."""
        super().on_train_end(net, **kwargs)
        for epoch in self.history:
            epoch["batches"] = []

    def get_dataset(self, X: Any, y: Any = None) -> Any:
        """Wrap pixels; leave a dataset as it is."""
        return PixelDataset(X, y) if isinstance(X, np.ndarray) else X

    def get_iterator(self, dataset: Any, training: bool = False) -> Batches:
        """Batches of a dataset, or of the part of it that a split has taken."""
        if isinstance(dataset, Subset):
            rows = torch.as_tensor(np.asarray(dataset.indices))
            dataset = dataset.dataset
        else:
            rows = torch.arange(len(dataset))
        if not training:
            size = largest_batch(dataset[0][0].shape[0], self.device)
            return Batches(dataset, rows, batch_size=size, device=self.device)
        of = self.augmentation
        mix = of and read_mix(of.corruptions, of.corruption_probability)
        if mix is None or not mix.has_codec:
            dataset.move_to(self.device)
        self.order_, self.draws_ = torch.Generator(), torch.Generator()
        batches = Batches(
            dataset,
            rows,
            batch_size=self.batch_size,
            device=self.device,
            generator=self.order_,
            mix=mix,
        )
        self.n_batches_ = len(batches)
        return batches

    def run_single_epoch(
        self,
        iterator: Batches | None,
        training: bool,
        prefix: str,
        step_fn: Callable,
        **fit_params: Any,
    ) -> None:
        """Go through the batches; read their metrics together, after the last."""
        if iterator is None:
            return
        metrics = []
        for batch in iterator:
            self.notify("on_batch_begin", batch=batch, training=training)
            with explain_lack_of_memory(batch[0]):
                step = step_fn(batch, **fit_params)
            codes = batch[1][0] if isinstance(batch[1], tuple) else batch[1]
            right = (step["y_pred"].argmax(dim=1) == codes).float().mean()
            metrics.append(torch.stack([step["loss"].detach().float(), right]))
            self.history.record_batch(f"{prefix}_batch_size", len(codes))
            self.notify("on_batch_end", batch=batch, training=training, **step)
        rows = self.history[-1]["batches"][-len(metrics) :]
        for row, (loss, accuracy) in zip(
            rows, torch.stack(metrics).tolist(), strict=True
        ):
            row[f"{prefix}_loss"], row[f"{prefix}_accuracy"] = loss, accuracy
        self.history.record(f"{prefix}_batch_count", len(metrics))

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Train on a batch that is augmented first."""
        images, targets = batch
        if self.augmentation is not None:
            size = self.training_size_
            images = augment(images, self.augmentation, self.draws_, size=size)
        return super().train_step_single((images, targets), **fit_params)

    def get_loss(
        self, y_pred: Tensor, y_true: Targets, *args: Any, **kwargs: Any
    ) -> Tensor:
        """Loss of a batch: the mean, of weighted losses where there are weights."""
        if isinstance(y_true, tuple):
            return weighted_loss(self.criterion_, y_pred, *y_true)
        return super().get_loss(y_pred, y_true, *args, **kwargs)

    def validation_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Judge held-out images with the arithmetic of training."""
        with self._autocast():
            return super().validation_step(batch, **fit_params)

    def evaluation_step(self, batch: Any, training: bool = False) -> Tensor:
        """Logits of a batch, averaged over its mirror image where that is wanted."""
        if training or not self.average_flips:
            return super().evaluation_step(batch, training=training)
        images, codes = batch
        logits = super().evaluation_step(batch)
        return (logits + super().evaluation_step((images.flip(2), codes))) / 2

    def infer(self, x: Tensor, **fit_params: Any) -> Tensor:
        """Apply the module to a batch, in whatever mode it is."""
        x = self.to_input(x)
        if not self.module_.training:
            return self.module_(x, **fit_params).float()
        with self._autocast():
            return self.module_(x, **fit_params).float()

    def to_input(self, x: Tensor) -> Tensor:
        """Bring a batch to the device, to floats and to channels first."""
        x = x.to(self.device, non_blocking=True)
        if self.crop_size is not None and not self.module_.training:
            x = center_crop(x, self.crop_size)
        x = x.permute(0, 3, 1, 2)
        return x.float() / 255 if x.dtype == torch.uint8 else x

    def _autocast(self) -> torch.autocast:
        kind = torch.device(self.device).type
        enabled = self.precision == "bfloat16"
        return torch.autocast(kind, dtype=torch.bfloat16, enabled=enabled)

    def predict_logits(
        self, images: np.ndarray, precision: str = "float32"
    ) -> np.ndarray:
        """Logits of images, in batches that are halved where memory is short."""
        # Torch warns of arrays that it may not write to, such as memory maps.
        images = np.require(images, requirements=["C", "W"])
        self.module_.eval()
        network = self._find_inference_network(precision)
        n_views = 2 if self.average_flips else 1
        size = largest_batch(images.shape[1], self.device) // n_views
        done: list[Tensor] = []
        start = 0
        while start < len(images):
            batch = torch.from_numpy(images[start : start + size])
            n = len(batch)
            n_least = min(least_batch(images.shape[1]) // n_views, size)
            if n < n_least:
                batch = batch[torch.arange(n_least) % n]
            try:
                done.append(self._judge(network, batch)[:n].cpu())
            except torch.OutOfMemoryError:
                if size == 1:
                    raise
                size = size // 2
                continue
            start += size
        return torch.cat(done).numpy()

    def _find_inference_network(self, precision: str) -> InferenceNetwork:
        """Network to predict with, which is made once and has the weights of now."""
        found = self.inference_network_
        if (
            found is None
            or found.network is not self.module_
            or found.precision != precision
        ):
            found = self.inference_network_ = InferenceNetwork(self.module_, precision)
        return found.prepare()

    def _judge(self, network: InferenceNetwork, images: Tensor) -> Tensor:
        """Logits of a batch, averaged over its mirror image where that is wanted."""
        if not self.average_flips:
            return network(self.to_input(images))
        logits = network(self.to_input(torch.cat([images, images.flip(2)])))
        return logits.unflatten(0, (2, -1)).mean(dim=0)


def weighted_loss(
    criterion: nn.CrossEntropyLoss, logits: Tensor, codes: Tensor, weights: Tensor
) -> Tensor:
    """Mean of the losses times their weights; all weights of one make it the loss.

    As in the loss of torch, it is the weights of the classes that the mean is over.
    """
    losses = cross_entropy(
        logits,
        codes,
        weight=criterion.weight,
        label_smoothing=criterion.label_smoothing,
        reduction="none",
    )
    of_classes = criterion.weight
    n = len(codes) if of_classes is None else of_classes[codes].sum()
    return (weights * losses).sum() / n


@contextmanager
def explain_lack_of_memory(images: Tensor) -> Iterator[None]:
    """Say, where a device's memory doesn't do for a step, what to lower."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        n, height, width = images.shape[:3]
        raise torch.OutOfMemoryError(
            f"batch_size must be small enough for the memory of the device; got {n} "
            f"images of {height} x {width} pixels in one step. Lower batch_size, or "
            "image_size."
        ) from error
