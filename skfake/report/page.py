"""A comparison as one page of HTML that needs no network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from skfake.displays.training import read_histories
from skfake.metrics.summary import CALIBRATION, metric_names
from skfake.plotting import import_pyplot
from skfake.report import text
from skfake.results.tables import SECONDS

# A phone's width is enough: tables scroll by themselves, and pictures shrink.
STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --faint: #59636e;
  --line: #d1d9e0; --shade: #f6f8fa; --alarm: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3;
  --faint: #9198a1; --line: #3d444d; --shade: #151b23; --alarm: #d29922; } }
body { background: var(--paper); color: var(--ink); margin: 0 auto; max-width: 56rem;
  padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.6rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
th:first-child { text-align: left !important; }
tbody tr:nth-child(even) { background: var(--shade); }
p.warning { border-left: 4px solid var(--alarm); padding-left: 0.75rem; }
p.faint, figcaption { color: var(--faint); font-size: 0.85rem; }
figure { margin: 1rem 0; }
svg { width: 100%; height: auto; min-width: 26rem; max-width: 46rem;
  fill: currentColor; }
details { margin: 0.5rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.8rem; }
"""
# What is the better the smaller it is.
ERRORS = ("equal_error_rate", *CALIBRATION)


def to_page(
    comparison: Any,
    *,
    robustness: Any | None = None,
    sections: Mapping[str, str] | None = None,
) -> str:
    """All that a comparison found, as a page that stands alone."""
    title = comparison.title or "Comparison of detectors"
    contents = {
        "": _introduction(comparison),
        **(sections or {}),
        "Metrics": metrics_table(comparison),
        "Differences": _differences(comparison),
        "Without the images that leak": _without_leaks(comparison),
        "Curves": _curves(comparison),
        "Images that are most wrong": _most_wrong(comparison),
        "Training": _training(comparison),
        "Damaged images": "" if robustness is None else _robustness(robustness),
        "Data": _data(comparison),
        "How it was made": _settings(comparison),
    }
    body = "\n".join(
        (f"<h2>{escape(heading)}</h2>\n" if heading else "") + content
        for heading, content in contents.items()
        if content
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def metrics_table(comparison: Any) -> str:
    """Every metric of every detector, with its interval or its spread."""
    table = comparison.table
    metrics = metric_names(comparison.target_names)
    shown = {}
    for metric in [name for name in metrics if table[name].notna().any()]:
        name = metric.replace("_", " ")
        shown[name + (" (less is better)" if metric in ERRORS else "")] = [
            text.format_metric(row, metric) for _, row in table.iterrows()
        ]
    for metric in SECONDS:
        shown[metric.replace("_", " ")] = [
            text.format_number(seconds, 1) for seconds in table[metric]
        ]
    rows = pd.DataFrame(shown, index=table.index).T
    return wide(to_table(rows))


def wide(content: str) -> str:
    """What scrolls by itself where the screen is narrower."""
    return f'<div class="wide">\n{content}\n</div>'


def to_table(rows: pd.DataFrame) -> str:
    """A table of texts and numbers, all escaped."""
    rows = rows.rename_axis(index=None, columns=None)
    return rows.to_html(border=0, justify="right")


def draw(display: Callable[..., Any], caption: str) -> str:
    """A display as a picture in the page, in the colours of the page."""
    plt = import_pyplot()
    # Pictures that are the same have the same names inside.
    with plt.rc_context({"svg.hashsalt": caption, "svg.fonttype": "none"}):
        figure = display().figure_
        file = StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        plt.close(figure)
    picture = file.getvalue()
    picture = picture[picture.index("<svg") :]
    picture = re.sub(r"#000000|#000(?=[;\"])", "currentColor", picture)
    picture = re.sub(r"#ffffff|#fff(?=[;\"])", "var(--paper)", picture)
    picture = picture.replace("<svg ", f'<svg role="img" aria-label="{caption}" ', 1)
    return f"<figure>\n{picture}\n<figcaption>{escape(caption)}</figcaption>\n</figure>"


def _introduction(comparison: Any) -> str:
    lines = text.caption(comparison).splitlines()[bool(comparison.title) :]
    notes = [
        *text.tell_differences(comparison),
        "A detector's answer is a guess about images like those it was trained on. It "
        "is no proof, least of all for generators that it has not seen.",
    ]
    warnings = [*comparison.warnings, *text.failures(comparison)]
    return "\n".join(
        [
            *(f"<p>{escape(line)}</p>" for line in [*lines, *notes]),
            *(f'<p class="warning">{escape(line)}</p>' for line in warnings),
        ]
    )


def _differences(comparison: Any) -> str:
    differences = comparison.differences
    if differences.empty:
        return ""
    settings = comparison.settings
    rows = {
        f"{row['first']} - {row['second']}": {
            "difference of accuracy": text.format_metric(row, "difference"),
            "p-value": _show_p_value(row["p_value"]),
            "corrected": _show_p_value(row["p_value_holm"]),
            "significant": "yes" if row["significant"] else "no",
        }
        for _, row in differences.iterrows()
    }
    said = (
        f"In %. p-values by {settings['test']}, corrected by Holm's method for "
        f"{len(rows)} pairs; significant at {settings['confidence_level']:.0%}."
    )
    return f"<p>{escape(said)}</p>\n" + wide(to_table(pd.DataFrame(rows).T))


def _without_leaks(comparison: Any) -> str:
    if comparison.leaks.empty:
        return ""
    kept = comparison.without_leaks()
    rows = pd.DataFrame(
        {
            f"{metric.replace('_', ' ')}{how}": [
                text.format_metric(row, metric) for _, row in found.table.iterrows()
            ]
            for metric in ("accuracy", "roc_auc")
            for how, found in (("", comparison), (", without leaks", kept))
        },
        index=comparison.table.index,
    )
    return wide(to_table(rows))


def _curves(comparison: Any) -> str:
    if len(comparison.errors) == len(comparison.table):
        return ""
    displays: list[tuple[Callable[..., Any], str, str]] = [
        (comparison.roc_curves, "ROC curves", "roc_auc"),
        (comparison.precision_recall_curves, "Precision and recall", "roc_auc"),
        (comparison.reliability, "Reliability of the probabilities", "brier_score"),
        (comparison.confusion_matrices, "Confusion matrices", "accuracy"),
    ]
    return "\n".join(
        draw(display, f"{caption}.")
        for display, caption, needed in displays
        if comparison.table[needed].notna().any()
    )


def _most_wrong(comparison: Any) -> str:
    if not comparison.thumbnails:
        return ""
    return draw(comparison.confident_mistakes, "The surest of the wrong answers.")


def _training(comparison: Any) -> str:
    if not read_histories(comparison.detectors):
        return ""
    return draw(comparison.training_curves, "Accuracy of every epoch of training.")


def _robustness(robustness: Any) -> str:
    table = wide(robustness._repr_html_())
    if len(robustness.errors) == len(robustness.summary):
        return table
    said = "Damage grows to the right."
    if robustness.confidence_level is not None:
        said += f" Bands are intervals of {100 * robustness.confidence_level:g}%."
    return table + draw(robustness.curves, said)


def _data(comparison: Any) -> str:
    settings = comparison.settings
    counts = pd.DataFrame(settings["n_images_by_class"]).T
    parts = [wide(to_table(counts))]
    if len(comparison.leaks):
        leaks = comparison.leaks
        found = {
            "test images with a copy in training": leaks["image"].nunique(),
            "to the pixel": leaks.loc[leaks["exact"], "image"].nunique(),
        }
        parts.append(wide(to_table(pd.DataFrame(found, index=[""]).T)))
    if comparison.confounders is not None:
        parts.append("<p>What tells the classes apart besides the pictures:</p>")
        parts.append(wide(to_table(comparison.confounders)))
    return "\n".join(parts)


def _settings(comparison: Any) -> str:
    settings = dict(comparison.settings)
    detectors = settings.pop("detectors")
    versions, machine = settings.pop("versions"), settings.pop("machine")
    settings.pop("n_images_by_class")
    shown = {name: value for name, value in settings.items() if value is not None}
    details = [
        f"<details><summary>{escape(name)}</summary><pre>{escape(said)}</pre></details>"
        for name, said in detectors.items()
    ]
    return "\n".join(
        [
            *details,
            wide(to_table(pd.DataFrame({"": shown}))),
            f'<p class="faint">{escape(_list_pairs(versions.items()))}<br>'
            f"{escape(_list_pairs(machine.items()))}</p>",
        ]
    )


def _list_pairs(pairs: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs)


def _show_p_value(value: float) -> str:
    if np.isnan(value):
        return text.MISSING
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
