"""Train the detectors that come with skfake, and put them into the package.

    python benchmarks/shipped_detectors.py ../shared/data/cifake.tar.gz

trains on CIFAKE's training images, tests on its test images, and writes each detector,
with its card, to skfake/persistence/trained; what was measured, and the digest of each
file, are in shipped_detectors.json beside this file. What is there is not done again,
without `--force`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

import skfake
from skfake.datasets import find_duplicates, load_cifake
from skfake.environment import describe_machine, describe_versions
from skfake.evaluation import evaluate_detectors
from skfake.persistence.card import LIMITS
from skfake.persistence.shipped import FOLDER

RESULT = Path(__file__).with_suffix(".json")
SEED = 0
MAX_BYTES = 5_000_000
DATA = (
    "CIFAKE: 100,000 images of 32 x 32 pixels, one half from CIFAR-10 and the other "
    "made by Stable Diffusion 1.4 after its classes; tested on the 20,000 test images"
)
OWN_LIMITS = (
    "It knows images like CIFAKE's alone: of 32 x 32 pixels, of ten subjects, with the "
    "fakes of one generator. Photographs and other generators are not among them."
)


class Recipe(NamedTuple):
    """A detector that is trained, and what its card says of it."""

    detector: Any
    title: str


def make_recipes() -> dict[str, Recipe]:
    """Recipes by the names that `load_detector` knows the detectors by."""
    settings: dict[str, Any] = {
        "validation_fraction": None,
        "random_state": SEED,
        "verbose": 1,
    }
    return {
        "cifake": Recipe(skfake.CompactDetector(**settings), "CIFAKE"),
        "cifake-robust": Recipe(
            skfake.CompactDetector.robust(**settings), "CIFAKE, images damaged"
        ),
    }


def make(name: str, recipe: Recipe, source: Path, limit: int | None) -> dict[str, Any]:
    """Train, test and write a detector."""
    detector = recipe.detector
    X, y = load_cifake(source, return_X_y=True)
    if limit is not None:
        some = np.linspace(0, len(y) - 1, limit).astype(int)
        X, y = X[some], y[some]
    X_test, y_test = load_cifake(source, split="test", return_X_y=True)
    start = time.perf_counter()
    detector.fit(X, y)
    seconds = time.perf_counter() - start
    leaks = np.unique(find_duplicates(X_test, X)[:, 0])
    rows = np.arange(len(y_test))
    tested = {"all": rows, "without_leaks": np.setdiff1d(rows, leaks)}
    metrics = {
        part: evaluate_detectors(
            {name: detector}, X_test[rows], y_test[rows], random_state=SEED
        )
        .table.drop(columns=["predict_seconds"])
        .iloc[0]
        .dropna()
        .to_dict()
        for part, rows in tested.items()
    }
    detector.set_params(verbose=0)
    card = skfake.ModelCard(
        title=recipe.title,
        data=f"{DATA}, {len(leaks)} of which are copies of training images.",
        metrics=metrics["all"],
        limits=f"{OWN_LIMITS} {LIMITS}",
        license="MIT",
    )
    path = FOLDER / f"{name}.skfake"
    FOLDER.mkdir(exist_ok=True)
    skfake.save_detector(detector, path, card=card, fingerprints=False)
    n_bytes = path.stat().st_size
    if n_bytes > MAX_BYTES:
        raise SystemExit(f"{path} has {n_bytes:,} bytes, more than {MAX_BYTES:,}.")
    return {
        "name": name,
        "params": repr(detector),
        "n_train": len(y),
        "n_test": len(y_test),
        "n_leaks": len(leaks),
        "precision": detector.net_.precision,
        "fit_seconds": round(seconds, 1),
        **metrics,
        "n_bytes": n_bytes,
        "digest": hashlib.sha256(path.read_bytes()).hexdigest(),
        **describe_machine(),
        **describe_versions(),
    }


def to_text(found: list[dict[str, Any]]) -> str:
    """What each is on test images, those that leak left out."""
    said = [
        f'"{of["name"]}" gets {100 * of["without_leaks"]["accuracy"]:.1f} % right '
        f"(ROC-AUC {of['without_leaks']['roc_auc']:.4f})"
        for of in found
    ]
    n = f"{found[0]['n_test'] - found[0]['n_leaks']:,}"
    return f"Of the {n} test images that do not leak, {', and '.join(said)}."


def main() -> None:
    """Make those that are not there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("source", type=Path, help="CIFAKE's archive or folder")
    add("--names", nargs="*", help="default: all", choices=make_recipes())
    add("--limit", type=int, help="training images, to try the script")
    add("--force", action="store_true", help="make those that are there, too")
    given = parser.parse_args()
    found = json.loads(RESULT.read_text()) if RESULT.exists() else []
    for name, recipe in make_recipes().items():
        if given.names and name not in given.names:
            continue
        if not given.force and any(of["name"] == name for of in found):
            continue
        made = make(name, recipe, given.source, given.limit)
        found = [of for of in found if of["name"] != name] + [made]
        RESULT.write_text(json.dumps(found, indent=1) + "\n")
        print(f"{name}: {made['n_bytes']:,} bytes, SHA-256 {made['digest']}")


if __name__ == "__main__":
    main()
