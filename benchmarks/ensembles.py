"""How right detectors are on CIFAKE together: large ones, alone and as ensembles.

    python benchmarks/ensembles.py ../shared/data/cifake.tar.gz --train NAME...

trains members and keeps, in the folder beside this file, what each says of 5,000 images
that are held out of the training part, and of the test images; of damaged ones too, if
it was trained on such. With `--seconds` a training takes so long, its learning rate
falling with the time, for machines that are lent. Several may run side by side. Without
`--train`, the members that are there are joined: every mean of their probabilities, as
scikit-learn's `VotingClassifier(voting="soft")` over frozen detectors gives it, and a
logistic regression on their logits as of `StackingClassifier(cv="prefit")`, fitted to
the held-out images. Those with the best log loss on the held-out images, alone and
together, are then looked at on the test images, once each, and written to
ensembles.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from skorch.callbacks import Callback

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from skfake import Augmentation, CompactDetector, DenseNetDetector, ResNetDetector
from skfake.corruptions import corrupt
from skfake.corruptions.conditions import list_conditions
from skfake.datasets import find_duplicates, load_cifake
from skfake.environment import describe_machine, describe_versions
from skfake.metrics.intervals import wilson_interval
from skfake.training.schedule import one_cycle

RESULT = Path(__file__).with_suffix(".json")
N_HELD_OUT = 5000
SEED = 0
# The contest's, as in robust_cifake.py.
SUITE = [condition.steps[0] for condition in list_conditions("techjam")]
DAMAGE = {
    "jpeg": (25, 95),
    "webp": (25, 95),
    "blur": (0.3, 2.2),
    "rescale": (0.2, 0.9),
    "noise": (3, 30),
    "crop": (0.7, 1),
    "brightness": (-0.3, 0.3),
    "contrast": (0.4, 1.3),
    "color_jitter": (0, 0.3),
}


def make_members(weights: Path) -> dict[str, Any]:
    """Detectors that are worth an ensemble, by name."""
    resnet = weights / "resnet50_imagenet.safetensors"
    damaged = {"corruptions": DAMAGE, "corruption_probability": 0.4}

    def make_resnet(size: int, **damage: Any) -> ResNetDetector:
        augment = Augmentation(shift=size // 8, **damage)
        return ResNetDetector(
            weights=resnet, image_size=size, batch_size=256, augment=augment
        )

    def make_compact(size: int = 32, **damage: Any) -> CompactDetector:
        augment = Augmentation(shift=size // 16, growing_crops=True, **damage)
        wide = {"n_filters": (192, 512), "max_epochs": 40}
        return CompactDetector(image_size=size, augment=augment, **wide)

    members = {
        "ResNet-50 at 64": make_resnet(64),
        "ResNet-50 at 96": make_resnet(96),
        "ResNet-50 at 96, robust": make_resnet(96, **damaged),
        "DenseNet-121 at 64": DenseNetDetector(image_size=64),
        "wide Compact": make_compact(),
        "wide Compact, robust": make_compact(**damaged),
        "wide Compact at 64": make_compact(64),
    }
    for name, seed in (("wide Compact", 1), ("ResNet-50 at 96", 1)):
        members[f"{name}, seed {seed}"] = members[name].__sklearn_clone__()
        members[f"{name}, seed {seed}"].set_params(random_state=seed)
    for detector in members.values():
        if detector.random_state is None:
            detector.set_params(random_state=SEED)
        detector.set_params(validation_fraction=None, n_jobs=-1)
    return members


class TimedSchedule(Callback):
    """Move the learning rate, and the size of crops, by the time that is over."""

    def __init__(self, seconds: float, small: int | None) -> None:
        self.seconds = seconds
        self.small = small

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Begin to count."""
        self.start_ = time.monotonic()

    def on_batch_begin(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Set what follows from the time; end a training whose time is over."""
        if not training:
            return
        progress = (time.monotonic() - self.start_) / self.seconds
        if progress >= 1:
            raise KeyboardInterrupt
        net.training_size_ = self.small if progress < 0.7 else None
        for group in net.optimizer_.param_groups:
            group["lr"] = net.lr * one_cycle(progress, 0)


def read_cifake(source: Path, cache: Path) -> dict[str, np.ndarray]:
    """Images and labels of three parts, held out ones among them."""
    file = cache / "cifake.npz"
    if not file.exists():
        X, y = load_cifake(source, return_X_y=True)
        X_test, y_test = load_cifake(source, split="test", return_X_y=True)
        np.savez(file, X=X, y=y, X_test=X_test, y_test=y_test)
    kept = np.load(file)
    X, y = kept["X"], kept["y"]
    parts = train_test_split(X, y, test_size=N_HELD_OUT, stratify=y, random_state=SEED)
    names = ("X_train", "X_held_out", "y_train", "y_held_out")
    of_test = {"X_test": kept["X_test"], "y_test": kept["y_test"]}
    return {**dict(zip(names, parts, strict=True)), **of_test}


def damage(
    images: dict[str, np.ndarray], part: str, condition: tuple, cache: Path
) -> np.ndarray:
    """Images of a part, damaged once for all members."""
    file = cache / f"{part} {condition[0]} {condition[1]:g}.npy"
    if not file.exists():
        np.save(file, corrupt(images[f"X_{part}"], *condition, n_jobs=-1))
    return np.load(file)


def train(
    name: str,
    detector: Any,
    images: dict[str, np.ndarray],
    folder: Path,
    *,
    cache: Path,
    seconds: float | None,
) -> None:
    """Fit a member, and keep what it says, and how it was trained."""
    small = None
    if seconds is not None:
        if detector.augment.growing_crops:
            small = detector.image_size * 3 // 8 * 2
            detector.set_params(augment__growing_crops=False)
        timed = TimedSchedule(seconds, small)
        detector.set_params(schedule=None, callbacks=[timed], max_epochs=1000)
    start = time.perf_counter()
    # All pixels in memory, or on the device, in the size of the network.
    with sklearn.config_context(working_memory=2**14):
        try:
            detector.fit(images["X_train"], images["y_train"])
        except KeyboardInterrupt:
            if seconds is None or not hasattr(detector, "net_"):
                raise
    facts = {
        "detector": name,
        "class": type(detector).__name__,
        "params": describe_params(detector),
        "seed": detector.random_state,
        "epochs": len(detector.history_["train_loss"]),
        "seconds": round(time.perf_counter() - start, 1),
        "timed": seconds,
        "device": detector.net_.device,
        "n_weights": sum(p.numel() for p in detector.net_.module_.parameters()),
        **describe_machine(),
        **describe_versions(),
    }
    print(name, facts["epochs"], "epochs", facts["seconds"], "s", flush=True)
    kept = {
        part: detector.predict_proba(images[f"X_{part}"])[:, 1]
        for part in ("held_out", "test")
    }
    keep(folder, name, facts, kept)
    if "robust" not in name:
        return
    for part in ("held_out", "test"):
        for condition in SUITE:
            damaged = damage(images, part, condition, cache)
            key = f"{part} {condition[0]} {condition[1]:g}"
            kept[key] = detector.predict_proba(damaged)[:, 1]
    keep(folder, name, facts, kept)


def describe_params(detector: Any) -> str:
    """Parameters as Python writes them, of files their names alone."""
    params = detector.get_params(deep=False)
    files = {name: p.name for name, p in params.items() if isinstance(p, Path)}
    return repr({**params, **files, "callbacks": None})


def file_of(folder: Path, name: str) -> Path:
    """Where is kept what a member says."""
    return folder / f"{name.replace(',', '').replace(' ', '_')}.npz"


def keep(folder: Path, name: str, facts: dict, kept: dict) -> None:
    """Write what a member says of the images."""
    kept = {key: value.astype(np.float32) for key, value in kept.items()}
    kept["facts"] = json.dumps(facts, default=str)
    np.savez_compressed(file_of(folder, name), **kept)


def read_members(folder: Path) -> dict[str, dict[str, Any]]:
    """Facts of the members that are there, and what they say."""
    members = {}
    for file in sorted(folder.glob("*.npz")):
        kept = dict(np.load(file))
        facts = json.loads(str(kept.pop("facts")))
        members[facts["detector"]] = {"facts": facts, **kept}
    return members


def choose(members: dict, y: np.ndarray) -> list[tuple[str, ...]]:
    """Every member alone, and of each number of them those with the least log loss."""

    def loss(names: tuple[str, ...]) -> float:
        return log_loss(y, mean_of(members, names, "held_out"))

    chosen = [(name,) for name in members]
    for n in range(2, len(members) + 1):
        chosen.append(min(combinations(members, n), key=loss))
    return chosen


def mean_of(members: dict, names: tuple[str, ...], part: str) -> np.ndarray:
    """Mean of the members' probabilities: what soft voting says."""
    return np.mean([members[name][part] for name in names], axis=0, dtype=np.float64)


def stack(members: dict, y: np.ndarray) -> np.ndarray:
    """What a logistic regression, fitted to held-out images, says of test images."""
    held_out, test = (
        logit(np.clip([m[part] for m in members.values()], 1e-6, 1 - 1e-6)).T
        for part in ("held_out", "test")
    )
    return LogisticRegression(C=0.01).fit(held_out, y).predict_proba(test)[:, 1]


def measure(y: np.ndarray, scores: np.ndarray, leaks: np.ndarray) -> dict[str, Any]:
    """Metrics of the test images, without those that leak too."""
    row: dict[str, Any] = {}
    for suffix, part in (("", slice(None)), ("_without_leaks", ~leaks)):
        accuracy = np.mean((scores[part] > 0.5) == y[part])
        low, high = wilson_interval(accuracy, len(y[part]), 0.95)
        row |= {f"accuracy{suffix}": accuracy, f"accuracy{suffix}_low": float(low)}
        row |= {f"accuracy{suffix}_high": float(high)}
        row[f"roc_auc{suffix}"] = roc_auc_score(y[part], scores[part])
    return {name: round(float(value), 5) for name, value in row.items()}


def join(images: dict[str, np.ndarray], folder: Path) -> dict[str, Any]:
    """Look at the test images once for each member and each chosen ensemble."""
    members = read_members(folder)
    y_held_out, y = images["y_held_out"], images["y_test"]
    X = np.concatenate([images["X_train"], images["X_held_out"]])
    leaks = np.zeros(len(y), bool)
    leaks[find_duplicates(images["X_test"], X)[:, 0]] = True
    entries = []
    for names in choose(members, y_held_out):
        held_out = mean_of(members, names, "held_out")
        entry = {
            "members": names,
            "by": "soft voting" if len(names) > 1 else "alone",
            "held_out_log_loss": round(log_loss(y_held_out, held_out), 5),
            "held_out_accuracy": round(np.mean((held_out > 0.5) == y_held_out), 5),
            **measure(y, mean_of(members, names, "test"), leaks),
        }
        entries.append(entry)
    if len(members) > 1:
        stacked = measure(y, stack(members, y_held_out), leaks)
        entries.append({"members": list(members), "by": "stacking", **stacked})
    robust = {name: m for name, m in members.items() if "test center_crop 0.8" in m}
    for n in range(1, len(robust) + 1):
        for names in combinations(robust, n):
            rows = {"clean": measure(y, mean_of(robust, names, "test"), leaks)}
            for condition in SUITE:
                key = f"{condition[0]} {condition[1]:g}"
                scores = mean_of(robust, names, f"test {key}")
                rows[key] = measure(y, scores, leaks)
            areas = [row["roc_auc"] for row in rows.values()]
            score = (areas[0] + np.mean(areas[1:])) / 2
            entries.append({"members": names, "score": round(score, 5), "rows": rows})
    return {
        "command": "python benchmarks/ensembles.py",
        "n_train": len(images["X_train"]),
        "n_held_out": len(y_held_out),
        "n_test": len(y),
        "n_leaks": int(leaks.sum()),
        "n_looks": len(entries),
        "entries": sorted(entries, key=lambda entry: -entry.get("accuracy", 0)),
        "members": {name: member["facts"] for name, member in members.items()},
        **describe_machine(),
        **describe_versions(),
    }


def to_rows(found: dict[str, Any]) -> list[list[str]]:
    """Members, and accuracy and ROC-AUC on the test images, the highest first."""
    rows = [["members", "together by", "accuracy in %", "without leaks", "ROC-AUC"]]
    for entry in found["entries"]:
        if "accuracy" not in entry:
            continue
        accuracy, low, high = (
            f"{100 * entry[f'accuracy{end}']:.2f}" for end in ("", "_low", "_high")
        )
        rows.append(
            [
                "; ".join(entry["members"]),
                entry["by"],
                f"{accuracy} [{low}, {high}]",
                f"{100 * entry['accuracy_without_leaks']:.2f}",
                f"{entry['roc_auc']:.4f}",
            ]
        )
    return rows


def to_rst(found: dict[str, Any]) -> str:
    """The table of all that was tried, as the manual shows it."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for first, *others in to_rows(found):
        lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
    return "\n".join(lines)


def to_text(found: dict[str, Any]) -> str:
    """The best of all, in a sentence."""
    best = found["entries"][0]
    alone = max(m["seconds"] for m in found["members"].values())
    gpu = next(iter(found["members"].values()))["accelerator"]
    return (
        f"{', '.join(best['members'][:-1])} and {best['members'][-1]}, joined by "
        f"{best['by']}, reach {100 * best['accuracy']:.2f} % "
        f"[{100 * best['accuracy_low']:.2f}, {100 * best['accuracy_high']:.2f}] and a "
        f"ROC-AUC of {best['roc_auc']:.4f}, each trained on {found['n_train']:,} "
        f"images for at most {alone / 60:.0f} minutes of an {gpu}"
    )


def main() -> None:
    """Train members, or join those that are there."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("source", type=Path, help="CIFAKE: a folder, .zip or .tar")
    add("--weights", type=Path, default=Path("../shared/weights"))
    add("--train", nargs="+", default=[], help="members to train")
    add("--seconds", type=float, help="how long a training takes; default: its epochs")
    add("--device", default="auto")
    add("--limit", type=int, help="at most so many training images: a quick look")
    add("--folder", type=Path, default=RESULT.with_suffix(""), help="of the members")
    add("--cache", type=Path, default=RESULT.with_name("cache"), help="of images")
    add("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    folder = arguments.folder
    for made in (folder, arguments.cache):
        made.mkdir(parents=True, exist_ok=True)
    images = read_cifake(arguments.source, arguments.cache)
    for part in ("X_train", "y_train"):
        images[part] = images[part][: arguments.limit]
    members = make_members(arguments.weights)
    for name in arguments.train:
        if file_of(folder, name).exists():
            continue
        detector = members[name].set_params(device=arguments.device)
        options = {"cache": arguments.cache, "seconds": arguments.seconds}
        train(name, detector, images, folder, **options)
    if not arguments.train:
        result = join(images, folder)
        arguments.output.write_text(json.dumps(result, indent=1) + "\n")
        table = pd.DataFrame(result["entries"])
        print(table.drop(columns="rows", errors="ignore").to_string(index=False))


if __name__ == "__main__":
    main()
