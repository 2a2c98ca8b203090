"""The study's table [1]_ beside ours: detectors trained on CIFAKE, and tested on it.

    python benchmarks/reproduce_paper.py ../shared/data/cifake.tar.gz

trains the study's detectors in its own settings (`--recipe skfake`: ours in theirs),
prints our metrics beside the study's, writes them to reproduce_paper.json beside this
file and draws each epoch's accuracy to reproduce_paper.svg. A second start goes on with
what is missing, and with a network that Ctrl-C stopped from its last whole epoch on. It
ends in a report, reproduce_paper.html: the study's tables beside ours with intervals,
without the images that leak, and on damaged images. In a folder of `--weights`, files
begin with torchvision's names of networks; one without a file learns from scratch.

.. [1] arXiv:2401.07358.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score, confusion_matrix
from sklearn.utils import resample
from skorch.callbacks import PrintLog

import skfake
from skfake.datasets import cifake_fingerprint, find_duplicates, load_cifake
from skfake.detectors._net import OPERATIONAL
from skfake.environment import describe_machine, describe_versions
from skfake.metrics.summary import PER_CLASS, Classes, compute_metrics

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import paper_report

RESULT = Path(__file__).with_suffix(".json")
# What a run depends on, and what the runs of a report have in common.
PLAN = (
    "name",
    "detector",
    "class",
    "params",
    "recipe_epochs",
    "recipe",
    "seed",
    "limit",
)
OF_REPORT = ("recipe", "seed", "limit")
# The study's metrics, with as many digits as it gives.
METRICS = {f"{name}_{of}": ".2f" for of in ("FAKE", "REAL") for name in PER_CLASS}
METRICS |= {"accuracy": ".2%", "roc_auc": ".4f"}
# The former is FAKE's in ours; of which class the study's is, it does not say.
METRICS |= {"average_precision": ".4f", "average_precision_REAL": ".4f"}
STUDY = {
    name: dict(zip(METRICS, [*metrics, None], strict=True))
    for name, *metrics in (
        ("SVM", 0.82, 0.80, 0.81, 0.81, 0.83, 0.82, 0.8143, 0.8958, 0.8907),
        ("CNN", 0.86, 0.87, 0.87, 0.87, 0.85, 0.86, 0.8640, 0.9347, None),
        ("ResNet", 0.99, 0.91, 0.95, 0.91, 0.99, 0.95, 0.9495, 0.9958, None),
        ("VGGNet", 0.97, 0.95, 0.96, 0.95, 0.97, 0.96, 0.9599, 0.99, None),
        ("DenseNet", 0.98, 0.98, 0.98, 0.98, 0.98, 0.98, 0.9774, 0.9975, 0.9976),
    )
}
# Ours alone, in our recipe: for minutes, and for the metrics that time can buy.
OWN: dict[str, dict[str, Any]] = {
    "Compact": {},
    "WideCompact": {
        "n_filters": (112, 288),
        "max_epochs": 30,
        "validation_fraction": None,
    },
}
NAMES = (*STUDY, *OWN)


def make_parser() -> argparse.ArgumentParser:
    """Say what the command takes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("source", type=Path, help="CIFAKE: a folder, .zip or .tar")
    add("--recipe", choices=("study", "skfake"), default="study")
    add("--detectors", nargs="+", choices=NAMES, help="default: all of the recipe")
    add("--device", default="auto")
    add("--epochs", type=int, help="default: the recipe's")
    add("--limit", type=int, help="at most so many images of a part: a quick look")
    add("--weights", help="none, imagenet or a folder; default: the recipe's")
    add("--seed", type=int, default=0)
    add("--again", action="store_true", help="forget what was done, and train anew")
    add("--checkpoints", type=Path, default=RESULT.with_name("checkpoints"))
    add("--output", type=Path, default=RESULT)
    add("--damaged", type=int, default=1000, help="test images to damage; 0: none")
    return parser


