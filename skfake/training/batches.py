"""Batches cut from images: resident on the device, in memory, or opened when needed."""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from skfake.read_ahead import ReadAhead

# Batches read ahead of the one that is trained on.
N_AHEAD = 3


class PixelDataset(Dataset):
    """Images, and the codes of their labels."""

    def __init__(self, images: Any, codes: np.ndarray | None = None) -> None:
        self.images = images
        self.codes = (
            torch.zeros(len(images), dtype=torch.int64)
            if codes is None
            else torch.from_numpy(np.asarray(codes, dtype=np.int64))
        )
        self.resident: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        images, codes = self.take(torch.tensor([index]))
        return images[0], codes[0]

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

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Images and codes of some rows, by one gather."""
        if self.resident is not None:
            rows = rows.to(self.resident.device, non_blocking=True)
            return self.resident[rows], self.codes[rows]
        return torch.from_numpy(self.images[rows.numpy()]), self.codes[rows]


@dataclass
class Batches:
    """Iterate over a dataset in batches of nearly equal size."""

    dataset: PixelDataset
    rows: Tensor
    _: KW_ONLY
    batch_size: int
    device: str = "cpu"
    generator: torch.Generator | None = None

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        rows = self.rows
        if self.generator is not None:
            rows = rows[torch.randperm(len(rows), generator=self.generator)]
        parts = rows.tensor_split(len(self))
        waits = not self.dataset.in_memory or torch.device(self.device).type != "cpu"
        if waits and self.dataset.resident is None:
            with ReadAhead(self._read, parts, n_ahead=N_AHEAD) as batches:
                for images, codes in batches:
                    yield self._send(images, codes)
        else:
            yield from map(self.dataset.take, parts)

    def _read(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        images, codes = self.dataset.take(rows)
        if torch.device(self.device).type == "cuda":
            return images.pin_memory(), codes.pin_memory()
        return images, codes

    def _send(self, images: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        images = images.to(self.device, non_blocking=True)
        return images, codes.to(self.device, non_blocking=True)
