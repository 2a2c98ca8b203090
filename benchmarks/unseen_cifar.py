"""Detectors of CIFAKE on fakes like CIFAR-10's by a generator that they never saw.

    python benchmarks/unseen_cifar.py GRID ../shared/data/cifake.tar.gz

GRID is an image of samples of 32 x 32 pixels with 2 black ones between them, such as
images/cifar10_samples.png of the GitHub repository w86763777/pytorch-ddpm: 256 samples
of a diffusion model, which are no part of skfake. They are told from the real test
images of CIFAKE, as they are and with both stored as JPEG of one quality, since those
are JPEG and these are not. The detectors are those that come with skfake. What is found
is in unseen_cifar.json beside this file.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from skfake import load_detector
from skfake.corruptions import corrupt
from skfake.datasets import load_cifake
from skfake.environment import describe_machine, describe_versions
from skfake.evaluation import evaluate_detectors
from skfake.images import read_image
from skfake.persistence.shipped import list_shipped

RESULT = Path(__file__).with_suffix(".json")
SEED = 0
SIDE, BETWEEN = 32, 2
QUALITY = 75
KEPT = ("roc_auc", "roc_auc_low", "roc_auc_high", "accuracy", "recall_0", "recall_1")


def cut_grid(path: Path) -> np.ndarray:
    """Samples (n, 32, 32, 3) of a grid."""
    grid = read_image(path)
    step = SIDE + BETWEEN
    rows, columns = (range(BETWEEN, side - SIDE, step) for side in grid.shape[:2])
    return np.stack([grid[r : r + SIDE, c : c + SIDE] for r in rows for c in columns])


def to_rst(found: dict[str, Any]) -> str:
    """A table of the manual."""
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "   :class: wide",
        "",
        "   * - Detector",
        "     - Fakes of",
        "     - as they are",
        "     - stored alike",
        "     - fakes found",
    ]
    kept = {(r["detector"], r["generator"], r["re_encoded"]): r for r in found["rows"]}
    for (name, generator, alike), row in kept.items():
        if alike:
            continue
        lines += [f"   * - {name}", f"     - {generator}"]
        for of in (row, kept[name, generator, True]):
            interval = f"{of['roc_auc_low']:.3f} to {of['roc_auc_high']:.3f}"
            lines.append(f"     - {of['roc_auc']:.3f} ({interval})")
        lines.append(f"     - {100 * row['recall_1']:.1f} %")
    return "\n".join(lines)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("grid", type=Path, help="image of samples")
    parser.add_argument("cifake", type=Path, help="CIFAKE's archive or folder")
    given = parser.parse_args()
    X, y = load_cifake(given.cifake, split="test", return_X_y=True)
    fakes = {"Stable Diffusion, as trained on": X[y == 1], "DDPM": cut_grid(given.grid)}
    detectors = {name: load_detector(name) for name in list_shipped()}
    rows = []
    for generator, of_one in fakes.items():
        for alike in (False, True):
            images = np.concatenate([X[y == 0], of_one])
            if alike:
                images = corrupt(images, "jpeg", QUALITY)
            target = np.repeat([0, 1], [(y == 0).sum(), len(of_one)])
            found = evaluate_detectors(detectors, images, target, random_state=SEED)
            for name, row in found.table[list(KEPT)].iterrows():
                rows.append(
                    {
                        "detector": name,
                        "generator": generator,
                        "n_fakes": len(of_one),
                        "re_encoded": alike,
                        **row.astype(float).round(5).to_dict(),
                    }
                )
                print(rows[-1], flush=True)
    facts = {**describe_machine(), **describe_versions()}
    RESULT.write_text(json.dumps({"rows": rows, **facts}, indent=1) + "\n")


if __name__ == "__main__":
    main()
