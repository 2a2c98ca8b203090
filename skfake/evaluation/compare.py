"""Compare detectors that are fitted to the same images."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any
from warnings import warn

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils.parallel import Parallel, delayed

from skfake.evaluation._checks import (
    CONSTRAINTS,
    check_generators,
    check_labels_of,
    check_unfitted,
    draw_seed,
    name_fakes,
)
from skfake.evaluation._data_checks import check_images_of
from skfake.evaluation._readable import Part, find_readable, join_unreadable, list_paths
from skfake.evaluation._runs import (
    Progress,
    Split,
    Task,
    random_states,
    run_detector,
)
from skfake.evaluation._sizes import find_resizing
from skfake.evaluation.comparison import Comparison, collect_runs
from skfake.evaluation.splitters import LeaveOneGeneratorOut
from skfake.metrics.summary import Classes
from skfake.scikit_learn import validate_params
from skfake.training_images import warn_of_resizing

CALLER = "compare_detectors"
CURE = "; without_leaks() leaves them out"


@validate_params(
    {
        "cv": ["cv_object"],
        "test": [tuple, list, None],
        "seeds": ["array-like", None],
        "generators": ["array-like", None],
        "check_data": ["boolean"],
        "n_jobs": [Integral, None],
    }
    | CONSTRAINTS,
    prefer_skip_nested_validation=False,
)
def compare_detectors(
    detectors: dict[str, Any],
    X: Any,
    y: Any,
    *,
    cv: Any = None,
    test: Any = None,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    generators: Any = None,
    skip_unreadable: bool = False,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | np.random.RandomState | None = None,
    check_data: bool = True,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Comparison:
    """Fit detectors to the same images and compare what they predict.

    For each split, every detector is fitted to the same training images and predicts
    the same test images. One that fails gets a row with its error; the others go on.
    Each metric has an interval, each difference of accuracy a test.

    Parameters
    ----------
    detectors : dict
        Names and unfitted classifiers with scikit-learn's methods; they are cloned.

    X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images, or any other input format; handed to the detectors as they are.

    y : array-like of shape (n,)
        Labels of two or more classes.

    cv : int, splitter or iterable of (train, test), default=None
        Splits for cross-validation, drawn once for all detectors: an int is the number
        of folds of a `StratifiedKFold`. A splitter that needs groups, as
        `LeaveOneGeneratorOut`, gets `generators`; for other groups, pass
        `cv=splitter.split(X, y, groups)`.

    test : tuple (X_test, y_test), default=None
        Test images in place of `cv`; all of X is for training then.

    pos_label : label, default=None
        The positive one of two classes. With None it is the
        label that means fake, 1 of 0 and 1, or else the greater.

    target_names : array-like of str of shape (n_classes,), default=None
        Names of the sorted labels, for the table. With None, the labels are.

    seeds : sequence of int, default=None
        Fit each detector once with each of these for every `random_state` that it and
        its parts have, and show means over the fits. With None, or without a
        `random_state`, it is fitted once, as it is.

    generators : array-like of shape (n,), default=None
        Generator of each test image, X's or those of `test[0]`; what stands there for a
        real one is not read. They make the table `Comparison.generators`.

    skip_unreadable : bool, default=False
        Leave out images that can't be read, for training and for testing, and list
        them in `Comparison.unreadable`; positions are still those in X. If False, one
        error names them all, before anything is fitted.

    confidence_level : float, default=0.95
        Of the intervals, and of all tests of differences together.

    n_resamples : int, default=1000
        How often the test images are resampled for the intervals [1]_; with 0 there
        are none.

    random_state : int, RandomState instance or None, default=None
        Seed of the resampling alone, kept in `Comparison.settings`.

    check_data : bool, default=True
        Look for copies of test images in training and, in files and images of several
        sizes, for what gives the classes away besides the pictures. It decodes every
        file once more.

    n_jobs : int, default=None
        Processes that share the detectors and folds, as in scikit-learn. With more
        than one, the times of the table are those of a busy machine.

    verbose : int, default=0
        With 1, a line on stderr at the start and at the end of each fit, with the time
        that the others may take.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If X, y, `cv`, `test`, names, generators or seeds can't be read or do not fit
        each other.

    Warns
    -----
    UserWarning
        If a test image is among its training images, to the pixel. What is less sure
        is in `Comparison.warnings`. If a detector looks at small copies of large
        images.

    Notes
    -----
    Intervals are those of the percentile bootstrap over test images, the same draws for
    all detectors; several seeds are drawn too. Where all draws give the same value, as
    for a detector that is always right, Wilson's interval stands in its place. They
    say nothing of other training images, other generators or damaged files. Accuracies
    are compared by McNemar's test on one test set, by the corrected resampled t-test
    over folds [2]_, and by `seeds_t_test` over seeds; p-values are corrected by Holm's
    method.

    Scores come from `predict_proba` or else from `decision_function`; without either,
    metrics that need them are NaN. Ctrl-C ends the comparison; with `checkpoint`, a
    detector with a network goes on from its last whole epoch the next time.

    References
    ----------
    .. [1] B. Efron and R. Tibshirani, "An introduction to the bootstrap", 1993.

    .. [2] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine
       Learning 52 (2003).

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skfake import HOGTransformer, compare_detectors
    >>> from skfake.datasets import make_images
    >>> images = make_images(n_samples=40, random_state=0)
    >>> detectors = {
    ...     "HOG": make_pipeline(HOGTransformer(), LogisticRegression()),
    ...     "chance": DummyClassifier(strategy="prior"),
    ... }
    >>> comparison = compare_detectors(detectors, images.data, images.target, cv=2)
    >>> float(comparison.table.loc["chance", "roc_auc"])
    0.5
    >>> comparison.predictions.shape
    (80, 6)
    """
    check_unfitted(detectors)
    parts = _find_parts(X, cv, test, skip=skip_unreadable, n_jobs=n_jobs)
    y, y_test = _check_labels(parts[0], y, parts[-1], test)
    classes = Classes.check(np.unique(y[parts[0].rows]), target_names, pos_label)
    task = Task(
        **_describe_images(parts, y, y_test, generators, classes),
        classes=classes,
        fakes=name_fakes(classes, pos_label),
        verbose=verbose,
    )
    splits = _draw_splits(cv, task)
    fits = _check_seeds(seeds)
    checks = check_images_of(task, splits, n_jobs, cure=CURE) if check_data else {}
    if check_data and checks["leaks"]["exact"].any():
        # Two calls up: between the caller and here is the check of the parameters.
        warn(checks["warnings"][0], stacklevel=3)
    planned = [
        (name, detector, task, split, seed)
        for name, detector in detectors.items()
        for seed in (fits if random_states(detector) else fits[:1])
        for split in splits
    ]
    progress = Progress(n_runs=len(planned), verbose=verbose)
    # Not by `cross_validate`: it returns no predictions and takes no test set apart.
    runs = Parallel(n_jobs=n_jobs, mmap_mode="c")(
        delayed(run_detector)(*run, replace(progress, number=number))
        for number, run in enumerate(planned, start=1)
    )
    for detector in find_resizing(runs):
        warn_of_resizing(detector, len(task.rows))
    settings = {
        **_describe_procedure(task, cv, splits),
        "seeds": None if seeds is None else fits,
        "confidence_level": confidence_level,
        "n_resamples": n_resamples,
        "random_state": draw_seed(random_state),
    }
    return collect_runs(runs, task, detectors, settings, **checks)


def _find_parts(
    X: Any, cv: Any, test: Any, *, skip: bool, n_jobs: int | None
) -> list[Part]:
    """Images for training and for testing; with cv they are one part."""
    if (cv is None) == (test is None):
        came = "neither" if cv is None else "both"
        raise ValueError(
            f"Either cv or test must be given; got {came}. Use cv=5 for "
            "cross-validation, or test=(X_test, y_test)."
        )
    given = {("all" if test is None else "training", "X"): X}
    if test is not None:
        if len(test) != 2:
            raise ValueError(
                f"test must be a pair (X_test, y_test); got {len(test)} items."
            )
        given["test", "test[0]"] = test[0]
    return find_readable(given, CALLER, skip=skip, n_jobs=n_jobs)


def _check_labels(
    train: Part, y: Any, tested: Part, test: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Labels for training and for testing, of images that can't be read as well."""
    y = check_labels_of(train.X, y)
    y_test = y
    if test is not None:
        y_test = check_labels_of(tested.X, test[1], "test[0]", "test[1]")
    known = np.unique(y[train.rows])
    if len(known) < 2:
        raise ValueError(
            f"y must hold at least two classes; got one class, {known[0]!r}, in "
            f"{len(train.rows)} images."
        )
    strange = y_test[tested.rows][~np.isin(y_test[tested.rows], known)]
    if len(strange):
        raise ValueError(
            f"test must hold labels of y, {known.tolist()}; got {strange[0]!r}."
        )
    return y, y_test


