"""Where the time of a training step goes, by torch's profiler.

    python benchmarks/step_profile.py

profiles each network's step on random numbers, as `training_speed.py` has it for the
bare loop, and writes the shares of a step's time to step_profile.json beside this file.
What is not a step, such as reading and augmenting images, is what the bare loop is
faster by there.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from torch.profiler import ProfilerActivity, profile

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.machines import to_list_tables, write_for_machine
from benchmarks.training_speed import NETWORKS, bare_rate

RESULT = Path(__file__).with_suffix(".json")
SEED = 0
# Parts of a step by the beginnings of its operators' names; all else is memory.
PARTS = {
    "convolutions and dense layers": (
        "mkldnn_convolution",
        "convolution",
        "mm",
        "addmm",
        "bmm",
    ),
    "normalisation": ("native_batch_norm",),
    "ReLU and pooling": ("threshold", "clamp", "relu", "max_pool", "avg_pool", "mean"),
}
OPTIMISER, MEMORY = "optimiser", "copies, sums, the rest"
# Of the columns of the manual, which are narrow.
HEADS = (
    "convolutions, dense layers",
    "batch norm",
    "ReLU, pooling",
    "optimiser",
    "rest",
)


def find_part(event: Any) -> str:
    """Part of a step that an event of the profiler belongs to."""
    above = event
    while above is not None:
        if above.name.startswith("Optimizer.step"):
            return OPTIMISER
        above = above.cpu_parent
    name = event.name.removeprefix("aten::")
    return next((part for part, of in PARTS.items() if name.startswith(of)), MEMORY)


def measure(name: str) -> dict[str, float]:
    """Shares of a step's time."""
    detector, n_steps = NETWORKS[name]
    generator = np.random.default_rng(SEED)
    n_images = 2 * detector.batch_size
    X = generator.integers(0, 256, (n_images, 32, 32, 3), np.uint8)
    detector.set_params(max_epochs=1, validation_fraction=None, random_state=SEED)
    detector.fit(X, np.arange(n_images) % 2)
    bare_rate(detector, 3, n_epochs=1)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        bare_rate(detector, n_steps, n_epochs=1)
    seconds: Counter[str] = Counter()
    for event in profiled.events():
        seconds[find_part(event)] += event.self_cpu_time_total
    shares = {part: seconds[part] / seconds.total() for part in (*PARTS, OPTIMISER)}
    shares[MEMORY] = seconds[MEMORY] / seconds.total()
    return {part: round(share, 3) for part, share in shares.items()}


def to_rst(found: dict[str, Any]) -> str:
    """Table of each machine."""

    def to_rows(machine: dict[str, Any]) -> Iterator[list[str]]:
        for name, shares in machine["networks"].items():
            yield [name, *(f"{share:.0%}" for share in shares.values())]

    return to_list_tables(found, ["Network", *HEADS], to_rows)


def main() -> int:
    """Profile all networks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    networks = {name: measure(name) for name in NETWORKS}
    write_for_machine(given.output, {"seed": SEED, "networks": networks})
    print(to_rst({"machines": [{"processor": "", "n_cpus": "", "networks": networks}]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
