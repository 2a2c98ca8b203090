"""How fast CIFAKE is read, and how fast gradients are described.

    python benchmarks/preparation_speed.py ../shared/data/cifake.tar.gz

measures, in turn, several times, on one core:

- all 120,000 files of the archive, taken out of it by Python's `tarfile` and no more;
- these opened by Pillow, one after the other, as `read_image` opens any file;
- `load_cifake` of both parts, for each of which it reads the archive;
- the same with `memory`, once the images are there;
- scikit-image's `hog` of the test images, one after the other, in gray;
- `HOGTransformer` of the same images, from their colours on.

Medians of seconds and their ratios go to preparation_speed.json beside this file.
"""

from __future__ import annotations

import argparse
import json
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
from skimage.feature import hog

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from skfake import HOGTransformer
from skfake.datasets import load_cifake
from skfake.environment import describe_machine, describe_versions
from skfake.images import load_images, read_image

RESULT = Path(__file__).with_suffix(".json")
SPLITS = ("train", "test")


def read_archive(source: Path) -> list[bytes]:
    """Bytes of all files."""
    with tarfile.open(source) as archive:
        members = (member for member in archive if member.isreg())
        return [archive.extractfile(member).read() for member in members]  # type: ignore[union-attr]


def measure(source: Path, folder: str, n_rounds: int) -> dict[str, list[float]]:
    """Seconds of each way, in turn."""
    files = read_archive(source)
    X = load_cifake(source, split="test").data
    gray = load_images(X, grayscale=True)[..., 0].astype(float)

    def describe_one_by_one() -> np.ndarray:
        cells: dict[str, Any] = {"pixels_per_cell": (8, 8), "cells_per_block": (3, 3)}
        return np.stack([hog(image, **cells) for image in gray])

    def describe_together() -> np.ndarray:
        return HOGTransformer().transform(X)

    assert np.allclose(describe_one_by_one(), describe_together(), atol=1e-6)

    def load_kept() -> None:
        for split in SPLITS:
            load_cifake(source, split=split, memory=folder)

    load_kept()
    ways = {
        "tarfile": lambda: read_archive(source),
        "Pillow": lambda: [read_image(BytesIO(file)) for file in files],
        "load_cifake": lambda: [load_cifake(source, split=split) for split in SPLITS],
        "load_cifake, kept": load_kept,
        "scikit-image": describe_one_by_one,
        "HOGTransformer": describe_together,
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(n_rounds):
        for way, call in ways.items():
            started = perf_counter()
            call()
            seconds[way].append(round(perf_counter() - started, 2))
            print(way, seconds[way], flush=True)
    return seconds


def to_text(found: dict[str, Any]) -> str:
    """A sentence for the manual."""
    seconds = {way: median(of) for way, of in found["seconds"].items()}
    return (
        f"All of CIFAKE is read in {seconds['load_cifake']:.0f} seconds, of which "
        f"Python's `tarfile` takes {2 * seconds['tarfile']:.0f}, and in "
        f"{seconds['load_cifake, kept']:.1f} where `memory` has it; the gradients of "
        f"20,000 images are described in {seconds['HOGTransformer']:.1f} seconds, "
        f"{found['times_hog']:.1f} times as fast as by scikit-image's `hog` one by one."
    )


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="CIFAKE, a .tar")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        seconds = measure(given.source, folder, given.rounds)
    typical = {way: median(found) for way, found in seconds.items()}
    # Pillow's way reads the archive too, once for each part, as load_cifake does.
    by_pillow = 2 * typical["tarfile"] + typical["Pillow"]
    found = {
        "seconds": seconds,
        "times_reading": round(by_pillow / typical["load_cifake"], 2),
        "times_kept": round(by_pillow / typical["load_cifake, kept"], 2),
        "times_hog": round(typical["scikit-image"] / typical["HOGTransformer"], 2),
        **describe_machine(),
        **describe_versions(),
    }
    given.output.write_text(json.dumps(found, indent=1) + "\n")
    print({name: found[name] for name in found if name.startswith("times")})
    return 0


if __name__ == "__main__":
    sys.exit(main())