def plan_runs(arguments: argparse.Namespace) -> list[tuple[dict, Any]]:
    """Settings of each run that is asked for, and its detector."""
    detectors = skfake.paper_detectors()
    if arguments.recipe == "skfake":
        detectors = {name: type(detector)() for name, detector in detectors.items()}
        detectors |= {name: skfake.CompactDetector(**OWN[name]) for name in OWN}
    plans = []
    for name in arguments.detectors or detectors:
        if name not in detectors:
            raise ValueError(f"--recipe must be skfake for {name}; got study.")
        detector, usual = detectors[name], detectors[name].get_params()
        wanted = {"random_state": arguments.seed, "device": arguments.device}
        wanted |= {"n_jobs": -1, "callbacks": [PrintLog(sink=log)]}
        if arguments.epochs is not None:
            wanted["max_epochs"] = arguments.epochs
        detector.set_params(**{k: v for k, v in wanted.items() if k in usual})
        if arguments.weights is not None and "weights" in usual:
            give_weights(detector, arguments.weights, arguments.recipe)
        plan = {
            "name": f"{name} ({arguments.recipe}, seed {arguments.seed})",
            "detector": name,
            "class": type(detector).__name__,
            "params": describe_params(detector),
            "recipe_epochs": usual.get("max_epochs"),
            **{key: getattr(arguments, key) for key in ("recipe", "seed", "limit")},
        }
        # As it is read from the file: tuples are lists there.
        plans.append((json.loads(json.dumps(round_all(plan))), detector))
    return plans


def give_weights(detector: Any, choice: str, recipe: str) -> None:
    """Set the weights that a network starts from, and a form that they fit."""
    detector.set_params(weights=choose_weights(choice, detector))
    if (
        recipe == "skfake"
        and detector.weights is None
        and hasattr(detector, "n_hidden")
    ):
        # Rather VGG without normalisation that has learned than with, from scratch.
        detector.set_params(batch_norm=False)
        detector.set_params(weights=choose_weights(choice, detector))
        detector.set_params(batch_norm=detector.weights is None)


def choose_weights(choice: str, detector: Any) -> str | None:
    """Weights that `--weights` has for one of torchvision's networks."""
    if choice in ("none", "imagenet"):
        return None if choice == "none" else choice
    name = detector._architecture
    # The names of VGG with and without batch normalisation begin alike.
    pattern = re.compile(rf"{name}(?!_bn).*\.(safetensors|pt|pth)")
    files = [file for file in Path(choice).iterdir() if pattern.fullmatch(file.name)]
    if len(files) > 1:
        raise ValueError(f"--weights must hold one file for {name}; got {len(files)}.")
    return str(files[0].resolve()) if files else None


def describe_params(detector: Any) -> dict[str, Any]:
    """Parameters that decide what is learned, weights by their content."""
    params = {
        name: value
        for name, value in detector.get_params().items()
        # An object's own parameters stand there too.
        if name not in OPERATIONAL and not hasattr(value, "get_params")
    }
    if params.get("weights") not in (None, "imagenet"):
        file = Path(params["weights"])
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        params["weights"] = {"file": file.name, "sha256": digest}
    return params


@cache
def load_images(source: Path, limit: int | None, seed: int) -> dict[str, Any]:
    """Draw what the limit leaves of both parts; find the test images in the other."""
    parts = {part: load_cifake(source, split=part) for part in ("train", "test")}
    pairs = find_duplicates(parts["test"].data, parts["train"].data)
    facts, images = {"n_leaked": len(np.unique(pairs[:, 0]))}, {}
    for part, bunch in parts.items():
        facts[f"n_{part}"] = n = len(bunch.target)
        rows = np.arange(n)
        if limit is not None and limit < n:
            options = {"stratify": bunch.target, "random_state": seed}
            rows = resample(rows, replace=False, n_samples=limit, **options)
        images[part] = bunch.data[rows], bunch.target[rows]
    return {**images, "leaked": np.isin(rows, pairs[:, 0]), "facts": facts}


