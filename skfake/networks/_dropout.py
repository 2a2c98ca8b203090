"""Dropout whose random numbers cost little on a CPU."""

import torch
from torch import Tensor, nn

# Values that 16 random bits can have.
N_LEVELS = 2**16


class Dropout(nn.Dropout):
    """Leave out values at random, in training, as `torch.nn.Dropout` does."""

    def forward(self, values: Tensor) -> Tensor:
        """Values of any shape, some zero, the others larger by as much as is lost."""
        # A compiler writes a loop of its own for torch's.
        compiling = torch.compiler.is_compiling()
        if not self.training or compiling or values.device.type != "cpu":
            return super().forward(values)
        n_left_out = round(self.p * N_LEVELS)
        if n_left_out == 0 or n_left_out == N_LEVELS:
            return super().forward(values)
        n = values.numel()
        drawn = torch.empty(-(-n // 4), dtype=torch.int64).random_(-(2**63), None)
        levels = drawn.view(torch.int16)[:n].view(values.shape)
        kept = (levels >= n_left_out - N_LEVELS // 2).to(values.dtype)
        return values * kept.mul_(N_LEVELS / (N_LEVELS - n_left_out))
