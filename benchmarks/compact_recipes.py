"""What makes the training of `CompactDetector` shorter, and what that costs.

    python benchmarks/compact_recipes.py ../shared/data/cifake.tar.gz

trains it by one recipe after the other on nine tenths of CIFAKE's training images and
tests it on the rest of them, for several seeds: the test images take no part. Accuracy,
ROC-AUC and seconds of each run go to compact_recipes.json beside this file; what is
there is not trained again. Each run takes minutes; seconds mean something only where
nothing else runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from copy import deepcopy
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split
from skorch.callbacks import Callback

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.machines import name_processor
from skfake import Augmentation, CompactDetector
from skfake.datasets import load_cifake
from skfake.environment import describe_versions

RESULT = Path(__file__).with_suffix(".json")
SPLIT_SEED = 0


class Crops(Callback):
    """Crops of a side each, for a share of the epochs each, and then whole ones."""

    def __init__(self, *parts: tuple[int, float]) -> None:
        self.parts = parts

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Set the side of this epoch's crops."""
        done, end = (len(net.history) - 1) / net.max_epochs, 0.0
        net.training_size_ = None
        for side, share in self.parts:
            end += share
            if done < end - 1e-9:
                net.training_size_ = side
                break


class Averaging(Callback):
    """Predict with an exponential average of the weights of all steps."""

    def __init__(self, decay: float = 0.99) -> None:
        self.decay = decay

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Begin with the weights of the beginning."""
        self.average_ = deepcopy(net.module_.state_dict())
        self.n_steps_ = 0

    @torch.no_grad()
    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Take in the weights of a step."""
        if not training:
            return
        self.n_steps_ += 1
        # Soon after the beginning there is little to average over.
        share = 1 - min(self.decay, self.n_steps_ / (10 + self.n_steps_))
        for name, tensor in net.module_.state_dict().items():
            if tensor.is_floating_point():
                self.average_[name].lerp_(tensor, share)
            else:
                self.average_[name].copy_(tensor)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Put the average in place of the last weights."""
        net.module_.load_state_dict(self.average_)


def whole(**params: Any) -> CompactDetector:
    """Detector whose crops are what its callbacks make them."""
    return CompactDetector(augment=Augmentation(shift=2), **params)


def small_first(**params: Any) -> CompactDetector:
    """Half of the epochs on crops of 16 pixels, a third on crops of 24."""
    return whole(
        max_epochs=12,
        callbacks=[Crops((16, 1 / 2), (24, 1 / 3)), *params.pop("callbacks", [])],
        **params,
    )


RECIPES = {
    "as it is": CompactDetector(),
    "12 epochs": CompactDetector(max_epochs=12),
    "8 epochs": CompactDetector(max_epochs=8),
    "8 epochs, averaged": CompactDetector(max_epochs=8, callbacks=[Averaging()]),
    "8 epochs, batches of 256": CompactDetector(max_epochs=8, batch_size=256),
    "8 epochs, 32 and 128 filters": CompactDetector(max_epochs=8, n_filters=(32, 128)),
    "12 epochs, crops 16, 24, 32": small_first(),
    "12 epochs, crops 16, 24, 32, averaged": small_first(callbacks=[Averaging()]),
    "12 epochs, crops 16, 24, 32, batches of 256": small_first(batch_size=256),
    "16 epochs, crops 16, 24, 32": whole(
        max_epochs=16, callbacks=[Crops((16, 0.625), (24, 0.25))]
    ),
    "20 epochs, crops 16, 32": whole(max_epochs=20, callbacks=[Crops((16, 0.9))]),
    "12 epochs, crops 20, 32": whole(max_epochs=12, callbacks=[Crops((20, 5 / 6))]),
    "10 epochs, crops 20, 28": whole(
        max_epochs=10, callbacks=[Crops((20, 0.7), (28, 0.3))]
    ),
}


def run(recipe: str, seed: int, parts: list[np.ndarray]) -> dict[str, Any]:
    """Accuracy and seconds of one training."""
    X, X_test, y, y_test = parts
    detector = deepcopy(RECIPES[recipe])
    detector.set_params(random_state=seed, validation_fraction=None)
    started = perf_counter()
    detector.fit(X, y)
    seconds = perf_counter() - started
    scores = detector.predict_proba(X_test)[:, 1]
    return {
        "recipe": recipe,
        "seed": seed,
        "accuracy": accuracy_score(y_test, scores > 0.5),
        "roc_auc": roc_auc_score(y_test, scores),
        "seconds": round(seconds, 1),
        "processor": name_processor(),
        "precision": detector.net_.precision,
    }


def to_table(runs: list[dict[str, Any]]) -> pd.DataFrame:
    """Means over the seeds."""
    means = pd.DataFrame(runs).groupby(["processor", "recipe"], sort=False)
    return means.agg(
        accuracy=("accuracy", "mean"),
        roc_auc=("roc_auc", "mean"),
        seconds=("seconds", "mean"),
        runs=("seed", "count"),
    )


def main() -> int:
    """Run what has not been run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="CIFAKE: a folder, .zip or .tar")
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=RECIPES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    X, y = load_cifake(given.source, return_X_y=True)
    parts = train_test_split(X, y, test_size=0.1, stratify=y, random_state=SPLIT_SEED)
    runs: list[dict[str, Any]] = []
    if given.output.exists():
        runs = json.loads(given.output.read_text())["runs"]
    done = {(each["recipe"], each["seed"]) for each in runs}
    for seed in given.seeds:
        for recipe in given.recipes:
            if (recipe, seed) in done:
                continue
            runs.append(run(recipe, seed, parts))
            print(runs[-1], flush=True)
            made = {"split_seed": SPLIT_SEED, **describe_versions(), "runs": runs}
            given.output.write_text(json.dumps(made, indent=1) + "\n")
    print(to_table(runs).round(4).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
