"""How well fitted detectors bear images that are damaged."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import sklearn
from sklearn.utils import (
    check_consistent_length,
    check_random_state,
    column_or_1d,
    gen_batches,
)
from sklearn.utils.validation import check_is_fitted

from skfake.corruptions import BATCH, CORRUPTIONS, check_strength, corrupt
from skfake.displays.robustness import CLEAN, RobustnessCurvesDisplay
from skfake.evaluation.judges import AS_THEY_ARE, Condition, Judge, Labels
from skfake.images import check_images
from skfake.labels import check_pos_label
from skfake.metrics.bootstrap import bootstrap_intervals, bootstrap_metrics
from skfake.metrics.predictions import check_target_names
from skfake.metrics.summary import metric_names
from skfake.results.tables import (
    SECONDS,
    summarize_folds,
    tabulate_folds,
    tabulate_predictions,
)
from skfake.scikit_learn import Interval, take_rows, validate_params

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEAN = "mean"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Robustness:
    """What `evaluate_robustness` found.

    Printed, it is the table `summary`; a notebook shows it as HTML.

    Attributes
    ----------
    table : DataFrame
        A row for each detector, corruption and strength: `detector`, `corruption`,
        `strength`, and the metrics of `Comparison.table` but for the seconds, each with
        the ends of its interval, `<metric>_low` and `<metric>_high`. Each detector's
        first row is that of the images as they are: its corruption is "clean" and its
        strength NaN. Where a detector failed, there is a column `error`, and its
        metrics are NaN.

    metric : str
        The metric that is printed and plotted. For another one, use
        `dataclasses.replace(robustness, metric=...)`.

    n_images : int
        How many images each row is about.

    confidence_level : float or None, default=None
        Of the intervals in the table; None where there are none.

    See Also
    --------
    evaluate_robustness : Makes it.
    """

    table: pd.DataFrame
    metric: str
    n_images: int
    confidence_level: float | None = None

    @property
    def summary(self) -> pd.DataFrame:
        """The metric of each detector for each corruption, averaged over its strengths.

        A row for each detector. The column `clean` comes first; `mean` comes last,
        over the corruptions. NaN where a detector failed, or has no such figure.
        """
        summary = self.table.pivot_table(
            index="detector",
            columns="corruption",
            values=self.metric,
            # A mean over the other strengths could not stand beside whole ones.
            aggfunc=lambda values: values.mean(skipna=False),
            dropna=False,
            sort=False,
        )
        corrupted = summary.drop(columns=CLEAN)
        return summary.assign(**{MEAN: corrupted.mean(axis=1, skipna=False)})

    @property
    def errors(self) -> dict[str, str]:
        """The first error of each detector that failed, by their names."""
        if "error" not in self.table:
            return {}
        first = self.table.dropna(subset="error").groupby("detector", sort=False)
        messages = first["error"].first()
        return {str(name): message for name, message in messages.items()}

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
        ImportError
            If matplotlib is not installed.
        ValueError
            If no detector has the metric, or there are not as many axes as corruptions.
        """
        return RobustnessCurvesDisplay.from_table(
            self.table, metric=self.metric, axes=axes
        )

    @property
    def _caption(self) -> str:
        return (
            f"{self.metric} in % of {self.n_images} images, as they are (clean) and "
            "damaged: means over the strengths."
        )

    @property
    def _failures(self) -> list[str]:
        return [
            f"{name} failed: {error.splitlines()[0]}"
            for name, error in self.errors.items()
        ]

    @property
    def _percents(self) -> pd.DataFrame:
        summary = self.summary.rename_axis(index=None, columns=None)
        return summary.map(lambda v: "-" if np.isnan(v) else f"{100 * v:.1f}")

    def __str__(self) -> str:
        failures = self._failures
        return "\n".join(
            [
                self._caption,
                "",
                self._percents.to_string(),
                *([""] if failures else []),
                *failures,
            ]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        failures = [f"<p>{escape(line)}</p>" for line in self._failures]
        caption = f"<p>{escape(self._caption)}</p>"
        return "\n".join([caption, self._percents.to_html(border=0), *failures])


@validate_params(
    {
        "detectors": [dict],
        "corruptions": [dict, list, tuple, None],
        "metric": [str],
        "target_names": ["array-like", None],
        "image_shape": [tuple, None],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "n_resamples": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def evaluate_robustness(
    detectors: dict[str, Any],
    X: Any,
    y: Any,
    *,
    corruptions: dict[str, Sequence[float]] | Sequence[str] | None = None,
    metric: str = "roc_auc",
    pos_label: Any = None,
    target_names: Sequence[str] | None = None,
    image_shape: tuple[int, ...] | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | np.random.RandomState | None = 0,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Robustness:
    """Let fitted detectors predict images that are damaged by degrees [1]_ [2]_.

    Images are damaged once for each corruption and strength, and all detectors
    predict the very same ones. Where a detector fails, its row says so, and the
    others go on.

    Parameters
    ----------
    detectors : dict
        Names and fitted classifiers. Any classifier that has scikit-learn's methods
        and takes arrays of images, or flattened images where X is such, will do.

    X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images that the detectors were not fitted to, or any other form of them that
        skfake takes.

    y : array-like of shape (n,)
        Labels. They may lack a class that the detectors know; metrics that need it are
        NaN then.

    corruptions : dict or list, default=None
        Names of corruptions as keys, of `skfake.corruptions.CORRUPTIONS`, and their
        strengths from mild to severe; or the names alone, for the five strengths that
        are listed there. With None, all of them.

    metric : str, default="roc_auc"
        The metric to print and to plot, a column of the table: "recall_<class>" is
        one, and "brier_score", for detectors that have probabilities.

    pos_label : label, default=None
        The positive one of two classes, of which `roc_auc` and `average_precision`
        speak. With None it is the greater label, as in scikit-learn: 1 of 0 and 1.

    target_names : array-like of str of shape (n_classes,), default=None
        Names of the sorted labels, for the table. With None, the labels are.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X holds flattened images. With None it is the
        squarest image, gray or RGB, of that many values.

    confidence_level : float, default=0.95
        Of the intervals.

    n_resamples : int, default=1000
        How often the images are drawn anew, for the intervals [3]_; 0 leaves them out.

    random_state : int, RandomState instance or None, default=0
        Seed of what is random in the damage, and of these draws.

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
    Memory does not grow with the number of files, of which a batch is open at a time.

    Intervals are those of `compare_detectors`, the same draws of the images for all
    detectors and all damage.

    Each damaged image is predicted once where it can be. Where a threshold on the
    scores explains the labels that a detector gives to the images as they are, it tells
    those of damaged ones too, and `predict` is asked for scores next to it alone.

    References
    ----------
    .. [1] D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to
       common corruptions and perturbations", ICLR 2019, arXiv:1903.12261.

    .. [2] S.-Y. Wang et al., "CNN-generated images are surprisingly easy to spot...
       for now", CVPR 2020, arXiv:1912.11035.

    .. [3] B. Efron and R. Tibshirani, "An introduction to the bootstrap", 1993.

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
    _check_detectors(detectors)
    y = column_or_1d(y)
    images = check_images(X, image_shape=image_shape)
    check_consistent_length(images, y)
    _check_scale(images)
    classes = _find_classes(detectors, y)
    labels = Labels(
        target=y,
        classes=classes,
        names=check_target_names(target_names, classes),
        pos_label=check_pos_label(pos_label, classes),
    )
    _check_metric(metric, labels.names)
    conditions = _list_conditions(corruptions)
    options = {"image_shape": image_shape, "n_jobs": n_jobs}
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    judges = [Judge(name, detector, labels) for name, detector in detectors.items()]
    # All of the images as they are come first: they tell the detectors' thresholds.
    for some in ([AS_THEY_ARE], conditions):
        for part in _slice_images(images):
            # A blur by nothing opens the files, and gives images as they are the form
            # that damaged ones have.
            batch = corrupt(take_rows(X, part), "blur", 0, **options)
            for condition in some:
                if verbose:
                    _report(condition, part, len(y))
                damaged = _damage(batch, condition, random_state=seed, **options)
                for judge in judges:
                    judge.look_at(damaged, part, condition)
    tables = [
        _tabulate(
            judge,
            [AS_THEY_ARE, *conditions],
            confidence_level=confidence_level,
            n_resamples=n_resamples,
            seed=seed,
        )
        for judge in judges
    ]
    return Robustness(
        table=pd.concat(tables, ignore_index=True),
        metric=metric,
        n_images=len(y),
        confidence_level=confidence_level if n_resamples else None,
    )


def _tabulate(
    judge: Judge,
    conditions: list[Condition],
    *,
    confidence_level: float,
    n_resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Rows of a detector in the table, from the tables of a comparison."""
    labels = judge.labels
    runs = [judge.run(condition) for condition in conditions]
    folds = tabulate_folds(runs, labels.names)
    predictions = tabulate_predictions(runs, labels.names)
    intervals: dict[str, pd.DataFrame] | None = {} if n_resamples else None
    if n_resamples and len(predictions):
        resampled = bootstrap_metrics(
            predictions,
            classes=labels.classes,
            names=labels.names,
            pos_label=labels.pos_label,
            with_probabilities=set(
                folds["detector"] if judge.has_probabilities else ()
            ),
            n_resamples=n_resamples,
            # The same draws for all detectors.
            random_state=seed,
        )
        intervals = bootstrap_intervals(resampled, confidence_level)
    folds = folds.drop(columns=list(SECONDS), errors="ignore")
    metrics = summarize_folds(folds, with_spread=False, intervals=intervals)
    keys = pd.DataFrame(conditions).assign(detector=judge.name)
    return pd.concat(
        [keys[["detector", *Condition._fields]], metrics.reset_index(drop=True)],
        axis=1,
    )


def _check_detectors(detectors: dict[str, Any]) -> None:
    if not detectors:
        raise ValueError("detectors must hold at least one detector; got none.")
    for name, detector in detectors.items():
        if not isinstance(name, str):
            raise TypeError(f"detectors must have names of type str; got {name!r}.")
        if isinstance(detector, type) or not hasattr(detector, "predict"):
            raise TypeError(
                f"detectors[{name!r}] must be a fitted classifier; got {detector!r}."
            )
        # What can't be fitted, as a network read from a file, is ready as it is.
        if hasattr(detector, "fit"):
            check_is_fitted(
                detector,
                msg=f"detectors[{name!r}] must be fitted; got an unfitted %(name)s.",
            )


def _check_scale(images: np.ndarray | list) -> None:
    for image in [images] if isinstance(images, np.ndarray) else images:
        if not isinstance(image, np.ndarray) or image.dtype == np.uint8:
            continue
        low, high = image.min(), image.max()
        if low < 0 or high > 1:
            raise ValueError(
                "X must hold bytes, or floats from 0 to 1, to be damaged; got numbers "
                f"from {low:g} to {high:g}."
            )


def _check_metric(metric: str, names: list[str]) -> None:
    known = metric_names(names)
    if metric not in known:
        raise ValueError(f"metric must be one of {known}; got {metric!r}.")


def _find_classes(detectors: dict[str, Any], y: np.ndarray) -> np.ndarray:
    """Labels that the detectors know, as y may lack some."""
    came = np.unique(y)
    known = (d.classes_ for d in detectors.values() if hasattr(d, "classes_"))
    classes = np.asarray(next(known, came))
    strange = came[~np.isin(came, classes)]
    if len(strange):
        raise ValueError(
            f"y must hold labels that the detectors know, {classes.tolist()}; got "
            f"{strange.tolist()[0]!r}."
        )
    if len(classes) < 2:
        raise ValueError(
            "y must hold at least two classes where no detector has classes_; got one "
            f"class, {classes.tolist()[0]!r}."
        )
    return classes


def _list_conditions(
    corruptions: dict[str, Sequence[float]] | Sequence[str] | None,
) -> list[Condition]:
    """Each corruption with each strength."""
    names = list(CORRUPTIONS if corruptions is None else corruptions)
    unknown = [name for name in names if name not in CORRUPTIONS]
    if unknown or not names:
        came = repr(unknown[0]) if unknown else "none"
        raise ValueError(
            f"corruptions must hold names of {list(CORRUPTIONS)}; got {came}."
        )
    conditions = []
    for name in names:
        strengths = CORRUPTIONS[name].strengths
        if isinstance(corruptions, dict):
            strengths = _check_strengths(name, corruptions[name])
        conditions += [Condition(name, strength) for strength in strengths]
    return list(dict.fromkeys(conditions))


def _check_strengths(corruption: str, strengths: Sequence[float]) -> tuple[float, ...]:
    strengths = tuple(strengths)
    strange = [strength for strength in strengths if not isinstance(strength, Real)]
    if strange or not strengths:
        raise ValueError(
            f"corruptions[{corruption!r}] must hold numbers, one at least; got "
            f"{repr(strange[0]) if strange else 'none'}."
        )
    for strength in strengths:
        check_strength(corruption, strength)
    return strengths


def _slice_images(images: np.ndarray | list) -> Iterator[slice]:
    """Files and single arrays by batches, others as `working_memory` holds them."""
    if not isinstance(images, np.ndarray):
        return gen_batches(len(images), BATCH)
    # As they are, damaged one by one, and those together again.
    n_bytes = 3 * images[0].nbytes
    limit = sklearn.get_config()["working_memory"] * 2**20
    return gen_batches(len(images), max(1, int(limit // n_bytes)))


def _damage(batch: Any, condition: Condition, **options: Any) -> Any:
    if condition is AS_THEY_ARE:
        return batch
    return corrupt(batch, condition.corruption, condition.strength, **options)


def _report(condition: Condition, part: slice, n_images: int) -> None:
    strength = "" if condition is AS_THEY_ARE else f" {condition.strength:g}"
    print(
        f"{condition.corruption}{strength}: images {part.start} to {part.stop - 1} of "
        f"{n_images}",
        file=sys.stderr,
        flush=True,
    )
