"""A trained net in plain parts, for pickles and for files, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from skfake.detectors._net import make_net
from skfake.networks.standardize import Standardize
from skfake.training.checkpoint import plain_history
from skfake.training.device import resolve_device
from skfake.training.net import PixelNet
from skfake.training.seeding import isolated_seed

if TYPE_CHECKING:
    from skfake.detectors.deep import DeepDetector

CRITERION = "criterion."


def take_apart(net: PixelNet) -> dict[str, Any]:
    """A trained net as settings that JSON has, and arrays that share its memory."""
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
    arrays = {name: tensor.numpy(force=True) for name, tensor in tensors.items()}
    return {"settings": settings, "tensors": arrays}


def build_net(detector: DeepDetector, state: dict[str, Any]) -> PixelNet:
    """Net of a detector from its parts, on its device or, without that, the CPU."""
    detector._validate_params()
    detector._check_sizes(detector.augment_)
    settings, arrays = state["settings"], state["tensors"]
    device = _device_here(detector.device)
    module = _fill(_build_module(detector), arrays, settings["frozen"])
    codes = np.arange(len(detector.classes_))
    options: dict[str, Any] = {"seed": settings["seed"], "device": device}
    net = make_net(detector, module, codes, callbacks=[], validate=False, **options)
    # What ships to other machines can't count on a compiler there.
    net.set_params(compile=False, batch_size=settings["batch_size"])
    net.precision = settings["precision"]
    with isolated_seed(net.seed, device):
        net.initialize()
    if detector.class_weight is not None:
        net.criterion_.weight.copy_(torch.tensor(arrays[f"{CRITERION}weight"]))
    net.history = type(net.history)(settings["history"])
    return net


def _build_module(detector: DeepDetector) -> nn.Module:
    """Network without memory for its numbers, which a false size can't exhaust."""
    n_channels = 1 if detector.grayscale else 3
    blank = np.zeros(n_channels), np.ones(n_channels)
    with torch.device("meta"):
        network = detector._build_backbone(len(detector.classes_))
        return nn.Sequential(Standardize(*blank), network)


def _fill(
    module: nn.Module, arrays: dict[str, np.ndarray], frozen: list[str]
) -> nn.Module:
    wanted = module.state_dict()
    given = {n: a for n, a in arrays.items() if not n.startswith(CRITERION)}
    if _outline(wanted) != _outline(given):
        raise ValueError(
            "net_ must hold the tensors of the network that the detector's parameters "
            "describe; got those of another one."
        )
    # Copies have addresses that vector instructions take in one piece.
    tensors = {name: torch.tensor(array) for name, array in given.items()}
    module.load_state_dict(tensors, assign=True)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name not in frozen)
    return module


def _outline(tensors: dict[str, Tensor] | dict[str, np.ndarray]) -> dict[str, Any]:
    """Shapes and types of tensors or arrays."""
    return {
        name: (tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        for name, tensor in tensors.items()
    }


def _device_here(device: str) -> str:
    try:
        return resolve_device(device)
    except ValueError:
        return "cpu"
