"""A comparison in words: for a terminal, for a notebook and in files."""

from __future__ import annotations

import json
import os
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd

from skfake.displays.confusion import count_confusions
from skfake.plotting import import_pyplot

MISSING = "-"
# Settings that stand beside the others in a file: with what a comparison was made.
MADE = ("versions", "machine")
WIDTH = 88


def to_text(comparison: Any) -> str:
    """Main metrics as aligned text, with the errors below them."""
    table = main_metrics(comparison).reset_index()
    columns = [[str(name), *table[name]] for name in table]
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(
            [cells[0].ljust(widths[0])]
            + [
                cell.rjust(width)
                for cell, width in zip(cells[1:], widths[1:], strict=True)
            ]
        )
        for cells in zip(*columns, strict=True)
    ]
    remarks = [wrapped for line in notes(comparison) for wrapped in wrap(line, WIDTH)]
    return "\n".join(
        [caption(comparison), "", *lines, *([""] if remarks else []), *remarks]
    )


def to_html(comparison: Any) -> str:
    """Main metrics as HTML, with the errors below them."""
    table = main_metrics(comparison).rename_axis(index=None).to_html(border=0)
    remarks = [f"<p>{escape(line)}</p>" for line in notes(comparison)]
    return "\n".join([f"<p>{escape(caption(comparison))}</p>", table, *remarks])


def caption(comparison: Any) -> str:
    """What the metrics are of, how they came about, and their unit."""
    settings = comparison.settings
    if settings["n_images"] is None:
        how = f"Tested on {settings['n_test_images']} images; metrics in %"
    elif settings["n_folds"] is None:
        how = (
            f"Trained on {settings['n_images']} images, tested on "
            f"{settings['n_test_images']}; metrics in %"
        )
    else:
        how = (
            f"{settings['n_images']} images in {settings['n_folds']} folds; metrics in "
            "%"
        )
    fits = [] if settings["seeds"] is None else [f"{len(settings['seeds'])} seeds"]
    fits += [] if settings["n_folds"] is None else ["folds"]
    if fits:
        how += f", mean ± standard deviation over the {' and '.join(fits)}"
    elif settings["n_resamples"]:
        how += f", of accuracy with intervals of {settings['confidence_level']:.0%}"
    how += "."
    if "n_leaked" in settings:
        how += f" {settings['n_leaked']} test images that leak are left out."
    lines = [comparison.title, how] if comparison.title else [how]
    if len(comparison.classes) == 2:
        lines.append(
            "Precision, recall, F1 and AP (average precision) are those of "
            f"{positive_name(comparison)}."
        )
    return "\n".join(lines)


def main_metrics(comparison: Any) -> pd.DataFrame:
    """Those metrics that fit a terminal, as text in percent and seconds."""
    metrics = {"accuracy": "accuracy"}
    if len(comparison.classes) == 2:
        of = positive_name(comparison)
        metrics |= {f"precision_{of}": "precision", f"recall_{of}": "recall"}
        metrics |= {f"f1_{of}": "F1"}
    else:
        metrics |= {"balanced_accuracy": "balanced accuracy"}
    metrics |= {"roc_auc": "ROC-AUC", "average_precision": "AP"}
    shown = pd.DataFrame(index=comparison.table.index)
    for metric, title in metrics.items():
        # A terminal has no room for all intervals.
        shown[title] = [
            format_metric(row, metric, with_interval=metric == "accuracy")
            for _, row in comparison.table.iterrows()
        ]
    for metric, title in [
        ("fit_seconds", "fit s"),
        ("predict_seconds", "predict s"),
    ]:
        seconds = comparison.table[metric]
        shown[title] = [format_number(value, 1) for value in seconds]
    return shown


def positive_name(comparison: Any) -> str:
    """Name of the positive one of two classes."""
    return comparison.target_names[
        comparison.classes.tolist().index(comparison.pos_label)
    ]


def notes(comparison: Any) -> list[str]:
    """What must be read with the metrics: differences, warnings and failures."""
    return [
        *tell_differences(comparison),
        *comparison.warnings,
        *failures(comparison),
    ]


def tell_differences(comparison: Any) -> list[str]:
    """Say which detectors the test does not tell apart."""
    differences = comparison.differences
    if differences.empty:
        return []
    settings = comparison.settings
    by = f"{settings['test']}, {settings['confidence_level']:.0%} for all pairs"
    alike = differences[~differences["significant"]]
    if alike.empty:
        return [f"All differences of accuracy are significant ({by})."]
    pairs = zip(alike["first"], alike["second"], strict=True)
    named = "; ".join(f"{first} and {second}" for first, second in pairs)
    return [f"Accuracies that are not significantly different ({by}): {named}."]


def failures(comparison: Any) -> list[str]:
    """A line for each detector that failed: the first of its error."""
    return [
        f"{name} failed: {error.splitlines()[0]}"
        for name, error in comparison.errors.items()
    ]


def save(comparison: Any, folder: str | os.PathLike) -> None:
    """Write the files of `Comparison.save`."""
    plt = import_pyplot()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".") as beside:
        unfinished = Path(beside)
        comparison.table.to_csv(unfinished / "table.csv")
        comparison.predictions.to_csv(unfinished / "predictions.csv", index=False)
        text = json.dumps(to_dict(comparison), indent=2, allow_nan=False)
        (unfinished / "comparison.json").write_text(text + "\n", encoding="utf-8")
        comparison.to_html(unfinished / "report.html")
        if len(comparison.errors) < len(comparison.table):
            for name in ("roc_curves", "confusion_matrices"):
                figure = getattr(comparison, name)().figure_
                figure.suptitle(comparison.title, fontsize="small", wrap=True)
                figure.savefig(unfinished / f"{name}.png", dpi=150)
                plt.close(figure)
        for file in unfinished.iterdir():
            file.replace(folder / file.name)


def to_dict(comparison: Any) -> dict[str, Any]:
    """All that is worth keeping in a file, but for the single predictions."""
    confusions = count_confusions(comparison.predictions, comparison.classes)
    return {
        "title": comparison.title,
        "table": _records(comparison.table.reset_index()),
        "differences": _records(comparison.differences),
        "folds": _records(comparison.folds),
        "classes": comparison.classes.tolist(),
        "target_names": comparison.target_names,
        "pos_label": np.asarray(comparison.pos_label).tolist(),
        "confusion_matrices": {
            name: matrix.tolist()
            for name, matrix in confusions.items()
            if name not in comparison.errors
        },
        "settings": {k: v for k, v in comparison.settings.items() if k not in MADE},
        **{name: comparison.settings[name] for name in MADE},
        "leaks": _records(comparison.leaks),
        "warnings": comparison.warnings,
    }


def _records(table: pd.DataFrame) -> list[dict]:
    return json.loads(table.to_json(orient="records", double_precision=15))


def format_metric(row: pd.Series, metric: str, *, with_interval: bool = True) -> str:
    """A metric in percent, with its spread or else with its interval."""
    shown = format_number(100 * row[metric], 1)
    spread = row.get(f"{metric}_std", np.nan)
    low, high = (row.get(f"{metric}_{end}", np.nan) for end in ("low", "high"))
    if not np.isnan(spread):
        shown += f" ± {100 * spread:.1f}"
    elif with_interval and not np.isnan(low):
        shown += f" [{100 * low:.1f}, {100 * high:.1f}]"
    return shown


def format_number(value: float, n_digits: int) -> str:
    """A number, or what stands for none."""
    return MISSING if np.isnan(value) else f"{value:.{n_digits}f}"
