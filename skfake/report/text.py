"""Results in words: for a terminal and for a notebook."""

from html import escape
from textwrap import TextWrapper

import numpy as np
import pandas as pd

from skfake.labels import plain_name
from skfake.results.comparison import ComparisonResult
from skfake.results.generators import GeneratorsResult
from skfake.results.metric_tables import SECONDS
from skfake.results.robustness import RobustnessResult

MISSING = "-"
WIDTH = 88
GENERATORS = "Fakes of each generator, with all real images of the same folds; in %."


def to_text(comparison: ComparisonResult) -> str:
    """Main metrics as aligned text, with the errors below them."""
    table = _align(main_metrics(comparison), "detector")
    if len(comparison.generators):
        found = _align(generator_metrics(comparison), "generator")
        table = f"{table}\n\n{GENERATORS}\n{found}"
    return _stack_lines(caption(comparison), table, notes(comparison))


def to_html(comparison: ComparisonResult) -> str:
    """Main metrics as HTML, with the errors below them."""
    page = _stack_html(caption(comparison), main_metrics(comparison), [])
    if len(comparison.generators):
        found = _stack_html(GENERATORS, generator_metrics(comparison), [])
        page = f"{page}\n{found}"
    return "\n".join([page, *_paragraphs(notes(comparison))])


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
    lines = [comparison.title, how] if comparison.title else [how]
    if "n_leaked" in settings:
        lines.append(f"{settings['n_leaked']} test images that leak are left out.")
    n_read = settings.get("n_images", 0) + settings.get("n_test_images", 0)
    lines += describe_unreadable(comparison.unreadable, n_read)
    return "\n".join([*lines, *describe_fakes(comparison)])


def describe_unreadable(unreadable: pd.DataFrame, n_read: int) -> list[str]:
    """How many images were left out as they can't be read."""
    n = len(unreadable)
    return [f"{n} of {n + n_read} images can't be read and are left out."] if n else []


def describe_fakes(comparison: ComparisonResult) -> list[str]:
    """Whose precision and recall are shown, and what means fake, if that is known."""
    fakes = comparison.settings.get("fakes", [])
    if len(comparison.classes) > 2:
        means = "means" if len(fakes) == 1 else "mean"
        return [f"{', '.join(fakes)} {means} fake."] if fakes else []
    name = positive_name(comparison)
    of = name if plain_name(name) == "fake" or name not in fakes else f"{name} (fake)"
    return [f"Precision, recall, F1 and AP (average precision) are those of {of}."]


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


def generator_metrics(comparison: ComparisonResult) -> pd.DataFrame:
    """Recall and ROC-AUC of each detector by generator, as text in percent."""
    table = comparison.generators
    counts = table.groupby("generator", sort=False)["n_fakes"].max()
    shown = pd.DataFrame({"fakes": counts.astype(str)})
    for name, part in table.groupby("detector", sort=False):
        for metric, title in {"recall": "recall", "roc_auc": "ROC-AUC"}.items():
            values = part.droplevel("detector")[metric]
            shown[f"{name} {title}"] = [
                format_number(100 * value, 1) for value in values.reindex(shown.index)
            ]
    return shown


def describe_sizes(comparison: ComparisonResult | GeneratorsResult) -> list[str]:
    """A line for all detectors that made the same of larger images."""
    by_size: dict[str, list[str]] = {}
    for name, said in comparison.settings.get("image_sizes", {}).items():
        by_size.setdefault(said, []).append(name)
    return [f"{', '.join(names)}: {said}." for said, names in by_size.items()]


def positive_name(comparison: ComparisonResult) -> str:
    """Name of the positive one of two classes."""
    return comparison.target_names[
        comparison.classes.tolist().index(comparison.pos_label)
    ]


