"""What a model card says of itself: the facts that follow from a fitted detector."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from skfake.environment import describe_versions
from skfake.labels import read_pos_label
from skfake.persistence._schema import count_weights
from skfake.persistence.card import ModelCard
from skfake.training_images import (
    describe_sizes,
    find_side,
    find_sized,
    find_square,
)


def fill_card(card: ModelCard, detector: Any, tree: Any) -> ModelCard:
    """Card with the fields that follow from a detector and its tree."""
    return replace(
        card,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        detector=type(detector).__name__,
        params={k: _plain_value(v) for k, v in detector.get_params().items()},
        classes=np.asarray(getattr(detector, "classes_", [])).tolist(),
        fakes=_list_fakes(detector),
        images=_describe_images(detector),
        n_weights=count_weights(tree),
        versions={**describe_versions(), "skops": version("skops")},
    )


def _list_fakes(detector: Any) -> list[Any]:
    learned = read_pos_label(detector)
    if learned is None:
        return []
    return learned if isinstance(learned, list) else [learned]


def _describe_images(detector: Any) -> str:
    """Sizes of the training images, and what becomes of them."""
    part = find_sized(detector)
    if part is None:
        return ""
    said = describe_sizes(part.image_sizes_)
    if hasattr(part, "tile_size_"):
        return f"{said}, judged in tiles of {part.tile_size_} x {part.tile_size_}"
    size = find_side(part)
    if size is None:
        size = find_square(part)
        return f"{said}, of which {size} x {size} in the centre are looked at"
    if (part.image_sizes_ == size).all():
        return said
    return f"{said}, resized to {size} x {size}"


def _plain_value(value: Any) -> Any:
    """A parameter in types that JSON has, estimators by their names."""
    if isinstance(value, list | tuple):
        return [_plain_value(part) for part in value]
    if hasattr(value, "get_params"):
        return type(value).__name__
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
