"""How much fitted detectors lose on images that are damaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from numbers import Integral
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np
import pandas as pd

from skfake.corruptions.conditions import Condition, list_conditions
from skfake.displays import RobustnessCurvesDisplay
from skfake.evaluation._checks import (
    CONSTRAINTS,
    check_classes,
    check_fitted,
    check_labels_of,
    draw_seed,
)
from skfake.evaluation._damage import (
    AS_THEY_ARE,
    Key,
    check_scale,
    damage_images,
)
from skfake.evaluation._readable import find_readable
from skfake.evaluation._runs import check_scores, tabulate_scores
from skfake.evaluation._training_images import find_own_images
from skfake.images import check_images
from skfake.metrics.summary import Classes, metric_names
from skfake.report import text
from skfake.results.robustness import (
    BY,
    RobustnessResult,
    tabulate_robustness,
)
from skfake.scikit_learn import validate_params

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Robustness(RobustnessResult):
    """What `evaluate_robustness` found.

    Printed, it is the table `summary`; a notebook shows it as HTML.

    Attributes
    ----------
    table : DataFrame
        A row for each `detector`, `corruption` and `strength`, with the metrics and
        intervals of `Comparison.table` but for the seconds. Each detector's first row
        is that of the images as they are: its corruption is "clean" and its strength
        NaN. Where a detector failed, there is a column `error`, and its metrics are
        NaN.

    scores : DataFrame
        A row for each `detector`: half of each metric on the images as they are, and
        half of its mean over the other rows, with their intervals. Of ROC-AUC and the
        suite "techjam", it is the score of that contest.

    predictions : DataFrame
        A row for each `detector`, `corruption`, `strength` and `image`, its position in
        X: `target`, `prediction` and scores, as `Comparison.predictions` has them.

    metric : str
        The metric that is printed and plotted. For another one, use
        `dataclasses.replace(robustness, metric=...)`.

    n_images : int
        How many images each row is about.

    random_state : int
        The seed of what was random in the damage, and of the draws for intervals.

    confidence_level : float or None, default=None
        Of the intervals in the table; None where there are none.

    warnings : list of str
        Which detectors were trained on some of the images.

    unreadable : DataFrame
        What was left out as it can't be read, as `Comparison.unreadable`.

    See Also
    --------
    evaluate_robustness : Makes it.
    """

    def curves(
        self, axes: np.ndarray | Sequence[Axes] | None = None
    ) -> RobustnessCurvesDisplay:
        """Plot the metric over the strengths, a plot for each corruption.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Where to plot, one for each corruption. With None, a new figure is made.

        Returns
        -------
        RobustnessCurvesDisplay

        Raises
        ------
        ValueError
            If no detector has the metric, or there are not as many axes as corruptions.
        """
        return RobustnessCurvesDisplay.from_table(
            self.table, metric=self.metric, axes=axes
        )

    def __str__(self) -> str:
        return text.robustness_to_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return text.robustness_to_html(self)


@validate_params(
    {
        "corruptions": [str, dict, list, tuple],
        "metric": [str],
        "image_shape": [tuple, None],
        "n_jobs": [Integral, None],
    }
    | CONSTRAINTS,
    prefer_skip_nested_validation=True,
)
def evaluate_robustness(
    detectors: dict[str, Any],
    X: Any,
    y: Any,
    *,
    corruptions: dict[Any, Sequence[float]] | Sequence[Any] | str = "common",
    metric: str = "roc_auc",
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    image_shape: tuple[int, ...] | None = None,
    skip_unreadable: bool = False,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Robustness:
    """Evaluate fitted detectors on images that are damaged by degrees [1]_ [2]_.

    Images are damaged once for each corruption and strength, for all detectors. One
    that fails gets a row with its error; the others go on.

    Parameters
    ----------
    detectors : dict
        Names and fitted classifiers with scikit-learn's methods that take arrays of
        images, or flattened images where X is such.

    X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images that the detectors were not fitted to, or any other input format.

    y : array-like of shape (n,)
        Labels. They may lack a class that the detectors know; metrics that need it are
        NaN then.

    corruptions : {"common", "techjam", "pairs", "platform"}, dict or list, \
            default="common"
        A suite of `skfake.corruptions.SUITES`: each corruption by five degrees; the
        fourteen of TikTok TechJam 2026, track 5; each two of its kinds in a row; a
        resize, then JPEG or WebP, as platforms do. Or names of corruptions, of
        `skfake.corruptions.CORRUPTIONS`, with their strengths from mild to severe; or
        the names alone, for the strengths that are listed there. A tuple in the place
        of a name says what is done before: `{(("rescale", 0.5), "jpeg"): [90, 70]}`.

    metric : str, default="roc_auc"
        The metric to print and to plot, a column of the table such as
        "recall_<class>".

    pos_label : label, default=None
        The positive one of two classes. With None it is the label that means fake by
        `target_names` or as the detectors learned it, 1 of 0 and 1, or else the
        greater.

    target_names : array-like of str of shape (n_classes,), default=None
        Names of the sorted labels, for the table. With None, the labels are.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X holds flattened images. With None it is the
        squarest image, gray or RGB, of that many values.

    skip_unreadable : bool, default=False
        Leave out images that can't be read, and list them in `Robustness.unreadable`.
        If False, one error names them all, before anything is predicted.

    confidence_level, n_resamples : float, default=0.95, and int, default=1000
        Level of the intervals, and how often images are resampled for them; with 0
        there are none.

    random_state : int, RandomState instance or None, default=None
        Seed of what is random in the damage, as in `skfake.corruptions.corrupt`, and of
        the resampling, kept in `Robustness.random_state`.

    n_jobs : int, default=None
        Processes that damage the images, as in scikit-learn.

    verbose : int, default=0
        With 1, a line on stderr for each corruption, strength and batch of images.

    Returns
    -------
    Robustness

    Raises
    ------
    ValueError
        If X, y, names or strengths can't be read or don't fit each other, or if X
        holds numbers that are no pixels, as standardised ones.
    sklearn.exceptions.NotFittedError
        If a detector is not fitted.

    See Also
    --------
    skfake.corruptions.corrupt : What is done to the images.

    Notes
    -----
    Files are opened in batches. Intervals are those of `compare_detectors`, the same
    draws of the images for all detectors and all damage. skfake's detectors, alone or
    at the end of a pipeline, predict each damaged image once; other classifiers do so
    twice, as their labels need not follow from their scores.

    References
    ----------
    .. [1] D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to
       common corruptions and perturbations", ICLR 2019, arXiv:1903.12261.

    .. [2] S.-Y. Wang et al., "CNN-generated images are surprisingly easy to spot...
       for now", CVPR 2020, arXiv:1912.11035.

    Examples
    --------
    >>> from skfake import SVMDetector
    >>> from skfake.datasets import make_images
    >>> from skfake.evaluation import evaluate_robustness
    >>> X, y = make_images(n_samples=80, return_X_y=True, random_state=0)
    >>> detectors = {"SVM": SVMDetector().fit(X[:40], y[:40])}
    >>> robustness = evaluate_robustness(
    ...     detectors, X[40:], y[40:], corruptions={"jpeg": [90, 50], "blur": [1]}
    ... )
    >>> robustness.table[["detector", "corruption", "strength"]]
      detector corruption  strength
    0      SVM      clean       NaN
    1      SVM       jpeg      90.0
    2      SVM       jpeg      50.0
    3      SVM       blur       1.0
    """
    check_fitted(detectors)
    (part,) = find_readable(
        {("test", "X"): X},
        "evaluate_robustness",
        image_shape=image_shape,
        skip=skip_unreadable,
        n_jobs=n_jobs,
    )
    y = check_labels_of(X, y)[part.rows]
    X = part.readable
    images = check_images(X, image_shape=image_shape)
    check_scale(images)
    classes, _ = check_classes(detectors, y, target_names, pos_label)
    known = metric_names(classes.names)
    if metric not in known:
        raise ValueError(f"metric must be one of {known}; got {metric!r}.")
    conditions: dict[Key, Condition | None] = {AS_THEY_ARE: None}
    conditions |= {(c.name, c.strength): c for c in list_conditions(corruptions)}
    _, warnings = find_own_images(
        detectors, X, part.rows, image_shape=image_shape, n_jobs=n_jobs
    )
    for line in warnings:
        # Two calls up: between the caller and here is the check of the parameters.
        warn(line, stacklevel=3)
    seed = draw_seed(random_state)
    damage = {"image_shape": image_shape, "random_state": seed, "n_jobs": n_jobs}
    batches = damage_images(X, images, conditions, damage, verbose)
    rows, predictions, probabilistic = _predict(
        detectors, list(conditions), batches, y, classes
    )
    table, scores = tabulate_robustness(
        rows,
        predictions,
        classes,
        probabilistic=probabilistic,
        confidence_level=confidence_level,
        n_resamples=n_resamples,
        seed=seed,
    )
    return Robustness(
        table=table,
        scores=scores,
        predictions=predictions,
        metric=metric,
        n_images=len(y),
        random_state=seed,
        confidence_level=confidence_level if n_resamples else None,
        warnings=warnings,
        unreadable=part.unreadable,
    )


def _predict(
    detectors: dict[str, Any],
    conditions: list[Key],
    batches: Iterator[tuple[Key, slice, Any]],
    y: np.ndarray,
    classes: Classes,
) -> tuple[pd.DataFrame, pd.DataFrame, set[str]]:
    """Rows with their errors, predictions, and the detectors with probabilities."""
    tables: dict[tuple, list[pd.DataFrame]] = {
        (name, *condition): [] for name in detectors for condition in conditions
    }
    errors: dict[tuple, str] = {}
    probabilistic = set()
    for condition, part, images in batches:
        for name, detector in detectors.items():
            key = (name, *condition)
            if key in errors:
                continue
            positions = np.arange(part.start, part.stop)
            try:
                scores = check_scores(detector, images, len(positions), classes)
            # One detector's failure, whatever it raises, must not stop the others.
            except Exception as error:
                errors[key] = f"{type(error).__name__}: {error}"
                tables[key] = []
                continue
            named = dict(zip(BY, key, strict=True))
            tables[key].append(
                tabulate_scores(named, positions, y[part], scores, classes.names)
            )
            if scores.are_probabilities:
                probabilistic.add(name)
    rows = pd.DataFrame(list(tables), columns=BY)
    rows["error"] = [errors.get(key) for key in tables]
    # pandas concatenates at least one table.
    predicted = list(chain.from_iterable(tables.values())) or [
        pd.DataFrame(columns=[*BY, "image"])
    ]
    return rows, pd.concat(predicted, ignore_index=True), probabilistic
