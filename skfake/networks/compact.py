"""Our own network for small images."""

from collections.abc import Sequence
from numbers import Integral

from torch import Tensor, nn
from torch.nn import functional as F


class CompactNet(nn.Module):
    """Convolutions of 3x3 on blocks of 2x2 pixels, pooled after each stage but one.

    A stage is two convolutions, of as many filters, and the first one three.
    """

    def __init__(
        self, n_classes: int, *, n_channels: int, n_filters: Sequence[int]
    ) -> None:
        super().__init__()
        self.even = EvenSides()
        layers: list[nn.Module] = [nn.PixelUnshuffle(2)]
        n_in = 4 * n_channels
        for stage, n_out in enumerate(n_filters):
            is_last = stage == len(n_filters) - 1
            layers.append(convolution(n_in, n_out))
            if stage == 0:
                layers.append(convolution(n_out, n_out))
            layers.append(convolution(n_out, n_out, pool=not is_last))
            n_in = n_out
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(n_in, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of standardised images of shape (n, C, H, W)."""
        maps = self.layers(self.even(images))
        # With channels last, the gradient is in the layout of the maps.
        return self.head(maps.permute(0, 2, 3, 1).mean(dim=(1, 2)))


class EvenSides(nn.Module):
    """Repeat the last row or column of images with an odd number of them."""

    def forward(self, images: Tensor) -> Tensor:
        """Images of shape (n, C, H, W)."""
        height, width = images.shape[2:]
        if height % 2 or width % 2:
            images = F.pad(images, (0, width % 2, 0, height % 2), mode="replicate")
        return images


def check_filters(n_filters: Sequence[int]) -> None:
    """Refuse what are no filters of stages."""
    if not n_filters or not all(isinstance(n, Integral) and n > 0 for n in n_filters):
        raise ValueError(
            f"n_filters must be a tuple of ints of 1 or more; got {n_filters}."
        )


def smallest_size(n_stages: int) -> int:
    """Side of the smallest image of which a map is left after so many stages."""
    return 2**n_stages - 1


def convolution(n_in: int, n_out: int, *, pool: bool = False) -> nn.Sequential:
    """Convolution of 3x3, batch normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(n_out),
        nn.MaxPool2d(2) if pool else nn.Identity(),
        nn.ReLU(inplace=True),
    )
