"""Detectors on generators that they were not trained on, at full resolution.

    python benchmarks/unseen_generators.py FOLDER FOLDER...

Each FOLDER is a source of images, class/file. Detectors are trained on a part of each
source, and tested on the rest of all: the diagonal of its matrix is the source itself,
all else is unseen. Sources, and the classes of one, differ in format and size as well;
so that this gives nothing away, the same is done with all images re-encoded alike: the
centre, at most 512 pixels wide, as JPEG of quality 90. What is done is in
unseen_generators.json beside this file, and is not done again. `--speed` measures how
long each takes for an image of 512 x 512 pixels, on a machine that does nothing else.

The figures in the manual are of 1,000 + 1,000 images of 512 pixels in
visionprobe/backend/data of the GitHub repository
DHANUSH7140/REAL-VS-AI-IMAGE-DETECTION-AND-SIMILAR-OBJECT-DETECTION, and of 600 + 200
faces of 1,024 pixels in data of dinablachman/realorfake. Their licences are unclear:
neither they nor what is trained on them is part of skfake.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from PIL import Image
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from skfake import (
    CNNDetector,
    CompactDetector,
    EncoderDetector,
    ResidualDetector,
    SVMDetector,
    TiledDetector,
)
from skfake.datasets import load_image_folder
from skfake.environment import describe_machine, describe_versions
from skfake.evaluation import compare_generators
from skfake.features import (
    DCTTransformer,
    ResidualTransformer,
    SpectrumTransformer,
)
from skfake.images import read_image
from skfake.scoring import score_images

RESULT = Path(__file__).with_suffix(".json")
SEED = 0
TEST_SIZE = 0.65
# Images that a detector whose time is measured is fitted to, and those that it judges.
N_FITTED, N_TIMED = 60, 200
PENALTIES = [0.001, 0.01, 0.1, 1.0, 10.0]
LARGEST, QUALITY = 512, 90
ENCODINGS = {False: "as they are", True: "re-encoded alike"}
KEPT = (
    "trained_on",
    "tested_on",
    "roc_auc",
    "roc_auc_low",
    "roc_auc_high",
    "accuracy",
    "n_fakes",
    "n_reals",
)


def make_detectors(weights: Path) -> dict[str, Any]:
    """Detectors by the names that tables show."""
    both: dict[str, Any] = {"random_state": SEED, "n_jobs": -1}

    def linear(*transformers: Any) -> Any:
        features = make_union(*transformers) if transformers[1:] else transformers[0]
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        penalties = {"logisticregression__C": PENALTIES}
        # Within the training images, once their features are there.
        search = GridSearchCV(classifier, penalties, scoring="roc_auc", cv=5)
        return make_pipeline(features, search)

    spectrum, dct = SpectrumTransformer(n_jobs=-1), DCTTransformer(n_jobs=-1)
    residual = ResidualTransformer(n_jobs=-1)
    trees = HistGradientBoostingClassifier(random_state=SEED)
    tiles: dict[str, Any] = {"max_tiles": 4, "random_state": SEED}
    # As many tiles as there are, again and again: fewer epochs do.
    of_tiles: dict[str, Any] = {"max_epochs": 10, **both}
    residual_tile = ResidualDetector(image_size=128, **of_tiles)
    compact_tile = CompactDetector(image_size=64, **of_tiles)
    robust_tile = CompactDetector.robust(image_size=64, **of_tiles)
    encoder: dict[str, Any] = {"weights": weights, **both}
    return {
        "ResidualDetector": ResidualDetector(**both),
        "ResidualDetector.robust": ResidualDetector.robust(**both),
        "residual, linear": linear(residual),
        "EncoderDetector": EncoderDetector(**encoder),
        "spectrum, DCT and residual, linear": linear(spectrum, dct, residual),
        "spectrum, linear": linear(spectrum),
        "DCT, linear": linear(dct),
        "residual, boosted trees": make_pipeline(residual, trees),
        "SVMDetector": SVMDetector(**both),
        "CNNDetector of 64 pixels": CNNDetector(image_size=64, **both),
        "CompactDetector of 128 pixels": CompactDetector(image_size=128, **both),
        "CompactDetector, squares of 128 pixels": CompactDetector(
            image_size=128, resize=False, **both
        ),
        "ResidualDetector in tiles": TiledDetector(residual_tile, **tiles),
        "CompactDetector in tiles": TiledDetector(compact_tile, **tiles),
        "CompactDetector.robust in tiles": TiledDetector(robust_tile, **tiles),
        "EncoderDetector of 5 crops": EncoderDetector(n_crops=5, **encoder),
    }


def gather(folders: Sequence[Path]) -> dict[str, Any]:
    """Paths, labels and sources of all images, each source by its folder's name."""
    parts = [load_image_folder(folder, return_X_y=True) for folder in folders]
    names = [folder.name for folder in folders]
    if len(set(names)) < len(names):
        names = [str(folder) for folder in folders]
    return {
        "X": np.concatenate([X for X, _ in parts]),
        "y": np.concatenate([y for _, y in parts]),
        "generators": np.repeat(names, [len(y) for _, y in parts]),
    }


