"""Where to compute, and with what arithmetic."""

from __future__ import annotations

import torch


def resolve_device(device: str) -> str:
    """Device that a detector's `device` names.

    Parameters
    ----------
    device : str
        "auto" is the first accelerator that torch finds, or the CPU.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If torch knows no such device, or this machine has none.
    """
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


def resolve_precision(precision: str, device: str) -> str:
    """Arithmetic that a detector's `precision` names.

    Parameters
    ----------
    precision : str
        "auto" is bfloat16 where the device computes with it, else float32.

    device : str
        As `resolve_device` returns it.

    Returns
    -------
    "float32" or "bfloat16"
    """
    if precision != "auto":
        return precision
    kind = torch.device(device).type
    if kind == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        # Without AVX-512 BF16 a CPU would emulate it. `torch.cpu.get_capabilities`
        # tells this publicly, in releases of torch later than 2.10.
        native = kind == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if native else "float32"


def largest_batch(image_size: int, device: str) -> int:
    """Images to compute on at a time where nothing has to be kept for learning.

    Parameters
    ----------
    image_size : int
        Side of the images in pixels.

    device : str
        Where they are computed on.

    Returns
    -------
    int
        At least 8.
    """
    n_pixels = 2**18 if torch.device(device).type == "cpu" else 2**23
    return max(n_pixels // image_size**2, 8)


def least_batch(image_size: int) -> int:
    """Images of a batch at least, to be judged alike whatever else is in the batch.

    Products of fewer rows than this take other ways on a CPU, which round otherwise.
    For large images, which would take long, rounding in the seventh digit is accepted.

    Parameters
    ----------
    image_size : int
        Side of the images in pixels.

    Returns
    -------
    int
        4 or 16.
    """
    return 16 if image_size <= 64 else 4
