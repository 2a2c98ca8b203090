"""The study's SVM and CNN on all of CIFAKE: what they reach, and in what time.

    python benchmarks/compare_cifake.py ../shared/data/cifake.tar.gz

runs the command line on the 100,000 training and 20,000 test images,

    skfake compare ../shared/data/cifake.tar.gz --detectors SVM,CNN

and writes what it reports to compare_cifake.json beside this file, with the figures
of the study [1]_, and ours without the test images that are in the training set. It
takes about a quarter of an hour on two cores.

.. [1] arXiv:2401.07358.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, roc_auc_score

from skfake.datasets import find_duplicates, load_cifake

RESULT = Path(__file__).with_suffix(".json")
STUDY = {
    "SVM": {"accuracy": 0.8143, "roc_auc": 0.8958},
    "CNN": {"accuracy": 0.8640, "roc_auc": 0.9347},
}


def run(source: Path, detectors: str, limit: int | None) -> tuple[dict, pd.DataFrame]:
    """Run the command line; give its JSON and its predictions."""
    with TemporaryDirectory() as folder:
        options = ["--detectors", detectors, "--output", folder]
        if limit is not None:
            options += ["--limit", str(limit)]
        command = [sys.executable, "-m", "skfake", "compare", str(source), *options]
        subprocess.run(command, check=True)
        found = json.loads(Path(folder, "comparison.json").read_text())
        return found, pd.read_csv(Path(folder, "predictions.csv"))


def figures_without_leaks(source: Path, predictions: pd.DataFrame) -> dict:
    """Accuracy and ROC-AUC on the test images that are not in the training set."""
    train, test = load_cifake(source), load_cifake(source, split="test")
    leaked = np.unique(find_duplicates(test.data, train.data)[:, 0])
    kept = predictions[~predictions["image"].isin(leaked)]
    figures = {
        name: {
            "accuracy": accuracy_score(rows["target"], rows["prediction"]),
            "roc_auc": roc_auc_score(rows["target"], rows["score"]),
        }
        for name, rows in kept.groupby("detector", sort=False)
    }
    return {"n_leaked": len(leaked), "figures": figures}


def to_markdown(found: dict) -> str:
    """Table of our figures beside the study's, and what they were made with."""
    lines = [
        "| detector | accuracy | the study's | ROC-AUC | the study's | accuracy "
        "without leaks | fit | predict |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in found["table"]:
        name = row["detector"]
        study = found["study"][name]
        clean = found["without_leaks"]["figures"][name]
        lines.append(
            f"| {name} | {row['accuracy']:.2%} | {study['accuracy']:.2%} "
            f"| {row['roc_auc']:.4f} | {study['roc_auc']:.4f} "
            f"| {clean['accuracy']:.2%} "
            f"| {row['fit_seconds']:.0f} s | {row['predict_seconds']:.0f} s |"
        )
    versions = ", ".join(f"{name} {v}" for name, v in found["versions"].items())
    machine = found["machine"]
    where = f"{machine['processor']}, {machine['n_cpus']} cores"
    return "\n".join([*lines, "", f"Seed 0 on {where}; {versions}."])


def main() -> None:
    """Run, print and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="CIFAKE: a folder, .zip or .tar")
    parser.add_argument("--detectors", default="SVM,CNN")
    parser.add_argument("--limit", type=int, help="at most so many images of a split")
    arguments = parser.parse_args()
    found, predictions = run(arguments.source, arguments.detectors, arguments.limit)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    found["peak_memory_mib"] = round(peak / 1024)
    found["study"] = {name: STUDY[name] for name in arguments.detectors.split(",")}
    if arguments.limit is None:
        found["without_leaks"] = figures_without_leaks(arguments.source, predictions)
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    if arguments.limit is None:
        print(to_markdown(found))


if __name__ == "__main__":
    main()
