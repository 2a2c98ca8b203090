"""The networks of torchvision with a head for our classes, and how to freeze them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal, Self

from torch import nn
from torchvision.models import get_model
from torchvision.models.vgg import cfgs, make_layers

from skfake.networks.small_maps import replace_convolutions

RESNET_DEPTHS = (18, 34, 50, 101)
VGG_DEPTHS = (11, 13, 16, 19)
DENSENET_DEPTHS = (121, 169, 201)

STEMS = ("imagenet", "small")

# Sides, in pixels, of the smallest square images: what is left of them at the last
# pooling without padding must be a pixel at least.
RESNET_SMALLEST_SIZE = 1
VGG_SMALLEST_SIZE = 32
DENSENET_SMALLEST_SIZES = {"imagenet": 29, "small": 8}

# The letters of the paper, arXiv:1409.1556, table 1.
_VGG_CONFIGURATIONS = {11: "A", 13: "B", 16: "D", 19: "E"}


def resnet(n_classes: int, *, depth: int, stem: str) -> nn.Module:
    """Residual network [1]_ with torchvision's names of layers.

    Parameters
    ----------
    n_classes : int
        Logits.

    depth : int
        One of `RESNET_DEPTHS`.

    stem : "imagenet" or "small"
        First layers: a convolution of 7x7 and a pooling, both of stride 2, or, for
        images of about 32 pixels, a convolution of 3x3 alone, which keeps the size.

    Returns
    -------
    torch.nn.Module
        Standardised images of shape (n, 3, H, W) in, logits out.

    References
    ----------
    .. [1] K. He et al., "Deep residual learning for image recognition", CVPR 2016.
    """
    network = get_model(f"resnet{depth}", weights=None, num_classes=n_classes)
    if stem == "small":
        network.set_submodule("conv1", _small_convolution(mode="fan_out"))
        network.set_submodule("maxpool", nn.Identity())
    replace_convolutions(network)
    return network


def densenet(n_classes: int, *, depth: int, stem: str) -> nn.Module:
    """Densely connected network [1]_ with torchvision's names of layers.

    Parameters
    ----------
    n_classes : int
        Logits.

    depth : int
        One of `DENSENET_DEPTHS`.

    stem : "imagenet" or "small"
        First layers, as in `resnet`.

    Returns
    -------
    torch.nn.Module
        Standardised images of shape (n, 3, H, W) in, logits out.

    References
    ----------
    .. [1] G. Huang et al., "Densely connected convolutional networks", CVPR 2017.
    """
    network = get_model(f"densenet{depth}", weights=None, num_classes=n_classes)
    if stem == "small":
        network.set_submodule("features.conv0", _small_convolution(mode="fan_in"))
        network.set_submodule("features.pool0", nn.Identity())
    replace_convolutions(network)
    return network


def vgg(
    n_classes: int,
    *,
    depth: int,
    batch_norm: bool,
    n_hidden: int | None,
    dropout: float = 0.5,
) -> nn.Module:
    """Network of plain convolutions [1]_ with torchvision's names of layers.

    Parameters
    ----------
    n_classes : int
        Logits.

    depth : int
        One of `VGG_DEPTHS`.

    batch_norm : bool
        Normalise what each convolution gives, before its ReLU.

    n_hidden : int or None
        Units of each of the two hidden dense layers, 4096 in the paper. None has no
        such layers: one dense layer sees the means of the last maps, brought to mean
        zero and variance one over the maps of an image.

    dropout : float, default=0.5
        Share of the hidden units left out in training.

    Returns
    -------
    torch.nn.Module
        Standardised images of shape (n, 3, H, W) in, logits out.

    References
    ----------
    .. [1] K. Simonyan and A. Zisserman, "Very deep convolutional networks for
       large-scale image recognition", ICLR 2015.
    """
    # torchvision's class would make the 4096 units only for us to throw them away.
    network = nn.Sequential(
        OrderedDict(
            features=make_layers(cfgs[_VGG_CONFIGURATIONS[depth]], batch_norm),
            avgpool=nn.AdaptiveAvgPool2d(7) if n_hidden else _mean_features(),
            flatten=nn.Flatten(),
            classifier=_vgg_classifier(n_classes, n_hidden, dropout),
        )
    )
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.01)
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            nn.init.zeros_(layer.bias)
    replace_convolutions(network)
    return network


def head_of(network: nn.Module) -> str:
    """Name of a network's last layer, the dense one that gives the logits.

    Parameters
    ----------
    network : torch.nn.Module
        As `resnet`, `vgg` or `densenet` returns it.

    Returns
    -------
    str
        Such as "fc"; the names of its tensors begin with this and a dot.
    """
    return [n for n, m in network.named_modules() if isinstance(m, nn.Linear)][-1]


def stem_of(network: nn.Module) -> str:
    """Name of a network's first convolution.

    Parameters
    ----------
    network : torch.nn.Module
        As `resnet`, `vgg` or `densenet` returns it.

    Returns
    -------
    str
        Such as "conv1".
    """
    return next(n for n, m in network.named_modules() if isinstance(m, nn.Conv2d))


def freeze(network: nn.Module, head: str) -> None:
    """Let nothing but the head learn, whatever mode the network is put into.

    The rest has no gradients, keeps the statistics of its batch normalisation and
    drops nothing out. The names of the tensors stay.

    Parameters
    ----------
    network : torch.nn.Module
        As `resnet`, `vgg` or `densenet` returns it; changed in place.

    head : str
        Name of the part that learns, as `head_of` or `load_weights` returns it.
    """
    for name, layer in list(network.named_modules()):
        if f"{name}.".startswith(f"{head}."):
            continue
        if isinstance(layer, nn.BatchNorm2d):
            network.set_submodule(name, FrozenBatchNorm(layer))
        elif isinstance(layer, nn.Dropout):
            network.set_submodule(name, nn.Identity())
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name.startswith(f"{head}."))


class FrozenBatchNorm(nn.BatchNorm2d):
    """Batch normalisation that keeps the statistics that it was given.

    `torchvision.ops.FrozenBatchNorm2d` is the same but for `num_batches_tracked`,
    which it lacks, and for its speed: it multiplies and adds in two steps.

    Parameters
    ----------
    layer : torch.nn.BatchNorm2d
        Its tensors are shared.
    """

    def __init__(self, layer: nn.BatchNorm2d) -> None:
        super().__init__(layer.num_features, eps=layer.eps, device="meta")
        self.load_state_dict(layer.state_dict(keep_vars=True), assign=True)
        self.eval()

    def train(self, mode: bool = True) -> Self:
        """Stay in the mode of evaluation."""
        return super().train(False)


def _small_convolution(mode: Literal["fan_in", "fan_out"]) -> nn.Conv2d:
    convolution = nn.Conv2d(3, 64, kernel_size=3, padding=1, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode=mode, nonlinearity="relu")
    return convolution


def _mean_features() -> nn.Module:
    # Files of VGG differ a hundredfold in the scale of what the convolutions give:
    # without normalisation there is nothing to even it out before the dense layer.
    normalization = nn.GroupNorm(1, 512, affine=False)
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), normalization)


def _vgg_classifier(n_classes: int, n_hidden: int | None, dropout: float) -> nn.Module:
    if n_hidden is None:
        return nn.Linear(512, n_classes)
    # To fill the first of these layers takes half a second, which `vgg` spends.
    return nn.Sequential(
        nn.utils.skip_init(nn.Linear, 512 * 7 * 7, n_hidden),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout),
        nn.utils.skip_init(nn.Linear, n_hidden, n_hidden),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout),
        nn.Linear(n_hidden, n_classes),
    )
