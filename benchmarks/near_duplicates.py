"""What find_near_duplicates finds of planted copies, and what it reports wrongly.

    python benchmarks/near_duplicates.py ../shared/data/cifake.tar.gz

plants changed copies of images of CIFAKE and of squares cut from photographs, looks
for them among their sources, then searches all 120,000 images of CIFAKE. A pair of a
photograph and an image of Stable Diffusion can't show the same picture: each such pair
is a false one. It writes near_duplicates.json beside this file.
"""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from PIL import Image, ImageEnhance, ImageOps

from skfake.datasets import find_duplicates, load_cifake
from skfake.datasets.near_duplicates import find_near_duplicates
from skfake.datasets.simulated import _photographs
from skfake.environment import describe_machine, describe_versions

RESULT = Path(__file__).with_suffix(".json")
DEFAULT = inspect.signature(find_near_duplicates).parameters["threshold"].default
THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.15)
SIDES = (150, 300)  # of the squares that are cut from photographs


def encode(image: Image.Image, file_format: str, quality: int) -> Image.Image:
    """The image as it comes back from a file."""
    file = BytesIO()
    image.save(file, file_format, quality=quality)
    return Image.open(file).convert("RGB")


def resize(image: Image.Image, factor: float) -> Image.Image:
    """The image with its sides multiplied."""
    sides = (round(image.width * factor), round(image.height * factor))
    return image.resize(sides, Image.Resampling.LANCZOS)


def brighten(image: Image.Image, factor: float) -> Image.Image:
    """The image with its values multiplied, and cut off at white."""
    return ImageEnhance.Brightness(image).enhance(factor)


def pass_on(image: Image.Image) -> Image.Image:
    """What becomes of an image that goes round: mirrored, enlarged, saved again."""
    return encode(resize(brighten(ImageOps.mirror(image), 0.9), 2), "JPEG", 50)


KINDS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half the size": partial(resize, factor=0.5),
    "three quarters of the size": partial(resize, factor=0.75),
    "twice the size": partial(resize, factor=2),
    "JPEG 95": partial(encode, file_format="JPEG", quality=95),
    "JPEG 75": partial(encode, file_format="JPEG", quality=75),
    "JPEG 50": partial(encode, file_format="JPEG", quality=50),
    "JPEG 30": partial(encode, file_format="JPEG", quality=30),
    "WebP 80": partial(encode, file_format="WebP", quality=80),
    "WebP 50": partial(encode, file_format="WebP", quality=50),
    "brightness x 0.8": partial(brighten, factor=0.8),
    "brightness x 1.2": partial(brighten, factor=1.2),
    "gray": ImageOps.grayscale,
    "mirrored": ImageOps.mirror,
    "mirrored, x 0.9, twice the size, JPEG 50": pass_on,
}


