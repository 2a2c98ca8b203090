"""Where to compute, and with what arithmetic."""

from collections.abc import Mapping
from typing import Any

import torch


def resolve_device(device: str) -> str:
    """Device that a detector's `device` names."""
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    here = ["cpu"] if accelerator is None else ["cpu", accelerator.type]
    if device == "auto":
        return here[-1]
    kind, _, index = device.partition(":")
    count = 1 if kind == "cpu" else torch.accelerator.device_count()
    if kind not in here or (index and not (index.isdecimal() and int(index) < count)):
        raise ValueError(
            f"device must be 'auto' or a device that torch finds here, {here}; got "
            f"{device!r}."
        )
    return device


def find_device(device: str) -> str:
    """Device that `device` names, or the CPU where that is not here."""
    try:
        return resolve_device(device)
    except ValueError:
        return "cpu"


def resolve_precision(precision: str, device: str) -> str:
    """Arithmetic that a detector's `precision` names."""
    if precision != "auto":
        return precision
    kind = torch.device(device).type
    if kind == "cuda":
        faster = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        faster = kind == "cpu" and _is_bfloat16_faster(torch.cpu.get_capabilities())
    return "bfloat16" if faster else "float32"


def _is_bfloat16_faster(features: Mapping[str, Any]) -> bool:
    """Whether a processor trains faster in bfloat16, by its instructions.

    By AMX it does, and by AVX-512 BF16 on AMD's, which SSE4a tells; on Intel's that
    have the latter alone float32 is faster. A measurement in place of this could turn
    out otherwise the next time, and with it the weights that a seed gives.
    """
    amd = features.get("avx512_bf16", False) and features.get("sse4a", False)
    return bool(features.get("amx_bf16", False) or amd)


def largest_batch(image_size: int, device: str) -> int:
    """Images to compute on at a time where nothing has to be kept for learning."""
    n_pixels = 2**18 if torch.device(device).type == "cpu" else 2**23
    return max(n_pixels // image_size**2, 8)


def least_batch(image_size: int) -> int:
    """Images of a batch at least, to be judged alike whatever else is in the batch."""
    return 16 if image_size <= 64 else 4
