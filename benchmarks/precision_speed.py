"""Whether networks are trained faster in bfloat16 than in float32, on this processor.

    python benchmarks/precision_speed.py

measures each network's step in both, on random numbers, in turn, several times. Medians
of the ratios go to precision_speed.json beside this file, which holds a row for each
kind of processor. With `ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16`, oneDNN, by which torch
computes convolutions, does without AMX, as it has to on the processors before it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.machines import to_list_table, write_for_machine
from benchmarks.training_speed import NETWORKS, bare_rate

RESULT = Path(__file__).with_suffix(".json")
SEED = 0
PRECISIONS = ("float32", "bfloat16")


def measure(name: str, n_rounds: int) -> dict[str, list[float]]:
    """Images a second of a network's step in both precisions, in turn."""
    detector, n_steps = NETWORKS[name]
    generator = np.random.default_rng(SEED)
    n_images = 2 * detector.batch_size
    X = generator.integers(0, 256, (n_images, 32, 32, 3), np.uint8)
    detector.set_params(max_epochs=1, validation_fraction=None, random_state=SEED)
    trained = {
        precision: detector.set_params(precision=precision, device="cpu")
        .fit(X, np.arange(n_images) % 2)
        .net_
        for precision in PRECISIONS
    }
    rates: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
    for _ in range(n_rounds):
        for precision, detector.net_ in trained.items():
            rate = bare_rate(detector, max(n_steps // 4, 2), n_epochs=2)
            rates[precision].append(round(rate, 1))
    return rates


def to_rst(found: dict[str, Any]) -> str:
    """Ratios of all processors, as a table of the manual."""
    networks = list(found["machines"][0]["times"])
    rows = (
        [machine["processor"], *(f"{machine['times'][n]:.2f}" for n in networks)]
        for machine in found["machines"]
    )
    return to_list_table(["Processor", *networks], rows)


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    rates, times = {}, {}
    for name in NETWORKS:
        if "AdamW" in name:
            # Its optimiser computes in float32 in any case.
            continue
        rates[name] = found = measure(name, given.rounds)
        ratios = np.divide(found["bfloat16"], found["float32"])
        times[name] = round(median(ratios), 2)
        print(name, times[name], flush=True)
    found = {"seed": SEED, "times": times, "images_per_second": rates}
    write_for_machine(given.output, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