def _describe_images(
    parts: Sequence[Part],
    y: np.ndarray,
    y_test: np.ndarray,
    generators: Any,
    classes: Classes,
) -> dict[str, Any]:
    """What a task says of the images for training and for testing."""
    train, tested = parts[0], parts[-1]
    return {
        "X": train.X,
        "y": y,
        "rows": train.rows,
        "X_test": tested.X,
        "y_test": y_test,
        "test_rows": tested.rows,
        "paths": list_paths(tested),
        "generators": check_generators(generators, y_test, tested.rows, classes),
        "unreadable": join_unreadable(parts),
    }


def _draw_splits(cv: Any, task: Task) -> list[Split]:
    """Positions of images that can be read, in the whole of X."""
    if cv is None:
        train, test = (
            None if len(rows) == len(X) else rows
            for rows, X in ((task.rows, task.X), (task.test_rows, task.X_test))
        )
        return [Split(train=train, test=test)]
    images = np.arange(len(task.y))
    pairs = [
        [part[np.isin(part, task.rows)] for part in (images[train], images[test])]
        for train, test in _split(cv, task)
    ]
    for fold, (train, _) in enumerate(pairs):
        missing = np.setdiff1d(task.classes.labels, task.y[train])
        if len(missing):
            raise ValueError(
                f"cv must leave images of each class to train on; got fold {fold} "
                f"without the class {missing[0]!r}. Use StratifiedKFold."
            )
    return [
        Split(fold=fold, n_folds=len(pairs), train=train, test=test)
        for fold, (train, test) in enumerate(pairs)
    ]


