"""The score of TikTok TechJam 2026, track 5, of detectors on CIFAKE's test images.

    python benchmarks/robust_cifake.py ../shared/data/cifake.tar.gz

trains each of `--detectors` with each of `--seeds` on CIFAKE's training images, and
tests it on the test images as they are and under the contest's fourteen
transformations, each alone. The score is half the clean ROC-AUC and half the mean of
the others. What is found is added to robust_cifake.json beside this file, run by run; a
second start goes on with what is missing. `--leave-out` trains without a family of
corruptions, to see what it withstands that it never saw. `--validation` holds 5,000
training images out and tests on those instead, to choose settings by. `--ensemble`
joins runs whose scores are in the folder beside this file, as soft voting does.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

import skfake
from skfake.corruptions import MIXES, CorruptionTransformer
from skfake.corruptions.conditions import list_conditions
from skfake.datasets import find_duplicates, load_cifake
from skfake.environment import describe_machine, describe_versions
from skfake.evaluation import Robustness, evaluate_robustness
from skfake.metrics.summary import Classes
from skfake.results.robustness import BY, tabulate_robustness

RESULT = Path(__file__).with_suffix(".json")
SUITE = "techjam"
N_HELD_OUT = 5000
# Of the contest: on its fourteen, and on a list that differs in one of them.
PEERS = {
    "CLIP ViT-B/32 with a spectrum": {"score": 0.9723, "clean": 0.9884, "mean": 0.9562},
    "fusion of forensic networks": {"score": 0.9945},
}
FAMILIES = {
    "compression": ("jpeg", "webp"),
    "blur": ("blur",),
    "resizing": ("rescale",),
    "cropping": ("crop",),
    "noise": ("noise",),
    "light": ("color_jitter",),
}
# Rows of the contest that a family of the training comes nearest to.
SHOWN_TOO = {"cropping": ("center_crop",)}
# A run is known by these.
PLAN = ("detector", "seed", "left_out", "tested_on", "epochs", "limit")


KINDS = ("SVM", "CNN", "ResNet", "VGG", "DenseNet", "Compact")
ROBUST = ", robust"
# Columns of the table by corruptions, and those that sum them up.
SUMS = ("clean", "mean", "score")


def make_detector(name: str, seed: int, mix: dict[str, Any], weights: Path) -> Any:
    """A detector of a kind, or the one that is trained on damage, by a mix."""
    kind = name.removesuffix(ROBUST)
    if kind == "SVM":
        svm = skfake.SVMDetector(random_state=seed, n_jobs=-1)
        return make_pipeline(*_damage(mix, seed), svm) if kind != name else svm
    made = getattr(skfake, f"{kind}Detector")
    files = sorted(weights.glob(f"{kind.lower()}*_imagenet.safetensors"))
    params = {"weights": files[0]} if files else {}
    params |= {"random_state": seed, "validation_fraction": None, "verbose": 1}
    if kind == name:
        return made(**params)
    return made.robust(**params).set_params(augment__corruptions=mix)


def _damage(mix: dict[str, Any], seed: int) -> Iterator[CorruptionTransformer]:
    """Steps that damage, each by its kind, a part of the images that are fitted to."""
    for number, (name, strength) in enumerate(mix.items()):
        yield CorruptionTransformer(
            corruption=name,
            strength=strength,
            probability=1 / len(mix),
            when="fit",
            random_state=seed + number,
            n_jobs=-1,
        )


def read_cifake(source: Path, *, validation: bool) -> dict[str, np.ndarray]:
    """Images and labels to train on, and to test on."""
    X, y = load_cifake(source, return_X_y=True)
    if validation:
        parts = train_test_split(X, y, test_size=N_HELD_OUT, stratify=y, random_state=0)
        X, X_test, y, y_test = parts
    else:
        X_test, y_test = load_cifake(source, split="test", return_X_y=True)
    leaks = np.zeros(len(y_test), bool)
    leaks[find_duplicates(X_test, X)[:, 0]] = True
    return {"X": X, "y": y, "X_test": X_test, "y_test": y_test, "leaks": leaks}


def run(
    plan: dict[str, Any], images: dict[str, np.ndarray], weights: Path, folder: Path
) -> dict[str, Any]:
    """Train and test a detector; its scores are kept in a folder."""
    left_out = FAMILIES.get(plan["left_out"], ())
    mix = {k: v for k, v in MIXES["robust"].items() if k not in left_out}
    detector = make_detector(plan["detector"], plan["seed"], mix, weights)
    if plan["epochs"] is not None:
        detector.set_params(max_epochs=plan["epochs"])
    start = time.perf_counter()
    detector.fit(images["X"][: plan["limit"]], images["y"][: plan["limit"]])
    seconds = time.perf_counter() - start
    name = plan["detector"]
    robustness = evaluate_robustness(
        {name: detector}, images["X_test"], images["y_test"], corruptions=SUITE
    )
    network = getattr(detector, "net_", None)
    if network is not None and name.endswith(ROBUST) and is_whole(plan):
        keep_scores(folder, plan, robustness)
    return {
        **plan,
        "params": describe_params(detector),
        "n_train": len(images["y"][: plan["limit"]]),
        "n_test": len(images["y_test"]),
        "n_leaks": int(images["leaks"].sum()),
        "n_epochs": None if network is None else len(network.history),
        "precision": None if network is None else network.precision,
        "fit_seconds": round(seconds, 1),
        **measure(robustness, images["leaks"]),
        **describe_machine(),
        **describe_versions(),
    }


def measure(robustness: Robustness, leaks: np.ndarray) -> dict[str, Any]:
    """Rows and score of one detector, and what they are without leaks."""
    names = ["roc_auc", "roc_auc_low", "roc_auc_high"]
    table = robustness.table
    kept = robustness.predictions[~leaks[robustness.predictions["image"]]]
    by = kept.groupby(["corruption", "strength"], sort=False, dropna=False)
    without = [roc_auc_score(rows["target"], rows["score"]) for _, rows in by]
    rows = table[["corruption", "strength", *names, "accuracy"]].assign(
        roc_auc_without_leaks=without
    )
    rows = rows.astype(object).where(rows.notna(), None)
    score, (clean, *damaged) = robustness.scores.iloc[0], without
    return {
        "rows": [_round(row) for row in rows.to_dict("records")],
        "clean": round(table["roc_auc"][0], 5),
        "mean": round(table["roc_auc"][1:].mean(), 5),
        "score": round(score["roc_auc"], 5),
        "score_low": round(score["roc_auc_low"], 5),
        "score_high": round(score["roc_auc_high"], 5),
        "score_without_leaks": round((clean + float(np.mean(damaged))) / 2, 5),
    }


def _round(row: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 5) if isinstance(v, float) else v for k, v in row.items()}


def describe_params(detector: Any) -> str:
    """Parameters that are not the defaults, of files their names alone."""
    return re.sub(r"PosixPath\('[^']*?([^/']+)'\)", r"'\1'", repr(detector))


def keep_scores(folder: Path, plan: dict[str, Any], robustness: Robustness) -> None:
    """Keep what a run says of every image, for ensembles."""
    # Probabilities, of networks.
    scores = robustness.predictions["score"].to_numpy()
    by_row = logit(np.clip(scores, 1e-7, 1 - 1e-7)).reshape(len(robustness.table), -1)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / f"{plan['detector'].replace(', ', '_')}_{plan['seed']}.npz",
        plan=json.dumps(plan),
        logits=by_row.astype(np.float16),
    )


def measure_speed(images: dict[str, np.ndarray], n_images: int) -> dict[str, Any]:
    """Images a second of an epoch with damage and without, in turn, the best of three.

    Both train the same network on crops of the same size.
    """
    X, y = images["X"][:n_images], images["y"][:n_images]
    rates: dict[str, list[float]] = {"damaged": [], "clean": []}
    for _ in range(3):
        for kind, several in rates.items():
            detector = skfake.CompactDetector.robust(max_epochs=2, random_state=0)
            detector.set_params(validation_fraction=None)
            if kind == "clean":
                detector.set_params(augment__corruptions=None)
            several.append(n_images / min(detector.fit(X, y).history_["seconds"]))
    best = {kind: round(max(several)) for kind, several in rates.items()}
    ratio = best["damaged"] / best["clean"]
    return {"n_images": n_images, "images_per_second": best, "ratio": round(ratio, 3)}


def join_runs(
    members: list[str], folder: Path, images: dict[str, np.ndarray]
) -> dict[str, Any]:
    """An ensemble by soft voting of runs: a mean of their probabilities, each row's."""
    kept = [np.load(folder / f"{member}.npz") for member in members]
    values = np.mean([expit(of["logits"].astype(float)) for of in kept], axis=0)
    plans = [json.loads(str(of["plan"])) for of in kept]
    names = list(dict.fromkeys(plan["detector"] for plan in plans))
    y, name = images["y_test"], f"{' and '.join(names)}: {len(plans)} together"
    conditions = [(c.name, c.strength) for c in list_conditions(SUITE)]
    keys = [(name, "clean", np.nan), *((name, *c) for c in conditions)]
    predictions = [
        pd.DataFrame(
            dict(zip(BY, key, strict=True)) | {"image": np.arange(len(y))}
        ).assign(target=y, prediction=(row > 0.5).astype(int), score=row)
        for key, row in zip(keys, values, strict=True)
    ]
    together = pd.concat(predictions, ignore_index=True)
    table, scores = tabulate_robustness(
        pd.DataFrame(keys, columns=BY).assign(error=None),
        together,
        Classes([0, 1], ["0", "1"], 1),
        probabilistic={name},
        confidence_level=0.95,
        n_resamples=1000,
        seed=0,
    )
    found = Robustness(
        table=table,
        scores=scores,
        predictions=together,
        metric="roc_auc",
        n_images=len(y),
        random_state=0,
    )
    return {
        "detector": name,
        "members": [{k: plan[k] for k in ("detector", "seed")} for plan in plans],
        "seed": None,
        "left_out": None,
        "tested_on": "test images",
        "epochs": None,
        "limit": None,
        **measure(found, images["leaks"]),
        **describe_versions(),
    }


