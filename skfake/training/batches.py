"""Batches cut from images: resident on the device, in memory, or opened when needed."""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from skfake.corruptions.mix import Draws, Mix
from skfake.read_ahead import ReadAhead

# Batches read ahead of the one that is trained on.
N_AHEAD = 4

# Codes, and the weights of their losses where there are any.
Targets = Tensor | tuple[Tensor, ...]


class PixelDataset(Dataset):
    """Images, and the codes of their labels.

    `rows` are positions among them, in the order of training, where that is not all of
    them in theirs; `weights` of the loss are as many as rows, or as images without.
    """

    def __init__(
        self,
        images: Any,
        codes: np.ndarray | None = None,
        *,
        rows: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> None:
        self.images = images
        self.codes = (
            torch.zeros(len(images), dtype=torch.int64)
            if codes is None
            else torch.from_numpy(np.asarray(codes, dtype=np.int64))
        )
        # Copies, since torch takes no array that runs backwards.
        self.rows = None if rows is None else torch.from_numpy(np.array(rows, np.int64))
        # Weights of one change nothing, and so they leave no trace by rounding.
        plain = weights is None or bool(np.all(np.asarray(weights) == 1))
        self.weights = (
            None if plain else torch.from_numpy(np.array(weights, np.float32))
        )
        self.resident: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images if self.rows is None else self.rows)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        images, codes, *_ = self.take(torch.tensor([index]))
        return images[0], codes[0]

    def codes_in_order(self) -> np.ndarray:
        """Codes in the order of training."""
        return (self.codes if self.rows is None else self.codes[self.rows]).numpy()

    @property
    def in_memory(self) -> bool:
        """Whether pixels can be had without waiting for a disk or a decoder."""
        plain = isinstance(self.images, np.ndarray)
        return plain and not isinstance(self.images, np.memmap)

    def move_to(self, device: str | torch.device) -> None:
        """Keep the images on an accelerator if they take half of what is free there."""
        device = torch.device(device)
        if device.type != "cuda" or not self.in_memory:
            return
        free, _ = torch.cuda.mem_get_info(device)
        if self.images.nbytes <= free / 2:
            writable = np.require(self.images, requirements=["C", "W"])
            self.resident = torch.from_numpy(writable).to(device)
            self.codes = self.codes.to(device)
            if self.rows is not None:
                self.rows = self.rows.to(device)
            if self.weights is not None:
                self.weights = self.weights.to(device)

    @property
    def is_cut(self) -> bool:
        """Whether images are parts of larger ones, cut anywhere in them."""
        return hasattr(self.images, "cut")

    def take(
        self, positions: Tensor, shares: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Images, codes and weights, if there are any, by one gather of each.

        With shares (n, 2), images are cut at these of the places that they can have.
        """
        if self.resident is not None:
            positions = positions.to(self.resident.device, non_blocking=True)
        rows = positions if self.rows is None else self.rows[positions]
        if self.resident is not None:
            images = self.resident[rows]
        elif shares is not None:
            images = torch.from_numpy(self.images.cut(rows.numpy(), shares.numpy()))
        else:
            images = torch.from_numpy(self.images[rows.numpy()])
        if self.weights is None:
            return images, self.codes[rows]
        return images, self.codes[rows], self.weights[positions]


@dataclass
class Batches:
    """Iterate over rows of a dataset in batches of nearly equal size.

    A generator draws their order, where images that are parts are cut, and what is done
    to them of a mix of corruptions; without one they come in their own, as centres.
    """

    dataset: PixelDataset
    rows: Tensor
    _: KW_ONLY
    batch_size: int
    device: str = "cpu"
    generator: torch.Generator | None = None
    mix: Mix | None = None

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Targets]]:
        if self._must_wait():
            items = self._draw()
            with ReadAhead(self._read_to_send, items, n_ahead=N_AHEAD) as batches:
                for draws, batch in batches:
                    yield _finish(draws, self._send(batch))
        else:
            for item in self._draw():
                yield _finish(*self._read(item))

    def _draw(self) -> Iterator[tuple[Tensor, Tensor | None, Draws | None]]:
        """Rows of each batch, where they are cut, and what is done to its images."""
        generator, rows = self.generator, self.rows
        if generator is not None:
            rows = rows[torch.randperm(len(rows), generator=generator)]
        is_cut = self.dataset.is_cut and generator is not None
        for part in rows.tensor_split(len(self)):
            n, mix = len(part), self.mix
            shares = torch.rand(n, 2, generator=generator) if is_cut else None
            yield part, shares, None if mix is None else mix.draw(n, generator)

    def _must_wait(self) -> bool:
        """Whether batches have to come from elsewhere.

        On a CPU that trains, threads that read ahead would only take its time.
        """
        is_here = self.dataset.in_memory and torch.device(self.device).type == "cpu"
        return self.dataset.resident is None and not is_here

    def _read(
        self, item: tuple[Tensor, Tensor | None, Draws | None]
    ) -> tuple[Draws | None, tuple[Tensor, ...]]:
        rows, shares, draws = item
        images, *targets = self.dataset.take(rows, shares)
        if draws is not None:
            images = draws.corrupt_on_cpu(images)
        return draws, (images, *targets)

    def _read_to_send(
        self, item: tuple[Tensor, Tensor | None, Draws | None]
    ) -> tuple[Draws | None, tuple[Tensor, ...]]:
        draws, batch = self._read(item)
        if torch.device(self.device).type == "cuda":
            batch = tuple(tensor.pin_memory() for tensor in batch)
        return draws, batch

    def _send(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(tensor.to(self.device, non_blocking=True) for tensor in batch)


def _finish(draws: Draws | None, batch: tuple[Tensor, ...]) -> tuple[Tensor, Targets]:
    """A batch as skorch has it: what goes into the network, and what should come."""
    images, *targets = batch
    if draws is not None:
        images = draws.corrupt_after(images)
    return images, tuple(targets) if len(targets) > 1 else targets[0]
