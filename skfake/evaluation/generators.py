"""Detectors that are trained on one generator and tested on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.utils.parallel import Parallel, delayed

from skfake.displays import GeneratorMatricesDisplay
from skfake.environment import describe_machine, describe_versions
from skfake.evaluation._checks import (
    CONSTRAINTS,
    check_generators,
    check_labels_of,
    check_unfitted,
    draw_seed,
    name_fakes,
)
from skfake.evaluation._data_checks import check_images_of
from skfake.evaluation._readable import find_readable, list_paths
from skfake.evaluation._runs import (
    Progress,
    Run,
    Split,
    Task,
    run_detector,
    tabulate_predictions,
    tabulate_runs,
)
from skfake.evaluation._sizes import describe_sizes, find_resizing
from skfake.metrics.summary import Classes, check_two_classes, metric_names
from skfake.report import page, text
from skfake.results.generators import GeneratorsResult, tabulate_pairs
from skfake.scikit_learn import Interval, validate_params
from skfake.training_images import warn_of_resizing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class GeneratorComparison(GeneratorsResult):
    """What `compare_generators` found.

    Printed, it is a matrix of the metric for each detector; a notebook shows it as
    HTML.

    Attributes
    ----------
    table : DataFrame
        A row for each `detector`, generator `trained_on` and generator `tested_on`,
        with `n_fakes` and `n_reals` that it was tested on, and the metrics and
        intervals of `Comparison.table`. Where a detector failed, there is a column
        `error`, and its metrics are NaN.

    matrices : dict of DataFrames of shape (n_generators, n_generators)
        The metric by detector: trained on in rows, tested on in columns.

    summary : DataFrame
        The matrices below each other, with a column `others`: the mean over the
        generators that were not trained on.

    predictions : DataFrame
        A row for each detector, generator `trained_on` and test image, as in
        `Comparison.predictions`.

    detectors : dict of dicts
        The fitted detectors, by their names and the generators trained on.

    generators : list of str
        Names of the generators, sorted.

    metric : str
        The metric that is printed and plotted. For another one, use
        `dataclasses.replace(found, metric=...)`.

    classes, target_names, pos_label
        Both labels, their names, and the label of the fakes.

    settings, leaks, confounders, warnings, unreadable
        As in `Comparison`; `settings["own_reals"]` says whether each generator was
        compared with real images of its own.

    See Also
    --------
    compare_generators : Makes it.
    """

    def plot(
        self, axes: np.ndarray | Sequence[Axes] | None = None
    ) -> GeneratorMatricesDisplay:
        """Plot the metric, a heat map with numbers for each detector.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Where to plot, one for each detector. With None, a new figure is made.

        Returns
        -------
        GeneratorMatricesDisplay

        Raises
        ------
        ValueError
            If no detector has the metric, or there are not as many axes as detectors.
        """
        return GeneratorMatricesDisplay.from_table(
            self.table, metric=self.metric, axes=axes
        )

    def to_section(self) -> str:
        """HTML of matrices and heat maps, for `sections=` of `Comparison.to_html`.

        Returns
        -------
        str
        """
        return page.render_generators(self)

    def __str__(self) -> str:
        return text.generators_to_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return text.generators_to_html(self)


@validate_params(
    {
        "generators": ["array-like"],
        "test_size": [Interval(Real, 0, 1, closed="neither")],
        "metric": [str],
        "check_data": ["boolean"],
        "n_jobs": [Integral, None],
    }
    | CONSTRAINTS,
    prefer_skip_nested_validation=True,
)
def compare_generators(
    detectors: dict[str, Any],
    X: Any,
    y: Any,
    generators: Any,
    *,
    test_size: float = 0.3,
    metric: str = "roc_auc",
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    skip_unreadable: bool = False,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | np.random.RandomState | None = None,
    check_data: bool = True,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> GeneratorComparison:
    """Train detectors on one generator and test them on each, by all pairs [1]_.

    Images are split once, so that a test image, real or fake, is never trained on.
    Then each detector is fitted once for each generator, to its fakes and to reals, and
    predicts the test images of all.

    Parameters
    ----------
    detectors : dict
        Names and unfitted classifiers with scikit-learn's methods; they are cloned.

    X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images, or any other input format; handed to the detectors as they are.

    y : array-like of shape (n,)
        Labels of two classes.

    generators : array-like of shape (n,)
        Generator of each image. Where reals are named too, two or more for each
        generator, as `load_image_folder` names those of `generator/class/file`, a
        generator is trained on and tested against its own. Else all of them share all
        reals.

    test_size : float, default=0.3
        Fraction of the images that is for testing, of each class and generator.

    metric : str, default="roc_auc"
        The metric to print and to plot, a column of the table such as "accuracy".

    pos_label : label, default=None
        The label of the fakes. With None it is the label that means fake, 1 of 0 and
        1, or else the greater.

    target_names : array-like of str of shape (2,), default=None
        Names of the sorted labels, for the table. With None, the labels are.

    skip_unreadable : bool, default=False
        Leave out images that can't be read, and list them in
        `GeneratorComparison.unreadable`. If False, one error names them all, before
        anything is fitted.

    confidence_level, n_resamples : float, default=0.95, and int, default=1000
        Level of the intervals, and how often images are resampled for them; with 0
        there are none.

    random_state : int, RandomState instance or None, default=None
        Seed of the split and of the resampling.

    check_data : bool, default=True
        Look for copies of test images in training, and for what gives the classes
        away, as `compare_detectors` does.

    n_jobs : int, default=None
        Processes that share the detectors and generators, as in scikit-learn.

    verbose : int, default=0
        With 1, a line on stderr at the start and at the end of each fit.

    Returns
    -------
    GeneratorComparison

    Raises
    ------
    ValueError
        If X, y, generators or names can't be read or don't fit each other, or if there
        are fewer than two generators, or too few images of one.

    Warns
    -----
    UserWarning
        If a test image is among training images, to the pixel, or if a detector looks
        at small copies of large images.

    See Also
    --------
    LeaveOneGeneratorOut : Splits that train on all generators but one.

    References
    ----------
    .. [1] M. Zhu et al., "GenImage: a million-scale benchmark for detecting
       AI-generated image", NeurIPS 2023, arXiv:2306.08571.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skfake import HOGTransformer
    >>> from skfake.datasets import make_images
    >>> from skfake.evaluation import compare_generators
    >>> images = make_images(n_samples=120, random_state=0)
    >>> detectors = {"HOG": make_pipeline(HOGTransformer(), LogisticRegression())}
    >>> found = compare_generators(
    ...     detectors, images.data, images.target, images.generators, random_state=0
    ... )
    >>> found.matrices["HOG"].shape
    (3, 3)
    """
    check_unfitted(detectors)
    seed = draw_seed(random_state)
    task = _make_task(
        X,
        y,
        generators,
        pos_label,
        target_names,
        skip=skip_unreadable,
        n_jobs=n_jobs,
        verbose=verbose,
    )
    known = metric_names(task.classes.names)
    if metric not in known:
        raise ValueError(f"metric must be one of {known}; got {metric!r}.")
    names, own_reals = _name_generators(task)
    splits = _draw_splits(task, names, test_size, seed, own_reals=own_reals)
    checks = check_images_of(task, splits, n_jobs) if check_data else {}
    if check_data and checks["leaks"]["exact"].any():
        # Two calls up: between the caller and here is the check of the parameters.
        warn(checks["warnings"][0], stacklevel=3)
    planned = [
        (name, detector, task, split)
        for name, detector in detectors.items()
        for split in splits
    ]
    progress = Progress(n_runs=len(planned), verbose=verbose)
    runs = Parallel(n_jobs=n_jobs, mmap_mode="c")(
        delayed(run_detector)(*run, progress=replace(progress, number=number))
        for number, run in enumerate(planned, start=1)
    )
    for detector in find_resizing(runs):
        warn_of_resizing(detector, len(task.rows))
    settings = {
        "detectors": {name: repr(detector) for name, detector in detectors.items()},
        "n_images": len(task.rows),
        "test_size": test_size,
        "own_reals": own_reals,
        "confidence_level": confidence_level,
        "n_resamples": n_resamples,
        "random_state": seed,
        "fakes": list(task.fakes),
        "image_sizes": describe_sizes(runs),
        "versions": describe_versions(),
        "machine": describe_machine(),
    }
    return _collect(runs, task, names, metric, settings, checks)


def _make_task(
    X: Any,
    y: Any,
    generators: Any,
    pos_label: Any,
    target_names: Sequence[str] | None,
    *,
    skip: bool,
    n_jobs: int | None,
    verbose: int,
) -> Task:
    """Images that are both for training and for testing, with their generators."""
    given = {("all", "X"): X}
    (part,) = find_readable(given, "compare_generators", skip=skip, n_jobs=n_jobs)
    y = check_labels_of(X, y)
    labels = check_two_classes("y must hold labels", y[part.rows])
    classes = Classes.check(labels, target_names, pos_label)
    return Task(
        X=X,
        y=y,
        rows=part.rows,
        X_test=X,
        y_test=y,
        test_rows=part.rows,
        classes=classes,
        paths=list_paths(part),
        generators=check_generators(generators, y, part.rows, classes),
        fakes=name_fakes(classes, pos_label),
        unreadable=part.unreadable,
        verbose=verbose,
    )


def _name_generators(task: Task) -> tuple[list[str], bool]:
    """Names of the generators, sorted, and whether each has reals of its own."""
    made_by, labels = task.generators[task.rows], task.y[task.rows]
    fakes = labels == task.classes.pos_label
    names, counts = np.unique(made_by[fakes], return_counts=True)
    if len(names) < 2:
        raise ValueError(
            "generators must hold at least two generators of fakes; got "
            f"{names.tolist()}."
        )
    if counts.min() < 2:
        raise ValueError(
            "generators must have at least two fakes each, to train on and to test on; "
            f"got one of {names[counts.argmin()]!r}."
        )
    own_reals = all(np.sum(made_by[~fakes] == name) >= 2 for name in names)
    return names.tolist(), own_reals


def _draw_splits(
    task: Task, names: list[str], test_size: float, seed: int, *, own_reals: bool
) -> list[Split]:
    """A split for each generator to train on; all test on the same images."""
    fakes = task.y == task.classes.pos_label
    made_by = {name: task.generators == name for name in names}
    # Reals that no generator has are left out where each has its own.
    members = {
        name: made if own_reals else made | ~fakes for name, made in made_by.items()
    }
    kept = np.zeros(len(fakes), dtype=bool)
    kept[task.rows] = True
    kept &= np.any(list(members.values()), axis=0)
    rows = np.flatnonzero(kept)
    strata = np.zeros(len(fakes), dtype=int)
    for number, name in enumerate(names, start=1):
        strata[made_by[name] & (fakes | own_reals)] = 2 * number
    strata += fakes
    train, test = map(
        np.sort,
        train_test_split(
            rows, test_size=test_size, stratify=strata[rows], random_state=seed
        ),
    )
    for name in names:
        for part, what in ((train, "train"), (test, "test")):
            n_fakes = np.sum(fakes[part] & members[name][part])
            n_images = np.sum(members[name][part])
            if not 0 < n_fakes < n_images:
                raise ValueError(
                    "generators must have enough fakes and reals to train and to test "
                    f"on; got {n_fakes} fakes among {n_images} images to {what} on for "
                    f"{name!r}. Leave it out, or set another test_size."
                )
    return [
        Split(
            fold=number,
            n_folds=len(names),
            name=f"trained on {name}",
            train=train[members[name][train]],
            test=test,
        )
        for number, name in enumerate(names)
    ]


def _collect(
    runs: Sequence[Run],
    task: Task,
    names: list[str],
    metric: str,
    settings: dict[str, Any],
    checks: dict[str, Any],
) -> GeneratorComparison:
    """Predictions of all runs, and what is computed from them."""
    classes = task.classes

    def name_folds(table: pd.DataFrame) -> pd.DataFrame:
        after = list(table).index("fold")
        table.insert(after, "trained_on", [names[fold] for fold in table["fold"]])
        return table

    predictions = name_folds(tabulate_predictions(runs, task))
    detectors: dict[str, dict[str, Any]] = {}
    for run in runs:
        detectors.setdefault(run.name, {})[names[run.split.fold]] = run.detector
    table = tabulate_pairs(
        name_folds(tabulate_runs(runs)).drop(columns="fold"),
        predictions,
        classes,
        names,
        own_reals=settings["own_reals"],
        probabilistic={r.name for r in runs if r.scores and r.scores.are_probabilities},
        confidence_level=settings["confidence_level"],
        n_resamples=settings["n_resamples"],
        random_state=settings["random_state"],
    )
    return GeneratorComparison(
        table=table,
        predictions=predictions.drop(columns="fold"),
        detectors=detectors,
        generators=names,
        metric=metric,
        classes=classes.labels,
        target_names=classes.names,
        pos_label=classes.pos_label,
        settings=settings,
        unreadable=task.unreadable,
        **checks,
    )
