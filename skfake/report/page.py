"""A comparison as one page of HTML that needs no network."""

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from io import StringIO
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader

from skfake.displays import RobustnessCurvesDisplay
from skfake.displays.comparison import PlottedComparison
from skfake.displays.training import read_histories
from skfake.files import replace_when_whole
from skfake.metrics.summary import CALIBRATION, metric_names
from skfake.plotting import import_pyplot
from skfake.report import text
from skfake.results.comparison import whole_detectors
from skfake.results.metric_tables import SECONDS
from skfake.results.robustness import RobustnessResult

# What is the better the smaller it is.
ERRORS = ("equal_error_rate", *CALIBRATION)
# Captions, and plots as SVG.
Plots = list[tuple[str, str]]


def write_page(
    comparison: PlottedComparison, path: str | os.PathLike, **options: Any
) -> None:
    """Write the page of `render_page` to a file, or leave the file as it was."""
    with replace_when_whole(path) as beside:
        beside.write_text(render_page(comparison, **options), encoding="utf-8")


def render_page(
    comparison: PlottedComparison,
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
    )
    environment.filters["table"] = to_table
    settings, table = comparison.settings, comparison.table
    metrics = metric_names(comparison.target_names)
    page = environment.get_template("report.html").render(
        title=comparison.title or "Comparison of detectors",
        introduction=[
            *text.caption(comparison).splitlines()[bool(comparison.title) :],
            *text.describe_differences(comparison),
        ],
        found=comparison,
        kept=comparison.without_leaks() if len(comparison.leaks) else None,
        text=text,
        sections=sections or {},
        metrics=[metric for metric in metrics if table[metric].notna().any()],
        errors=ERRORS,
        seconds=[name for name in SECONDS if name in table],
        plots=_draw_plots(comparison),
        robustness=robustness,
        damage=[] if robustness is None else _draw_damage(robustness),
        settings=settings,
        apart=("detectors", "n_images_by_class", "versions", "machine"),
    )
    return page.lstrip() + "\n"


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


def _draw_plots(found: PlottedComparison) -> dict[str, Plots]:
    """Plots by their headings, where there is something to show."""
    curves, known = "Curves", found.table.notna().any()
    precision = "Precision and recall."
    reliability = "Reliability of the probabilities."
    mistakes = "The wrong answers with the highest scores."
    training = "Accuracy of every epoch of training."
    histories = read_histories(whole_detectors(found))
    displays: list[tuple[str, Callable[[], Any], str, Any]] = [
        (curves, found.roc_curves, "ROC curves.", known["roc_auc"]),
        (curves, found.precision_recall_curves, precision, known["roc_auc"]),
        (curves, found.reliability, reliability, known["brier_score"]),
        (curves, found.confusion_matrices, "Confusion matrices.", known["accuracy"]),
        ("Confident mistakes", found.confident_mistakes, mistakes, found.thumbnails),
        ("Training", found.training_curves, training, histories),
    ]
    plots: dict[str, Plots] = {}
    for heading, plot, caption, to_show in displays:
        if to_show:
            plots.setdefault(heading, []).append(draw(plot, caption))
    return plots


def _draw_damage(robustness: RobustnessResult) -> Plots:
    if len(robustness.errors) == len(robustness.summary):
        return []
    caption = "Damage grows to the right."
    if robustness.confidence_level is not None:
        caption += f" Bands are intervals of {100 * robustness.confidence_level:g}%."
    display = partial(
        RobustnessCurvesDisplay.from_table, robustness.table, metric=robustness.metric
    )
    return [draw(display, caption)]
