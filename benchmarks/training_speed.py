"""How fast networks are trained: the plain recipe, ours, and the bare loop.

    python benchmarks/training_speed.py ../shared/data/cifake.tar.gz

trains every network on images of CIFAKE in three ways, in turn, on a machine that does
nothing else and then beside a process that computes without end, and writes images a
second to training_speed.json beside this file:

- plain: skorch's `NeuralNetClassifier` on torchvision's `ImageFolder`, a `DataLoader`
  with two workers, transforms of one image after the other, float32, channels first,
  layers of torch alone;
- ours: the detector, with the same augmentation, optimiser and size of batch;
- bare: our step alone, again and again on one batch of random numbers that lies on the
  device. Nothing that has to read and augment images can be faster.

Ours has the callback `FreeCores`, as the command `skfake` does. It takes most of an
hour on two cores, on which nothing else should run. The file holds a table for each
processor; of some `--networks` or `--loads`, the rates take the place of their earlier
ones.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import torch
from PIL import Image
from skorch import NeuralNetClassifier
from skorch.callbacks import EpochTimer
from torch import nn
from torchvision import transforms
from torchvision.datasets import ImageFolder

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.machines import keep_busy, read_machine, write_for_machine
from skfake import (
    Augmentation,
    CNNDetector,
    CompactDetector,
    DenseNetDetector,
    FreeCores,
    ResNetDetector,
    VGGDetector,
)
from skfake.datasets import load_cifake
from skfake.detectors._net import OPTIMIZERS
from skfake.environment import PACKAGES

RESULT = Path(__file__).with_suffix(".json")
WAYS = ("plain", "ours", "bare")
# What else runs, and in how many processes.
LOADS = {"quiet": 0, "busy": 1}
# Detectors, and batches of an epoch on a CPU: enough for some seconds of our way.
NETWORKS: dict[str, tuple[Any, int]] = {
    "CNN": (CNNDetector(batch_size=64), 150),
    # Whole images all along, as the plain recipe has them.
    "Compact": (CompactDetector(batch_size=512, augment=Augmentation(shift=2)), 20),
    "ResNet-50": (ResNetDetector(depth=50, batch_size=128), 8),
    "VGG-16": (VGGDetector(depth=16, batch_size=128), 8),
    # Its own optimiser, Muon, takes its share of a step; so it is shown with the
    # usual one too.
    "DenseNet-121": (DenseNetDetector(depth=121, batch_size=128), 8),
    "DenseNet-121, AdamW": (
        DenseNetDetector(depth=121, batch_size=128, optimizer="adamw"),
        8,
    ),
}


def write_folder(X: np.ndarray, y: np.ndarray, folder: Path) -> None:
    """Write images as JPEG files, a folder a class, as CIFAKE is published."""
    for i, (image, label) in enumerate(zip(X, y, strict=True)):
        file = folder / ("REAL", "FAKE")[label] / f"{i:06}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(file, quality=95)


def plain_rate(detector: Any, folder: Path, device: str, n_epochs: int) -> float:
    """Images a second of the recipe that people write today."""
    steps: list[Any] = []
    augmentation = detector.augment_ = detector._find_augmentation()
    if augmentation is not None:
        size, shift = detector.image_size, augmentation.shift
        steps += [transforms.RandomCrop(size, padding=shift, padding_mode="reflect")]
        steps += [transforms.RandomHorizontalFlip()]
    steps += [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.25] * 3)]
    images = ImageFolder(folder, transforms.Compose(steps))
    network = detector._build_network(2)
    for layer in network.modules():
        for usual in (nn.Conv2d, nn.Dropout):
            if isinstance(layer, usual):
                layer.__class__ = usual
    optimizer, settings = OPTIMIZERS[detector.optimizer]
    # What is fused is ours: it is not the default.
    settings = {k: v for k, v in settings.items() if k != "fused"}
    net = NeuralNetClassifier(
        network,
        criterion=nn.CrossEntropyLoss,
        optimizer=optimizer,
        **{f"optimizer__{name}": value for name, value in settings.items()},
        optimizer__weight_decay=detector.weight_decay,
        lr=detector.lr,
        max_epochs=n_epochs,
        batch_size=detector.batch_size,
        iterator_train__num_workers=2,
        iterator_train__shuffle=True,
        train_split=None,
        classes=[0, 1],
        callbacks=[EpochTimer()],
        device=device,
        verbose=0,
    ).fit(images, None)
    return len(images) / min(epoch["dur"] for epoch in net.history)


def our_rate(detector: Any, X: np.ndarray, y: np.ndarray, n_epochs: int) -> float:
    """Images a second of a detector, which is fitted."""
    detector.set_params(max_epochs=n_epochs, validation_fraction=None).fit(X, y)
    return len(X) / min(detector.history_["seconds"])


def bare_rate(detector: Any, n_steps: int, n_epochs: int) -> float:
    """Images a second of the fitted detector's step on random numbers."""
    net = detector.net_
    size, device = detector.image_size, net.device
    images = torch.rand(detector.batch_size, 3, size, size, device=device)
    images = images.to(memory_format=torch.channels_last)
    codes = torch.randint(2, (detector.batch_size,), device=device)
    net.module_.train()
    seconds = []
    for _ in range(n_epochs):
        started = perf_counter()
        for _ in range(n_steps):
            net.optimizer_.zero_grad()
            with net._autocast():
                logits = net.module_(images)
            loss = net.criterion_(logits.float(), codes)
            loss.backward()
            net.optimizer_.step()
        loss.item()
        seconds.append(perf_counter() - started)
    return n_steps * detector.batch_size / min(seconds)


