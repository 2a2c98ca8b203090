"""How fast fitted networks predict, and how far faster arithmetic is from float32.

    python benchmarks/inference_speed.py ../shared/data/cifake.tar.gz

fits every network for a few epochs to some training images of CIFAKE and has it judge
images that it has not seen in three ways, in turn, several times: by its layers as they
are trained, one pass for the images and one for their mirror images; by
`predict_proba`, which leaves out what only learning needs; and by that in bfloat16.
Medians of images a second, their ratios, the largest differences of probabilities and
the share of equal labels go to inference_speed.json beside this file. Nothing else
should run meanwhile.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.machines import to_list_tables, write_for_machine
from skfake import (
    CNNDetector,
    CompactDetector,
    DenseNetDetector,
    ResidualDetector,
    ResNetDetector,
    VGGDetector,
)
from skfake.datasets import load_cifake

RESULT = Path(__file__).with_suffix(".json")
SEED = 0
N_TRAINING, N_ROUNDS = 4000, 7
# Each with the images that it judges at a time, for a second or so.
NETWORKS: dict[str, tuple[Any, int]] = {
    "CNN": (CNNDetector(max_epochs=4), 8192),
    "Compact": (CompactDetector(max_epochs=4), 2048),
    "Residual": (ResidualDetector(image_size=32, max_epochs=4), 2048),
    "ResNet-50": (ResNetDetector(depth=50, max_epochs=3), 512),
    "VGG-16": (VGGDetector(depth=16, max_epochs=3), 256),
    "DenseNet-121": (DenseNetDetector(depth=121, max_epochs=3), 512),
}
# Images that a way sets itself up with.
N_FIRST = 256


def judge_by_layers(detector: Any, images: np.ndarray) -> np.ndarray:
    """Probabilities by the layers that were trained, a pass for each view."""
    return detector.net_.predict_proba(images)


def judge(detector: Any, images: np.ndarray, precision: str) -> np.ndarray:
    """Probabilities as users get them."""
    return detector.set_params(inference_precision=precision).predict_proba(images)


WAYS = {
    "layers": judge_by_layers,
    "float32": lambda detector, images: judge(detector, images, "float32"),
    "bfloat16": lambda detector, images: judge(detector, images, "bfloat16"),
}


def measure(name: str, X: np.ndarray, y: np.ndarray, X_test: np.ndarray) -> dict:
    """Rates and differences of one network."""
    detector, n = NETWORKS[name]
    detector.set_params(random_state=SEED, validation_fraction=None, device="cpu")
    detector.fit(X, y)
    exact = judge_by_layers(detector, X_test)
    differences, agreement = {}, {}
    for way in ("float32", "bfloat16"):
        found = WAYS[way](detector, X_test)
        differences[way] = float(abs(found - exact).max())
        agreement[way] = float(np.mean(found.argmax(1) == exact.argmax(1)))
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(N_ROUNDS):
        for way, call in WAYS.items():
            # What a way sets up for the first call is not what is measured.
            call(detector, X_test[:N_FIRST])
            started = perf_counter()
            call(detector, X_test[:n])
            rates[way].append(round(n / (perf_counter() - started), 1))
    ratios = {
        way: round(median(np.divide(rates[way], rates["layers"])), 2)
        for way in differences
    }
    row = {"network": name, "images_per_second": rates, "times": ratios}
    print(name, ratios, differences, agreement, flush=True)
    return {**row, "largest_difference": differences, "equal_labels": agreement}


def to_rst(found: dict[str, Any]) -> str:
    """Table of each machine: rates of the layers, and what is gained and lost."""
    heads = (
        "Network",
        "its layers, images a second",
        "``predict_proba``",
        "in bfloat16",
        "moves probabilities by",
        "equal labels",
    )

    def to_rows(machine: dict[str, Any]) -> Iterator[list[str]]:
        for row in machine["networks"]:
            yield [
                row["network"],
                f"{median(row['images_per_second']['layers']):,.0f}",
                f"{row['times']['float32']:.1f} times",
                f"{row['times']['bfloat16']:.1f} times",
                f"{row['largest_difference']['bfloat16']:.3f} at most",
                f"{row['equal_labels']['bfloat16']:.2%}",
            ]

    return to_list_tables(found, heads, to_rows)


def main() -> int:
    """Measure all networks on one machine."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="CIFAKE: a folder, .zip or .tar")
    parser.add_argument("--n-test", type=int, default=4000)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    images, labels = load_cifake(given.source, return_X_y=True)
    X, X_test, y, _ = train_test_split(
        images,
        labels,
        train_size=N_TRAINING,
        test_size=given.n_test,
        stratify=labels,
        random_state=SEED,
    )
    rows = [measure(name, X, y, X_test) for name in given.networks]
    found = {"seed": SEED, "n_test": given.n_test, "networks": rows}
    write_for_machine(given.output, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
