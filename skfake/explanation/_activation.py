"""Maps of a network, from gradients at one of its layers."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from sklearn.utils import gen_batches
from torch import Tensor, nn
from torch.nn import functional as F

from skfake.networks.layers import find_layer
from skfake.validation import validate_images

# Points between zero and the output of a layer at which "integrated" takes gradients.
N_STEPS = 16
# Positions, on each side, of maps that are fine enough to show a place. On 32 pixels
# the last maps of networks made for 224 have one position: see
# benchmarks/explanation_pointing.py for what is lost on the way there.
LEAST_SIDE = 7


def activation_maps(
    detector: Any,
    X: Any,
    codes: np.ndarray,
    *,
    method: str,
    layer: str | None,
) -> np.ndarray:
    """Maps of a detector with a network."""
    images = validate_images(detector, X, reset=False)
    of = detector._trained_network()
    # Hooks would not be called by what was compiled without them.
    stance = torch.compiler.set_stance
    eager = stance("force_eager") if of.is_compiled else nullcontext()
    size = of.image_size
    maps = np.empty((len(images), size, size), np.float32)
    # A gradient needs all that a layer gives, as in training: few images at a time.
    n_together = int(np.clip(2**18 // size**2, 1, 64))
    with eager, torch.inference_mode(False), evaluation_mode(of.module):
        first = read_pixels(of, images[:1])
        name = choose_layer(of, first) if layer is None else layer
        hooked = find_layer(of.layers, name)
        for part in gen_batches(len(images), n_together):
            pixels = read_pixels(of, images[part])
            classes = torch.from_numpy(np.asarray(codes[part], dtype=np.int64))
            found = weigh_batch(of, hooked, pixels, classes, method, name)
            maps[part] = found.cpu().numpy()
    return maps


def read_pixels(of: Any, images: Any) -> Tensor:
    """Images, or their centres, as a detector's network sees them."""
    return torch.from_numpy(np.ascontiguousarray(of.load(images)[:, 0]))


def weigh_batch(
    of: Any, layer: nn.Module, pixels: Tensor, codes: Tensor, method: str, name: str
) -> Tensor:
    """Maps of some images."""
    mirrored = of.average_flips
    batch = torch.cat([pixels, pixels.flip(2)]) if mirrored else pixels
    device = next(of.module.parameters()).device
    column = codes.to(device)
    fractions = (
        (np.arange(N_STEPS) + 0.5) / N_STEPS if method == "integrated" else [1.0]
    )
    total = torch.zeros((), device=device)
    for fraction in fractions:
        with torch.enable_grad(), tapped(layer, float(fraction)) as taps:
            logits = of.infer(batch)
            if mirrored:
                logits = torch.stack(logits.chunk(2)).mean(dim=0)
            score = log_odds(logits, column).sum()
        if not taps or taps[-1].ndim != 4:
            raise ValueError(
                "layer must be a layer that gives maps of shape (n, C, H, W); got "
                f"{name!r}. Use an earlier one."
            )
        if len(taps) > 1 and method == "integrated":
            raise ValueError(
                "layer must be a layer that is applied once where method is "
                f"'integrated'; got {name!r}, applied {len(taps)} times. Use the block "
                "around it."
            )
        total = total + torch.autograd.grad(score, taps[-1])[0]
    values = taps[-1].detach() / fractions[-1]
    coarse = weigh(values, total / len(fractions), method)
    side = of.crop_size or pixels.shape[1]
    fine = F.interpolate(
        coarse[:, None], size=(side, side), mode="bilinear", align_corners=False
    )[:, 0]
    if mirrored:
        plain, turned = fine.chunk(2)
        fine = plain + turned.flip(2)
    # What a network that sees the centre alone does not see says nothing.
    whole = fine.new_zeros(pixels.shape[:3])
    first = round((pixels.shape[1] - side) / 2)
    whole[:, first : first + side, first : first + side] = fine
    return whole


def weigh(values: Tensor, gradients: Tensor, method: str) -> Tensor:
    """Weigh the maps of a layer by gradients, and add them up."""
    if method == "grad-cam":
        gradients = gradients.mean(dim=(2, 3), keepdim=True)
    elif method == "layercam":
        gradients = gradients.relu()
    return (gradients * values).sum(dim=1)


def log_odds(logits: Tensor, codes: Tensor) -> Tensor:
    """Logarithms of the odds of a class against all others."""
    column = codes[:, None]
    others = logits.scatter(1, column, -torch.inf).logsumexp(dim=1)
    return logits.gather(1, column)[:, 0] - others


@contextmanager
def tapped(layer: nn.Module, fraction: float) -> Iterator[list[Tensor]]:
    """Begin the gradient at the output of a layer, times a fraction."""
    taps: list[Tensor] = []

    def tap(module: nn.Module, inputs: Any, output: Any) -> Any:
        if not isinstance(output, Tensor):
            return output
        taps.append((output.detach() * fraction).requires_grad_())
        # The next layer may write to what it is given.
        return taps[-1].clone()

    hook = layer.register_forward_hook(tap)
    try:
        yield taps
    finally:
        hook.remove()


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Have a module in evaluation mode inside a block."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def choose_layer(of: Any, pixels: Tensor) -> str:
    """Name of the last layer whose maps are fine enough to show a place."""
    sides: dict[str, int] = {}
    hooks = []
    for name, part in chain(of.layers):

        def measure(module: Any, inputs: Any, output: Any, name: str = name) -> None:
            if isinstance(output, Tensor) and output.ndim == 4:
                sides[name] = min(output.shape[2:])

        hooks.append(part.register_forward_hook(measure))
    try:
        with torch.no_grad():
            of.infer(pixels)
    finally:
        for hook in hooks:
            hook.remove()
    if not sides:
        parts = of.layers.named_modules()
        last = [name for name, part in parts if isinstance(part, nn.Conv2d)][-1:]
        raise ValueError(
            "layer must be the name of a layer that gives maps of shape (n, C, H, W) "
            "where no layer in a chain does; got None."
            + "".join(f" Use layer={name!r}." for name in last)
        )
    least = min(LEAST_SIDE, max(sides.values()))
    chosen = ""
    for name, side in sides.items():
        # Pooling up to 7x7 positions, as in VGG, adds no detail.
        if side < least:
            break
        chosen = name
    return chosen


def chain(network: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Layers in a chain, each of which sees the whole output of the one before."""
    for name, part in network.named_children():
        if isinstance(part, nn.Sequential):
            yield from chain(part, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", part
