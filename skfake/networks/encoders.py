"""Pretrained networks of three libraries by name, frozen: images in, features out."""

import hashlib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models import get_model, list_models

from skfake.networks.layers import find_layer, head_of
from skfake.networks.standardize import IMAGENET_MEAN, IMAGENET_STD, Standardize
from skfake.networks.weights import imagenet_weights, load_weights, read_weights

IMAGENET_SIZE = 224
PRETRAINED = "pretrained"
POOLINGS = ("mean", "max", "first", "flatten")

Made = TypeVar("Made")


@dataclass
class Backbone:
    """A network without its head, and what the images that it was trained on were."""

    network: nn.Module
    image_size: int = IMAGENET_SIZE
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD


class Encoder(nn.Module):
    """From images (n, 3, H, W) of 0 to 1 to features (n, d), of any layer's outputs."""

    def __init__(
        self,
        network: nn.Module,
        *,
        layer: str | None,
        pooling: str,
        mean: tuple[float, ...],
        std: tuple[float, ...],
    ) -> None:
        super().__init__()
        self.standardize = Standardize(np.array(mean), np.array(std))
        self.network = network
        self.pooling = pooling
        self.outputs: Any = None
        if layer is not None:
            find_layer(network, layer).register_forward_hook(self._keep)
        self.layer = layer
        self.requires_grad_(False).eval()

    def forward(self, images: Tensor) -> Tensor:
        """Features (n, d)."""
        outputs = self.network(self.standardize(images))
        if self.layer is not None:
            outputs, self.outputs = self.outputs, None
        return pool(outputs, self.pooling).float()

    def _keep(self, layer: nn.Module, images: Any, outputs: Any) -> None:
        self.outputs = outputs


class LinearHead(nn.Module):
    """Standardise features (n, d) and classify them linearly: logits (n, k)."""

    mean: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(
        self,
        *,
        mean: np.ndarray,
        scale: np.ndarray,
        weight: np.ndarray,
        bias: np.ndarray,
    ) -> None:
        super().__init__()
        of = {"mean": mean, "scale": scale, "weight": weight.T, "bias": bias}
        for name, values in of.items():
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

    def forward(self, features: Tensor) -> Tensor:
        """Logits; of two classes with one row of weights, the first one's are zero."""
        standardised = (features.double() - self.mean) / self.scale
        logits = standardised @ self.weight + self.bias
        if logits.shape[1] == 1:
            logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
        return logits.float()


def open_backbone(encoder: str | nn.Module, weights: Any) -> Backbone:
    """Network that a name stands for, or a copy of one's own."""
    if not isinstance(encoder, str):
        return Backbone(deepcopy(encoder))
    library, _, name = encoder.rpartition(":")
    openers = {
        "": _open_torchvision,
        "torchvision": _open_torchvision,
        "timm": _open_timm,
        "transformers": _open_transformers,
    }
    if library not in openers:
        raise ValueError(
            'encoder must be the name of a network of torchvision, "timm:NAME" or '
            f'"transformers:NAME"; got {encoder!r}.'
        )
    return openers[library](name, weights)


def _open_torchvision(name: str, weights: Any) -> Backbone:
    known = list_models(module=import_module("torchvision.models"))
    if name not in known:
        raise _unknown_name(name, "torchvision", known)
    network = get_model(name, weights=None)
    head = head_of(network)
    if weights is not None:
        tensors = (
            imagenet_weights(name, asked=f"encoder={name!r}")
            if weights == PRETRAINED
            else read_weights(weights, known=PRETRAINED)
        )
        # Of a file without the dense layers, all of them are left out.
        head = load_weights(network, tensors, source=str(weights))
    network.set_submodule(head, nn.Identity())
    return Backbone(network)


def _open_timm(name: str, weights: Any) -> Backbone:
    timm = _import("timm")
    # The ending of a name says which weights.
    if name.partition(".")[0] not in timm.list_models():
        raise _unknown_name(name, "timm", timm.list_models())
    fetched = weights == PRETRAINED
    network = _fetch(
        lambda: timm.create_model(name, pretrained=fetched, num_classes=0), name
    )
    if weights is not None and not fetched:
        _fill(network, read_weights(weights, known=PRETRAINED), str(weights))
    of = timm.data.resolve_model_data_config(network)
    return Backbone(network, of["input_size"][-1], tuple(of["mean"]), tuple(of["std"]))


