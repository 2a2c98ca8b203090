"""A trained net in plain parts, and back."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from skfake.detectors._net import make_net
from skfake.networks.standardize import Standardize
from skfake.training.checkpoint import plain_history
from skfake.training.device import resolve_device
from skfake.training.net import PixelNet
from skfake.training.seeding import isolated_seed

_CRITERION = "criterion."


class NetState(NamedTuple):
    """A trained net in plain parts."""

    # In types that JSON has.
    settings: dict[str, Any]
    # On the CPU.
    tensors: dict[str, Tensor]


def describe_net(net: PixelNet) -> NetState:
    """A trained net in plain parts."""
    tensors = net.module_.state_dict()
    for name, tensor in net.criterion_.state_dict().items():
        tensors[_CRITERION + name] = tensor
    settings = {
        "seed": net.seed,
        "precision": net.precision,
        "batch_size": net.batch_size,
        "frozen": [n for n, p in net.module_.named_parameters() if not p.requires_grad],
        "history": plain_history(net),
    }
    return NetState(settings, {n: t.cpu().contiguous() for n, t in tensors.items()})


def build_net(detector: Any, state: NetState) -> PixelNet:
    """Net of a detector from its plain parts, on the device that is here."""
    detector._validate_params()
    detector._check_sizes()
    settings, tensors = state
    device = _device_here(detector.device)
    module = _fill(_build_module(detector), tensors, settings["frozen"])
    codes = np.arange(len(detector.classes_))
    options: dict[str, Any] = {"seed": settings["seed"], "device": device}
    net = make_net(detector, module, codes, callbacks=[], validate=False, **options)
    # What ships to other machines can't count on a compiler there.
    net.set_params(compile=False, batch_size=settings["batch_size"])
    net.precision = settings["precision"]
    with isolated_seed(net.seed, device):
        net.initialize()
    if detector.class_weight is not None:
        net.criterion_.weight.copy_(tensors[f"{_CRITERION}weight"])
    net.history = type(net.history)(settings["history"])
    return net


def _build_module(detector: Any) -> nn.Module:
    """Network without memory for its numbers, which a false size can't exhaust."""
    n_channels = 1 if detector.grayscale else 3
    blank = np.zeros(n_channels), np.ones(n_channels)
    with torch.device("meta"):
        network = detector._build_backbone(len(detector.classes_))
        return nn.Sequential(Standardize(*blank), network)


def _fill(
    module: nn.Module, tensors: dict[str, Tensor], frozen: list[str]
) -> nn.Module:
    wanted = module.state_dict()
    given = {n: t for n, t in tensors.items() if not n.startswith(_CRITERION)}
    if {n: (t.shape, t.dtype) for n, t in wanted.items()} != {
        n: (t.shape, t.dtype) for n, t in given.items()
    }:
        raise ValueError("its tensors are not those of its network")
    # Copies have addresses that vector instructions take in one piece.
    module.load_state_dict({n: t.clone() for n, t in given.items()}, assign=True)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name not in frozen)
    return module


def _device_here(device: str) -> str:
    try:
        return resolve_device(device)
    except ValueError:
        return "cpu"
