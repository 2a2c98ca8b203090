"""Random numbers for training that leave the caller's alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """Seed for one fit."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    return int(random_state)


def derive_seed(seed: int, *keys: int) -> int:
    """Seed for one part of a fit, such as an epoch."""
    return int(np.random.SeedSequence(seed, spawn_key=keys).generate_state(1)[0])


@contextmanager
def isolated_seed(seed: int, device: str | torch.device) -> Iterator[None]:
    """Seed torch inside a block and restore its generators after it."""
    device = torch.device(device)
    # Other kinds of accelerators have one generator, which can't be told by number.
    numbered = device.type in ("cuda", "xpu")
    index = device.index
    if numbered and index is None:
        index = torch.accelerator.current_device_index()
    with torch.random.fork_rng(
        devices=[index] if numbered else [],
        device_type=device.type if numbered else "cuda",
    ):
        torch.manual_seed(seed)
        yield
