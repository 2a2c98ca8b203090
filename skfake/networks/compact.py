"""Our own network for small images."""

from torch import Tensor, nn
from torch.nn import functional as F

SMALLEST_SIZE = 3


class CompactNet(nn.Module):
    """Five convolutions of 3x3 on blocks of 2x2 pixels."""

    def __init__(
        self, n_classes: int, *, n_channels: int, n_filters: tuple[int, int]
    ) -> None:
        super().__init__()
        fine, coarse = n_filters
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(2),
            convolution(4 * n_channels, fine),
            convolution(fine, fine),
            convolution(fine, fine, pool=True),
            convolution(fine, coarse),
            convolution(coarse, coarse),
        )
        self.head = nn.Linear(coarse, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of standardised images of shape (n, C, H, W)."""
        height, width = images.shape[2:]
        if height % 2 or width % 2:
            images = F.pad(images, (0, width % 2, 0, height % 2), mode="replicate")
        return self.head(self.layers(images).mean(dim=(2, 3)))


def convolution(n_in: int, n_out: int, *, pool: bool = False) -> nn.Sequential:
    """Convolution of 3x3, batch normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(n_out),
        nn.MaxPool2d(2) if pool else nn.Identity(),
        nn.ReLU(inplace=True),
    )
