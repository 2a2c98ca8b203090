"""Tensors learned elsewhere: read them, and copy them into a network."""

import os
import re
import sys
import warnings
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import get_model_weights

from skfake.networks.backbones import stem_of
from skfake.networks.layers import head_of

# torchvision's DenseNets were saved when a layer's name could hold a dot.
_OLD_NAME = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")
_COUNT = "num_batches_tracked"
_N_NAMES = 3


def read_weights(
    path: str | os.PathLike, *, known: str = "imagenet"
) -> dict[str, Tensor]:
    """Read tensors from a file, without running anything that it may hold."""
    path = Path(path)
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no file"
        raise FileNotFoundError(
            f'weights must be None, "{known}" or the path of a file; got '
            f"{str(path)!r}, {what}."
        )
    try:
        content = _read_tensors(path)
    except OSError:
        raise
    except UnpicklingError as error:
        raise ValueError(
            f"weights must be a file of plain tensors; got {str(path)!r}, which isn't "
            "torch's, or holds other objects, and reading those could run code. Save "
            "the tensors with safetensors.torch.save_file."
        ) from error
    # What torch and safetensors raise of damaged files has no common class.
    except Exception as error:
        raise ValueError(
            f"weights must be a file that safetensors or torch.save wrote; got "
            f"{str(path)!r}, which can't be read: {_describe(error)}. Download or save "
            "it again."
        ) from error
    return _check_flat(content, path)


def imagenet_weights(
    name: str, *, asked: str = 'weights="imagenet"'
) -> dict[str, Tensor]:
    """Fetch what torchvision's makers learned on ImageNet, as a parameter asks."""
    weights = get_model_weights(name)["IMAGENET1K_V1"]
    try:
        # Torch prints what it downloads, and stdout is for results.
        with redirect_stdout(sys.stderr):
            return weights.get_state_dict(
                progress=sys.stderr.isatty(),
                check_hash=True,
                map_location="cpu",
                weights_only=True,
            )
    # No common class again: no network, a false hash, a damaged file in the cache.
    except Exception as error:
        raise OSError(
            f"{asked} must be within reach; got {_describe(error)} for "
            f"{weights.url} or its copy in {torch.hub.get_dir()!r}. Use weights=None, "
            "or the path of a file that you download elsewhere."
        ) from error


def load_weights(
    network: nn.Module, tensors: Mapping[str, Tensor], *, source: str
) -> str:
    """Copy tensors into a network, except those of its last layer."""
    head = head_of(network)
    dense = head.partition(".")[0]
    given = {_OLD_NAME.sub(r"\1\2", name): tensor for name, tensor in tensors.items()}
    given = _outside(head, given)
    new = dense if len(_outside(dense, given)) == len(given) else head
    wanted = _outside(new, network.state_dict())
    stem = f"{stem_of(network)}.weight"
    if stem in given and given[stem].shape[2:] == (7, 7) != wanted[stem].shape[2:]:
        given[stem] = shrink_kernels(given[stem])
    _check_fit(wanted, given, source)
    network.load_state_dict(given, strict=False)
    return new


def shrink_kernels(kernels: Tensor) -> Tensor:
    """Resample kernels of 7x7 to 3x3 by the mean over each area, times 49/9."""
    # A cell of 7/3 in each direction is 7 of 21 equal parts.
    parts = kernels.float().repeat_interleave(3, dim=2).repeat_interleave(3, dim=3)
    return F.avg_pool2d(parts, 7) * (49 / 9)


def _read_tensors(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return load_file(path)
    with warnings.catch_warnings():
        # Of foreign pickles and TorchScript, which end in an error anyway.
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=True)


def _check_flat(content: Any, path: Path) -> dict[str, Tensor]:
    expected = f"weights must be a dict of tensors by name; got {str(path)!r}, "
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict):
        raise ValueError(
            f"{expected}which holds an object of type {type(content).__name__}. Save "
            "network.state_dict()."
        )
    for name, tensor in content.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise ValueError(
                f"{expected}in which {name!r} is of type {type(tensor).__name__}. "
                "Save network.state_dict()."
            )
    return dict(content)


def _outside(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {n: t for n, t in tensors.items() if not n.startswith(f"{part}.")}


def _check_fit(
    wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], source: str
) -> None:
    # torch before 0.4.1 counted no batches, and nothing here needs the count.
    missing = {n for n in wanted.keys() - given.keys() if not n.endswith(_COUNT)}
    misshapen = {
        f"{name} {tuple(given[name].shape)} for {tuple(wanted[name].shape)}"
        for name in wanted.keys() & given.keys()
        if given[name].shape != wanted[name].shape
    }
    problems = {
        "missing": missing,
        "not the network's": given.keys() - wanted.keys(),
        "of another shape": misshapen,
    }
    if any(problems.values()):
        came = "; ".join(
            f"{len(names)} {problem} ({_enumerate(names)})"
            for problem, names in problems.items()
            if names
        )
        raise ValueError(
            f"weights must hold the tensors of this network; got {source!r} with "
            f"{came}. Use the file of a network of the same kind and depth."
        )


def _enumerate(names: Iterable[str]) -> str:
    names = sorted(names)
    return ", ".join(names[:_N_NAMES] + ["..."] * (len(names) > _N_NAMES))


def _describe(error: Exception) -> str:
    text = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
