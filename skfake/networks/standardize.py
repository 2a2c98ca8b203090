"""The first layer of every network: pixels on a common scale."""

import numpy as np
import torch
from torch import Tensor, nn

# Of the images that torchvision's weights were trained on.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Standardize(nn.Module):
    """Subtract each channel's mean and divide by its standard deviation."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: np.ndarray, std: np.ndarray) -> None:
        super().__init__()
        scale = torch.as_tensor(std, dtype=torch.float32)
        scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        center = torch.as_tensor(mean, dtype=torch.float32)
        self.register_buffer("mean", center.reshape(-1, 1, 1))
        self.register_buffer("std", scale.reshape(-1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Standardise images of shape (n, C, H, W)."""
        n, n_channels, height, width = images.shape
        # Channels are last in memory. Whole rows of pixels are gone through many times
        # faster than the three values of one pixel again and again.
        rows = images.permute(0, 2, 3, 1).reshape(n, height, width * n_channels)
        mean, std = (of.flatten().repeat(width) for of in (self.mean, self.std))
        rows = (rows - mean) / std
        return rows.view(n, height, width, n_channels).permute(0, 3, 1, 2)
