"""How fast networks are trained: the plain recipe, ours, and the bare loop.

    python benchmarks/training_speed.py ../shared/data/cifake.tar.gz

trains every network on images of CIFAKE in three ways, in turn, and writes images a
second to training_speed.json beside this file:

- plain: skorch's `NeuralNetClassifier` on torchvision's `ImageFolder`, a `DataLoader`
  with two workers, transforms of one image after the other, float32, channels first,
  layers of torch alone;
- ours: the detector, with the same augmentation, optimiser and size of batch;
- bare: our step alone, again and again on one batch of random numbers that lies on the
  device. Nothing that has to read and augment images can be faster.

It takes about fifteen minutes on two cores, on which nothing else should run. Of some
`--networks`, the rows take the place of their earlier ones.
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

from skfake import (
    Augmentation,
    CNNDetector,
    CompactDetector,
    DenseNetDetector,
    ResNetDetector,
    VGGDetector,
)
from skfake.datasets import load_cifake
from skfake.detectors._net import OPTIMIZERS
from skfake.environment import describe_machine, describe_versions

RESULT = Path(__file__).with_suffix(".json")
WAYS = ("plain", "ours", "bare")
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


def measure(name: str, images: Any, arguments: argparse.Namespace) -> dict[str, Any]:
    """Rates of one network in the three ways, in turn, several times."""
    detector, n_steps = NETWORKS[name]
    detector.set_params(device=arguments.device, random_state=arguments.seed)
    n_steps *= arguments.times
    rows = np.arange(n_steps * detector.batch_size) % len(images.target)
    X, y = images.data[rows], images.target[rows]
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    with TemporaryDirectory() as folder:
        write_folder(X, y, Path(folder))
        for _ in range(arguments.repeats):
            ours = our_rate(detector, X, y, n_epochs=3)
            device = detector.net_.device
            plain = plain_rate(detector, Path(folder), device, n_epochs=2)
            bare = bare_rate(detector, n_steps, n_epochs=3)
            for way, rate in zip(WAYS, (plain, ours, bare), strict=True):
                rates[way].append(rate)
            print(
                name, f"plain {plain:.0f} ours {ours:.0f} bare {bare:.0f}", flush=True
            )
    n = sum(p.numel() for p in detector.net_.module_.parameters())
    return {
        "network": name,
        "n_parameters": n,
        "batch_size": detector.batch_size,
        "n_images": len(X),
        "device": device,
        "precision": detector.net_.precision,
        "images_per_second": rates,
        "times_plain": median(np.divide(rates["ours"], rates["plain"])),
        "share_of_bare": median(np.divide(rates["ours"], rates["bare"])),
    }


def to_markdown(found: dict) -> str:
    """Table of the medians, and what they were measured with."""
    machine = found["machine"]
    device = found["networks"][0]["device"]
    where = f"{machine['processor']}, {machine['n_cpus']} cores"
    if device != "cpu":
        where = machine.get("accelerator", device)
    lines = [
        "| network | batch | plain, images/s | ours, images/s | bare loop, images/s "
        "| ours / plain | ours / bare |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in found["networks"]:
        plain, ours, bare = (median(row["images_per_second"][way]) for way in WAYS)
        lines.append(
            f"| {row['network']} | {row['batch_size']} | {plain:,.0f} | {ours:,.0f} "
            f"| {bare:,.0f} | {row['times_plain']:.1f} | {row['share_of_bare']:.0%} |"
        )
    versions = ", ".join(f"{name} {v}" for name, v in found["versions"].items())
    return "\n".join([*lines, "", f"{where}; {versions}."])


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="CIFAKE: a folder, .zip or .tar")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--times", type=int, default=1, help="longer epochs, for GPUs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    images = load_cifake(arguments.source, split="test")
    order = np.random.default_rng(arguments.seed).permutation(len(images.target))
    images.data, images.target = images.data[order], images.target[order]
    made = {
        "seed": arguments.seed,
        "machine": describe_machine(),
        "versions": describe_versions(),
    }
    rows = {}
    if arguments.output.exists():
        earlier = json.loads(arguments.output.read_text())
        # Rows of another machine could not stand in the same table.
        if made.items() <= earlier.items():
            rows = {row["network"]: row for row in earlier["networks"]}
    for name in arguments.networks:
        rows[name] = measure(name, images, arguments)
        networks = [rows[known] for known in NETWORKS if known in rows]
        found = {**made, "networks": networks}
        arguments.output.write_text(json.dumps(found, indent=2) + "\n")
    print(to_markdown(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
