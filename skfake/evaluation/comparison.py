"""What a comparison of detectors found, as users meet it: data with words and plots."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skfake.displays.comparison import PlottedComparison
from skfake.environment import describe_machine, describe_versions
from skfake.evaluation._runs import Run, Task, tabulate_predictions, tabulate_runs
from skfake.evaluation._sizes import describe_sizes
from skfake.images.thumbnails import make_thumbnails
from skfake.metrics.predictions import find_confident_mistakes
from skfake.report import text
from skfake.report.files import save_comparison
from skfake.report.page import write_page
from skfake.results.comparison import N_MISTAKES, summarize
from skfake.results.metric_tables import add_metrics
from skfake.scikit_learn import take_rows

if TYPE_CHECKING:
    from skfake.evaluation.robustness import Robustness


class Comparison(PlottedComparison):
    """What `compare_detectors` or `evaluate_detectors` found.

    Printed, it is a table of the main metrics; a notebook shows it as HTML.

    Attributes
    ----------
    table : DataFrame of shape (n_detectors, n_metrics)
        A row for each detector: `accuracy`, `balanced_accuracy`, `precision_<class>`,
        `recall_<class>` and `f1_<class>` for each class, `roc_auc`,
        `average_precision`, `tpr_at_fpr_0.01` and `tpr_at_fpr_0.05` (the fraction of
        positives found while 1 or 5 % of the negatives are called positive),
        `equal_error_rate`, of probabilities `brier_score` and
        `expected_calibration_error`, `fit_seconds` (if they were fitted here) and
        `predict_seconds` (one pass over the test images for skfake's own detectors,
        else `predict` and then the method with the scores). With `cv` or `seeds` they
        are means over the fits, each with the sample standard deviation,
        `<metric>_std`. Each metric but the times has the ends of its interval,
        `<metric>_low` and `<metric>_high`. Where a detector failed, even in one fold,
        there is a column `error`, and its metrics are NaN.

    differences : DataFrame
        A row for each pair of detectors that did not fail: `first` and `second`, the
        `difference` of their accuracies with the ends of its interval,
        `difference_low` and `difference_high`, `p_value` of the test that
        `settings["test"]` names, `p_value_holm` (corrected for the number of pairs)
        and `significant`.

    folds : DataFrame
        The metrics for each detector, `seed` if there are any, and fold.

    generators : DataFrame
        Metrics by `detector` and `generator`, as `tabulate_generators` computes them;
        empty where no generators were given, and for more than two classes.

    predictions : DataFrame
        A row for each detector and each image that it predicted: `detector`, `seed` if
        there are any, `fold`, `image` (position in X, or in the X of `test`), `path`
        where X holds paths, `generator` where they were given, `target`, `prediction`
        and `score`, which is that of `pos_label`. For more than
        two classes there are columns `score_<class>` instead.

    detectors : dict
        The fitted detectors by their names; with `cv` or `seeds`, lists of them, in
        the order of `folds`. None where one failed.

    classes, target_names : array and list of str of shape (n_classes,)
        All labels, sorted, and their names.

    pos_label : label or None
        The positive class; None for more than two classes.

    settings : dict
        How the comparison was made.

    leaks : DataFrame
        A row for each test image and training image of a fold that show the same
        picture: `fold`, `image` and `train_image` (positions), `exact` (whether all
        pixels are equal) and `distance`, as in `find_near_duplicates`.

    unreadable : DataFrame
        A row for each image that was left out as it can't be read: `part` ("all",
        "training" or "test"), `image` (position), `path` if it has one, and `reason`.

    confounders : DataFrame or None
        As `find_confounders` makes it, where X holds files or images of several sizes.

    warnings : list of str
        What a reader of the metrics must know about the images.

    thumbnails : dict of uint8 arrays of shape (H, W, 3)
        Confident mistakes among the test images, shrunk, by their positions.

    title : str
        What the images are: the heading of the table and of the saved plots. Set it by
        `dataclasses.replace(comparison, title=...)`.

    See Also
    --------
    compare_detectors : Fits detectors and makes it.
    evaluate_detectors : Makes it of fitted detectors.
    """

    def to_html(
        self,
        path: str | os.PathLike,
        *,
        robustness: Robustness | None = None,
        sections: Mapping[str, str] | None = None,
    ) -> None:
        """Write a report: one page of HTML that holds all tables and plots.

        It needs no network, fits a phone, and is dark where the reader's screen is.

        Parameters
        ----------
        path : str or path-like
            Where to write. A file that is there is replaced when the new one is whole.

        robustness : Robustness, default=None
            What `evaluate_robustness` found of the same detectors, shown too.

        sections : dict of str, default=None
            Headings and HTML of more sections, which come first. It is not escaped.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        OSError
            If `path` is a folder, or in none that is there.
        """
        write_page(self, path, robustness=robustness, sections=sections)

    def save(
        self, folder: str | os.PathLike, *, robustness: Robustness | None = None
    ) -> None:
        """Write tables and plots to a folder, to publish or to read again.

        `report.html`, `table.csv`, `predictions.csv`, `roc_curves.png`,
        `confusion_matrices.png` and `comparison.json`, which holds the tables,
        confusion matrices, settings, versions and a description of the machine; with
        `robustness` `robustness.csv` too. They replace files of these names, when all
        are written. Fitted detectors are not saved.

        Parameters
        ----------
        folder : str or path-like
            Where to write; made if there is none.

        robustness : Robustness, default=None
            What `evaluate_robustness` found of the same detectors, written too.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        save_comparison(self, folder, robustness=robustness)

    def __str__(self) -> str:
        return text.to_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return text.to_html(self)