def notes(comparison: ComparisonResult) -> list[str]:
    """What must be read with the metrics: differences, sizes, warnings, failures."""
    return [
        *describe_differences(comparison),
        *describe_sizes(comparison),
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


def failures(
    comparison: ComparisonResult | RobustnessResult | GeneratorsResult,
) -> list[str]:
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
    remarks = [*robustness.warnings, *failures(robustness)]
    return _stack_lines(robustness_caption(robustness), table, remarks)


def robustness_to_html(robustness: RobustnessResult) -> str:
    """The summary as HTML, with the errors below it."""
    table = robustness_percents(robustness)
    remarks = [*robustness.warnings, *failures(robustness)]
    return _stack_html(robustness_caption(robustness), table, remarks)


def robustness_caption(robustness: RobustnessResult) -> str:
    """What the summary is of, and its unit."""
    return "\n".join(
        [
            f"{robustness.metric} in % of {robustness.n_images} images, as they are "
            "(clean) and damaged: means over the strengths.",
            "The mean is over all damaged; the score lies halfway from clean to mean.",
            *describe_unreadable(robustness.unreadable, robustness.n_images),
        ]
    )


def robustness_percents(robustness: RobustnessResult) -> pd.DataFrame:
    """The summary as text in percent."""
    summary = robustness.summary.rename_axis(index=None, columns=None)
    return summary.map(lambda value: format_number(100 * value, 1))


def generators_to_text(found: GeneratorsResult) -> str:
    """A matrix for each detector as aligned text, with the errors below."""
    tables = [
        f"{name}\n{_align(table, 'trained on')}"
        for name, table in generators_percents(found).items()
    ]
    return _stack_lines(
        generators_caption(found), "\n\n".join(tables), generators_notes(found)
    )


def generators_to_html(found: GeneratorsResult) -> str:
    """A matrix for each detector as HTML, with the errors below."""
    parts = _paragraphs([generators_caption(found)])
    parts += [
        _stack_html(name, table, [])
        for name, table in generators_percents(found).items()
    ]
    return "\n".join([*parts, *_paragraphs(generators_notes(found))])


def generators_caption(found: GeneratorsResult) -> str:
    """What the matrices are of, and their unit."""
    reals = "real images of its own" if found.settings["own_reals"] else "all real ones"
    lines = [
        f"{found.metric} in %: a row for the generator that was trained on, a column "
        f"for the one that was tested on, each with {reals}. Of "
        f"{found.settings['n_images']} images, {found.settings['test_size']:.0%} are "
        "for testing alone.",
        *describe_unreadable(found.unreadable, found.settings["n_images"]),
        f"{', '.join(found.settings['fakes']) or found.pos_label} means fake.",
    ]
    return "\n".join(lines)


def generators_percents(found: GeneratorsResult) -> dict[str, pd.DataFrame]:
    """The matrices as text in percent, with the mean over the other generators."""
    return {
        str(name): part.droplevel("detector").map(
            lambda value: format_number(100 * value, 1)
        )
        for name, part in found.summary.groupby("detector", sort=False)
    }


def generators_notes(found: GeneratorsResult) -> list[str]:
    """What must be read with the matrices."""
    return [*describe_sizes(found), *found.warnings, *failures(found)]


def _stack_lines(above: str, table: str, below: list[str]) -> str:
    """Texts around a table, in lines that fit a terminal; the first may hold a path."""
    first, *others = above.splitlines()
    blank = [""] if below else []
    lines = [first, *_wrap(others), "", table, *blank, *_wrap(below)]
    return "\n".join(lines)


def _wrap(lines: list[str]) -> list[str]:
    # Paths stay in one piece.
    wrapper = TextWrapper(WIDTH, break_long_words=False, break_on_hyphens=False)
    return [wrapped for line in lines for wrapped in wrapper.wrap(line)]


def _stack_html(above: str, table: pd.DataFrame, below: list[str]) -> str:
    shown = table.rename_axis(index=None, columns=None).to_html(border=0)
    return "\n".join([*_paragraphs([above]), shown, *_paragraphs(below)])


def _paragraphs(lines: list[str]) -> list[str]:
    return [f"<p>{escape(line)}</p>" for line in lines]


def _align(table: pd.DataFrame, corner: str) -> str:
    """A table of texts, two spaces between columns, where pandas leaves one."""
    widths = [max(map(len, [name, *table[name]])) + 1 for name in table]
    shown = table.rename_axis(index=None, columns=corner)
    return shown.to_string(col_space=widths)
