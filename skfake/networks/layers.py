"""Layers of a network by their names: any, the last one, and all but this."""

from copy import deepcopy
from difflib import get_close_matches
from itertools import chain

from torch import nn


def find_layer(network: nn.Module, name: str) -> nn.Module:
    """Layer of a name, as in `named_modules()`."""
    known = dict(network.named_modules())
    if name not in known or not name:
        near = get_close_matches(name, known, cutoff=0.3) or list(known)[1:4]
        raise ValueError(
            f"layer must be the name of a part of the network; got {name!r}. Use, for "
            f"example, {', '.join(map(repr, near))}."
        )
    return known[name]


def head_of(network: nn.Module) -> str:
    """Name of a network's last layer, the dense one that gives the logits."""
    return [n for n, m in network.named_modules() if isinstance(m, nn.Linear)][-1]


def without_head(network: nn.Module) -> nn.Module:
    """The same network, on the same tensors, that ends in what its head is given."""
    tensors = chain(network.parameters(), network.buffers())
    copy = deepcopy(network, {id(tensor): tensor for tensor in tensors})
    copy.set_submodule(head_of(copy), nn.Identity())
    return copy
