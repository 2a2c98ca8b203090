"""Whether maps of detectors point to where the trace of a fake is known to be.

    python benchmarks/explanation_pointing.py

draws images of blurred noise, of which each second one is chequered in one quarter and
counts as fake, fits the six detectors, and writes explanation_pointing.json beside this
file: of the fakes that were held out, the share whose map for "fake" has its greatest
sum in that quarter (a guess finds a fourth of them), by every method, and by the
default one at the last layer with more than one position. And how much of each map
stays when the weights are drawn at random, as the mean rank correlation: the check of
J. Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from scipy.stats import spearmanr

from skfake import (
    Augmentation,
    CNNDetector,
    CompactDetector,
    DenseNetDetector,
    ResNetDetector,
    SVMDetector,
    VGGDetector,
)
from skfake.environment import describe_machine, describe_versions
from skfake.explanation import saliency_maps

RESULT = Path(__file__).with_suffix(".json")
METHODS = ("integrated", "grad-cam", "hirescam", "layercam")
SIDE = 32
# Layers whose maps have 2x2 positions for images of 32 pixels.
COARSE = {
    "ResNet": "layer3.1",
    "VGG": "features.27",
    "DenseNet": "features.transition3.conv",
}


def make_quarters(
    n: int, *, amplitude: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, labels, and the number of the chequered quarter, row by row."""
    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.normal(size=(n, SIDE, SIDE, 3)), (0, 2, 2, 0))
    X = 128 + 35 * noise / noise.std() + rng.normal(0, 4, noise.shape)
    y = np.arange(n) % 2
    quarters = rng.integers(4, size=n)
    half = SIDE // 2
    chequered = 2 * ((np.indices((half, half)) // 2).sum(axis=0) % 2) - 1
    for i in np.flatnonzero(y):
        row, column = divmod(quarters[i], 2)
        part = X[i, row * half :, column * half :][:half, :half]
        part += amplitude * chequered[..., None]
    return X.clip(0, 255).astype(np.uint8), y, quarters


def make_detectors(seed: int) -> dict[str, Any]:
    """The six, in settings that learn from a few hundred images in seconds."""
    tiny: dict[str, Any] = {
        "batch_size": 16,
        "label_smoothing": 0.0,
        "validation_fraction": None,
        "precision": "float32",
        "device": "cpu",
        "random_state": seed,
    }
    # The quarters stay where they are in training.
    whole = {"augment": Augmentation(crop=None, flip=False), **tiny}
    deep = {"max_epochs": 4, "optimizer": "adamw", "lr": 1e-3, **whole}
    return {
        "SVM": SVMDetector(),
        "CNN": CNNDetector(max_epochs=8, **tiny),
        "Compact": CompactDetector(max_epochs=6, **whole),
        "ResNet": ResNetDetector(depth=18, weights=None, **deep),
        "VGG": VGGDetector(depth=11, weights=None, **deep),
        "DenseNet": DenseNetDetector(weights=None, **deep),
    }


def share_found(maps: np.ndarray, quarters: np.ndarray) -> float:
    """Share of the maps whose greatest quarter is the right one."""
    half = SIDE // 2
    sums = maps.reshape(-1, 2, half, 2, half).sum(axis=(2, 4)).reshape(-1, 4)
    return float((sums.argmax(axis=1) == quarters).mean())


def rank_correlation(maps: np.ndarray, others: np.ndarray) -> float:
    """Mean of the rank correlations of maps of the same image."""
    pairs = zip(maps, others, strict=True)
    return float(np.mean([spearmanr(*map(np.ravel, p)).statistic for p in pairs]))


def randomize(detector: Any, seed: int) -> None:
    """Draw all weights anew, of the same variance."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in detector.net_.module_.parameters():
            if weights.ndim > 1:
                weights.normal_(0, weights.std().item(), generator=generator)


def measure(name: str, detector: Any, fakes: np.ndarray, quarters: np.ndarray) -> dict:
    """Metrics of a fitted detector."""
    if name == "SVM":
        maps = saliency_maps(detector, fakes, label=1)
        return {"pointing": {"cells": share_found(maps, quarters)}}
    found: dict[str, Any] = {"pointing": {}, "correlation_with_random_weights": {}}
    trained = {m: saliency_maps(detector, fakes, label=1, method=m) for m in METHODS}
    for method, maps in trained.items():
        found["pointing"][method] = share_found(maps, quarters)
    if name in COARSE:
        maps = saliency_maps(detector, fakes, label=1, layer=COARSE[name])
        found["pointing"]["integrated, 2x2 positions"] = share_found(maps, quarters)
    randomize(detector, seed=0)
    for method, maps in trained.items():
        others = saliency_maps(detector, fakes, label=1, method=method)
        correlation = rank_correlation(maps, others)
        found["correlation_with_random_weights"][method] = correlation
    return found


def to_text(name: str, found: dict) -> str:
    """A line of a table."""
    shares = ", ".join(f"{of} {share:.0%}" for of, share in found["pointing"].items())
    line = f"{name:9} accuracy {found['accuracy']:.0%}; points right: {shares}"
    stays = found.get("correlation_with_random_weights")
    if stays:
        said = ", ".join(f"{method} {value:.2f}" for method, value in stays.items())
        line += f"; correlation with random weights: {said}"
    return line


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--n-train", type=int, default=256)
    parser.add_argument("--n-test", type=int, default=200)
    parser.add_argument("--amplitude", type=float, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    seed, amplitude = arguments.seed, arguments.amplitude
    X, y, _ = make_quarters(arguments.n_train, amplitude=amplitude, seed=seed)
    held_out = make_quarters(arguments.n_test, amplitude=amplitude, seed=seed + 1)
    X_test, y_test, quarters = held_out
    detectors = {}
    for name, detector in make_detectors(seed).items():
        detector.fit(X, y)
        found = {"accuracy": float(detector.score(X_test, y_test))}
        fake = y_test == 1
        found |= measure(name, detector, X_test[fake], quarters[fake])
        detectors[name] = found
        print(to_text(name, found), flush=True)
    result = {
        "seed": seed,
        "amplitude": amplitude,
        "n_train": len(y),
        "n_fakes": int(y_test.sum()),
        "detectors": detectors,
        "machine": describe_machine(),
        "versions": describe_versions(),
    }
    arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