def re_encode(X: Sequence[str], folder: Path) -> np.ndarray:
    """Paths of copies, all of which were cropped and compressed alike."""

    def copy(number: int, path: str) -> str:
        image = read_image(path)
        top, left = (max(side - LARGEST, 0) // 2 for side in image.shape[:2])
        centre = image[top : top + LARGEST, left : left + LARGEST].squeeze()
        target = folder / f"{number}.jpg"
        Image.fromarray(centre).convert("RGB").save(target, quality=QUALITY)
        return str(target)

    tasks = (delayed(copy)(number, path) for number, path in enumerate(X))
    return np.array(Parallel(n_jobs=-1)(tasks))


def measure(name: str, detector: Any, images: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of one detector's matrix."""
    # It is told that large images are resized: that is what is measured.
    with catch_warnings():
        simplefilter("ignore", UserWarning)
        found = compare_generators(
            {name: detector},
            **images,
            test_size=TEST_SIZE,
            random_state=SEED,
            check_data=False,
        )
    table = found.table
    return json.loads(table[[n for n in KEPT if n in table]].to_json(orient="records"))


def to_matrix(found: dict[str, Any], *, alike: bool) -> pd.DataFrame:
    """ROC-AUC of each detector, sources trained on and tested on in columns."""
    rows = [
        {"detector": run["detector"], **row}
        for run in found["runs"]
        if run["alike"] == alike
        for row in run["rows"]
    ]
    return pd.DataFrame(rows).pivot_table(
        index="detector", columns=["trained_on", "tested_on"], values="roc_auc"
    )


def to_rst(found: dict[str, Any], *, alike: bool) -> str:
    """The matrix as a table of the manual: AUC and interval, best at home first."""
    matrix = to_matrix(found, alike=alike)
    ways = sorted(matrix.columns, key=lambda way: (way[0] != way[1], way))
    order = matrix[ways[: len(ways) // 2]].mean(axis=1).sort_values(ascending=False)
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "   :widths: 32 15 15 15 15 8",
        "   :class: wide",
        "",
        "   * - Detector",
        *(f"     - {trained} to {tested}" for trained, tested in ways),
        "     - ms an image",
    ]
    runs = {of["detector"]: of for of in found["runs"] if of["alike"] == alike}
    for name in order.index:
        rows = {(r["trained_on"], r["tested_on"]): r for r in runs[name]["rows"]}
        lines.append(f"   * - {name}")
        for way in ways:
            row = rows[way]
            lines.append(
                f"     - {row['roc_auc']:.3f} "
                f"({row['roc_auc_low']:.3f} to {row['roc_auc_high']:.3f})"
            )
        # It is measured apart, when nothing else runs.
        time = found["speed"]["milliseconds"].get(name)
        lines.append(f"     - {'to come' if time is None else f'{time:.1f}'}")
    return "\n".join(lines)


def measure_speed(detectors: dict[str, Any], images: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds of an image of the first source, opened and judged."""
    X, y = (images[k][images["generators"] == images["generators"][0]] for k in "Xy")
    X, X_timed, y, _ = train_test_split(
        X, y, train_size=N_FITTED, test_size=N_TIMED, stratify=y, random_state=SEED
    )
    milliseconds = {}
    for name, detector in detectors.items():
        # What it learns does not change how long it takes.
        epochs = [n for n in detector.get_params() if n.endswith("max_epochs")]
        with catch_warnings():
            simplefilter("ignore", UserWarning)
            quick = clone(detector).set_params(**dict.fromkeys(epochs, 1)).fit(X, y)
        times = []
        for _ in range(3):
            start = time.perf_counter()
            score_images(quick, X_timed)
            times.append(time.perf_counter() - start)
        milliseconds[name] = round(1000 * min(times) / len(X_timed), 2)
        print(name, milliseconds[name], flush=True)
    facts = {**describe_machine(), **describe_versions()}
    return {"milliseconds": milliseconds, "n_images": len(X_timed), **facts}


def main() -> None:
    """Measure what has not been measured yet."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("folders", type=Path, nargs="+", help="sources, each class/file")
    weights = Path("../shared/weights/resnet50_imagenet.safetensors")
    add("--weights", type=Path, default=weights, help="of ResNet-50")
    add("--detectors", nargs="*", help="default: all", choices=make_detectors(weights))
    add("--output", type=Path, default=RESULT)
    speed = "times of the detectors that are done, on a quiet machine, and nothing else"
    add("--speed", action="store_true", help=speed)
    given = parser.parse_args()
    detectors = make_detectors(given.weights)
    images = gather(given.folders)
    found: dict[str, Any] = {"runs": []}
    if given.output.exists():
        found = json.loads(given.output.read_text())
    if given.speed:
        done = {run["detector"] for run in found["runs"]}
        timed = {name: of for name, of in detectors.items() if name in done}
        found["speed"] = measure_speed(timed, images)
        given.output.write_text(json.dumps(found, indent=1) + "\n")
        return
    with TemporaryDirectory() as folder:
        copies = re_encode(images["X"], Path(folder))
        for name in given.detectors or detectors:
            for alike in ENCODINGS:
                plan = {"detector": name, "alike": alike}
                if any(plan.items() <= run.items() for run in found["runs"]):
                    continue
                of = images | ({"X": copies} if alike else {})
                rows = measure(name, detectors[name], of)
                run = {**plan, "n_images": len(of["y"]), "rows": rows}
                found["runs"].append(
                    {**run, **describe_machine(), **describe_versions()}
                )
                given.output.write_text(json.dumps(found, indent=1) + "\n")
                print(
                    name, ENCODINGS[alike], [row["roc_auc"] for row in rows], flush=True
                )
    for alike, words in ENCODINGS.items():
        print(f"Images {words}:")
        print(to_matrix(found, alike=alike).round(3).to_string())


if __name__ == "__main__":
    main()
