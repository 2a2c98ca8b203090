"""A comparison as files: tables, plots, a report and settings."""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from skfake.displays.comparison import PlottedComparison
from skfake.displays.confusion import count_confusions
from skfake.plotting import import_pyplot
from skfake.report.page import render_page
from skfake.results.comparison import whole_predictions
from skfake.results.robustness import RobustnessResult

# Settings that stand beside the others in a file: with what a comparison was made.
MADE = ("versions", "machine")
PLOTS = ("roc_curves", "confusion_matrices")


def save_comparison(
    comparison: PlottedComparison,
    folder: str | os.PathLike,
    *,
    robustness: RobustnessResult | None = None,
) -> None:
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
        page = render_page(comparison, robustness=robustness)
        (unfinished / "report.html").write_text(page, encoding="utf-8")
        if robustness is not None:
            robustness.table.to_csv(unfinished / "robustness.csv", index=False)
        if len(comparison.errors) < len(comparison.table):
            for name in PLOTS:
                figure = getattr(comparison, name)().figure_
                figure.suptitle(comparison.title, fontsize="small", wrap=True)
                figure.savefig(unfinished / f"{name}.png", dpi=150)
                plt.close(figure)
        for file in unfinished.iterdir():
            file.replace(folder / file.name)


def to_dict(comparison: PlottedComparison) -> dict[str, Any]:
    """All that is worth keeping in a file, but for the single predictions."""
    confusions = count_confusions(whole_predictions(comparison), comparison.classes)
    return {
        "title": comparison.title,
        "table": _records(comparison.table.reset_index()),
        "differences": _records(comparison.differences),
        "folds": _records(comparison.folds),
        "generators": _records(comparison.generators.reset_index()),
        "classes": comparison.classes.tolist(),
        "target_names": comparison.target_names,
        "pos_label": np.asarray(comparison.pos_label).tolist(),
        "confusion_matrices": {k: matrix.tolist() for k, matrix in confusions.items()},
        "settings": {k: v for k, v in comparison.settings.items() if k not in MADE},
        **{name: comparison.settings[name] for name in MADE},
        "leaks": _records(comparison.leaks),
        "unreadable": _records(comparison.unreadable),
        "warnings": comparison.warnings,
    }


def _records(table: pd.DataFrame) -> list[dict]:
    return json.loads(table.to_json(orient="records", double_precision=15))
