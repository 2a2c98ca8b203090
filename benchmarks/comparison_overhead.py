"""What a comparison spends on anything but fitting and predicting.

    python benchmarks/comparison_overhead.py ../shared/data/cifake.tar.gz

compares five detectors, trained on 20,000 images of CIFAKE and tested on as many, and
writes the seconds to comparison_overhead.json beside this file: in all, within the
methods of the detectors, and of what is left the search for leaks and the intervals.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfake import (
    CNNDetector,
    CompactDetector,
    HOGTransformer,
    SVMDetector,
    compare_detectors,
)
from skfake.datasets import load_cifake
from skfake.environment import describe_machine, describe_versions

RESULT = Path(__file__).with_suffix(".json")
N_IMAGES = 20_000


class Timed(ClassifierMixin, BaseEstimator):
    """A classifier whose methods add to a common number of seconds."""

    seconds = 0.0

    def __init__(self, detector: Any) -> None:
        self.detector = detector

    def fit(self, X: Any, y: Any) -> Timed:
        self.detector_ = clone(self.detector)
        self._measure("fit", X, y)
        self.classes_ = self.detector_.classes_
        return self

    def predict(self, X: Any) -> np.ndarray:
        return self._measure("predict", X)

    def predict_proba(self, X: Any) -> np.ndarray:
        return self._measure("predict_proba", X)

    def _measure(self, method: str, *arguments: Any) -> Any:
        started = perf_counter()
        found = getattr(self.detector_, method)(*arguments)
        Timed.seconds += perf_counter() - started
        return found


def make_detectors(seed: int) -> dict[str, Any]:
    """Five that are fitted fast, so that the rest has its greatest share."""
    hog = HOGTransformer(image_size=32)
    logistic = LogisticRegression(max_iter=200)
    return {
        "logistic": make_pipeline(hog, StandardScaler(), logistic),
        "forest": make_pipeline(hog, RandomForestClassifier(random_state=seed)),
        "SVM": SVMDetector(probability=True, random_state=seed),
        "CNN": CNNDetector(random_state=seed),
        "Compact": CompactDetector(random_state=seed),
    }


def to_text(found: dict) -> str:
    """A sentence for the manual."""
    return (
        f"Of the {found['seconds']:.0f} seconds in which five detectors were trained "
        f"on {found['n_images']:,} images of CIFAKE and compared on "
        f"{found['n_test_images']:,}, {found['share']:.1%} were spent in their own "
        "methods."
    )


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="CIFAKE: a folder, .zip or .tar")
    parser.add_argument("--limit", type=int, default=N_IMAGES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    parts = []
    for split in ("train", "test"):
        images = load_cifake(arguments.source, split=split)
        rows = np.random.default_rng(arguments.seed).permutation(len(images.target))
        rows = rows[: arguments.limit]
        parts.append((images.data[rows], images.target[rows]))
    detectors = make_detectors(arguments.seed)
    started = perf_counter()
    comparison = compare_detectors(
        {name: Timed(detector) for name, detector in detectors.items()},
        *parts[0],
        test=parts[1],
        random_state=arguments.seed,
    )
    seconds = perf_counter() - started
    if comparison.errors:
        raise RuntimeError(f"All detectors must work; got {comparison.errors}.")
    found = {
        "seed": arguments.seed,
        "n_images": len(parts[0][1]),
        "n_test_images": len(parts[1][1]),
        "detectors": list(detectors),
        "seconds": seconds,
        "seconds_in_detectors": Timed.seconds,
        "share": Timed.seconds / seconds,
        "machine": describe_machine(),
        "versions": describe_versions(),
    }
    arguments.output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(to_text(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
