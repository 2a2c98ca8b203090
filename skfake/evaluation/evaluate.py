"""Evaluate detectors that are fitted already."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skfake.evaluation._checks import (
    CONSTRAINTS,
    check_fitted,
    check_labelled,
    draw_seed,
    known_labels,
)
from skfake.evaluation._runs import Split, Task, run_detector
from skfake.evaluation.comparison import Comparison, collect_runs
from skfake.metrics.summary import Classes
from skfake.scikit_learn import validate_params


@validate_params(CONSTRAINTS, prefer_skip_nested_validation=True)
def evaluate_detectors(
    detectors: dict[str, Any],
    X: Any,
    y: Any,
    *,
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | np.random.RandomState | None = None,
    verbose: int = 0,
) -> Comparison:
    """Evaluate fitted detectors on the same images, without training them.

    A detector that fails gets a row with its error; the others go on. Intervals and
    tests are those of `compare_detectors` for one test set. As the training images are
    unknown here, leaks are not looked for.

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
        The positive one of two classes. With None it is the
        label that means fake, 1 of 0 and 1, or else the greater.

    target_names : array-like of str of shape (n_classes,), default=None
        Names of the sorted labels, for the table. With None, the labels are.

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
        If X, y or names can't be read or don't fit each other or the detectors.

    sklearn.exceptions.NotFittedError
        If a detector is not fitted.

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
    y = check_labelled(X, y, "evaluate_detectors")
    labels = known_labels(detectors, y)
    task = Task(
        X_test=X,
        y_test=y,
        classes=Classes.check(labels, target_names, pos_label),
        verbose=verbose,
    )
    runs = [
        run_detector(name, detector, task, Split())
        for name, detector in detectors.items()
    ]
    settings = {
        "procedure": "fitted",
        "n_test_images": len(y),
        "confidence_level": confidence_level,
        "n_resamples": n_resamples,
        "random_state": draw_seed(random_state),
    }
    return collect_runs(runs, task, detectors, settings)
