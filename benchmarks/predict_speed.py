"""How fast many small files are labelled by `skfake predict`.

    python benchmarks/predict_speed.py

writes 10,000 simulated images of 32 pixels as JPEG to a temporary folder and has two
detectors find the fakes among them in three ways, in turn, several times: by what
`skfake predict` does, by a loop that passes one path at a time to `predict_proba`, and
by one call of it with the images already decoded, the bare speed of the network. The
medians and their ratios go to predict_speed.json beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import torch
from PIL import Image

from skfake import CNNDetector, CompactDetector
from skfake.cli.predict import check_paths, write_rows
from skfake.cli.row_writer import Format
from skfake.datasets import make_images
from skfake.environment import describe_machine, describe_versions
from skfake.images import load_images
from skfake.screening.labelling import Labeller
from skfake.screening.opening import open_images

RESULT = Path(__file__).with_suffix(".json")
N_IMAGES = 10_000
N_TRAINING = 500
N_ROUNDS = 5
BATCH_SIZE = 128
# The loop takes seconds for so many images, and no less for each of more.
N_LOOPED = 300


def make_detectors(seed: int) -> dict[str, Any]:
    """Two networks of different cost; how well they do is no matter here."""
    return {
        "CNN": CNNDetector(max_epochs=1, random_state=seed),
        "Compact": CompactDetector(max_epochs=1, random_state=seed),
    }


def write_images(images: np.ndarray, folder: Path) -> list[str]:
    """Write JPEGs; return their paths, sorted."""
    paths = [str(folder / f"{i:05}.jpg") for i in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path, quality=90)
    return paths


def measure(call: Callable[[], Any], n_images: int) -> float:
    """Images a second."""
    started = perf_counter()
    call()
    return n_images / (perf_counter() - started)


def compare(
    name: str, detector: Any, folder: Path, paths: list[str], n_rounds: int
) -> dict[str, Any]:
    """Images a second in the three ways, and their ratios."""
    decoded = load_images(paths)
    looped = paths[:N_LOOPED]
    rows = folder.parent / "rows.csv"
    labeller = Labeller(detector)

    def by_command() -> None:
        found = check_paths([str(folder)], None, null=False).find()
        with open_images(found, batch_size=BATCH_SIZE, n_jobs=-1) as batches:
            if write_rows(labeller, batches, rows, Format.csv, None).n_without:
                raise RuntimeError("All images must have an answer.")

    def by_loop() -> None:
        for path in looped:
            detector.predict_proba([path])

    def bare() -> None:
        detector.predict_proba(decoded)

    ways = {
        "predict": (by_command, len(paths)),
        "one_by_one": (by_loop, len(looped)),
        "bare": (bare, len(paths)),
    }
    for call in (by_command, bare):
        call()
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(n_rounds):
        for way, (call, n_images) in ways.items():
            rates[way].append(measure(call, n_images))
    found = {way: median(values) for way, values in rates.items()}
    return {
        "detector": name,
        "images_a_second": found,
        "times_one_by_one": found["predict"] / found["one_by_one"],
        "share_of_bare": found["predict"] / found["bare"],
    }


def to_text(found: dict) -> str:
    """A sentence for the manual."""
    n_cpus, rows = found["n_cpus"], found["detectors"]
    told = [
        f"{row['times_one_by_one']:.1f} times as fast as a loop over single files and "
        f"at {row['share_of_bare']:.0%} of the speed of the network alone "
        f"({row['detector']})"
        for row in rows
    ]
    return (
        f"{found['n_images']:,} JPEGs of 32 pixels are labelled, on {n_cpus} "
        f"processors, {' and '.join(told)}."
    )


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--limit", type=int, default=N_IMAGES)
    parser.add_argument("--rounds", type=int, default=N_ROUNDS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    n_drawn = max(arguments.limit, N_TRAINING)
    X, y = make_images(n_drawn, return_X_y=True, random_state=arguments.seed)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary, "images")
        folder.mkdir()
        paths = write_images(X[: arguments.limit], folder)
        rows = [
            compare(
                name,
                detector.fit(X[:N_TRAINING], y[:N_TRAINING]),
                folder,
                paths,
                arguments.rounds,
            )
            for name, detector in make_detectors(arguments.seed).items()
        ]
    found = {
        "seed": arguments.seed,
        "n_images": len(paths),
        "n_rounds": arguments.rounds,
        "n_cpus": len(os.sched_getaffinity(0)),
        "n_torch_threads": torch.get_num_threads(),
        "detectors": rows,
        "machine": describe_machine(),
        "versions": describe_versions(),
    }
    arguments.output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(to_text(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
