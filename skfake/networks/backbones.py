"""The networks of torchvision with a head for our classes, and how to freeze them."""

from collections import OrderedDict
from typing import Literal, Self

from torch import nn
from torchvision.models import get_model
from torchvision.models.vgg import cfgs, make_layers

from skfake.networks._small_maps import replace_convolutions

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
    """Residual network (He et al., CVPR 2016) with torchvision's names of layers."""
    network = get_model(f"resnet{depth}", weights=None, num_classes=n_classes)
    if stem == "small":
        network.set_submodule("conv1", _small_convolution(mode="fan_out"))
        network.set_submodule("maxpool", nn.Identity())
    replace_convolutions(network)
    return network


def densenet(n_classes: int, *, depth: int, stem: str) -> nn.Module:
    """Densely connected network (Huang et al., CVPR 2017), layers named as there."""
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
    """Plain convolutions (Simonyan and Zisserman, ICLR 2015), named as there."""
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


def stem_of(network: nn.Module) -> str:
    """Name of a network's first convolution."""
    return next(n for n, m in network.named_modules() if isinstance(m, nn.Conv2d))


def freeze(network: nn.Module, head: str) -> None:
    """Let nothing but the head learn, whatever mode the network is put into."""
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
    """Batch normalisation that keeps the statistics that it was given."""

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
