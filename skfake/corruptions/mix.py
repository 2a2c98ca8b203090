"""Corruptions to train with: which ones there are, and what each image draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from skfake.corruptions._functions import FUNCTIONS
from skfake.corruptions.definitions import (
    CORRUPTIONS,
    MIXES,
    Strength,
    check_strength,
)

# How often an image may be corrupted, one time after the other.
N_ROUNDS = 2


@dataclass(frozen=True)
class Mix:
    """Strengths of corruptions, one of which each image may draw in each round."""

    strengths: dict[str, Strength]
    probability: float

    @property
    def has_codec(self) -> bool:
        """Whether images have to be on the CPU for one of them."""
        return any(CORRUPTIONS[name].is_codec for name in self.strengths)

    def draw(self, n: int, generator: Generator | None) -> "Draws":
        """Draw what is done to each image of a batch."""
        shape = (n, N_ROUNDS)
        kinds = torch.randint(len(self.strengths), shape, generator=generator)
        happens, shares = torch.rand(2, *shape, generator=generator)
        kinds[happens >= self.probability] = -1
        strengths = torch.zeros(shape)
        for kind, (name, strength) in enumerate(self.strengths.items()):
            drawn = kinds == kind
            strengths[drawn] = _spread(name, strength, shares[drawn])
        seed = int(torch.randint(2**62, (), generator=generator))
        return Draws(tuple(self.strengths), kinds, strengths, seed)


def read_mix(
    corruptions: dict[str, Any] | Sequence[str] | str | None, probability: float
) -> Mix | None:
    """Corruptions as a user writes them, checked; None where there are none."""
    if corruptions is None:
        return None
    if isinstance(corruptions, str):
        return Mix(MIXES[corruptions], probability)
    names = list(corruptions)
    unknown = [name for name in names if name not in CORRUPTIONS]
    if unknown or not names:
        raise ValueError(
            f"corruptions must be one of {list(MIXES)}, or hold names of "
            f"{list(CORRUPTIONS)}; got {repr(unknown[0]) if unknown else 'none'}."
        )
    if not isinstance(corruptions, dict):
        return Mix({name: CORRUPTIONS[name].ends for name in names}, probability)
    for name, strength in corruptions.items():
        check_strength(name, strength)
    return Mix(dict(corruptions), probability)


def _spread(name: str, strength: Strength, shares: Tensor) -> Tensor:
    """Strengths that lie at shares, from 0 to 1, of what a corruption may have."""
    if isinstance(strength, str):
        degrees = torch.tensor(CORRUPTIONS[name].strengths, dtype=torch.float32)
        return degrees[(len(degrees) * shares).long()]
    low, high = strength if isinstance(strength, tuple) else (strength, strength)
    return low + (high - low) * shares


@dataclass(frozen=True)
class Draws:
    """What is done to each image of a batch, in two parts: on the CPU, and after it.

    The first is all that comes before a codec in its rounds, and the codec. `kinds`
    and `strengths` are (n, n_rounds); kinds are positions in `names`, or -1.
    """

    names: tuple[str, ...]
    kinds: Tensor
    strengths: Tensor
    seed: int

    def corrupt_on_cpu(self, images: Tensor) -> Tensor:
        """Do the first part to images (n, H, W, C), in place."""
        return self._corrupt(images, self._come_first(), self.seed)

    def corrupt_after(self, images: Tensor) -> Tensor:
        """Do the second part to images (n, H, W, C) on any device, in place."""
        return self._corrupt(images, ~self._come_first(), self.seed + 1)

    def _come_first(self) -> Tensor:
        is_codec = torch.tensor([CORRUPTIONS[name].is_codec for name in self.names])
        of_codec = is_codec[self.kinds] & (self.kinds >= 0)
        # From the last round backwards: whatever a codec is still to come after.
        return of_codec.flip(1).cummax(1).values.flip(1)

    def _corrupt(self, images: Tensor, now: Tensor, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        for kinds, strengths, here in zip(
            self.kinds.T, self.strengths.T, now.T, strict=True
        ):
            for kind in kinds[here & (kinds >= 0)].unique().tolist():
                rows = (here & (kinds == kind)).nonzero().flatten()
                on_device = rows.to(images.device, non_blocking=True)
                function = FUNCTIONS[self.names[kind]]
                images[on_device] = function(
                    images[on_device], strengths[rows], generator
                )
        return images
