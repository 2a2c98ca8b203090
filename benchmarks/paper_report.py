"""The report that reproduce_paper.py ends in: ours beside the study's, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import resample

from skfake import Comparison
from skfake.evaluation import evaluate_robustness
from skfake.report.page import to_table
from skfake.report.text import format_metric

# Where a run's comparison, with its fitted detector, lies in the folder of checkpoints.
COMPARISON = "comparison.joblib"
# The study's tables of a detector each, in its order, and its confusion matrices: by
# actual class, FAKE first. That of ResNet is printed transposed there.
TABLES = {"SVM": "II", "CNN": "III", "ResNet": "IV", "VGGNet": "V", "DenseNet": "VI"}
STUDY_MATRICES = {
    "SVM": [[8020, 1980], [1734, 8266]],
    "CNN": [[8734, 1266], [1453, 8547]],
    "ResNet": [[9066, 934], [76, 9924]],
    "VGGNet": [[9542, 458], [343, 9657]],
    "DenseNet": [[9769, 231], [221, 9779]],
}
METRIC = "accuracy"
# What is written of images that are damaged: there are hundreds of such rows.
OF_METRIC = [METRIC, f"{METRIC}_low", f"{METRIC}_high"]
CONDITION = ["detector", "corruption", "strength"]


def keep(found: Comparison, checkpoint: Path) -> None:
    """Keep a run's comparison for the report."""
    checkpoint.mkdir(parents=True, exist_ok=True)
    joblib.dump(found, checkpoint / COMPARISON)


def collect(runs: Mapping[str, Path], seconds: Mapping[str, float]) -> Comparison:
    """One comparison of all runs that were kept.

    Parameters
    ----------
    runs : dict of Path
        Names of the detectors, and their folders of checkpoints.

    seconds : dict of float
        How long they were trained in all; a comparison knows what its last start took.
    """
    parts = []
    for name, checkpoint in runs.items():
        part: Comparison = joblib.load(checkpoint / COMPARISON)
        part.folds["fit_seconds"] = seconds[name]
        part.settings["detectors"][name] = tell_settings(part.detectors[name])
        parts.append(part)
    return replace(parts[0].join(*parts[1:]), title="The study's detectors on CIFAKE")


def tell_settings(detector: Any) -> str:
    """A detector's parameters, without the folders of the machine it was trained on."""
    plain: dict[str, Any] = {"checkpoint": None, "callbacks": None}
    known = detector.get_params()
    if known.get("weights") is not None:
        plain["weights"] = Path(known["weights"]).name
    chosen = {name: value for name, value in plain.items() if name in known}
    return repr(clone(detector).set_params(**chosen))


def look_at_damage(
    comparison: Comparison, X: np.ndarray, y: np.ndarray, n_images: int, seed: int
) -> Any:
    """How the detectors do on some of the test images, damaged."""
    options: dict[str, Any] = {"stratify": y, "random_state": seed}
    rows = np.arange(len(y))
    if n_images < len(rows):
        rows = resample(rows, replace=False, n_samples=n_images, **options)
    with catch_warnings():
        # The comparison has told that images leak.
        simplefilter("ignore", UserWarning)
        return evaluate_robustness(
            comparison.detectors,
            X[rows],
            y[rows],
            metric=METRIC,
            pos_label=1,
            target_names=comparison.target_names,
            random_state=seed,
            verbose=1,
        )


def tabulate_study(
    comparison: Comparison,
    study: Mapping[str, Mapping[str, float | None]],
    metrics: Sequence[str],
) -> str:
    """The study's tables, a detector each, with our metrics beside its own."""
    kept = comparison.without_leaks()
    parts = []
    for name, number in TABLES.items():
        if name not in comparison.table.index or name in comparison.errors:
            continue
        rows = {}
        for metric in metrics:
            theirs = study[name].get(metric)
            if metric not in comparison.table:
                continue
            rows[metric.replace("_", " ")] = {
                "the study": "-" if theirs is None else f"{100 * theirs:.2f}",
                "ours": format_metric(comparison.table.loc[name], metric),
                "ours without leaks": format_metric(kept.table.loc[name], metric),
            }
        said = f"Table {number} of the study: {name}. In %."
        parts.append(f"<h3>{escape(said)}</h3>")
        parts.append(to_table(pd.DataFrame(rows).T))
        parts.append(to_table(_tabulate_matrices(comparison, name)))
    return "\n".join(parts)


def _tabulate_matrices(comparison: Comparison, name: str) -> pd.DataFrame:
    """Confusions of the study and ours: rows actual, columns predicted."""
    one = comparison.predictions["detector"] == name
    ours = pd.crosstab(
        comparison.predictions.loc[one, "target"],
        comparison.predictions.loc[one, "prediction"],
    ).reindex(index=[1, 0], columns=[1, 0], fill_value=0)
    table = pd.DataFrame(
        np.hstack([STUDY_MATRICES[name], ours.to_numpy()]),
        index=["actual FAKE", "actual REAL"],
        columns=[
            f"{who}: called {called}"
            for who in ("the study", "ours")
            for called in ("FAKE", "REAL")
        ],
    )
    return table


def describe(comparison: Comparison, robustness: Any) -> dict[str, Any]:
    """What the report shows, for the JSON beside it."""
    without = comparison.without_leaks().table
    found = {
        "table": _records(comparison.table.reset_index()),
        "without_leaks": _records(without[OF_METRIC].reset_index()),
        "differences": _records(comparison.differences),
        "warnings": comparison.warnings,
        "settings": {
            name: comparison.settings[name]
            for name in ("confidence_level", "n_resamples", "random_state", "test")
        },
    }
    if robustness is not None:
        found["damaged"] = {
            "n_images": robustness.n_images,
            "metric": robustness.metric,
            "table": _records(robustness.table[[*CONDITION, *OF_METRIC]]),
            "summary": _records(robustness.summary.reset_index()),
        }
    return found


def _records(table: pd.DataFrame) -> list[dict]:
    """Rows of a table as dicts, without what is not known."""
    rows = table.to_dict(orient="records")
    return [{k: v for k, v in row.items() if pd.notna(v)} for row in rows]


def to_markdown(found: Mapping[str, Any]) -> str:
    """Table of accuracies: with intervals, and without leaks."""
    without = {row["detector"]: row for row in found["without_leaks"]}
    columns = ["detector", "accuracy", "without leaks"]
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    for row in found["table"]:
        cells = [row["detector"]]
        cells += [
            format_metric(pd.Series(of), METRIC)
            for of in (row, without[row["detector"]])
        ]
        lines.append(f"| {' | '.join(cells)} |")
    settings = found["settings"]
    notes = [
        f"Accuracy in %, with intervals of {settings['confidence_level']:.0%} "
        f"({settings['n_resamples']:,} resamples)."
    ]
    alike = [d for d in found["differences"] if not d["significant"]]
    pairs = "; ".join(f"{d['first']} and {d['second']}" for d in alike) or "none"
    notes.append(f"Not significantly different ({settings['test']}): {pairs}.")
    return "\n".join([*lines, "", " ".join(notes)])
