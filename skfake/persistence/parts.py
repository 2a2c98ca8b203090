"""A detector as the members of a file: a tree, arrays, nets and a card."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from zipfile import ZipFile

import numpy as np
import skops.io
from safetensors.torch import load, save

from skfake.detectors._net_state import NetState, describe_net
from skfake.detectors._parts import nets_apart
from skfake.environment import describe_versions
from skfake.persistence.archive import Damaged, add, pack, read, unpack
from skfake.persistence.card import ModelCard
from skfake.persistence.schema import canonize, check, read_json, trusted_types

SCHEMA = "schema.json"
# Names and places of a network's tensors; the largest networks need a tenth.
LARGEST_HEADER = 2**21


def take_apart(detector: Any) -> tuple[bytes, dict[str, bytes], dict[str, Any]]:
    """A detector as what is written of it."""
    with nets_apart() as nets:
        try:
            parts = unpack(skops.io.dumps(detector))
        # What it can't write raises errors of many kinds.
        except Exception as error:
            raise _cannot_save(str(error)) from error
    tree, arrays = canonize(json.loads(parts.pop(SCHEMA)), parts)
    schema = to_json(tree)
    content = pack({SCHEMA: schema, **arrays})
    trusted = set(trusted_types())
    strange = set(skops.io.get_untrusted_types(data=content)) - trusted
    if strange:
        raise _cannot_save(", ".join(sorted(strange)))
    with ZipFile(io.BytesIO(content)) as archive:
        check(tree, archive)
    return schema, arrays, dict(nets.values())


def fill_card(card: ModelCard, detector: Any, n_weights: int) -> ModelCard:
    """Card with the fields that a detector tells by itself."""
    return replace(
        card,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        detector=type(detector).__name__,
        params={k: plain_value(v) for k, v in detector.get_params().items()},
        classes=np.asarray(getattr(detector, "classes_", [])).tolist(),
        n_weights=n_weights,
        versions={**describe_versions(), "skops": version("skops")},
    )


def plain_value(value: Any) -> Any:
    """A parameter in types that JSON has, estimators by their names."""
    if isinstance(value, list | tuple):
        return [plain_value(part) for part in value]
    if hasattr(value, "get_params"):
        return type(value).__name__
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def add_net(archive: ZipFile, key: str, net: Any) -> None:
    """Write a net: its tensors, and what else there is to it as JSON."""
    settings, tensors = describe_net(net)
    add(archive, f"{key}.json", to_json(settings))
    add(archive, f"{key}.safetensors", save(tensors))


def read_net(archive: ZipFile, key: Any) -> NetState:
    """Read what `add_net` wrote."""
    settings = read_json(read(archive, f"{key}.json"), f"{key}.json")
    content = read(archive, f"{key}.safetensors")
    # The header's length comes first; its reader would take any.
    if int.from_bytes(content[:8], "little") > min(LARGEST_HEADER, len(content)):
        raise Damaged("whose network has a header that is not as it should be")
    return NetState(settings, load(content))


def rebuild(build: Callable[[], Any]) -> Any:
    """Build what a file describes; whatever fails, the file is damaged."""
    try:
        return build()
    except Damaged:
        raise
    # A description can be wrong in every way that there is.
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        raise Damaged(
            f"which can't be rebuilt ({type(error).__name__}: {text})"
        ) from error


def to_json(content: Any) -> bytes:
    """Write JSON."""
    return json.dumps(content, separators=(",", ":")).encode()


def _cannot_save(what: str) -> ValueError:
    return ValueError(
        "detector must consist of scikit-learn's and skfake's own classes, without "
        f"functions or objects of others; got one with {what[:300]}."
    )