def measure(
    name: str,
    images: Any,
    arguments: argparse.Namespace,
    earlier: dict[str, dict[str, list[float]]],
) -> dict[str, Any]:
    """Rates of one network in the three ways, in turn, several times."""
    detector, n_steps = NETWORKS[name]
    n_steps *= arguments.times
    rows = np.arange(n_steps * detector.batch_size) % len(images.target)
    X, y = images.data[rows], images.target[rows]
    detector.set_params(
        callbacks=[FreeCores()], device=arguments.device, random_state=arguments.seed
    )
    rates = dict(earlier)
    with TemporaryDirectory() as folder:
        write_folder(X, y, Path(folder))
        for load in arguments.loads:
            found = rates[load] = {way: [] for way in WAYS}
            for _ in range(arguments.repeats):
                with keep_busy(LOADS[load]):
                    ours = our_rate(detector, X, y, n_epochs=3)
                    device = detector.net_.device
                    plain = plain_rate(detector, Path(folder), device, n_epochs=2)
                    bare = bare_rate(detector, n_steps, n_epochs=3)
                once = dict(zip(WAYS, (plain, ours, bare), strict=True))
                for way, rate in once.items():
                    found[way].append(rate)
                print(name, load, {way: round(rate) for way, rate in once.items()})
                sys.stdout.flush()
    network = detector.net_.module_
    return {
        "network": name,
        "n_parameters": sum(p.numel() for p in network.parameters()),
        "batch_size": detector.batch_size,
        "n_images": len(X),
        "device": device,
        "precision": detector.net_.precision,
        "images_per_second": rates,
        "times_plain": ratios(rates, "plain"),
        "share_of_bare": ratios(rates, "bare"),
    }


def ratios(rates: dict[str, dict[str, list[float]]], way: str) -> dict[str, float]:
    """Median of our rate over another one, under each load."""
    return {
        load: median(np.divide(found["ours"], found[way]))
        for load, found in rates.items()
    }


def to_markdown(found: dict) -> str:
    """Table of the medians of each machine, and what they were measured with."""
    return "\n\n".join(to_table(machine) for machine in found["machines"])


def to_table(machine: dict[str, Any]) -> str:
    """Table of the medians of one machine, under each load in turn."""
    device = machine["networks"][0]["device"]
    where = f"{machine['processor']}, {machine['n_cpus']} cores"
    if device != "cpu":
        where = machine.get("accelerator", device)
    loads = [
        load for load in LOADS if load in machine["networks"][0]["images_per_second"]
    ]
    head = ["network", "batch"]
    for load in loads:
        by = "" if load == "quiet" else ", busy"
        head += [f"{way}{by}" for way in ("plain", "ours", "bare loop")]
        head += [f"ours / plain{by}", f"ours / bare{by}"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in machine["networks"]:
        cells = [row["network"], str(row["batch_size"])]
        for load in loads:
            rates = row["images_per_second"][load]
            cells += [f"{median(rates[way]):,.0f}" for way in WAYS]
            cells.append(f"{row['times_plain'][load]:.1f}")
            cells.append(f"{row['share_of_bare'][load]:.0%}")
        lines.append("| " + " | ".join(cells) + " |")
    versions = ", ".join(
        f"{name} {machine[name]}" for name in ("python", *PACKAGES) if name in machine
    )
    return "\n".join([*lines, "", f"{where}; {versions}."])


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="CIFAKE: a folder, .zip or .tar")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--loads", nargs="+", choices=LOADS, default=LOADS)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--times", type=int, default=1, help="longer epochs, for GPUs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    images = load_cifake(arguments.source, split="test")
    order = np.random.default_rng(arguments.seed).permutation(len(images.target))
    images.data, images.target = images.data[order], images.target[order]
    earlier = read_machine(arguments.output).get("networks", [])
    rows = {row["network"]: row for row in earlier}
    for name in arguments.networks:
        rates = rows.get(name, {}).get("images_per_second", {})
        rows[name] = measure(name, images, arguments, rates)
        networks = [rows[known] for known in NETWORKS if known in rows]
        found = {"seed": arguments.seed, "networks": networks}
        write_for_machine(arguments.output, found)
    print(to_markdown(json.loads(arguments.output.read_text())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
