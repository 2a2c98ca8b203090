"""The last layer of every network, and the network without it."""

from copy import deepcopy
from itertools import chain

from torch import nn


def head_of(network: nn.Module) -> str:
    """Name of a network's last layer, the dense one that gives the logits."""
    return [n for n, m in network.named_modules() if isinstance(m, nn.Linear)][-1]


def without_head(network: nn.Module) -> nn.Module:
    """The same network, on the same tensors, that ends in what its head is given."""
    tensors = chain(network.parameters(), network.buffers())
    copy = deepcopy(network, {id(tensor): tensor for tensor in tensors})
    copy.set_submodule(head_of(copy), nn.Identity())
    return copy