def run(plan: dict, detector: Any, images: dict, checkpoint: Path) -> dict | None:
    """Train and test a detector; where it fails, the log says why."""
    name, (X, y) = plan["detector"], images["train"]
    if "checkpoint" in detector.get_params():
        detector.set_params(checkpoint=checkpoint)
    with catch_warnings():
        # That images leak is known, and told in every table.
        simplefilter("ignore", UserWarning)
        found = skfake.compare_detectors(
            {name: detector},
            X,
            y,
            test=images["test"],
            pos_label=1,
            target_names=["REAL", "FAKE"],
            random_state=plan["seed"],
            verbose=1,
        )
    if found.errors:
        print(f"{name} failed: {found.errors[name]}", file=sys.stderr, flush=True)
        return None
    paper_report.keep(found, checkpoint)
    fitted, times = found.detectors[name], found.table.loc[name]
    history = getattr(fitted, "history_", {})
    seconds = history.get("seconds", [])
    return {
        **plan,
        "n_train": len(y),
        "epochs": len(seconds) if history else None,
        # Of all epochs, where the training went on from a checkpoint.
        "fit_seconds": max(float(times["fit_seconds"]), sum(seconds)),
        "predict_seconds": float(times["predict_seconds"]),
        **judge(found.predictions, images["leaked"]),
        # JSON has no number for a loss that left all bounds; pandas writes null.
        "history": json.loads(pd.Series(history).to_json(double_precision=15)),
        "device": fitted.net_.device if history else "cpu",
        "precision": fitted.net_.precision if history else None,
        "machine": describe_machine(),
        "versions": describe_versions(),
    }


def log(line: str) -> None:
    """Show how far the work is; stdout is for results."""
    print(line, file=sys.stderr, flush=True)


def judge(predictions: pd.DataFrame, leaked: np.ndarray) -> dict[str, Any]:
    """Metrics with and without the leaks; confusions by actual class, FAKE first."""
    matrix = confusion_matrix(predictions.target, predictions.prediction, labels=[1, 0])
    return {
        "n_test": len(predictions),
        "n_leaked": int(leaked.sum()),
        "confusion_matrix": matrix.tolist(),
        "metrics": metrics_of(predictions),
        "metrics_without_leaks": metrics_of(predictions[~leaked]),
    }


def metrics_of(predictions: pd.DataFrame) -> dict[str, float]:
    """Metrics of predictions, with the average precision of REAL too."""
    columns = predictions[["target", "prediction", "score"]]
    target, prediction, score = columns.to_numpy().T
    classes = Classes(np.arange(2), ["REAL", "FAKE"], 1)
    metrics = compute_metrics(target, prediction, score, classes)
    # What needs probabilities, and JSON has no number for, is left out.
    known = {name: value for name, value in metrics.items() if not np.isnan(value)}
    real = average_precision_score(target == 0, -score)
    return {**known, "average_precision_REAL": float(real)}


def read(file: Path) -> dict[str, Any]:
    """What earlier runs wrote."""
    nothing = {"study": STUDY, "data": {}, "runs": []}
    return json.loads(file.read_text("utf-8")) if file.exists() else nothing


def write(file: Path, data: dict, plan: dict, runs: list[dict]) -> None:
    """Put runs in the place of those of a plan, whole or not at all."""
    # Read anew: another process may have written meanwhile.
    kept = [run for run in read(file)["runs"] if not plan.items() <= run.items()]
    found = {**read(file), "study": STUDY, "data": data, "runs": kept + runs}
    write_json(file, found)


def write_json(file: Path, found: dict) -> None:
    """Write a file, whole or not at all; what holds plain values alone is one line."""
    text = json.dumps(round_all(found), indent=2, allow_nan=False)
    text = re.sub(r"(?<=[\[{])\n[^\[\]{}]*(?=[\]}])", on_one_line, text)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(text + "\n", "utf-8")
    beside.replace(file)


