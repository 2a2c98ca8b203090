"""The two engines of SVMDetector side by side: seconds, and whether they agree.

    python benchmarks/svm_engines.py ../shared/data/cifake.tar.gz

fits both to the same part of CIFAKE's training images and has them judge the 20,000
test images. It writes svm_engines.json beside this file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import perf_counter

import pandas as pd
from sklearn.model_selection import train_test_split

from skfake import SVMDetector
from skfake.datasets import load_cifake
from skfake.environment import describe_machine, describe_versions

RESULT = Path(__file__).with_suffix(".json")
ENGINES = ("scikit-learn-intelex", "scikit-learn")


def to_markdown(found: dict) -> str:
    """One sentence on what the fast engine gains."""
    fit, _ = found["speed_up"].values()
    fast, plain = (engine["predict_seconds"] for engine in found["engines"].values())
    return (
        f"On {found['n_train']:,} images of CIFAKE, scikit-learn-intelex fits "
        f"{fit:.1f} times faster than scikit-learn,\nfeatures included, with the same "
        f"label on {found['same_labels']:.3%} of {found['n_test']:,} test images.\n"
        "skfake predicts by the support vectors itself, whichever fitted them: these "
        f"images\ntake {fast:.1f} s and {plain:.1f} s."
    )


def main() -> None:
    """Run, print and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="CIFAKE: a folder, .zip or .tar")
    parser.add_argument("--n-train", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    X, y = load_cifake(arguments.source, return_X_y=True)
    X_test, y_test = load_cifake(arguments.source, split="test", return_X_y=True)
    X, _, y, _ = train_test_split(
        X, y, train_size=arguments.n_train, stratify=y, random_state=arguments.seed
    )
    rows, labels = {}, {}
    for engine in ENGINES:
        detector = SVMDetector(engine=engine, n_jobs=-1)
        start = perf_counter()
        detector.fit(X, y)
        fitted = perf_counter()
        labels[engine] = detector.predict(X_test)
        rows[engine] = {
            "fit_seconds": fitted - start,
            "predict_seconds": perf_counter() - fitted,
            "accuracy": float((labels[engine] == y_test).mean()),
        }
    fast, stock = (rows[engine] for engine in ENGINES)
    found = {
        "n_train": len(y),
        "n_test": len(y_test),
        "seed": arguments.seed,
        "engines": rows,
        "speed_up": {
            part: stock[part] / fast[part]
            for part in ("fit_seconds", "predict_seconds")
        },
        "same_labels": float((labels[ENGINES[0]] == labels[ENGINES[1]]).mean()),
        "versions": describe_versions(),
        "machine": describe_machine(),
    }
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    print(pd.DataFrame(rows).T.round(4).to_string())
    print(to_markdown(found))


if __name__ == "__main__":
    main()
