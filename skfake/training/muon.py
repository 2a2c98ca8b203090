"""An optimiser that makes the steps of convolutions orthogonal."""

from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.adamw import adamw

# Three rounds leave singular values between about 0.7 and 1.2, which serves as well
# as exact ones.
N_ROUNDS = 3
MOMENTUM = 0.95
BETAS = (0.9, 0.999)
EPSILON = 1e-8


class Muon(Optimizer):
    """Muon for convolutions, AdamW for all other parameters.

    K. Jordan et al., https://kellerjordan.github.io/posts/muon/, with the scale of
    J. Liu et al., "Muon is scalable for LLM training", arXiv:2502.16982.
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
            learning = [weight for weight in group["params"] if weight.grad is not None]
            filters: dict[torch.Size, list[Tensor]] = {}
            for weight in learning:
                if weight.ndim == 4:
                    filters.setdefault(weight.shape, []).append(weight)
            for weights in filters.values():
                self._orthogonal_step(weights, group["lr"], group["weight_decay"])
            self._adam_step([w for w in learning if w.ndim != 4], group["lr"])
        return loss

    def _orthogonal_step(self, weights: list[Tensor], lr: float, decay: float) -> None:
        """Step of filters of one shape, together."""
        gradients = torch.stack([cast(Tensor, weight.grad) for weight in weights])
        for weight in weights:
            if "momentum" not in self.state[weight]:
                self.state[weight]["momentum"] = torch.zeros_like(weight)
        momenta = [self.state[weight]["momentum"] for weight in weights]
        for momentum, gradient in zip(momenta, gradients, strict=True):
            momentum.lerp_(gradient, 1 - MOMENTUM)
        ahead = gradients.lerp(torch.stack(momenta), MOMENTUM).flatten(2)
        size = 0.2 * max(ahead.shape[1:]) ** 0.5
        changes = orthogonalize(ahead).unflatten(2, weights[0].shape[1:])
        for weight, change in zip(weights, changes, strict=True):
            weight.mul_(1 - lr * decay).sub_(change, alpha=lr * size)

    def _adam_step(self, weights: list[Tensor], lr: float) -> None:
        for weight in weights:
            if "n_steps" not in self.state[weight]:
                self.state[weight]["n_steps"] = torch.zeros((), device=weight.device)
                self.state[weight]["mean"] = torch.zeros_like(weight)
                self.state[weight]["square"] = torch.zeros_like(weight)
        means, squares, steps = (
            [self.state[weight][name] for weight in weights]
            for name in ("mean", "square", "n_steps")
        )
        adamw(
            weights,
            [cast(Tensor, weight.grad) for weight in weights],
            means,
            squares,
            [],
            steps,
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=lr,
            weight_decay=0.0,
            eps=EPSILON,
            maximize=False,
        )


def orthogonalize(matrices: Tensor) -> Tensor:
    """Bring the singular values of matrices near one, by Newton-Schulz iterations."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    wide = matrices.mT if tall else matrices
    wide = wide / (wide.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    gram = wide @ wide.mT
    factor = None
    for i in range(N_ROUNDS):
        change = 2.0315 * gram @ gram - 4.7750 * gram
        change.diagonal(dim1=-2, dim2=-1).add_(3.4445)
        factor = change if factor is None else change @ factor
        if i < N_ROUNDS - 1:
            gram = change @ gram @ change
    wide = factor @ wide
    return wide.mT if tall else wide
