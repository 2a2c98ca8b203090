"""The penalty of `EncoderDetector`, and how right it is, on photographs and on CIFAKE.

    python benchmarks/encoder_settings.py FOLDER ../shared/data/cifake.tar.gz

FOLDER holds photographs and fakes, class/file: those of the manual are named in
unseen_generators.py, and as many of them are trained on as there. ResNet-50 with
ImageNet's weights encodes the images once; `C` is chosen by cross-validation within the
training images, and the detector with each `C` is tested on the test images, which
choose nothing. Of CIFAKE, 20,000 training images are taken, in the size of 64 pixels
that they are enlarged to. What is found is in encoder_settings.json beside this file.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from skfake.datasets import load_cifake, load_image_folder
from skfake.environment import describe_machine, describe_versions
from skfake.features import EncoderTransformer

RESULT = Path(__file__).with_suffix(".json")
SEED = 0
PENALTIES = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0]
TEST_SIZE = 0.65
N_CIFAKE = 20_000


def split_photographs(folder: Path) -> list[np.ndarray]:
    """Training and test images, and their labels."""
    X, y = load_image_folder(folder, return_X_y=True)
    return train_test_split(X, y, test_size=TEST_SIZE, stratify=y, random_state=SEED)


def split_cifake(source: Path) -> list[np.ndarray]:
    """Some training images and all test images, and their labels."""
    X, y = load_cifake(source, return_X_y=True)
    X, _, y, _ = train_test_split(
        X, y, train_size=N_CIFAKE, stratify=y, random_state=SEED
    )
    X_test, y_test = load_cifake(source, split="test", return_X_y=True)
    return [X, X_test, y, y_test]


def measure(encoder: Any, parts: list[np.ndarray]) -> dict[str, Any]:
    """Mean AUC of the folds by penalty, and what each is on test images."""
    X, X_test, y, y_test = parts
    features, of_test = encoder.fit_transform(X), encoder.transform(X_test)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    search = GridSearchCV(
        classifier, {"logisticregression__C": PENALTIES}, scoring="roc_auc", cv=5
    ).fit(features, y)
    rows = []
    for C, auc in zip(PENALTIES, search.cv_results_["mean_test_score"], strict=True):
        classifier.set_params(logisticregression__C=C).fit(features, y)
        rows.append(
            {"C": C, "folds_roc_auc": auc, **score(classifier, of_test, y_test)}
        )
    return {
        "n_train": len(y),
        "n_test": len(y_test),
        "image_size": encoder.image_size_,
        "C": search.best_params_["logisticregression__C"],
        "rows": rows,
        **describe_machine(),
        **describe_versions(),
    }


def score(classifier: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Accuracy and ROC-AUC."""
    scores = classifier.decision_function(X)
    return {
        "accuracy": float(((scores > 0) == y).mean()),
        "roc_auc": float(roc_auc_score(y, scores)),
    }


def to_rst(found: dict[str, Any]) -> str:
    """Both as a table of the manual."""
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "",
        "   * - `C`",
    ]
    for name in found:
        lines += [f"     - {name}, folds", "     - test", "     - right"]
    for rows in zip(*(of["rows"] for of in found.values()), strict=True):
        lines.append(f"   * - {rows[0]['C']:g}")
        for row in rows:
            lines.append(f"     - {row['folds_roc_auc']:.3f}")
            lines.append(f"     - {row['roc_auc']:.3f}")
            lines.append(f"     - {100 * row['accuracy']:.1f} %")
    return "\n".join(lines)


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("folder", type=Path, help="photographs and fakes, class/file")
    add("cifake", type=Path, help="CIFAKE's archive or folder")
    weights = Path("../shared/weights/resnet50_imagenet.safetensors")
    add("--weights", type=Path, default=weights, help="of ResNet-50")
    given = parser.parse_args()
    encoder = EncoderTransformer(weights=given.weights, n_jobs=-1, verbose=1)
    found = {
        "photographs": measure(encoder, split_photographs(given.folder)),
        "CIFAKE": measure(
            encoder.set_params(image_size=64), split_cifake(given.cifake)
        ),
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
