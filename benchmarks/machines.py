"""Results of several machines: names, one file, tables; and other processes there."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from skfake.environment import describe_machine, describe_versions

# Instructions for bfloat16, the fastest first.
INSTRUCTIONS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 BF16", "bf16": "BF16"}
ENDLESS = "while True: pass"


def name_processor() -> str:
    """Name and instructions, since processors that lack some may share a name."""
    name = describe_machine()["processor"]
    has = torch.cpu.get_capabilities()
    fastest = [said for known, said in INSTRUCTIONS.items() if has.get(known, False)]
    name += f" with {fastest[0]}" if fastest else " without bfloat16"
    held = os.environ.get("ONEDNN_MAX_CPU_ISA")
    return f"{name}, oneDNN held to {held}" if held else name


def read_machine(path: Path) -> dict[str, Any]:
    """Read what such a processor found with these versions; nothing without a file."""
    here = _describe()
    found = (row for row in _read(path) if here.items() <= row.items())
    return next(found, {})


def write_for_machine(path: Path, found: dict[str, Any]) -> None:
    """Write what was found here; it takes the place of what such a processor found."""
    here = _describe()
    others = [each for each in _read(path) if each["processor"] != here["processor"]]
    rows = [*others, {**here, **found}]
    path.write_text(json.dumps({"machines": rows}, indent=1) + "\n")


def _describe() -> dict[str, Any]:
    machine = {**describe_machine(), "processor": name_processor()}
    return {**machine, **describe_versions()}


def _read(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text())["machines"] if path.exists() else []


def to_list_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Rows of cells as a table of the manual."""
    lines = [".. list-table::", "   :header-rows: 1", "   :class: wide", ""]
    for first, *others in (heads, *rows):
        lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
    return "\n".join(lines)


def to_list_tables(
    found: dict[str, Any],
    heads: Iterable[str],
    to_rows: Callable[[dict[str, Any]], Iterable[Iterable[str]]],
) -> str:
    """Such a table for each machine, under its name."""
    return "\n\n".join(
        f"{machine['processor']}, {machine['n_cpus']} cores:\n\n"
        + to_list_table(heads, to_rows(machine))
        for machine in found["machines"]
    )


@contextmanager
def keep_busy(n_processes: int) -> Iterator[None]:
    """Have so many processes compute without end meanwhile."""
    others = [
        subprocess.Popen([sys.executable, "-c", ENDLESS]) for _ in range(n_processes)
    ]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()
