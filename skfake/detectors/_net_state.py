"""A trained net in plain parts, for pickles and for files, and back."""

from typing import Any

import numpy as np
import torch
from torch import nn

from skfake.detectors._net import make_net
from skfake.networks.standardize import Standardize
from skfake.networks.tensors import fill_module, pack_tensors, unpack_tensors
from skfake.training.checkpoint import plain_history
from skfake.training.device import find_device
from skfake.training.net import PixelNet
from skfake.training.seeding import isolated_seed

CRITERION = "criterion."


def take_apart(net: PixelNet) -> dict[str, Any]:
    """A trained net as settings that JSON has, and its tensors as safetensors."""
    tensors = net.module_.state_dict()
    for name, tensor in net.criterion_.state_dict().items():
        tensors[CRITERION + name] = tensor
    parameters = list(net.module_.named_parameters())
    settings = {
        "seed": net.seed,
        "precision": net.precision,
        "batch_size": net.batch_size,
        "frozen": [name for name, p in parameters if not p.requires_grad],
        "history": plain_history(net),
        # For the model card.
        "n_weights": sum(p.numel() for _, p in parameters),
    }
    return {"settings": settings, "tensors": pack_tensors(tensors)}


def build_net(detector: Any, state: dict[str, Any]) -> PixelNet:
    """Net of a detector from its parts, on its device or, without that, the CPU."""
    detector._validate_params()
    detector._check_sizes(detector.augment_)
    settings, tensors = state["settings"], unpack_tensors(state["tensors"])
    weight = tensors.pop(f"{CRITERION}weight", None)
    device = find_device(detector.device)
    module = _build_module(detector)
    fill_module(module, tensors)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name not in settings["frozen"])
    codes = np.arange(len(detector.classes_))
    options: dict[str, Any] = {"seed": settings["seed"], "device": device}
    net = make_net(detector, module, codes, callbacks=[], validate=False, **options)
    # What ships to other machines can't count on a compiler there.
    net.set_params(compile=False, batch_size=settings["batch_size"])
    net.precision = settings["precision"]
    with isolated_seed(net.seed, device):
        net.initialize()
    if weight is not None and detector.class_weight is not None:
        net.criterion_.weight.copy_(weight)
    net.history = type(net.history)(settings["history"])
    return net


def _build_module(detector: Any) -> nn.Module:
    """Network without memory for its numbers, which a false size can't exhaust."""
    n_channels = 1 if detector.grayscale else 3
    blank = np.zeros(n_channels), np.ones(n_channels)
    with torch.device("meta"):
        network = detector._build_backbone(len(detector.classes_))
        return nn.Sequential(Standardize(*blank), network)
