"""Our own network on what a local median leaves of an image."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skfake.filters import median_filter
from skfake.networks.compact import CompactNet

# Levels, of 255, that count as one; beyond the limit, all are alike.
STEP, LIMIT = 8, 4


class ResidualNet(CompactNet):
    """A `CompactNet` on the residual: an image less its local median (FerretNet)."""

    def __init__(self, n_classes: int, *, n_filters: Sequence[int]) -> None:
        super().__init__(n_classes, n_channels=3, n_filters=n_filters)
        self.residual = Residual()

    def forward(self, images: Tensor) -> Tensor:
        """Logits of images of shape (n, 3, H, W) from 0 to 1."""
        return super().forward(self.residual(images))


class Residual(nn.Module):
    """Images less their local medians, in steps, within limits."""

    def forward(self, images: Tensor) -> Tensor:
        """Images of shape (n, C, H, W) from 0 to 1."""
        padded = F.pad(images, (1, 1, 1, 1), mode="replicate")
        residual = (images - median_filter(torch, padded)) * (255 / STEP)
        return residual.clamp(-LIMIT, LIMIT)
