"""Tensors of a module as bytes, for pickles and for files, and back."""

from collections.abc import Mapping

from safetensors.torch import load, save
from torch import Tensor, nn

# Bytes for names and places of tensors; the largest networks need a tenth.
LARGEST_HEADER = 2**21


def pack_tensors(tensors: Mapping[str, Tensor]) -> bytes:
    """Tensors as safetensors."""
    return save({name: t.cpu().contiguous() for name, t in tensors.items()})


def unpack_tensors(content: bytes) -> dict[str, Tensor]:
    """Tensors by their names."""
    # The header's length comes first; its reader would take any.
    if int.from_bytes(content[:8], "little") > min(LARGEST_HEADER, len(content)):
        raise ValueError("net_ must hold tensors with a header; got a false one.")
    return load(content)


def fill_module(module: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Give a module its tensors, which leave the dict."""
    wanted = {n: (t.shape, t.dtype) for n, t in module.state_dict().items()}
    if wanted != {n: (t.shape, t.dtype) for n, t in tensors.items()}:
        raise ValueError(
            "net_ must hold the tensors of the network that the detector's parameters "
            "describe; got those of another one."
        )
    # Copies have addresses that vector instructions take in one piece.
    copies = {name: tensors.pop(name).clone() for name in wanted}
    module.load_state_dict(copies, assign=True)
