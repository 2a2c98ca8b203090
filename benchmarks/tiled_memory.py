"""What it takes to judge large photographs by tiles: memory and time.

    python benchmarks/tiled_memory.py

writes JPEG files of 12, 24 and 100 megapixels, and judges each of them in a process of
its own: by `CompactDetector` and by `SVMDetector`, tile by tile of 32 pixels. Beside
this file, tiled_memory.json then holds the peak of resident memory of the whole
process, that of the same process as it stood before it opened the file, the seconds
that one processor computed, and tiles a second.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

RESULT = Path(__file__).with_suffix(".json")
# Width and height of common cameras, and of the largest that is asked for here.
SIZES = {12: (4000, 3000), 24: (6000, 4000), 100: (10_000, 10_000)}
DETECTORS = ("Compact", "SVM")
SEED = 0


# On Linux a process inherits the peak of the one that starts it: this one stays small,
# and everything that takes memory is a process of its own.
def prepare(folder: Path) -> None:
    """Write the photographs, and detectors fitted to small images."""
    import joblib
    from PIL import Image

    from skfake import CompactDetector, SVMDetector
    from skfake.datasets import make_images
    from skfake.datasets.simulated import _photographs

    patches = [photograph.crop((0, 0, 400, 300)) for photograph in _photographs()]
    for name, (width, height) in SIZES.items():
        image = Image.new("RGB", (width, height))
        for i in range(-(-width // 400) * -(-height // 300)):
            row, column = divmod(i, -(-width // 400))
            image.paste(patches[i % len(patches)], (400 * column, 300 * row))
        image.save(folder / f"{name}.jpg", quality=90)
    X, y = make_images(n_samples=600, return_X_y=True, random_state=SEED)
    detectors = {
        "SVM": SVMDetector(engine="scikit-learn"),
        "Compact": CompactDetector(max_epochs=2, random_state=SEED, device="cpu"),
    }
    for name in DETECTORS:
        joblib.dump(detectors[name].fit(X, y), folder / f"{name}.joblib")


def judge(folder: Path, detector: str, name: str) -> None:
    """Judge one photograph and print what it took."""
    from resource import RUSAGE_SELF, getrusage
    from time import process_time

    import joblib
    import numpy as np
    from sklearn.frozen import FrozenEstimator

    from skfake import TiledDetector

    tiled = TiledDetector(FrozenEstimator(joblib.load(folder / f"{detector}.joblib")))
    tiled.predict(np.zeros((1, 64, 64, 3), np.uint8))
    # Kilobytes of 1024 bytes; on macOS, bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    before = getrusage(RUSAGE_SELF).ru_maxrss * unit
    started = process_time()
    boxes, scores = tiled.score_tiles([folder / f"{name}.jpg"])[0]
    seconds = process_time() - started
    found = {
        "detector": detector,
        "megapixels": SIZES[int(name)][0] * SIZES[int(name)][1] / 1e6,
        "peak_mb": getrusage(RUSAGE_SELF).ru_maxrss * unit / 1e6,
        "before_mb": before / 1e6,
        "seconds": seconds,
        "n_tiles": len(boxes),
        "tiles_per_second": len(scores) / seconds,
    }
    print(json.dumps(found))


def describe() -> None:
    """Print what the metrics were measured on."""
    from skfake.environment import describe_machine, describe_versions

    described = {"machine": describe_machine(), "versions": describe_versions()}
    print(json.dumps(described))


def run(*arguments: str) -> str:
    """What this script prints in a process of its own, on one thread."""
    command = [sys.executable, __file__, *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def to_table(found: dict) -> str:
    """A table for the manual."""
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "",
        *_line(
            "detector", "megapixels", "peak, MB", "before, MB", "seconds", "tiles/s"
        ),
    ]
    for row in found["rows"]:
        lines += _line(
            row["detector"],
            f"{row['megapixels']:.0f}",
            f"{row['peak_mb']:,.0f}",
            f"{row['before_mb']:,.0f}",
            f"{row['seconds']:.1f}",
            f"{row['tiles_per_second']:,.0f}",
        )
    return "\n".join(lines)


def _line(*cells: str) -> list[str]:
    first, *others = cells
    return [f"   * - {first}", *(f"     - {cell}" for cell in others)]


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=RESULT)
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        step, *rest = arguments.step
        steps = {"prepare": prepare, "judge": judge, "describe": describe}
        steps[step](*(Path(rest[0]), *rest[1:]) if rest else ())
        return 0
    with TemporaryDirectory() as folder:
        run("--step", "prepare", folder)
        rows = [
            json.loads(run("--step", "judge", folder, detector, str(name)))
            for detector in DETECTORS
            for name in SIZES
        ]
    found = {"seed": SEED, "rows": rows, **json.loads(run("--step", "describe"))}
    arguments.output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(to_table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
