"""Whatever numpy can read, and tensors of PyTorch, as arrays with channels last."""

import sys
from typing import Any

import numpy as np

CHANNELS = (1, 3, 4)


def is_tensor(X: Any) -> bool:
    """Whether an object is a tensor of PyTorch, which is not imported for that."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(X, torch.Tensor)


def read_array(X: Any, name: str, must_be: str) -> np.ndarray:
    """Array that numpy reads from an object, or from a tensor wherever it is."""
    if np.ma.is_masked(X):
        raise ValueError(
            f"{name} must hold no masked values; got {np.ma.count_masked(X)}. Use "
            f"{name}.filled(value), or leave those images out."
        )
    try:
        array = np.asarray(_plain(X) if is_tensor(X) else X)
    # Libraries of tensors raise any class for what they don't convert.
    except Exception as error:
        raise TypeError(
            f"{name} must be {must_be}; got {type(X).__name__}, which numpy can't "
            f"read: {str(error).splitlines()[0].rstrip('.') or type(error).__name__}."
        ) from error
    # Of tensors of other libraries: numpy's own names have no such type.
    is_strange = array.dtype.kind == "V" and array.dtype.name == "bfloat16"
    return array.astype(np.float32) if is_strange else array


def _plain(tensor: Any) -> Any:
    """Tensor that numpy reads: on the CPU, without its gradient, of a type it knows."""
    tensor = tensor.detach().cpu()
    return tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor


def read_tensor(X: Any) -> Any:
    """Array of a tensor of PyTorch, and all else as it comes."""
    return read_array(X, "X", "numbers") if is_tensor(X) else X


def read_stack(X: Any, name: str, must_be: str) -> np.ndarray:
    """Array of images, channels last; those of a tensor may come first."""
    array = read_array(X, name, must_be)
    if is_tensor(X) and array.ndim == 4 and array.shape[1] in CHANNELS:
        return array.transpose(0, 2, 3, 1)
    return array


def read_one(image: Any, name: str) -> np.ndarray:
    """Array (H, W, C) of one image, of shape (H, W) or (H, W, C)."""
    must_be = "an array of shape (H, W) or (H, W, C)"
    array = read_array(image, name, must_be)
    if array.ndim == 2:
        return array[..., np.newaxis]
    if is_tensor(image) and array.shape[0] in CHANNELS:
        return array.transpose(1, 2, 0)
    if array.shape[2] not in CHANNELS:
        first = array.shape[0] in CHANNELS
        cure = "Use image.transpose(1, 2, 0) of each." if first else "C is 1, 3 or 4."
        raise ValueError(
            f"{name} must be {must_be}, channels last; got shape {array.shape}. {cure}"
        )
    return array
