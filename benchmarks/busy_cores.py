"""How much of its speed a training keeps when something else uses the cores, too.

    python benchmarks/busy_cores.py

trains `CompactDetector` on random images in processes of their own, of which each has
another way with its threads. Those of OpenMP, which torch computes with, wait for each
other at every layer, by default in a loop that keeps a core from others; the command
`skfake` has the callback `FreeCores`. Each way is measured alone, beside one and two
processes that compute without end, and beside a second training like it, whose images
count too. All this is done in turn, several times; medians of images a second go to
busy_cores.json beside this file. It takes a quarter of an hour, in which nothing else
should run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.machines import keep_busy, to_list_tables, write_for_machine
from skfake import Augmentation, CompactDetector, FreeCores

RESULT = Path(__file__).with_suffix(".json")
SEED = 0
FREE_CORES = "`FreeCores`, as the command has it"
# Environments in which trainings run.
WAYS: dict[str, dict[str, str]] = {
    "as torch comes": {},
    "OMP_WAIT_POLICY=PASSIVE": {"OMP_WAIT_POLICY": "PASSIVE"},
    "GOMP_SPINCOUNT=10000": {"GOMP_SPINCOUNT": "10000"},
    "OMP_NUM_THREADS=1": {"OMP_NUM_THREADS": "1"},
    FREE_CORES: {},
}
LOADS = ("nothing", "one process", "two processes", "a training like it")
N_IMAGES, N_EPOCHS, BATCH_SIZE = 512 * 4, 4, 512


def train(*, free_cores: bool) -> float:
    """Images a second of a training, after its first epoch."""
    generator = np.random.default_rng(SEED)
    X = generator.integers(0, 256, (N_IMAGES, 32, 32, 3), np.uint8)
    detector = CompactDetector(
        batch_size=BATCH_SIZE,
        # Whole images all along, so that all epochs take as long.
        augment=Augmentation(shift=2),
        max_epochs=N_EPOCHS,
        validation_fraction=None,
        callbacks=[FreeCores()] if free_cores else None,
        device="cpu",
        random_state=SEED,
    )
    detector.fit(X, np.arange(N_IMAGES) % 2)
    return N_IMAGES / median(detector.history_["seconds"][1:])


def begin_training(way: str) -> subprocess.Popen:
    """Start a training in a process of its own, which prints its speed."""
    known = {name for settings in WAYS.values() for name in settings}
    kept = {name: value for name, value in os.environ.items() if name not in known}
    options = ["--train", *(["--free-cores"] if way == FREE_CORES else [])]
    return subprocess.Popen(
        [sys.executable, __file__, *options],
        env={**kept, **WAYS[way]},
        stdout=subprocess.PIPE,
        text=True,
    )


def measure(way: str, load: str) -> float:
    """Images a second of a training, or of two together."""
    n_trainings = 2 if load == LOADS[-1] else 1
    with ExitStack() as stack:
        if n_trainings == 1:
            stack.enter_context(keep_busy(LOADS.index(load)))
        trainings = [begin_training(way) for _ in range(n_trainings)]
        return sum(float(each.communicate()[0]) for each in trainings)


def to_rst(found: dict[str, Any]) -> str:
    """Table of the medians of each machine."""

    def to_rows(machine: dict[str, Any]) -> Iterator[list[str]]:
        for way, rates in machine["images_per_second"].items():
            name = f"``{way}``" if "=" in way else way
            yield [name, *(f"{median(rates[load]):,.0f}" for load in LOADS)]

    return to_list_tables(found, ["Threads, beside", *LOADS], to_rows)


def main() -> int:
    """Measure all ways under all loads, in turn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=RESULT)
    for option in ("--train", "--free-cores"):
        parser.add_argument(option, action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.train:
        print(train(free_cores=given.free_cores))
        return 0
    rates: dict[str, dict[str, list[float]]] = {
        way: {load: [] for load in LOADS} for way in WAYS
    }
    for _ in range(given.rounds):
        for load in LOADS:
            for way, found in rates.items():
                found[load].append(round(measure(way, load), 1))
                print(load, way, found[load], flush=True)
        write_for_machine(given.output, {"seed": SEED, "images_per_second": rates})
    for way, found in rates.items():
        print(way, {load: median(found[load]) for load in LOADS})
    return 0


if __name__ == "__main__":
    sys.exit(main())