def is_whole(of: dict[str, Any]) -> bool:
    """Whether a run is by the recipe, on all training images, tested on the others."""
    plain = all(of[name] is None for name in ("left_out", "epochs", "limit"))
    return plain and of["tested_on"] == "test images"


def whole_runs(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Those runs, a kind after the other, each clean before robust."""

    def place(of: dict[str, Any]) -> tuple:
        kind = of["detector"].partition(",")[0]
        return "members" in of, KINDS.index(kind), of["detector"], of["seed"] or 0

    return sorted(filter(is_whole, found["runs"]), key=place)


def summarize(found: dict[str, Any]) -> pd.DataFrame:
    """A row for each whole run, and for the peers."""
    table = []
    for of in whole_runs(found):
        row = {name: of[name] for name in ("detector", "seed", "clean")}
        row["accuracy"] = of["rows"][0]["accuracy"]
        damaged = pd.DataFrame(of["rows"][1:])
        row |= damaged.groupby("corruption", sort=False)["roc_auc"].mean().to_dict()
        table.append(row | {name: of[name] for name in SUMS})
    peers = [{"detector": name, **values} for name, values in found["peers"].items()]
    summary = pd.DataFrame([*table, *peers])
    last = ["mean", "score"]
    return summary[[*summary.columns.drop(last), *last]]


def to_markdown(found: dict[str, Any]) -> str:
    """The table that the README shows: clean and robust recipes beside each other."""
    summary = summarize(found)
    # One seed of each is shown; those of all are in the words below.
    summary = summary[summary["seed"].isna() | (summary["seed"] == 0)]
    columns = [name for name in summary if name != "seed"]
    lines = [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|"]
    for _, row in summary.iterrows():
        cells = [row["detector"]]
        for name in columns[1:]:
            shown = f"{row[name]:.1%}" if name == "accuracy" else f"{row[name]:.4f}"
            cells.append("-" if pd.isna(row[name]) else shown)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", describe(found)])


def describe(found: dict[str, Any]) -> str:
    """What the table is of, in words."""
    runs = whole_runs(found)
    (first, *_) = runs
    said = [
        f"ROC-AUC of CIFAKE's {first['n_test']:,} test images, as they are and under "
        "the contest's fourteen transformations, means over the strengths of each "
        "kind; `mean` is over all fourteen, and the score halfway between clean and "
        "mean. Accuracy is of the clean images."
    ]
    seeds: dict[str, list[dict]] = {}
    for of in runs:
        seeds.setdefault(of["detector"], []).append(of)
    for name, several in seeds.items():
        if len(several) > 1:
            scores = [f"{of['score']:.4f}" for of in several]
            minutes = max(of["fit_seconds"] for of in several) / 60
            said.append(
                f"{name}: {', '.join(scores)} with the seeds "
                f"{', '.join(str(of['seed']) for of in several)}, trained in at most "
                f"{minutes:.0f} minutes ({several[0]['processor']}, "
                f"{several[0]['n_cpus']} cores, {several[0]['precision']})."
            )
    return " ".join(said)


def to_left_out_rst(found: dict[str, Any]) -> str:
    """Rows of what was not trained on, beside those of the same training with it."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    lines += _to_rst(["Left out", "Tested on", "ROC-AUC", "Trained on all", "On none"])
    on_test = [of for of in found["runs"] if of["tested_on"] == "test images"]
    without = [of for of in on_test if of["left_out"] is not None]
    for of in without:
        alike = {k: of[k] for k in ("detector", "seed", "epochs", "limit")}
        with_all = _find(on_test, **alike, left_out=None)
        clean = _find(on_test, detector=of["detector"].removesuffix(ROBUST))
        family = FAMILIES[of["left_out"]]
        for corruption in (*family, *SHOWN_TOO.get(of["left_out"], ())):
            areas = [_mean_of(run, corruption) for run in (of, with_all, clean)]
            if areas[0] is not None:
                shown = ["" if area is None else f"{area:.4f}" for area in areas]
                lines += _to_rst([", ".join(family), corruption, *shown])
    return "\n".join(lines)


def _find(runs: list[dict], **wanted: Any) -> dict | None:
    """The first run of which all that is true."""
    return next((of for of in runs if wanted.items() <= of.items()), None)


def _to_rst(cells: list[str]) -> list[str]:
    first, *others = cells
    return [f"   * - {first}", *(f"     - {cell}" for cell in others)]


def _mean_of(of: dict | None, corruption: str) -> float | None:
    """Mean over the strengths of a corruption, if it was tested."""
    rows = [] if of is None else of["rows"]
    areas = [row["roc_auc"] for row in rows if row["corruption"] == corruption]
    return float(np.mean(areas)) if areas else None


def main() -> None:
    """Run what is missing, and print what there is."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    names = [name + suffix for name in KINDS for suffix in ("", ROBUST)]
    add("source", type=Path, help="CIFAKE: a folder, .zip or .tar")
    add("--detectors", nargs="*", default=names, help="default: all", choices=names)
    add("--seeds", nargs="+", type=int, default=[0])
    add("--leave-out", choices=FAMILIES, help="a family that is not trained on")
    add("--validation", action="store_true", help="test on held-out training images")
    add("--epochs", type=int, help="so many in place of the recipe's")
    add("--limit", type=int, help="at most so many training images: a quick look")
    add("--speed", action="store_true", help="measure what damage costs, and stop")
    add("--ensemble", nargs="+", help="runs to join, by the names of their files")
    add("--weights", type=Path, default=Path("../shared/weights"))
    add("--folder", type=Path, default=RESULT.with_suffix(""), help="of scores")
    add("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    found: dict[str, Any] = {"peers": PEERS, "runs": []}
    if given.output.exists():
        found |= json.loads(given.output.read_text())
    images = read_cifake(given.source, validation=given.validation)
    if given.limit is not None or given.speed:
        drawn = np.random.default_rng(0).permutation(len(images["y"]))
        images |= {name: images[name][drawn] for name in ("X", "y")}

    def add_run(made: dict[str, Any]) -> None:
        found["runs"].append(made)
        given.output.write_text(json.dumps(found, indent=1) + "\n")
        print(json.dumps({k: made[k] for k in ("detector", "seed", *SUMS)}), flush=True)

    if given.speed:
        speed = measure_speed(images, n_images=20_480)
        found["speed"] = speed | describe_machine() | describe_versions()
        given.output.write_text(json.dumps(found, indent=1) + "\n")
        print(json.dumps(speed))
        return
    if given.ensemble:
        add_run(join_runs(given.ensemble, given.folder, images))
        return
    part = "held-out training images" if given.validation else "test images"
    for name in given.detectors:
        for seed in given.seeds:
            plan = (name, seed, given.leave_out, part, given.epochs, given.limit)
            plan = dict(zip(PLAN, plan, strict=True))
            if plan not in [{k: of[k] for k in PLAN} for of in found["runs"]]:
                add_run(run(plan, images, given.weights, given.folder))
    print(summarize(found).to_string(index=False))


if __name__ == "__main__":
    main()