def collect_runs(
    runs: Sequence[Run],
    task: Task,
    detectors: Mapping[str, Any],
    settings: dict[str, Any],
    **checks: Any,
) -> Comparison:
    """A comparison of runs: their predictions, and what is computed from these."""
    classes = task.classes
    predictions = tabulate_predictions(runs, task)
    probabilistic = {r.name for r in runs if r.scores and r.scores.are_probabilities}
    folds = add_metrics(
        tabulate_runs(runs),
        predictions,
        list(runs[0].key),
        classes,
        probabilistic=probabilistic,
    )
    comparison = Comparison(
        table=pd.DataFrame(),
        folds=folds,
        predictions=predictions,
        detectors=_collect_detectors(runs, settings),
        classes=classes.labels,
        target_names=classes.names,
        pos_label=classes.pos_label,
        settings={
            "detectors": {name: repr(detector) for name, detector in detectors.items()},
            "n_images_by_class": _count_images(task, settings["procedure"]),
            **settings,
            "fakes": list(task.fakes),
            "image_sizes": describe_sizes(runs),
            "versions": describe_versions(),
            "machine": describe_machine(),
        },
        unreadable=task.unreadable,
        **checks,
    )
    comparison = summarize(comparison)
    return replace(comparison, thumbnails=_keep_images(comparison, task.X_test))


def _collect_detectors(
    runs: Sequence[Run], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Fitted detectors by their names; lists of them where there may be several."""
    if not settings.get("n_folds") and not settings.get("seeds"):
        return {run.name: run.detector for run in runs}
    collected: dict[str, list] = {}
    for run in runs:
        collected.setdefault(run.name, []).append(run.detector)
    return collected


def _count_images(task: Task, procedure: str) -> dict[str, dict[str, int]]:
    """Images of each class, in each part."""
    tested = task.y_test[task.test_rows]
    trained = None if task.X is None else task.y[task.rows]
    parts = {
        "cross-validation": {"all": tested},
        "holdout": {"training": trained, "test": tested},
        "fitted": {"test": tested},
    }[procedure]
    known = list(zip(task.classes.names, task.classes.labels, strict=True))
    return {
        part: {name: int((labels == label).sum()) for name, label in known}
        for part, labels in parts.items()
    }


def _keep_images(comparison: Comparison, X: Any) -> dict[int, np.ndarray]:
    """Small copies of confident mistakes; none where the files can't be read."""
    found = find_confident_mistakes(
        comparison.predictions,
        classes=comparison.classes,
        pos_label=comparison.pos_label,
        n_images=N_MISTAKES,
    )
    positions = found["image"].unique().astype(int)
    if not len(positions):
        return {}
    try:
        # Of these alone: others of X may not be readable.
        small = make_thumbnails(take_rows(X, positions), range(len(positions)))
    except (OSError, ValueError):
        return {}
    return dict(zip(positions.tolist(), small.values(), strict=True))
