"""Batches (n, H, W, C) of bytes or floats, each image flipped and cut by its own draw.

Draws come from a generator on the CPU, so that a seed means the same images everywhere.
"""

from math import log

import torch
from torch import Tensor

from skfake.training.augmentation import Augmentation

# Windows that are tried before the central one is taken, as torchvision does.
N_TRIES = 10


def augment(
    images: Tensor,
    augmentation: Augmentation,
    generator: torch.Generator,
    *,
    size: int | None = None,
) -> Tensor:
    """Augment a batch, with crops of another size than the augmentation's if given."""
    size = size or augmentation.crop_size
    side = size or min(images.shape[1:3])
    if augmentation.crop == "shifted":
        images = shifted_crop(images, side, augmentation.shift, generator)
    elif augmentation.crop == "resized":
        images = random_resized_crop(images, side, generator)
    elif size is not None:
        images = center_crop(images, size)
    return random_flip(images, generator) if augmentation.flip else images


def random_flip(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror each image, left to right, with probability one half."""
    n, width = images.shape[0], images.shape[2]
    mirrored = torch.rand(n, 1, generator=generator) < 0.5
    mirrored = mirrored.to(images.device, non_blocking=True)
    columns = torch.arange(width, device=images.device)
    return _take_columns(images, torch.where(mirrored, columns.flip(0), columns))


def shifted_crop(
    images: Tensor, size: int, shift: int, generator: torch.Generator
) -> Tensor:
    """Pad each image by its reflection and cut a window (He et al., CVPR 2016)."""
    n, height, width, channels = images.shape
    largest = min(height, width) + 2 * shift
    if size > largest:
        raise ValueError(
            f"size must be at most {largest}, the shorter side of the images with "
            f"{shift} pixels of padding on each side; got {size}."
        )
    rows = _shifted(n, height, size, shift, generator, images.device)
    columns = _shifted(n, width, size, shift, generator, images.device)
    rows += height * torch.arange(n, device=images.device)[:, None]
    strips = images.reshape(n * height, width * channels)
    strips = strips.index_select(0, rows.flatten())
    return _take_columns(strips.view(n, size, width, channels), columns)


def random_resized_crop(
    images: Tensor,
    size: int,
    generator: torch.Generator,
    scale: tuple[float, float] = (0.08, 1.0),
    ratio: tuple[float, float] = (3 / 4, 4 / 3),
) -> Tensor:
    """Cut and resize windows drawn as torchvision's `RandomResizedCrop` draws them."""
    n, height, width = images.shape[:3]
    windows = draw_windows(n, height, width, generator, scale, ratio)
    return resize_windows(images, windows, size)


def center_crop(images: Tensor, size: int) -> Tensor:
    """Central window of each image, where torchvision's `CenterCrop` cuts it."""
    height, width = images.shape[1:3]
    if size > min(height, width):
        raise ValueError(
            f"size must be at most {min(height, width)}, the shorter side of the "
            f"images; got {size}."
        )
    top, left = round((height - size) / 2), round((width - size) / 2)
    return images[:, top : top + size, left : left + size]


def draw_windows(
    n: int,
    height: int,
    width: int,
    generator: torch.Generator,
    scale: tuple[float, float],
    ratio: tuple[float, float],
) -> Tensor:
    """Windows of `random_resized_crop`."""
    draws = torch.rand(4, n, N_TRIES, generator=generator, dtype=torch.float64)
    areas = height * width * (scale[0] + (scale[1] - scale[0]) * draws[0])
    shapes = (log(ratio[0]) + log(ratio[1] / ratio[0]) * draws[1]).exp()
    sides = torch.stack([areas / shapes, areas * shapes], -1).sqrt().round().long()
    image = torch.tensor([height, width])
    room = image - sides
    starts = (draws[2:].movedim(0, -1) * (room + 1)).long()
    fits = ((sides > 0) & (room >= 0)).all(-1)

    central = torch.tensor([round(width / ratio[0]), round(height * ratio[1])])
    central = torch.minimum(central, image)
    last = torch.cat([(image - central) // 2, central])
    tried = torch.cat([starts, sides], -1)
    first = fits.byte().argmax(1)
    chosen = tried[torch.arange(n), first]
    return torch.where(fits.any(1, keepdim=True), chosen, last)


def resize_windows(images: Tensor, windows: Tensor, size: int) -> Tensor:
    """Cut a window from each image and resize it, bilinear with antialiasing."""
    n, height, width, channels = images.shape
    windows = windows.to(images.device, non_blocking=True)
    top, left, window_height, window_width = windows.float().T
    rows = _triangles(top, window_height, size, height)
    columns = _triangles(left, window_width, size, width)
    # Transposed while they are bytes, which is quicker than as floats.
    planes = images.transpose(2, 3).contiguous().float()
    planes = planes.view(n, height * channels, width).bmm(columns.mT)
    planes = rows.bmm(planes.view(n, height, channels * size))
    if images.dtype == torch.uint8:
        # Averages lie between 0 and 255, so there is nothing to clamp.
        planes = planes.add_(0.5).byte()
    return planes.view(n, size, channels, size).transpose(2, 3).contiguous()


def _triangles(start: Tensor, length: Tensor, size: int, side: int) -> Tensor:
    """Weights (n, size, side) by which pixels of a side become those of a window."""
    pixels = torch.arange(side, device=start.device) - start[:, None] + 0.5
    step = length[:, None] / size
    centers = (torch.arange(size, device=start.device) + 0.5) * step
    weights = (pixels[:, None] - centers[:, :, None]).abs_()
    weights = weights.div_(-step[:, :, None].clamp(min=1)).add_(1).clamp_(min=0)
    weights *= ((pixels > 0) & (pixels < length[:, None]))[:, None]
    return weights.div_(weights.sum(2, keepdim=True))


def _shifted(
    n: int,
    side: int,
    size: int,
    shift: int,
    generator: torch.Generator,
    device: torch.device,
) -> Tensor:
    """Positions (n, size), in sides of images, of random windows in padded ones."""
    starts = torch.randint(side + 2 * shift - size + 1, (n, 1), generator=generator)
    starts = starts.to(device, non_blocking=True)
    # A side of one pixel has no period; it repeats that pixel.
    period = max(2 * (side - 1), 1)
    positions = (starts - shift + torch.arange(size, device=device)) % period
    return torch.minimum(positions, period - positions)


def _take_columns(images: Tensor, columns: Tensor) -> Tensor:
    """Columns (n, size) of each image's own, by one gather."""
    n, height, width, channels = images.shape
    # Values of a row in line are quicker to gather than pixels of a few values.
    values = columns[:, :, None] * channels
    values = values + torch.arange(channels, device=images.device)
    values = values.view(n, 1, -1).expand(n, height, -1)
    lines = images.reshape(n, height, width * channels)
    return lines.gather(2, values).view(n, height, -1, channels)
