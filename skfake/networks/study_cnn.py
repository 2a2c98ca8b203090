"""The small convolutional network of arXiv:2401.07358."""

from __future__ import annotations

from torch import nn

from skfake.networks.dropout import Dropout

SMALLEST_SIZE = 4


class StudyCNN(nn.Sequential):
    """One convolution of 3x3, ReLU, max pooling of 2x2 and two dense layers.

    The study ends in a sigmoid; two logits and cross-entropy are the same for two
    classes, and do for more.

    Parameters
    ----------
    n_classes : int
        Logits.

    image_size : int
        Side, in pixels, of the square images; at least 4.

    n_channels : int
        1 for gray images, 3 for RGB.

    n_filters : int
        Filters of the convolution.

    n_hidden : int
        Units of the first dense layer.

    batch_norm : bool
        Normalise what the convolution and the first dense layer give, before their
        ReLU. Without the latter, the study's learning rate is too much: all units of
        that layer may end at zero, from where they learn nothing.

    dropout : float
        Share of values left out, in training, before each dense layer.
    """

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
