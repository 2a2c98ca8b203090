"""Compare detectors that are fitted to the same images."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any
from warnings import warn

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils.parallel import Parallel, delayed

from skfake.evaluation._checks import (
    CONSTRAINTS,
    check_labelled,
    check_unfitted,
    draw_seed,
)
from skfake.evaluation._data_checks import check_images_of, describe_leaks
from skfake.evaluation._runs import Split, Task, random_states, run_detector
from skfake.evaluation.comparison import Comparison, collect_runs
from skfake.metrics.summary import Classes
from skfake.scikit_learn import validate_params

CALLER = "compare_detectors"


@validate_params(
    {
        "cv": ["cv_object"],
        "test": [tuple, list, None],
        "seeds": ["array-like", None],
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
        of folds of a `StratifiedKFold`. For a splitter that needs groups, pass
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
        With 1, a line on stderr at the start and at the end of each fit.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If X, y, `cv`, `test`, names or seeds can't be read or don't fit each other.

    Warns
    -----
    UserWarning
        If a test image is among its training images, to the pixel. What is less sure
        is in `Comparison.warnings`.

    Notes
    -----
    Intervals are those of the percentile bootstrap over test images, the same draws for
    all detectors; several seeds are drawn too. They say nothing of other training
    images, other generators or damaged files. Accuracies are compared by McNemar's
    test on one test set, by the corrected resampled t-test over folds [2]_, and by
    `seeds_t_test` over seeds; p-values are corrected by Holm's method.

    Scores come from `predict_proba` or else from `decision_function`; without either,
    metrics that need them are NaN. A detector that ends its training on Ctrl-C, as
    those with a network do, is compared as it then is.

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
    y, y_test = _check_data(X, y, cv, test)
    task = Task(
        X=X,
        y=y,
        X_test=X if test is None else test[0],
        y_test=y_test,
        classes=Classes.check(np.unique(y), target_names, pos_label),
        verbose=verbose,
    )
    splits = _draw_splits(cv, task)
    fits = _check_seeds(seeds)
    checks = check_images_of(task, splits, n_jobs) if check_data else {}
    if check_data and checks["leaks"]["exact"].any():
        # Two calls up: between the caller and here is the check of the parameters.
        warn(describe_leaks(checks["leaks"], len(y_test)), stacklevel=3)
    # Not by `cross_validate`: it returns no predictions and takes no test set apart.
    runs = Parallel(n_jobs=n_jobs, mmap_mode="c")(
        delayed(run_detector)(name, detector, task, split, seed)
        for name, detector in detectors.items()
        for seed in (fits if random_states(detector) else fits[:1])
        for split in splits
    )
    settings = {
        **_describe_procedure(task, cv, splits),
        "seeds": None if seeds is None else fits,
        "confidence_level": confidence_level,
        "n_resamples": n_resamples,
        "random_state": draw_seed(random_state),
    }
    return collect_runs(runs, task, detectors, settings, **checks)


def _check_data(X: Any, y: Any, cv: Any, test: Any) -> tuple[np.ndarray, np.ndarray]:
    """Labels for training and for testing; with cv they are the same."""
    if (cv is None) == (test is None):
        came = "neither" if cv is None else "both"
        raise ValueError(
            f"Either cv or test must be given; got {came}. Use cv=5 for "
            "cross-validation, or test=(X_test, y_test)."
        )
    y = check_labelled(X, y, CALLER)
    if len(np.unique(y)) < 2:
        raise ValueError(
            f"y must hold at least two classes; got one class, {y[0]!r}, in {len(y)} "
            "images."
        )
    if test is None:
        return y, y
    if len(test) != 2:
        raise ValueError(
            f"test must be a pair (X_test, y_test); got {len(test)} items."
        )
    X_test, y_test = test
    y_test = check_labelled(X_test, y_test, CALLER, "test[0]", "test[1]")
    strange = y_test[~np.isin(y_test, y)]
    if len(strange):
        raise ValueError(
            f"test must hold labels of y, {np.unique(y).tolist()}; got {strange[0]!r}."
        )
    return y, y_test


def _draw_splits(cv: Any, task: Task) -> list[Split]:
    if cv is None:
        return [Split()]
    pairs = list(check_cv(cv, task.y, classifier=True).split(task.X, task.y))
    for fold, (train, _) in enumerate(pairs):
        missing = np.setdiff1d(task.classes.labels, task.y[train])
        if len(missing):
            raise ValueError(
                f"cv must leave images of each class to train on; got fold {fold} "
                f"without the class {missing[0]!r}. Use StratifiedKFold."
            )
    images = np.arange(len(task.y))
    return [
        Split(fold=fold, n_folds=len(pairs), train=images[train], test=images[test])
        for fold, (train, test) in enumerate(pairs)
    ]


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
            "n_images": len(task.y),
            "n_test_images": len(task.y_test),
        }
    sizes = [(len(split.train), len(split.test)) for split in splits]
    fractions = [n_test / (n_train + n_test) for n_train, n_test in sizes]
    # An iterable of splits has no short description.
    named = isinstance(cv, Integral) or hasattr(cv, "split")
    return {
        "procedure": "cross-validation",
        "n_images": len(task.y),
        "n_folds": len(splits),
        "cv": repr(cv) if named else None,
        "test_fraction": float(np.mean(fractions)),
    }
