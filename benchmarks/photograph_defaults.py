"""Which settings suit photographs: detectors and image sizes on images of 512 pixels.

    python benchmarks/photograph_defaults.py FOLDER

FOLDER holds ai/ and real/ (the 1,000 + 1,000 images of 512 x 512 pixels in
visionprobe/backend/data of the GitHub repository
DHANUSH7140/REAL-VS-AI-IMAGE-DETECTION-AND-SIMILAR-OBJECT-DETECTION: one JPEG table for
both classes, licence unclear, so that neither they nor what is trained on them is part
of skfake). It fits each candidate to 700 of them, chooses by 300 others, and tests on
the last 1,000; those of `DAMAGED_TOO` also on these after what platforms do to an
upload, each image by another condition of the suite. What is done is in
photograph_defaults.json beside this file, and is not done again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from skfake import (
    CNNDetector,
    CompactDetector,
    ResidualDetector,
    SVMDetector,
    TiledDetector,
)
from skfake.corruptions.conditions import list_conditions
from skfake.corruptions.damage import corrupt_in_turn
from skfake.datasets import load_image_folder
from skfake.environment import describe_machine, describe_versions
from skfake.scoring import score_images

RESULT = Path(__file__).with_suffix(".json")
SEED = 0
N_TRAIN, N_CHOICE = 700, 300
SOURCE = (
    "visionprobe/backend/data of DHANUSH7140/"
    "REAL-VS-AI-IMAGE-DETECTION-AND-SIMILAR-OBJECT-DETECTION"
)
SEEDED: dict[str, Any] = {"random_state": SEED, "n_jobs": -1}
CANDIDATES = {
    "SVMDetector()": SVMDetector(**SEEDED),
    "SVMDetector(image_size=64)": SVMDetector(image_size=64, **SEEDED),
    "SVMDetector(image_size=128, pixels_per_cell=16)": SVMDetector(
        image_size=128, pixels_per_cell=16, **SEEDED
    ),
    "TiledDetector(SVMDetector())": TiledDetector(
        SVMDetector(**SEEDED), random_state=SEED
    ),
    "CNNDetector()": CNNDetector(**SEEDED),
    "CNNDetector(image_size=64)": CNNDetector(image_size=64, **SEEDED),
    "CNNDetector(image_size=128)": CNNDetector(image_size=128, **SEEDED),
    "CompactDetector()": CompactDetector(**SEEDED),
    "CompactDetector(max_epochs=30)": CompactDetector(max_epochs=30, **SEEDED),
    "CompactDetector(image_size=64)": CompactDetector(image_size=64, **SEEDED),
    "CompactDetector(image_size=128)": CompactDetector(image_size=128, **SEEDED),
    "CompactDetector(image_size=128, resize=False)": CompactDetector(
        image_size=128, resize=False, **SEEDED
    ),
    "ResidualDetector()": ResidualDetector(**SEEDED),
    "ResidualDetector.robust()": ResidualDetector.robust(**SEEDED),
    "TiledDetector(ResidualDetector(image_size=128), max_tiles=4)": TiledDetector(
        ResidualDetector(image_size=128, **SEEDED), max_tiles=4, random_state=SEED
    ),
    "TiledDetector(CompactDetector(), max_tiles=16)": TiledDetector(
        CompactDetector(**SEEDED), max_tiles=16, random_state=SEED
    ),
    "TiledDetector(CompactDetector(image_size=64), max_tiles=8)": TiledDetector(
        CompactDetector(image_size=64, **SEEDED), max_tiles=8, random_state=SEED
    ),
    "TiledDetector(CompactDetector.robust(image_size=64), max_tiles=8)": TiledDetector(
        CompactDetector.robust(image_size=64, **SEEDED), max_tiles=8, random_state=SEED
    ),
}
SUITE = "platform"
# Those that are the best as they are, and their robust recipes.
DAMAGED_TOO = (
    "ResidualDetector()",
    "ResidualDetector.robust()",
    "TiledDetector(ResidualDetector(image_size=128), max_tiles=4)",
    "TiledDetector(CompactDetector(image_size=64), max_tiles=8)",
    "TiledDetector(CompactDetector.robust(image_size=64), max_tiles=8)",
)


def split(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Training images, those that settings are chosen by, and test images."""
    X, y = load_image_folder(folder, return_X_y=True)
    X, X_test, y, y_test = train_test_split(
        X, y, train_size=N_TRAIN + N_CHOICE, stratify=y, random_state=SEED
    )
    X, X_choice, y, y_choice = train_test_split(
        X, y, train_size=N_TRAIN, stratify=y, random_state=SEED
    )
    return {"train": (X, y), "choice": (X_choice, y_choice), "test": (X_test, y_test)}


def damage(X: np.ndarray) -> np.ndarray:
    """Images as platforms show them: each by one condition of the suite, in turn."""
    conditions = list_conditions(SUITE)
    damaged = np.empty(len(X), dtype=object)
    for number, condition in enumerate(conditions):
        rows = slice(number, None, len(conditions))
        damaged[rows] = list(corrupt_in_turn(X[rows], condition.steps, random_state=0))
    return damaged


def measure(detector: Any, parts: dict[str, tuple]) -> dict[str, Any]:
    """Accuracy and ROC-AUC of one candidate."""
    # It is told that large images are resized: that is what is measured.
    started = time.perf_counter()
    with catch_warnings():
        simplefilter("ignore", UserWarning)
        detector.fit(*parts["train"])
    found: dict[str, Any] = {"fit_seconds": round(time.perf_counter() - started, 1)}
    for part, (X, y) in parts.items():
        if part == "train":
            continue
        scores = score_images(detector, X)
        found[part] = {
            "accuracy": accuracy_score(y, scores.labels),
            "roc_auc": roc_auc_score(y, scores.values[:, 1]),
        }
    return found


def to_rst(found: dict) -> str:
    """The table of the manual, the best of those to choose by first."""
    rows = sorted(
        found["candidates"].items(), key=lambda item: -item[1]["choice"]["roc_auc"]
    )
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "   :widths: 58 11 11 10 10",
        "",
        "   * - Detector",
        "     - Choice, AUC",
        "     - Test",
        "     - AUC",
        "     - Damaged, AUC",
    ]
    for name, row in rows:
        lines += [
            f"   * - `{name}`",
            f"     - {row['choice']['roc_auc']:.3f}",
            f"     - {100 * row['test']['accuracy']:.1f} %",
            f"     - {row['test']['roc_auc']:.3f}",
            f"     - {row['damaged']['roc_auc']:.3f}" if "damaged" in row else "     -",
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure what has not been measured yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    parts = split(arguments.folder)
    found = {
        "source": SOURCE,
        "seed": SEED,
        "n_images": {name: len(y) for name, (_, y) in parts.items()},
        "versions": describe_versions(),
        "machine": describe_machine(),
        "candidates": {},
    }
    if arguments.output.exists():
        found = json.loads(arguments.output.read_text(encoding="utf-8"))
    for name, detector in CANDIDATES.items():
        if name not in found["candidates"]:
            used = dict(parts)
            if name in DAMAGED_TOO:
                X, y = parts["test"]
                used["damaged"] = (damage(X), y)
            row = measure(detector, used) | {"machine": describe_machine()}
            found["candidates"][name] = row
            print(f"{name}: {row}", flush=True)
            text = json.dumps(found, indent=2)
            arguments.output.write_text(text + "\n", encoding="utf-8")
    print(to_rst(found))


if __name__ == "__main__":
    main()
