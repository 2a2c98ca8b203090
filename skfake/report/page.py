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

from skfake.displays import GeneratorMatricesDisplay, RobustnessCurvesDisplay
from skfake.displays.comparison import PlottedComparison
from skfake.displays.mistakes import name_image
from skfake.displays.training import read_histories
from skfake.files import replace_when_whole
from skfake.metrics.predictions import find_confident_mistakes
from skfake.metrics.summary import CALIBRATION, metric_names
from skfake.plotting import import_pyplot
from skfake.report import text
from skfake.results.comparison import (
    N_MISTAKES,
    whole_detectors,
    whole_predictions,
)
from skfake.results.generators import GeneratorsResult
from skfake.results.metric_tables import SECONDS
from skfake.results.robustness import RobustnessResult

# What is the better the smaller it is.
ERRORS = ("equal_error_rate", *CALIBRATION)
# Settings that the page shows in places of their own.
APART = (
    "detectors",
    "n_images_by_class",
    "fakes",
    "image_sizes",
    "versions",
    "machine",
)
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
            *text.describe_sizes(comparison),
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
        apart=APART,
    )
    return page.lstrip() + "\n"


def render_generators(found: GeneratorsResult) -> str:
    """Matrices by generators, and their heat maps, as a part of a page."""
    parts = [
        f"<p>{escape(line)}</p>" for line in text.generators_caption(found).split("\n")
    ]
    for name, table in text.generators_percents(found).items():
        parts += [f"<h3>{escape(name)}</h3>", to_table(table)]
    parts += [
        f'<p class="warning">{escape(line)}</p>'
        for line in text.generators_notes(found)
    ]
    if found.table[found.metric].notna().any():
        display = partial(
            GeneratorMatricesDisplay.from_table, found.table, metric=found.metric
        )
        caption, svg = draw(display, "Trained on rows, tested on columns.")
        parts.append(f"<figure>\n{svg}\n<figcaption>{caption}</figcaption>\n</figure>")
    return "\n".join(parts)


def to_table(rows: pd.DataFrame) -> str:
    """A table of texts and numbers, all escaped; it scrolls on a narrow screen."""
    rows = rows.rename_axis(index=None, columns=None)
    # Long texts, as paths are, in full.
    with pd.option_context("display.max_colwidth", None):
        table = rows.to_html(border=0, justify="right")
    return f'<div class="wide">\n{table}\n</div>'


def draw(
    display: Callable[[], Any], caption: str, said: str | None = None
) -> tuple[str, str]:
    """A caption, and a plot as a picture in the page, in the colours of the page.

    What is `said` to who can't see it is the caption, unless it is given.
    """
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
    label = f'<svg role="img" aria-label="{escape(said or caption)}" '
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
            said = _describe_mistakes(found) if caption is mistakes else None
            plots.setdefault(heading, []).append(draw(plot, caption, said))
    return plots


def _describe_mistakes(found: PlottedComparison) -> str:
    """The confident mistakes in words: which images of which detector."""
    table = find_confident_mistakes(
        whole_predictions(found),
        classes=found.classes,
        pos_label=found.pos_label,
        n_images=N_MISTAKES,
    )
    return "The wrong answers with the highest scores. " + " ".join(
        f"{name}: {', '.join(map(name_image, part.itertuples()))}."
        for name, part in table.groupby("detector", sort=False)
    )


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
