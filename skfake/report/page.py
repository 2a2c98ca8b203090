"""A comparison as one page of HTML that needs no network."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader

from skfake.displays import RobustnessCurvesDisplay
from skfake.displays import comparison as plots
from skfake.displays.training import read_histories
from skfake.files import replace_when_whole
from skfake.metrics.summary import CALIBRATION, metric_names
from skfake.plotting import import_pyplot
from skfake.report import text
from skfake.results.comparison import ComparisonResult
from skfake.results.metric_tables import SECONDS
from skfake.results.robustness import RobustnessResult

# What is the better the smaller it is.
ERRORS = ("equal_error_rate", *CALIBRATION)
# Captions, and plots as SVG.
Plots = list[tuple[str, str]]


def write_page(
    comparison: ComparisonResult, path: str | os.PathLike, **options: Any
) -> None:
    """Write the page of `render_page` to a file, or leave the file as it was."""
    with replace_when_whole(path) as beside:
        beside.write_text(render_page(comparison, **options), encoding="utf-8")


def render_page(
    comparison: ComparisonResult,
    *,
    robustness: RobustnessResult | None = None,
    sections: Mapping[str, str] | None = None,
) -> str:
    """All that a comparison found, as a page that stands alone."""
    environment = Environment(
        loader=PackageLoader("skfake.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["table"] = to_table
    settings = comparison.settings
    page = environment.get_template("report.html").render(
        title=comparison.title or "Comparison of detectors",
        introduction=[
            *text.caption(comparison).splitlines()[bool(comparison.title) :],
            *text.describe_differences(comparison),
        ],
        warnings=[*comparison.warnings, *text.failures(comparison)],
        sections=sections or {},
        metrics=tabulate_metrics(comparison),
        differences=_tabulate_differences(comparison),
        confidence=f"{settings['confidence_level']:.0%}",
        without_leaks=_tabulate_without_leaks(comparison),
        curves=_draw_curves(comparison),
        mistakes=_draw_mistakes(comparison),
        training=_draw_training(comparison),
        robustness=None if robustness is None else _show_robustness(robustness),
        n_images=pd.DataFrame(settings["n_images_by_class"]).T,
        leaks=_count_leaks(comparison),
        confounders=comparison.confounders,
        detectors=settings["detectors"],
        settings=settings,
        shown_settings=_tabulate_settings(settings),
        versions=_list_pairs(settings["versions"]),
        machine=_list_pairs(settings["machine"]),
    )
    return page.lstrip()


def to_table(rows: pd.DataFrame) -> str:
    """A table of texts and numbers, all escaped; it scrolls on a narrow screen."""
    rows = rows.rename_axis(index=None, columns=None)
    table = rows.to_html(border=0, justify="right")
    return f'<div class="wide">\n{table}\n</div>'


def draw(display: Callable[[], Any], caption: str) -> tuple[str, str]:
    """A caption, and a plot as a picture in the page, in the colours of the page."""
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
    label = f'<svg role="img" aria-label="{escape(caption)}" '
    return caption, picture.replace("<svg ", label, 1)


def tabulate_metrics(comparison: ComparisonResult) -> pd.DataFrame:
    """Every metric of every detector as text, with its interval or its spread."""
    table = comparison.table
    metrics = metric_names(comparison.target_names)
    shown = {}
    for metric in [name for name in metrics if table[name].notna().any()]:
        name = metric.replace("_", " ")
        shown[name + (" (less is better)" if metric in ERRORS else "")] = [
            text.format_metric(row, metric) for _, row in table.iterrows()
        ]
    for metric in [name for name in SECONDS if name in table]:
        shown[metric.replace("_", " ")] = [
            text.format_number(seconds, 1) for seconds in table[metric]
        ]
    return pd.DataFrame(shown, index=table.index).T


def _tabulate_differences(comparison: ComparisonResult) -> pd.DataFrame | None:
    if comparison.differences.empty:
        return None
    rows = {
        f"{row['first']} - {row['second']}": {
            "difference of accuracy": text.format_metric(row, "difference"),
            "p-value": _show_p_value(row["p_value"]),
            "corrected": _show_p_value(row["p_value_holm"]),
            "significant": "yes" if row["significant"] else "no",
        }
        for _, row in comparison.differences.iterrows()
    }
    return pd.DataFrame(rows).T


def _tabulate_without_leaks(comparison: ComparisonResult) -> pd.DataFrame | None:
    if comparison.leaks.empty:
        return None
    kept = comparison.without_leaks()
    columns = {
        f"{metric.replace('_', ' ')}{how}": [
            text.format_metric(row, metric) for _, row in found.table.iterrows()
        ]
        for metric in ("accuracy", "roc_auc")
        for how, found in (("", comparison), (", without leaks", kept))
    }
    return pd.DataFrame(columns, index=comparison.table.index)


def _draw_curves(comparison: ComparisonResult) -> Plots:
    if len(comparison.errors) == len(comparison.table):
        return []
    displays: list[tuple[Callable, str, str]] = [
        (plots.plot_roc_curves, "ROC curves", "roc_auc"),
        (plots.plot_precision_recall_curves, "Precision and recall", "roc_auc"),
        (plots.plot_reliability, "Reliability of the probabilities", "brier_score"),
        (plots.plot_confusion_matrices, "Confusion matrices", "accuracy"),
    ]
    return [
        draw(partial(plot, comparison), f"{caption}.")
        for plot, caption, needed in displays
        if comparison.table[needed].notna().any()
    ]


def _draw_mistakes(comparison: ComparisonResult) -> Plots:
    if not comparison.thumbnails:
        return []
    caption = "The wrong answers with the highest scores."
    return [draw(partial(plots.plot_confident_mistakes, comparison), caption)]


def _draw_training(comparison: ComparisonResult) -> Plots:
    if not read_histories(comparison.detectors):
        return []
    caption = "Accuracy of every epoch of training."
    return [draw(partial(plots.plot_training_curves, comparison), caption)]


def _show_robustness(robustness: RobustnessResult) -> dict[str, Any]:
    """What the template shows of damaged images."""
    caption = "Damage grows to the right."
    if robustness.confidence_level is not None:
        caption += f" Bands are intervals of {100 * robustness.confidence_level:g}%."
    display = partial(
        RobustnessCurvesDisplay.from_table, robustness.table, metric=robustness.metric
    )
    some_work = len(robustness.errors) < len(robustness.summary)
    return {
        "caption": text.robustness_caption(robustness),
        "table": text.robustness_percents(robustness),
        "failures": text.failures(robustness),
        "curves": [draw(display, caption)] if some_work else [],
    }


def _count_leaks(comparison: ComparisonResult) -> pd.DataFrame | None:
    leaks = comparison.leaks
    if leaks.empty:
        return None
    found = {
        "test images with a copy in training": leaks["image"].nunique(),
        "to the pixel": leaks.loc[leaks["exact"], "image"].nunique(),
    }
    return pd.DataFrame(found, index=[""]).T


def _tabulate_settings(settings: Mapping[str, Any]) -> pd.DataFrame:
    """Settings that are shown neither by detector nor below the table."""
    apart = {"detectors", "n_images_by_class", "versions", "machine"}
    shown = {k: v for k, v in settings.items() if k not in apart and v is not None}
    return pd.DataFrame({"": shown})


def _list_pairs(pairs: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs.items())


def _show_p_value(value: float) -> str:
    if np.isnan(value):
        return text.MISSING
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
