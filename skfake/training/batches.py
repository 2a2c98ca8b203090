"""Batches cut from images that lie in memory as one tensor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset


class PixelDataset(Dataset):
    """Images, and the codes of their labels, as two tensors.

    Parameters
    ----------
    images : uint8 or float32 array of shape (n, H, W, C)
        Pixels; not copied where that can be helped.

    codes : int array of shape (n,), default=None
        Codes of the labels; zeros where there are none.
    """

    def __init__(self, images: np.ndarray, codes: np.ndarray | None = None) -> None:
        # Torch warns of arrays that it may not write to, such as memory maps.
        self.images = torch.from_numpy(np.require(images, requirements=["C", "W"]))
        self.codes = (
            torch.zeros(len(images), dtype=torch.int64)
            if codes is None
            else torch.from_numpy(np.asarray(codes, dtype=np.int64))
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.images[index], self.codes[index]


class Batches:
    """Iterate over a dataset in batches of nearly equal size.

    A batch is one gather from the resident tensor: no Python runs per image.

    Parameters
    ----------
    dataset : PixelDataset
        Images and codes.

    rows : int tensor of shape (m,)
        Which images to go through.

    batch_size : int
        Largest number of images in a batch. Batches differ by at most one image, so
        that no small rest is left to disturb batch normalisation.

    generator : torch.Generator, default=None
        Source of the order. With None the rows keep theirs.
    """

    def __init__(
        self,
        dataset: PixelDataset,
        rows: Tensor,
        *,
        batch_size: int,
        generator: torch.Generator | None = None,
    ) -> None:
        self.dataset = dataset
        self.rows = rows
        self.batch_size = batch_size
        self.generator = generator

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        rows = self.rows
        if self.generator is not None:
            rows = rows[torch.randperm(len(rows), generator=self.generator)]
        for part in rows.tensor_split(len(self)):
            yield self.dataset.images[part], self.dataset.codes[part]
