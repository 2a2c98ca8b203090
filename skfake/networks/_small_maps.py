"""Convolutions on maps of a few positions, as products of matrices."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Positions that a convolution of 1x1 gives at most, to be a product of matrices: with
# more, torch's convolutions are as fast.
LARGEST_MAP = 4


class SmallMapConv2d(nn.Conv2d):
    """Convolution, on a CPU by matrices where that is the same and faster."""

    def __init__(self, layer: nn.Conv2d) -> None:
        options: dict[str, Any] = {"bias": layer.bias is not None, "device": "meta"}
        for name in ("in_channels", "out_channels", "kernel_size", "stride", "padding"):
            options[name] = getattr(layer, name)
        super().__init__(**options)
        self.load_state_dict(layer.state_dict(keep_vars=True), assign=True)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps of shape (n, C, H, W) to maps as `torch.nn.Conv2d` makes them."""
        if maps.device.type != "cpu":
            return super().forward(maps)
        height, width = maps.shape[2:]
        if self.kernel_size == (1, 1) and self.padding == (0, 0):
            down, right = self.stride
            if -(-height // down) * -(-width // right) > LARGEST_MAP:
                return super().forward(maps)
            kept = maps[:, :, ::down, ::right].permute(0, 2, 3, 1)
            # In two axes: of four, torch copies the weights for each image.
            values = F.linear(kept.flatten(0, 2), self.weight.flatten(1), self.bias)
            return values.unflatten(0, kept.shape[:3]).permute(0, 3, 1, 2)
        rows, columns = (self._starts(side, i) for i, side in enumerate(maps.shape[2:]))
        if not rows or not columns:
            return super().forward(maps)
        values = maps.permute(0, 2, 3, 1).flatten(1)
        kernel = self.weight.permute(0, 2, 3, 1)
        outputs = [
            F.linear(
                values, kernel[:, y : y + height, x : x + width].flatten(1), self.bias
            )
            for y in rows
            for x in columns
        ]
        maps = torch.stack(outputs, dim=1).unflatten(1, (len(rows), len(columns)))
        return maps.permute(0, 3, 1, 2)

    def _starts(self, side: int, axis: int) -> list[int]:
        """Where, in the kernel, the map begins for each output along an axis."""
        size, stride = self.kernel_size[axis], self.stride[axis]
        padding = int(self.padding[axis])
        n_outputs = (side + 2 * padding - size) // stride + 1
        starts = [padding - stride * i for i in range(n_outputs)]
        covered = all(0 <= start <= size - side for start in starts)
        return starts if covered else []


def replace_convolutions(network: nn.Module) -> None:
    """Make convolutions fast on small maps; names and tensors stay as they are."""
    for name, layer in list(network.named_modules()):
        if (
            type(layer) is nn.Conv2d
            and layer.groups == 1
            and layer.dilation == (1, 1)
            and layer.padding_mode == "zeros"
            and not isinstance(layer.padding, str)
        ):
            network.set_submodule(name, SmallMapConv2d(layer))
