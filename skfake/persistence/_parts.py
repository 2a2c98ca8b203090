"""A detector as the members of a file: a tree, its arrays and a card."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, BinaryIO
from zipfile import ZipFile

import numpy as np
import skops.io

from skfake.environment import describe_versions
from skfake.persistence._archive import Damaged, add, pack
from skfake.persistence._schema import canonize, check, count_weights, trusted_types
from skfake.persistence.card import ModelCard

SCHEMA = "schema.json"


def dump(detector: Any, stream: BinaryIO) -> None:
    """Write a detector as skops does it."""
    try:
        skops.io.dump(detector, stream)
    # What it can't write raises errors of many kinds.
    except Exception as error:
        raise _cannot_save(str(error)) from error


def read_dump(source: ZipFile) -> tuple[dict[str, Any], dict[str, str]]:
    """Tree of what `dump` wrote, and for each of its files the member's name."""
    tree, names = canonize(json.loads(source.read(SCHEMA)))
    check(tree, {new: source.getinfo(old).file_size for old, new in names.items()})
    # skops looks for types in the tree alone.
    blank = pack({SCHEMA: to_json(tree), **dict.fromkeys(names.values(), b"")})
    strange = set(skops.io.get_untrusted_types(data=blank)) - set(trusted_types())
    if strange:
        raise _cannot_save(", ".join(sorted(strange)))
    return tree, names


def add_parts(archive: ZipFile, source: ZipFile, tree: Any, names: dict) -> None:
    """Copy what `dump` wrote, an array at a time."""
    add(archive, SCHEMA, to_json(tree))
    for old, new in names.items():
        add(archive, new, source.read(old))


def fill_card(card: ModelCard, detector: Any, tree: Any) -> ModelCard:
    """Card with the fields that follow from a detector and its tree."""
    return replace(
        card,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        detector=type(detector).__name__,
        params={k: plain_value(v) for k, v in detector.get_params().items()},
        classes=np.asarray(getattr(detector, "classes_", [])).tolist(),
        n_weights=count_weights(tree),
        versions={**describe_versions(), "skops": version("skops")},
    )


def plain_value(value: Any) -> Any:
    """A parameter in types that JSON has, estimators by their names."""
    if isinstance(value, list | tuple):
        return [plain_value(part) for part in value]
    if hasattr(value, "get_params"):
        return type(value).__name__
    return value if isinstance(value, str | int | float | bool | None) else str(value)


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
