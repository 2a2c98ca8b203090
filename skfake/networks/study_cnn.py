"""The small convolutional network of arXiv:2401.07358."""

from torch import nn

from skfake.networks._dropout import Dropout

SMALLEST_SIZE = 4


class StudyCNN(nn.Sequential):
    """One convolution of 3x3, ReLU, max pooling of 2x2 and two dense layers."""

    def __init__(
        self,
        n_classes: int,
        *,
        image_size: int,
        n_channels: int,
        n_filters: int,
        n_hidden: int,
        batch_norm: bool,
        dropout: float,
    ) -> None:
        side = (image_size - 2) // 2
        super().__init__(
            nn.Conv2d(n_channels, n_filters, kernel_size=3),
            nn.BatchNorm2d(n_filters) if batch_norm else nn.Identity(),
            # Either order gives the same, and this one has fewer values to go through.
            nn.MaxPool2d(kernel_size=2, stride=2),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            Dropout(dropout),
            nn.Linear(n_filters * side**2, n_hidden),
            nn.BatchNorm1d(n_hidden) if batch_norm else nn.Identity(),
            nn.ReLU(inplace=True),
            Dropout(dropout),
            nn.Linear(n_hidden, n_classes),
        )
