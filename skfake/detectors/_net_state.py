"""A trained net in plain parts, for pickles and for files, and back."""

from typing import Any

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from skfake.detectors._net import make_net
from skfake.networks.standardize import Standardize
from skfake.training.checkpoint import plain_history
from skfake.training.device import find_device
from skfake.training.net import PixelNet
from skfake.training.seeding import isolated_seed

CRITERION = "criterion."
# Bytes for names and places of tensors; the largest networks need a tenth.
LARGEST_HEADER = 2**21


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
    packed = save({name: t.cpu().contiguous() for name, t in tensors.items()})
    return {"settings": settings, "tensors": packed}


def build_net(detector: Any, state: dict[str, Any]) -> PixelNet:
    """Net of a detector from its parts, on its device or, without that, the CPU."""
    detector._validate_params()
    detector._check_sizes(detector.augment_)
    settings, tensors = state["settings"], _unpack(state["tensors"])
    weight = tensors.pop(f"{CRITERION}weight", None)
    device = find_device(detector.device)
    module = _fill(_build_module(detector), tensors, settings["frozen"])
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


def _unpack(content: bytes) -> dict[str, Tensor]:
    """Tensors by their names."""
    # The header's length comes first; its reader would take any.
    if int.from_bytes(content[:8], "little") > min(LARGEST_HEADER, len(content)):
        raise ValueError("net_ must hold tensors with a header; got a false one.")
    return load(content)


def _fill(
    module: nn.Module, tensors: dict[str, Tensor], frozen: list[str]
) -> nn.Module:
    """Give a module its tensors, which leave the dict."""
    wanted = {n: (t.shape, t.dtype) for n, t in module.state_dict().items()}
    if wanted != {n: (t.shape, t.dtype) for n, t in tensors.items()}:
        raise ValueError(
            "net_ must hold the tensors of the network that the detector's parameters "
            "describe; got those of another one."
        )
    # Copies have addresses that vector instructions take in one piece.
    copies = {name: tensors.pop(name).clone() for name in wanted}
    module.load_state_dict(copies, assign=True)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name not in frozen)
    return module
