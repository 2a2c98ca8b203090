"""An optimiser that makes the steps of convolutions orthogonal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

# Three rounds leave singular values between about 0.7 and 1.2, which serves as well
# as exact ones.
N_ROUNDS = 3
MOMENTUM = 0.95
BETAS = (0.9, 0.999)
EPSILON = 1e-8


class Muon(Optimizer):
    """Muon [1]_ for convolutions, AdamW for all other parameters.

    The averaged gradient of a convolution, a matrix of its filters, is replaced by the
    nearest matrix whose rows, or columns, are orthonormal, so that all directions
    learn alike. It is scaled to the size that a step of AdamW has [2]_, so one
    learning rate and one decay serve both. `torch.optim.Muon` takes matrices alone,
    and no filters.

    Parameters
    ----------
    params : iterable of parameters
        Those of four dimensions are filters.

    lr : float, default=1e-3
        Learning rate.

    weight_decay : float, default=0.0
        Decay of the filters, decoupled as in AdamW. Others, the scales of batch
        normalisation among them, don't decay.

    References
    ----------
    .. [1] K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks",
       2024, https://kellerjordan.github.io/posts/muon/.
    .. [2] J. Liu et al., "Muon is scalable for LLM training", arXiv:2502.16982.
    """

    def __init__(
        self, params: Iterable, lr: float = 1e-3, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable | None = None) -> Any:
        """Make one step; parameters without a gradient stay as they are."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                if weight.ndim == 4:
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    change = self._orthogonal_step(weight, weight.grad)
                else:
                    change = self._adam_step(weight, weight.grad)
                weight.sub_(change, alpha=group["lr"])
        return loss

    def _orthogonal_step(self, weight: Tensor, gradient: Tensor) -> Tensor:
        state = self.state[weight]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(gradient)
        state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        ahead = gradient.lerp(state["momentum"], MOMENTUM)
        matrix = orthogonalize(ahead.flatten(1))
        size = 0.2 * max(matrix.shape) ** 0.5
        return matrix.reshape(weight.shape) * size

    def _adam_step(self, weight: Tensor, gradient: Tensor) -> Tensor:
        state = self.state[weight]
        if "step" not in state:
            state["step"] = 0
            state["mean"] = torch.zeros_like(gradient)
            state["square"] = torch.zeros_like(gradient)
        state["step"] += 1
        state["mean"].lerp_(gradient, 1 - BETAS[0])
        state["square"].lerp_(gradient.square(), 1 - BETAS[1])
        mean = state["mean"] / (1 - BETAS[0] ** state["step"])
        square = state["square"] / (1 - BETAS[1] ** state["step"])
        return mean / (square.sqrt() + EPSILON)


def orthogonalize(matrix: Tensor) -> Tensor:
    """Bring the singular values of a matrix near one, by Newton and Schulz's iteration.

    Parameters
    ----------
    matrix : float tensor of shape (m, n)
        Any but zero; zero stays so.

    Returns
    -------
    float tensor of shape (m, n)
        With the same singular vectors.

    Notes
    -----
    The quintic's coefficients are those of K. Jordan et al. [1]_.

    References
    ----------
    .. [1] https://kellerjordan.github.io/posts/muon/
    """
    tall = matrix.shape[0] > matrix.shape[1]
    wide = matrix.T if tall else matrix
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(N_ROUNDS):
        square = wide @ wide.T
        wide = 3.4445 * wide + (2.0315 * square @ square - 4.7750 * square) @ wide
    return wide.T if tall else wide
