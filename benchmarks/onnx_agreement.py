"""Exported detectors beside those of Python: their answers, their sizes, their speed.

    python benchmarks/onnx_agreement.py

fits every detector with a network for an epoch on simulated images, exports it, lets
onnxruntime and `predict_proba` judge the same images, and writes the largest difference
of a probability, the size of the file and the images a second of both, measured in
turn on the CPU with as many threads, to onnx_agreement.json beside this file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime
import torch

from skfake import (
    CNNDetector,
    CompactDetector,
    DenseNetDetector,
    ResNetDetector,
    VGGDetector,
    export_onnx,
)
from skfake.datasets import make_images
from skfake.environment import describe_machine, describe_versions

RESULT = Path(__file__).with_suffix(".json")
DETECTORS = {
    "CNN": CNNDetector,
    "Compact": CompactDetector,
    "ResNet-50": ResNetDetector,
    "VGG-16": VGGDetector,
    "DenseNet-121": DenseNetDetector,
}
N_TRAINING, N_IMAGES, N_TIMED, N_ROUNDS = 200, 1000, 250, 5


def open_session(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Judge of images by onnxruntime, with the threads that torch has."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"]
    )
    return lambda images: session.run(["probabilities"], {"images": images})[0]


def measure_speeds(
    judges: dict[str, Callable[[np.ndarray], np.ndarray]], images: np.ndarray
) -> dict[str, float]:
    """Median images a second of each judge, all in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in judges}
    for judge in judges.values():
        judge(images)
    for _ in range(N_ROUNDS):
        for name, judge in judges.items():
            started = perf_counter()
            judge(images)
            seconds[name].append(perf_counter() - started)
    return {name: len(images) / median(times) for name, times in seconds.items()}


def measure(name: str, path: Path, seed: int) -> dict[str, Any]:
    """Fit and export one detector, and hold the file against it."""
    X, y = make_images(
        n_samples=N_TRAINING + N_IMAGES, return_X_y=True, random_state=seed
    )
    detector = DETECTORS[name](max_epochs=1, device="cpu", random_state=seed)
    detector.fit(X[:N_TRAINING], y[:N_TRAINING])
    export_onnx(detector, path)
    judge = open_session(path)
    images = X[N_TRAINING:]
    difference = np.abs(judge(images) - detector.predict_proba(images)).max()
    speeds = measure_speeds(
        {"onnxruntime": judge, "predict_proba": detector.predict_proba},
        images[:N_TIMED],
    )
    return {
        "detector": name,
        "n_images": len(images),
        "largest_difference": float(difference),
        "bytes": path.stat().st_size,
        "images_per_second": speeds,
        "speed_ratio": speeds["onnxruntime"] / speeds["predict_proba"],
    }


def to_rst(found: dict) -> str:
    """Table for the manual."""
    header = (
        "Detector",
        "Largest difference",
        "File, MB",
        "onnxruntime, images/s",
        "`predict_proba`, images/s",
        "Ratio",
    )
    lines = [
        ".. csv-table::",
        "   :header: " + ", ".join(f'"{name}"' for name in header),
        "",
    ]
    for row in found["detectors"]:
        speeds = row["images_per_second"]
        cells = (
            row["detector"],
            f"{row['largest_difference']:.0e}",
            f"{row['bytes'] / 1e6:.1f}",
            f"{speeds['onnxruntime']:,.0f}",
            f"{speeds['predict_proba']:,.0f}",
            f"{row['speed_ratio']:.1f}",
        )
        lines.append("   " + ", ".join(f'"{cell}"' for cell in cells))
    versions = ", ".join(f"{k} {v}" for k, v in found["versions"].items())
    threads = found["n_threads"]
    lines += [
        "",
        f"{found['machine']['processor']}, {threads} thread{'s' * (threads > 1)}; "
        f"{versions}.",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    rows = []
    with TemporaryDirectory() as folder:
        for name in DETECTORS:
            print(name, file=sys.stderr, flush=True)
            rows.append(measure(name, Path(folder, "detector.onnx"), arguments.seed))
    packages = ("onnx", "onnxruntime", "onnxscript")
    found = {
        "seed": arguments.seed,
        "n_training_images": N_TRAINING,
        "n_timed_images": N_TIMED,
        "n_rounds": N_ROUNDS,
        "n_threads": torch.get_num_threads(),
        "detectors": rows,
        "machine": describe_machine(),
        "versions": {
            **describe_versions(),
            **{package: version(package) for package in packages},
        },
    }
    arguments.output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(to_rst(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
