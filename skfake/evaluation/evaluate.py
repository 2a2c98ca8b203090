"""Evaluate detectors that are fitted already."""

from collections.abc import Sequence
from typing import Any
from warnings import warn

import numpy as np

from skfake.evaluation._checks import (
    CONSTRAINTS,
    check_classes,
    check_fitted,
    check_generators,
    check_labels_of,
    draw_seed,
)
from skfake.evaluation._readable import find_readable, list_paths
from skfake.evaluation._runs import Split, Task, run_detector
from skfake.evaluation._training_images import find_own_images
from skfake.evaluation.comparison import Comparison, collect_runs
from skfake.scikit_learn import validate_params


@validate_params(
    CONSTRAINTS | {"generators": ["array-like", None]},
    prefer_skip_nested_validation=True,
)
def evaluate_detectors(
    detectors: dict[str, Any],
    X: Any,
    y: Any,
    *,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    generators: Any = None,
    skip_unreadable: bool = False,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | np.random.RandomState | None = None,
    verbose: int = 0,
) -> Comparison:
    """Evaluate fitted detectors on the same images, without training them.

    A detector that fails gets a row with its error; the others go on. Intervals and
    tests are those of `compare_detectors` for one test set. Images that a detector was
    trained on are known by their pixels, where it keeps fingerprints of them; other
    leaks are not looked for, as the training images are unknown here.

    Parameters
    ----------
    detectors : dict
        Names and fitted classifiers with scikit-learn's methods.

    X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images that the detectors were not fitted to, or any other input format; handed
        to the detectors as they are.

    y : array-like of shape (n,)
        Labels. They may lack a class that the detectors know; metrics that need it are
        NaN then.

    pos_label : label, default=None
        The positive one of two classes. With None it is the label that means fake by
        `target_names` or as the detectors learned it, 1 of 0 and 1, or else the
        greater.

    target_names : array-like of str of shape (n_classes,), default=None
        Names of the sorted labels, for the table. With None, the labels are.

    generators : array-like of shape (n,), default=None
        Generator of each image; what stands there for a real one is not read. They
        make the table `Comparison.generators`.

    skip_unreadable : bool, default=False
        Leave out images that can't be read, and list them in `Comparison.unreadable`;
        positions are still those in X. If False, one error names them all, before
        anything is predicted.

    confidence_level, n_resamples : float, default=0.95, and int, default=1000
        Level of the intervals and of all tests together, and how often images are
        resampled for the intervals; with 0 there are none.

    random_state : int, RandomState instance or None, default=None
        Seed of the resampling, kept in `Comparison.settings`.

    verbose : int, default=0
        With 1, a line on stderr for each detector.

    Returns
    -------
    Comparison
        `settings["procedure"]` is "fitted"; the table has no `fit_seconds`.

    Raises
    ------
    ValueError
        If X, y, names or generators can't be read or don't fit each other or the
        detectors, or if these don't agree on which label means fake.

    sklearn.exceptions.NotFittedError
        If a detector is not fitted.

    Warns
    -----
    UserWarning
        If a detector was trained on some of the images. `Comparison.leaks` has them,
        and `Comparison.without_leaks` evaluates the others alone.

    See Also
    --------
    compare_detectors : Fits detectors before it evaluates them.
    evaluate_robustness : Evaluates fitted detectors on damaged images.

    Examples
    --------
    >>> from skfake import SVMDetector, evaluate_detectors
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=80, return_X_y=True, random_state=0)
    >>> detectors = {"SVM": SVMDetector().fit(X[:40], y[:40])}
    >>> evaluation = evaluate_detectors(detectors, X[40:], y[40:])
    >>> evaluation.predictions.shape
    (40, 6)
    >>> "fit_seconds" in evaluation.table
    False
    """
    check_fitted(detectors)
    (part,) = find_readable(
        {("test", "X"): X}, "evaluate_detectors", skip=skip_unreadable
    )
    y = check_labels_of(X, y)
    classes, fakes = check_classes(detectors, y[part.rows], target_names, pos_label)
    leaks, warnings = find_own_images(detectors, part.readable, part.rows)
    for line in warnings:
        # Two calls up: between the caller and here is the check of the parameters.
        warn(line, stacklevel=3)
    task = Task(
        X_test=X,
        y_test=y,
        test_rows=part.rows,
        classes=classes,
        paths=list_paths(part),
        generators=check_generators(generators, y, part.rows, classes),
        fakes=fakes,
        unreadable=part.unreadable,
        verbose=verbose,
    )
    rows = None if part.unreadable.empty else part.rows
    runs = [
        run_detector(name, detector, task, Split(test=rows))
        for name, detector in detectors.items()
    ]
    settings = {
        "procedure": "fitted",
        "n_test_images": len(part.rows),
        "confidence_level": confidence_level,
        "n_resamples": n_resamples,
        "random_state": draw_seed(random_state),
    }
    return collect_runs(runs, task, detectors, settings, leaks=leaks, warnings=warnings)