def _split(cv: Any, task: Task) -> Iterable[tuple]:
    """What a splitter draws, by generators where it asks for groups."""
    if isinstance(cv, LeaveOneGeneratorOut) and cv.pos_label is None:
        cv = LeaveOneGeneratorOut(
            test_size=cv.test_size,
            pos_label=task.classes.pos_label,
            random_state=cv.random_state,
        )
    splitter = check_cv(cv, task.y, classifier=True)
    if hasattr(splitter, "get_metadata_routing"):
        asked = splitter.get_metadata_routing().split.requests
        if asked.get("groups") and task.generators is not None:
            return splitter.split(task.X, task.y, task.generators)
    return splitter.split(task.X, task.y)


def _check_seeds(seeds: Sequence[int] | None) -> list[int | None]:
    """Seeds to fit with; None for detectors as they are."""
    if seeds is None:
        return [None]
    found = np.asarray(seeds)
    if found.ndim != 1 or found.dtype.kind not in "iu" or len(found) == 0:
        raise ValueError(f"seeds must hold integers, one at least; got {seeds!r}.")
    if found.min() < 0 or len(np.unique(found)) < len(found):
        raise ValueError(f"seeds must be different and not negative; got {seeds!r}.")
    return found.tolist()


def _describe_procedure(task: Task, cv: Any, splits: list[Split]) -> dict[str, Any]:
    """How detectors were trained and tested, and on how many images."""
    if cv is None:
        return {
            "procedure": "holdout",
            "n_images": len(task.rows),
            "n_test_images": len(task.test_rows),
        }
    sizes = [(len(split.train), len(split.test)) for split in splits]
    fractions = [n_test / (n_train + n_test) for n_train, n_test in sizes]
    # An iterable of splits has no short description.
    named = isinstance(cv, Integral) or hasattr(cv, "split")
    return {
        "procedure": "cross-validation",
        "n_images": len(task.rows),
        "n_folds": len(splits),
        "cv": repr(cv) if named else None,
        "test_fraction": float(np.mean(fractions)),
    }
