"""Results in words: for a terminal and for a notebook."""

from html import escape
from textwrap import wrap

import numpy as np
import pandas as pd

from skfake.results.comparison import ComparisonResult
from skfake.results.metric_tables import SECONDS
from skfake.results.robustness import RobustnessResult

MISSING = "-"
WIDTH = 88


def to_text(comparison: ComparisonResult) -> str:
    """Main metrics as aligned text, with the errors below them."""
    table = main_metrics(comparison).rename_axis(index=None, columns="detector")
    # Two spaces between columns, where pandas leaves one.
    widths = [max(map(len, [name, *table[name]])) + 1 for name in table]
    remarks = [wrapped for line in notes(comparison) for wrapped in wrap(line, WIDTH)]
    return _stack_lines(caption(comparison), table.to_string(col_space=widths), remarks)


def to_html(comparison: ComparisonResult) -> str:
    """Main metrics as HTML, with the errors below them."""
    table = main_metrics(comparison).rename_axis(index=None)
    return _stack_html(caption(comparison), table, notes(comparison))


def caption(comparison: ComparisonResult) -> str:
    """What the metrics are of, how they came about, and their unit."""
    settings = comparison.settings
    how = {
        "cross-validation": "{n_images} images in {n_folds} folds",
        "holdout": "Trained on {n_images} images, tested on {n_test_images}",
        "fitted": "Tested on {n_test_images} images",
    }[settings["procedure"]].format_map(settings)
    how += "; metrics in %"
    seeds = settings.get("seeds")
    fits = [f"{len(seeds)} seeds"] if seeds else []
    fits += ["folds"] if "n_folds" in settings else []
    if fits:
        how += f", mean ± standard deviation over the {' and '.join(fits)}"
    elif settings["n_resamples"]:
        how += f", accuracy with {settings['confidence_level']:.0%} intervals"
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


def main_metrics(comparison: ComparisonResult) -> pd.DataFrame:
    """Those metrics that fit a terminal, as text in percent and seconds."""
    metrics = {"accuracy": "accuracy"}
    if len(comparison.classes) == 2:
        titles = {"precision": "precision", "recall": "recall", "f1": "F1"}
        of = positive_name(comparison)
        metrics |= {f"{metric}_{of}": title for metric, title in titles.items()}
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
    for metric in (name for name in SECONDS if name in comparison.table):
        seconds = comparison.table[metric]
        shown[metric.replace("_seconds", " s")] = [format_number(s, 1) for s in seconds]
    return shown


def positive_name(comparison: ComparisonResult) -> str:
    """Name of the positive one of two classes."""
    return comparison.target_names[
        comparison.classes.tolist().index(comparison.pos_label)
    ]


def notes(comparison: ComparisonResult) -> list[str]:
    """What must be read with the metrics: differences, warnings and failures."""
    return [
        *describe_differences(comparison),
        *comparison.warnings,
        *failures(comparison),
    ]


def describe_differences(comparison: ComparisonResult) -> list[str]:
    """Which detectors the test does not distinguish."""
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


def failures(comparison: ComparisonResult | RobustnessResult) -> list[str]:
    """A line for each detector that failed: the first of its error."""
    return [
        f"{name} failed: {error.splitlines()[0]}"
        for name, error in comparison.errors.items()
    ]


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


def format_p_value(value: float) -> str:
    """A p-value, as exact as it is of use."""
    return "< 0.001" if value < 0.001 else format_number(value, 3)


def robustness_to_text(robustness: RobustnessResult) -> str:
    """The summary as aligned text, with the errors below it."""
    table = robustness_percents(robustness).to_string()
    remarks = failures(robustness)
    return _stack_lines(robustness_caption(robustness), table, remarks)


def robustness_to_html(robustness: RobustnessResult) -> str:
    """The summary as HTML, with the errors below it."""
    table, remarks = robustness_percents(robustness), failures(robustness)
    return _stack_html(robustness_caption(robustness), table, remarks)


def robustness_caption(robustness: RobustnessResult) -> str:
    """What the summary is of, and its unit."""
    return (
        f"{robustness.metric} in % of {robustness.n_images} images, as they are "
        "(clean) and damaged: means over the strengths."
    )


def robustness_percents(robustness: RobustnessResult) -> pd.DataFrame:
    """The summary as text in percent."""
    summary = robustness.summary.rename_axis(index=None, columns=None)
    return summary.map(lambda value: format_number(100 * value, 1))


def _stack_lines(above: str, table: str, below: list[str]) -> str:
    blank = [""] if below else []
    return "\n".join([above, "", table, *blank, *below])


def _stack_html(above: str, table: pd.DataFrame, below: list[str]) -> str:
    lines = [f"<p>{escape(line)}</p>" for line in (above, *below)]
    return "\n".join([lines[0], table.to_html(border=0), *lines[1:]])
