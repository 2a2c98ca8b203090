"""Where, and with what arithmetic, the networks of a fitted estimator compute."""

from typing import Any

from skfake.detectors.deep import DeepDetector
from skfake.detectors.encoder import EncoderDetector
from skfake.features.encoder import EncoderTransformer
from skfake.nested import walk_nested
from skfake.training.device import resolve_device


def move(detector: Any, device: str) -> None:
    """Put the networks of a fitted estimator on a device."""
    resolve_device(device)
    for part in walk_nested(detector):
        if isinstance(part, DeepDetector) and hasattr(part, "net_"):
            # What a file holds of it is put together anew, there.
            part.__setstate__({**part.__getstate__(), "device": device})
        elif isinstance(part, EncoderDetector | EncoderTransformer):
            part.set_params(device=device)


def set_precision(detector: Any, precision: str) -> None:
    """Have the networks of a fitted estimator predict with an arithmetic."""
    parts = [part for part in walk_nested(detector) if isinstance(part, DeepDetector)]
    if not parts:
        raise ValueError(
            "inference_precision must be None for a detector without a network of its "
            f"own; got {precision!r}."
        )
    for part in parts:
        part.set_params(inference_precision=precision)
        part._validate_params()