def round_all(value: Any) -> Any:
    """Numbers with seven digits, more than any run repeats."""
    if isinstance(value, dict):
        return {key: round_all(of) for key, of in value.items()}
    if isinstance(value, list | tuple):
        return [round_all(of) for of in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def on_one_line(lines: re.Match) -> str:
    """Lines of JSON, joined; in a text, a line break is no line break."""
    return re.sub(r"\s*\n\s*", " ", lines[0]).strip()


def run_all(plans: list, arguments: argparse.Namespace, fingerprint: str) -> int:
    """Carry out plans and write what comes of each at once; return the exit code."""
    images = load_images(arguments.source, arguments.limit, arguments.seed)
    data, failed = {"fingerprint": fingerprint, **images["facts"]}, False
    for plan, detector in plans:
        checkpoint = choose_folder(arguments.checkpoints, data, plan)
        if arguments.again:
            shutil.rmtree(checkpoint, ignore_errors=True)
            write(arguments.output, data, plan, [])
        try:
            done = run(plan, detector, images, checkpoint)
        except KeyboardInterrupt:
            log("Interrupted. The same command, without --again, goes on from here.")
            return 130
        failed |= not done
        if done:
            write(arguments.output, data, plan, [done])
    return int(failed)


def choose_folder(checkpoints: Path, data: dict, plan: dict) -> Path:
    """Where a run keeps its checkpoint: what it depends on gives the folder's name."""
    settings = json.dumps([data, plan], sort_keys=True).encode()
    return checkpoints / hashlib.sha256(settings).hexdigest()[:16]


def make_report(arguments: argparse.Namespace) -> None:
    """Write the report of a recipe's runs that were kept, and what is in it."""
    found, folders, seconds = read(arguments.output), {}, {}
    for made in choose(found, arguments.limit):
        plan = {key: made[key] for key in PLAN}
        folder = choose_folder(arguments.checkpoints, found["data"], plan)
        kept = (folder / paper_report.COMPARISON).exists()
        if kept and all(made[key] == getattr(arguments, key) for key in OF_REPORT):
            folders[made["detector"]] = folder
            seconds[made["detector"]] = made["fit_seconds"]
    if not folders:
        return
    comparison = paper_report.collect(folders, seconds)
    robustness = None
    if arguments.damaged:
        images = load_images(arguments.source, arguments.limit, arguments.seed)
        robustness = paper_report.look_at_damage(
            comparison, *images["test"], arguments.damaged, arguments.seed
        )
    study = paper_report.tabulate_study(comparison, STUDY, list(METRICS))
    comparison.to_html(
        arguments.output.with_suffix(".html"),
        robustness=robustness,
        sections={"The study's tables": study},
    )
    report = {key: getattr(arguments, key) for key in OF_REPORT}
    report |= paper_report.describe(comparison, robustness)
    write_json(arguments.output, {**read(arguments.output), "report": report})


def choose(found: dict, limit: int | None) -> list[dict]:
    """Runs with a limit, or on all images, in the order of the tables."""
    runs = [run for run in found["runs"] if run["limit"] == limit]
    order = NAMES.index
    return sorted(runs, key=lambda r: (r["recipe"] != "study", order(r["detector"])))


def to_markdown(found: dict, limit: int | None = None) -> str:
    """Table of our main metrics beside the study's, and what they were made with."""
    runs, made = choose(found, limit), {}
    for run in runs:
        machine, versions = run["machine"], map(" ".join, run["versions"].items())
        cpu = f"{machine['processor']}, {machine['n_cpus']} cores"
        where = cpu if run["device"] == "cpu" else machine.get("accelerator", cpu)
        how = f"{where}; {', '.join(versions)}."
        made.setdefault(how, []).append(run["name"])
    rows = [main_row(run, found["study"].get(run["detector"], {})) for run in runs]
    notes = [f"{', '.join(names)}: {how}" for how, names in made.items()]
    return "\n".join([*tabulate(found, limit, rows), "", *notes])


def main_row(run: dict, study: dict) -> dict[str, str]:
    """Main metrics of a run."""
    ours, epochs, usual = run["metrics"], run["epochs"], run["recipe_epochs"]
    weights = run["params"].get("weights", "-") or "none"
    difference = 100 * (ours["accuracy"] - study["accuracy"]) if study else None
    return {
        "detector": run["detector"],
        "recipe": run["recipe"],
        "weights": weights if isinstance(weights, str) else weights["file"],
        "seed": str(run["seed"]),
        "epochs": show(epochs, "d") + (f" of {usual}" if epochs != usual else ""),
        "accuracy": show(ours["accuracy"], ".2%"),
        "the study's": show(study.get("accuracy"), ".2%"),
        "difference": show(difference, "+.2f"),
        "ROC-AUC": show(ours["roc_auc"], ".4f"),
        "the study's ROC-AUC": show(study.get("roc_auc"), ".4f"),
        "accuracy without leaks": show(run["metrics_without_leaks"]["accuracy"], ".2%"),
        "training": f"{run['fit_seconds'] / 60:.1f} min",
    }


def to_full_markdown(found: dict, limit: int | None = None) -> str:
    """The study's whole table, each row below that of ours."""
    rows = []
    for run in choose(found, limit):
        study = found["study"].get(run["detector"])
        for name, metrics in ((run["name"], run["metrics"]), ("the study", study)):
            if metrics:
                cells = {key: show(metrics[key], form) for key, form in METRICS.items()}
                rows.append({"": name, **cells})
    return "\n".join(tabulate(found, limit, rows))


def show(value: float | None, form: str) -> str:
    """A number, or a dash where there is none."""
    return "-" if value is None else format(value, form)


def tabulate(found: dict, limit: int | None, rows: list[dict[str, str]]) -> list[str]:
    """Lines of a table in Markdown, below what it is of."""
    title = "CIFAKE: {n_train:,} training, {n_test:,} test images, {n_leaked} in both."
    if limit is not None:
        title = "A QUICK LOOK, {limit:,} images of a part at most. " + title
    cells = [list(rows[0]), ["---"] * len(rows[0]), *(row.values() for row in rows)]
    title = title.format(**found["data"], limit=limit)
    return [title, "", *(f"| {' | '.join(row)} |" for row in cells)]


def draw_curves(found: dict, file: Path | str) -> None:
    """Draw the accuracy of each epoch; that of held-out images is dashed."""
    runs = [run for run in choose(found, None) if run["history"]]
    recipes = list(dict.fromkeys(run["recipe"] for run in runs))
    figure, lines = Figure(figsize=(9, 4), layout="constrained"), {}
    axes = figure.subplots(1, len(recipes), sharey=True, squeeze=False)[0]
    for run in runs:
        ax, color = axes[recipes.index(run["recipe"])], NAMES.index(run["detector"])
        for part, style in (("train", "-"), ("valid", "--")):
            if values := run["history"].get(f"{part}_accuracy"):
                x, y = range(1, len(values) + 1), 100 * np.array(values, dtype=float)
                (line,) = ax.plot(x, y, style, color=f"C{color}")
                lines[f"{run['detector']}, {part}"] = line
        ax.set(title=f"recipe: {run['recipe']}", xlabel="epoch", ylabel="accuracy, %")
        ax.xaxis.get_major_locator().set_params(integer=True)
    figure.legend(lines.values(), lines.keys(), loc="outside right center")
    # The same metrics make the same file, and letters are not drawn one by one.
    with rc_context({"svg.hashsalt": "skfake", "svg.fonttype": "none"}):
        figure.savefig(file, metadata={"Date": None})


def main(argv: list[str] | None = None) -> int:
    """Carry out what is missing, and print the table."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    output = arguments.output
    try:
        plans, found = plan_runs(arguments), read(output)
        fingerprint = cifake_fingerprint(arguments.source)
        if found["data"].get("fingerprint", fingerprint) != fingerprint:
            raise ValueError(f"--output must be of the same images; got {output.name}.")
    except (OSError, ValueError) as error:
        parser.error(str(error))
    done = [] if arguments.again else found["runs"]
    plans = [(p, d) for p, d in plans if not any(p.items() <= r.items() for r in done)]
    code = run_all(plans, arguments, fingerprint) if plans else 0
    if code == 0:
        make_report(arguments)
    found = read(output)
    if choose(found, arguments.limit):
        print(to_markdown(found, arguments.limit))
    if any(run["history"] for run in choose(found, None)):
        draw_curves(found, output.with_suffix(".svg"))
    return code


if __name__ == "__main__":
    sys.exit(main())
