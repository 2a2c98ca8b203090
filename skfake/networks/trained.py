"""A trained network, for what looks into it or writes it down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class TrainedNetwork:
    """From images to logits, and what is done to the images before.

    `load` reads squares (n, n_crops, H, W, C) from checked images, the centre first,
    whose logits are averaged. `infer` takes one square of each, pixels on any device,
    and `module` floats (n, C, H, W) of 0 to 1; `layers` is the part of it whose layers
    have names for users. Of images that are not resized, those that are smaller than
    the square are enlarged, or continued by their reflection.
    """

    module: nn.Module
    layers: nn.Module
    infer: Callable[[Tensor], Tensor]
    load: Callable[[Any], np.ndarray]
    image_size: int
    resize: bool
    enlarge: bool = False
    grayscale: bool = False
    n_crops: int = 1
    crop_size: int | None = None
    average_flips: bool = False
    is_compiled: bool = False
