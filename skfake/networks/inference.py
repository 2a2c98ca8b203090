"""A network for predictions alone: what only learning needs is left out of it."""

import operator
from collections.abc import Collection
from copy import deepcopy
from itertools import chain
from typing import Any, Self

import torch
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights


class InferenceNetwork:
    """The same function of images as a network in evaluation, in less time.

    A convolution does the normalisation that follows it as well, and in bfloat16 its
    weights are of that type. How the network computes is found out once. Its weights
    are read by `prepare` where they have changed, as by learning on.
    """

    def __init__(self, network: nn.Module, precision: str = "float32") -> None:
        self.network, self.precision = network, precision
        graph = _Tracer().trace(network)
        self._fused = _fuse_graph(graph, network)
        copy = deepcopy(network).eval().requires_grad_(False)
        for name in self._fused:
            layer = copy.get_submodule(name)
            if layer.bias is None:
                bias = layer.weight.new_zeros(layer.out_channels)
                layer.bias = nn.Parameter(bias, requires_grad=False)
        for layer in copy.modules():
            if precision == "bfloat16" and isinstance(layer, nn.Conv2d | nn.Linear):
                layer.bfloat16()
        self.module = fx.GraphModule(copy, graph)
        # Tensors that have been read, and how often each had been changed till then.
        self._read: list[tuple[Tensor, int]] = []

    @torch.no_grad()
    def prepare(self) -> Self:
        """Take the weights that the network has now."""
        sources, targets = _tensors(self.network), _tensors(self.module)
        if self._has_read(sources.values()):
            return self
        self._read = [(tensor, tensor._version) for tensor in sources.values()]
        for name, normalisation in self._fused.items():
            fused = _fuse_weights(
                self.network.get_submodule(name),
                self.network.get_submodule(normalisation),
            )
            sources |= {f"{name}.{part}": fused[part] for part in fused}
        for name, target in targets.items():
            target.copy_(sources[name])
        return self

    def _has_read(self, tensors: Collection[Tensor]) -> bool:
        return len(tensors) == len(self._read) and all(
            tensor is read and tensor._version == version
            for tensor, (read, version) in zip(tensors, self._read, strict=True)
        )

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Logits of images of shape (n, C, H, W)."""
        enabled = self.precision == "bfloat16"
        with torch.autocast(images.device.type, torch.bfloat16, enabled=enabled):
            return self.module(images).float()


class _Tracer(fx.Tracer):
    """Follow a network down to the layers that have no layers of their own."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return next(m.children(), None) is None


def _fuse_graph(graph: fx.Graph, network: nn.Module) -> dict[str, str]:
    """Take normalisations out; return their names by those of their convolutions."""
    layers = dict(network.named_modules())
    fused = {}
    for node in list(graph.nodes):
        if node.op != "call_module" or not isinstance(
            layers[node.target], nn.BatchNorm2d
        ):
            continue
        before = node.args[0]
        if (
            before.op == "call_module"
            and isinstance(layers[before.target], nn.Conv2d)
            and len(before.users) == 1
        ):
            node.replace_all_uses_with(before)
            graph.erase_node(node)
            fused[before.target] = node.target
    for node in graph.nodes:
        # Following the network has made `maps += more` a sum with a place of its own.
        if node.target is operator.add and _is_free(node.args[0], layers):
            node.target = operator.iadd
    return fused


def _is_free(node: fx.Node, layers: dict[Any, nn.Module]) -> bool:
    """Whether it gives maps of its own, that nobody needs but who takes them."""
    is_layer = node.op == "call_module" and len(node.users) == 1
    return is_layer and isinstance(layers[node.target], nn.Conv2d)


def _fuse_weights(convolution: Any, normalisation: Any) -> dict[str, Tensor]:
    weight, bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        normalisation.running_mean,
        normalisation.running_var,
        normalisation.eps,
        normalisation.weight,
        normalisation.bias,
    )
    return {"weight": weight, "bias": bias}


def _tensors(network: nn.Module) -> dict[str, Tensor]:
    return dict(chain(network.named_parameters(), network.named_buffers()))