def cut_squares(n: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Squares from the photographs that scikit-learn and scikit-image ship."""
    squares = []
    for _ in range(n):
        photograph = _photographs()[rng.integers(len(_photographs()))]
        side = int(rng.integers(*SIDES))
        left = int(rng.integers(photograph.width - side + 1))
        top = int(rng.integers(photograph.height - side + 1))
        box = (left, top, left + side, top + side)
        squares.append(np.asarray(photograph.crop(box)))
    return squares


def find_planted(sources: list[np.ndarray]) -> dict[str, dict[str, float]]:
    """For each kind of copy, the share that is found, and the largest distances."""
    rows = {}
    for kind, change in KINDS.items():
        copies = [np.asarray(change(Image.fromarray(image))) for image in sources]
        pairs, distances = find_near_duplicates(
            copies, sources, threshold=0.5, return_distance=True
        )
        own = distances[pairs[:, 0] == pairs[:, 1]]
        # What is in no pair, such as a flat image, has the largest distance.
        own = np.concatenate([own, np.ones(len(sources) - len(own))])
        rows[kind] = {
            "recall": float((own <= DEFAULT).mean()),
            "median_distance": float(np.median(own)),
            "distance_of_99_percent": float(np.quantile(own, 0.99)),
        }
    return rows


def count_pairs(images: np.ndarray, y: np.ndarray, n_test: int) -> list[dict]:
    """At each threshold, the pairs among all images and what they are."""
    pairs, distances = find_near_duplicates(
        images, threshold=max(THRESHOLDS), return_distance=True
    )
    n_real, n_fake = np.bincount(y)
    false = y[pairs[:, 0]] != y[pairs[:, 1]]
    real = ~false & (y[pairs[:, 0]] == 0)
    leaks = (pairs[:, 0] < n_test) & (pairs[:, 1] >= n_test)
    rows = []
    for threshold in THRESHOLDS:
        near = distances <= threshold
        rows.append(
            {
                "threshold": threshold,
                "pairs": int(near.sum()),
                "real_pairs": int((near & real).sum()),
                "real_with_fake": int((near & false).sum()),
                "false_share": float((near & false).sum() / (n_real * n_fake)),
                "leaked_test_images": len(np.unique(pairs[near & leaks, 0])),
            }
        )
    return rows


def search_all(images: np.ndarray, n_test: int) -> dict:
    """Seconds of the search at the default, and whether exact duplicates are in it."""
    start = perf_counter()
    pairs = find_near_duplicates(images)
    seconds = perf_counter() - start
    exact = {tuple(pair) for pair in find_duplicates(images).tolist()}
    leaked = {i for i, j in exact if i < n_test <= j}
    return {
        "n_images": len(images),
        "seconds": seconds,
        "exact_pairs": len(exact),
        "exact_leaked_test_images": len(leaked),
        "exact_pairs_missed": len(exact - {tuple(pair) for pair in pairs.tolist()}),
    }


def to_markdown(found: dict) -> str:
    """Table of the recall, table of the thresholds, and a sentence on the search."""
    cifake, photographs = found["recall"]["cifake"], found["recall"]["photographs"]
    lines = ["| copy | found, CIFAKE | found, photographs |", "|---|---|---|"]
    for kind, row in cifake.items():
        lines.append(
            f"| {kind} | {row['recall']:.1%} | {photographs[kind]['recall']:.1%} |"
        )
    lines += [
        "",
        "| threshold | pairs in CIFAKE | of two photographs | of a photograph and a "
        "fake (false) | test images in the training part |",
        "|---|---|---|---|---|",
    ]
    for row in found["thresholds"]:
        lines.append(
            f"| {row['threshold']} | {row['pairs']:,} | {row['real_pairs']:,} "
            f"| {row['real_with_fake']:,} | {row['leaked_test_images']:,} |"
        )
    everything, machine = found["search"], found["machine"]
    return "\n".join(
        [
            *lines,
            "",
            f"All {everything['n_images']:,} images were searched in "
            f"{everything['seconds']:.0f} seconds ({machine['processor']}); "
            f"{everything['exact_pairs_missed']} of {everything['exact_pairs']:,} "
            "pairs that are\nequal pixel by pixel were missed.",
        ]
    )


def main() -> None:
    """Run, print and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="CIFAKE: a folder, .zip or .tar")
    parser.add_argument("--n-planted", type=int, default=2000)
    parser.add_argument("--n-squares", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    parts = [load_cifake(arguments.source, split=split) for split in ("test", "train")]
    images = np.concatenate([part.data for part in parts])
    y = np.concatenate([part.target for part in parts])
    n_test = len(parts[0].data)
    planted = rng.choice(len(images), arguments.n_planted, replace=False)
    found = {
        "seed": arguments.seed,
        "threshold": DEFAULT,
        "n_planted": {
            "cifake": arguments.n_planted,
            "photographs": arguments.n_squares,
        },
        "recall": {
            "cifake": find_planted(list(images[planted])),
            "photographs": find_planted(cut_squares(arguments.n_squares, rng)),
        },
        "thresholds": count_pairs(images, y, n_test),
        "search": search_all(images, n_test),
        "versions": describe_versions(),
        "machine": describe_machine(),
    }
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    print(pd.DataFrame(found["recall"]["cifake"]).T.round(4).to_string())
    print(to_markdown(found))


if __name__ == "__main__":
    main()
