"""What each corruption does: one function of a batch, for tests and for training."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn import functional as F

# Weights of red, green and blue in the luminance, by ITU-R BT.601.
LUMINANCE = (0.299, 0.587, 0.114)

# From a uint8 tensor of shape (n, H, W, C) on any device, C being 1 or 3, float32
# strengths (n,) and a generator, both on the CPU, to another tensor like the first.
Function = Callable[[Tensor, Tensor, Generator], Tensor]


def _compress(form: str, images: Tensor, strengths: Tensor, _: Generator) -> Tensor:
    """Write as JPEG, chroma at half the resolution, or as lossy WebP, and read back."""
    qualities = strengths.round().int().tolist()
    pairs = zip(images.numpy(force=True), qualities, strict=True)
    reread = [_reread(image, form, quality) for image, quality in pairs]
    return torch.from_numpy(np.stack(reread)).to(images.device, non_blocking=True)


def _reread(image: np.ndarray, form: str, quality: int) -> np.ndarray:
    file = BytesIO()
    pillow = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    pillow.save(file, form, quality=quality)
    with Image.open(file, formats=[form]) as reread:
        # WebP knows no gray.
        return np.asarray(reread.convert(pillow.mode)).reshape(image.shape)


def _blur(images: Tensor, strengths: Tensor, _: Generator) -> Tensor:
    """Convolve with Gaussians that end at four standard deviations."""
    radii = (4 * strengths + 0.5).int()
    radius = int(radii.max())
    offsets = torch.arange(-radius, radius + 1)
    # Where it is 0, none but the pixel itself has a weight.
    deviations = strengths.clamp(min=1e-3)[:, None]
    weights = (-0.5 * (offsets / deviations) ** 2).exp()
    weights *= offsets.abs() <= radii[:, None]
    weights = (weights / weights.sum(1, keepdim=True)).to(images.device)
    values = images.float()
    for axis in (1, 2):
        side = images.shape[axis]
        around = _reflect(torch.arange(-radius, side + radius), side)
        wide = values.index_select(axis, around.to(images.device))
        values = torch.zeros_like(values)
        for tap, weight in enumerate(weights.T[..., None, None, None]):
            values.addcmul_(wide.narrow(axis, tap, side), weight)
    return _to_bytes(values)


def _reflect(positions: Tensor, side: int) -> Tensor:
    """Positions in a side that is mirrored at its ends, with its last pixel twice."""
    positions = positions % (2 * side)
    return torch.minimum(positions, 2 * side - 1 - positions)


def _add_noise(images: Tensor, strengths: Tensor, generator: Generator) -> Tensor:
    """Add Gaussian noise to each value; stronger noise is weaker noise enlarged."""
    noise = torch.randn(images.shape, generator=generator).to(images.device)
    return _to_bytes(noise.mul_(_each(strengths, images)).add_(images))


def _rescale(images: Tensor, strengths: Tensor, _: Generator) -> Tensor:
    """Resize, and resize back, antialiased, with bytes in between."""
    sides = strengths[:, None].double() * torch.tensor(images.shape[1:3])
    sides = sides.round().int().clamp(min=1)
    planes = images.permute(0, 3, 1, 2).float()
    sizes, kinds, counts = sides.unique(dim=0, return_inverse=True, return_counts=True)
    # Those of one size together, and at last in their own order again.
    order = kinds.argsort()
    parts = planes[order.to(images.device)].split(counts.tolist())
    resized = [
        _resize(_resize(part, size).round_(), images.shape[1:3])
        for part, size in zip(parts, sizes.tolist(), strict=True)
    ]
    planes = torch.cat(resized)[order.argsort().to(images.device)]
    return _to_bytes(planes.permute(0, 2, 3, 1)).contiguous()


def _resize(planes: Tensor, size: Any) -> Tensor:
    return F.interpolate(planes, tuple(size), mode="bilinear", antialias=True)


def _crop(images: Tensor, strengths: Tensor, generator: Generator) -> Tensor:
    """Enlarge a window, which may begin and end within a pixel, to the image's size."""
    return _enlarge(images, strengths, torch.rand(len(images), 2, generator=generator))


def _crop_center(images: Tensor, strengths: Tensor, _: Generator) -> Tensor:
    """Enlarge the window in the middle to the image's size."""
    return _enlarge(images, strengths, torch.full((len(images), 2), 0.5))


def _enlarge(images: Tensor, shares: Tensor, places: Tensor) -> Tensor:
    """Windows of a share of the sides, at places (n, 2) from 0 to 1, enlarged."""
    # The sides of an image reach from -1 to 1 in a grid.
    centers = (1 - shares[:, None]) * (2 * places - 1)
    maps = torch.cat([shares[:, None, None] * torch.eye(2), centers[..., None]], dim=2)
    planes = images.permute(0, 3, 1, 2).float()
    size = list(planes.shape)
    grid = F.affine_grid(maps.to(images.device), size, align_corners=False)
    sampled = F.grid_sample(planes, grid, padding_mode="border", align_corners=False)
    return _to_bytes(sampled.permute(0, 2, 3, 1)).contiguous()


def _brighten(images: Tensor, strengths: Tensor, _: Generator) -> Tensor:
    """Add the same, a whole number of levels, to every value."""
    return _to_bytes(images + _each((255 * strengths).round(), images))


def _set_contrast(images: Tensor, strengths: Tensor, _: Generator) -> Tensor:
    """Draw every value towards the mean of its channel."""
    values = images.float()
    mean = values.mean(dim=(1, 2), keepdim=True)
    return _to_bytes((values - mean) * _each(strengths, images) + mean)


def _jitter(images: Tensor, strengths: Tensor, generator: Generator) -> Tensor:
    """Brightness, contrast and saturation times factors, as torchvision's jitter."""
    draws = 2 * torch.rand(3, len(images), generator=generator) - 1
    brightness, contrast, saturation = (
        _each(factors, images) for factors in 1 + draws * strengths
    )
    values = (images * brightness).clamp_(0, 255)
    mean = _luminance(values).mean(dim=(1, 2), keepdim=True)
    values = values.sub_(mean).mul_(contrast).add_(mean).clamp_(0, 255)
    gray = _luminance(values)
    return _to_bytes((values - gray).mul_(saturation).add_(gray))


def _luminance(values: Tensor) -> Tensor:
    """Gray of images, a channel of one value."""
    if values.shape[-1] == 1:
        return values
    return (values * values.new_tensor(LUMINANCE)).sum(-1, keepdim=True)


def _each(numbers: Tensor, images: Tensor) -> Tensor:
    """A number for each image, to be computed with its pixels."""
    return numbers.to(images.device, torch.float32)[:, None, None, None]


def _to_bytes(values: Tensor) -> Tensor:
    return values.round_().clamp_(0, 255).byte()


# The function of each of `CORRUPTIONS`.
FUNCTIONS: dict[str, Function] = {
    "jpeg": partial(_compress, "JPEG"),
    "webp": partial(_compress, "WEBP"),
    "blur": _blur,
    "noise": _add_noise,
    "rescale": _rescale,
    "crop": _crop,
    "center_crop": _crop_center,
    "brightness": _brighten,
    "contrast": _set_contrast,
    "color_jitter": _jitter,
}