def _open_transformers(name: str, weights: Any) -> Backbone:
    transformers = _import("transformers")
    if weights == PRETRAINED:
        model = _fetch(lambda: transformers.AutoModel.from_pretrained(name), name)
    else:
        settings = _fetch(lambda: transformers.AutoConfig.from_pretrained(name), name)
        model = transformers.AutoModel.from_config(settings)
    network = LastStates(model)
    if weights not in (None, PRETRAINED):
        _fill(network.model, read_weights(weights, known=PRETRAINED), str(weights))
    config = network.model.config
    found = Backbone(network, getattr(config, "image_size", IMAGENET_SIZE))
    try:
        processor = transformers.AutoImageProcessor.from_pretrained(name)
    # What stands beside the weights in most places, and in some does not.
    except (OSError, ValueError):
        return found
    found.mean = tuple(processor.image_mean)
    found.std = tuple(processor.image_std)
    return found


class LastStates(nn.Module):
    """What a model of transformers, or its part that sees, says of images."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model: Any = getattr(model, "vision_model", model)

    def forward(self, images: Tensor) -> Tensor:
        """Pooled states, where the model has them, or those of all positions."""
        outputs = self.model(pixel_values=images)
        pooled = getattr(outputs, "pooler_output", None)
        return outputs.last_hidden_state if pooled is None else pooled


def pool(outputs: Any, pooling: str) -> Tensor:
    """One vector of each image: outputs (n, d), (n, positions, d) or (n, d, H, W)."""
    if isinstance(outputs, tuple | list):
        outputs = outputs[0]
    if pooling == "flatten" or outputs.ndim == 2:
        return outputs.flatten(1)
    if outputs.ndim not in (3, 4) or (outputs.ndim == 4 and pooling == "first"):
        raise ValueError(
            f"pooling must fit what the layer gives; got {pooling!r} and outputs of "
            f"shape {tuple(outputs.shape)}."
        )
    positions = outputs
    if outputs.ndim == 4:
        positions = outputs.flatten(2).transpose(1, 2)
    if pooling == "first":
        return positions[:, 0]
    return positions.amax(dim=1) if pooling == "max" else positions.mean(dim=1)


def digest_tensors(module: nn.Module) -> str:
    """SHA-256, in hexadecimal digits, of the names and numbers of a module."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        content = tensor.detach().cpu().contiguous()
        digest.update(repr((name, tuple(content.shape), content.dtype)).encode())
        digest.update(content.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _fill(network: nn.Module, tensors: dict[str, Tensor], source: str) -> None:
    """Copy tensors into a network; those of a head that it does not have are left."""
    missing = network.load_state_dict(
        {name: tensors[name] for name in network.state_dict() if name in tensors},
        strict=False,
    ).missing_keys
    if missing:
        raise ValueError(
            f"weights must hold the tensors of this network; got {source!r}, which "
            f"lacks {len(missing)} of them, such as {missing[0]!r}."
        )


def _import(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(
            f"{package} must be installed for an encoder of it; got no such package. "
            'Run pip install "skfake[encoders]".'
        ) from error


def _fetch(make: Callable[[], Made], name: str) -> Made:
    try:
        return make()
    # No network, no such name at the hub, a damaged copy: no common class.
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        raise OSError(
            f"encoder must be within reach; got {type(error).__name__}: {text} for "
            f"{name!r}. Use weights=None, or the path of a file or folder that you "
            "download elsewhere."
        ) from error


def _unknown_name(name: str, library: str, known: list[str]) -> ValueError:
    near = get_close_matches(name.partition(".")[0], known) or known[:3]
    return ValueError(
        f"encoder must be the name of a network of {library}; got {name!r}. Use, for "
        f"example, {', '.join(map(repr, near))}."
    )
