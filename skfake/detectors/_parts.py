"""What detectors are in a file that no pickle is in: nets apart, all else plain.

A detector may stand anywhere in a pipeline or an ensemble. It is asked for its state
there, as it is for a pickle, and while a file is written it gives its net away and
keeps the key that it gets for it. While a file is read it gives the key back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_writing: ContextVar[dict[int, tuple[str, Any]] | None] = ContextVar(
    "_writing", default=None
)
_reading: ContextVar[Callable[[str], Any] | None] = ContextVar("_reading", default=None)


@contextmanager
def nets_apart() -> Iterator[dict[int, tuple[str, Any]]]:
    """While this lasts, the states of detectors hold keys in place of nets."""
    nets: dict[int, tuple[str, Any]] = {}
    token = _writing.set(nets)
    try:
        yield nets
    finally:
        _writing.reset(token)


@contextmanager
def nets_from(read: Callable[[str], Any]) -> Iterator[None]:
    """While this lasts, detectors take keys for nets, and build them."""
    token = _reading.set(read)
    try:
        yield
    finally:
        _reading.reset(token)


def is_writing() -> bool:
    """Whether states are asked for by `nets_apart`."""
    return _writing.get() is not None


def is_reading() -> bool:
    """Whether states come by `nets_from`."""
    return _reading.get() is not None


def without_net(state: dict[str, Any]) -> dict[str, Any]:
    """State of a detector, while a file is written one of plain parts."""
    nets = _writing.get()
    if nets is None:
        return state
    state = {**state, "callbacks": None, "checkpoint": None}
    if isinstance(state.get("weights"), os.PathLike):
        state["weights"] = os.fspath(state["weights"])
    if "net_" in state:
        net = state["net_"]
        state["net_"], _ = nets.setdefault(id(net), (f"net-{len(nets)}", net))
    return state


def read_net(key: str) -> Any:
    """What was kept of a net, while a file is read."""
    read = _reading.get()
    assert read is not None
    return read(key)
