"""Compare detectors on the same images."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed

from skfake.evaluation import page, report
from skfake.evaluation.bootstrap import bootstrap_figures, bootstrap_intervals
from skfake.evaluation.data_checks import Findings, look_at_data, no_leaks, tell_leaks
from skfake.evaluation.differences import choose_test, tabulate_differences
from skfake.evaluation.displays import (
    ConfusionMatricesDisplay,
    MostWrongDisplay,
    PrecisionRecallCurvesDisplay,
    ReliabilityDisplay,
    RocCurvesDisplay,
    TrainingCurvesDisplay,
)
from skfake.evaluation.predictions import check_pos_label, most_wrong
from skfake.evaluation.provenance import describe_machine, describe_versions
from skfake.evaluation.tables import (
    refigure_folds,
    summarize_folds,
    tabulate_folds,
    tabulate_predictions,
)
from skfake.evaluation.thumbnails import make_thumbnails
from skfake.evaluation.trials import Split, Task, Trial, run_trial, takes_seed
from skfake.images import check_images
from skfake.validation import Interval, validate_params

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skfake.evaluation.robustness import Robustness

N_MOST_WRONG = 8


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Comparison:
    """What `compare_detectors` found.

    Printed, it is a table of the main figures; a notebook shows it as HTML.

    Attributes
    ----------
    table : DataFrame of shape (n_detectors, n_figures)
        A row for each detector: `accuracy`, `balanced_accuracy`, `precision_<class>`,
        `recall_<class>` and `f1_<class>` for each class, `roc_auc`,
        `average_precision`, `tpr_at_fpr_0.01` and `tpr_at_fpr_0.05` (the share of
        positives found while 1 or 5 % of the negatives are called positive),
        `equal_error_rate`, of probabilities `brier_score` and
        `expected_calibration_error`, `fit_seconds` and `predict_seconds` (the time of
        `predict` alone). With `cv` they are means over the folds, each followed by
        the sample standard deviation, `<figure>_std`; with `seeds` over these too.
        Each figure but the times has the ends of its interval, `<figure>_low` and
        `<figure>_high`. Where a detector failed, there is a column `error`, and its
        figures are NaN, also if it failed in one fold only.

    differences : DataFrame
        A row for each pair of detectors that did not fail: `first` and `second`, the
        `difference` of the accuracy of the first from that of the second with the ends
        of its interval, `difference_low` and `difference_high`, `p_value`,
        `p_value_holm` (corrected for the number of pairs) and `significant`.
        `settings["test"]` names the test.

    folds : DataFrame
        The figures for each detector, `seed` if there are any, and fold.

    predictions : DataFrame
        A row for each detector and each image that it predicted: `detector`, `seed` if
        there are any, `fold`, `image` (position in X, or in the X of `test`),
        `target`, `prediction` and `score`, which is that of `pos_label`. For more than
        two classes there are columns `score_<class>` instead.

    detectors : dict
        The fitted detectors by their names; with `cv` or `seeds`, lists of them, in
        the order of `folds`. None where one failed.

    classes : array of shape (n_classes,)
        All labels, sorted.

    target_names : list of str of length n_classes
        Their names.

    pos_label : label or None
        The positive class; None for more than two classes.

    settings : dict
        How the comparison was made.

    leaks : DataFrame
        A row for each test image and training image of a fold that show the same
        picture: `fold`, `image` and `train_image` (positions), `exact` (whether all
        pixels are equal) and `distance`, as in `find_near_duplicates`.

    confounders : DataFrame or None
        As `find_confounders` makes it, where X holds files or images of several sizes.

    warnings : list of str
        What a reader of the figures must know about the images.

    thumbnails : dict of uint8 arrays of shape (H, W, 3)
        Small copies of the test images that a detector gets most wrong, by their
        positions.

    title : str
        Heads the table and the saved plots: what the images are. Empty unless set by
        `dataclasses.replace(comparison, title=...)`.

    See Also
    --------
    compare_detectors : Makes it.
    """

    table: pd.DataFrame
    folds: pd.DataFrame
    predictions: pd.DataFrame
    detectors: dict[str, Any]
    classes: np.ndarray
    target_names: list[str]
    pos_label: Any
    settings: dict[str, Any]
    differences: pd.DataFrame = field(default_factory=pd.DataFrame)
    leaks: pd.DataFrame = field(default_factory=no_leaks)
    confounders: pd.DataFrame | None = None
    warnings: list[str] = field(default_factory=list)
    thumbnails: dict[int, np.ndarray] = field(default_factory=dict)
    title: str = ""

    @property
    def errors(self) -> dict[str, str]:
        """Errors of the detectors that failed, by their names."""
        if "error" not in self.table:
            return {}
        messages = self.table["error"].dropna()
        return {str(name): message for name, message in messages.items()}

    def join(self, *others: Comparison) -> Comparison:
        """Put detectors that were compared apart into one table.

        Detectors that take hours are trained one by one. Intervals and tests are made
        anew, of all of them; what describes the images and the machine is taken from
        this comparison.

        Parameters
        ----------
        *others : Comparison
            Of the same images, classes and splits, and of detectors with other names.

        Returns
        -------
        Comparison

        Raises
        ------
        ValueError
            If the test images or their labels are not the same, or a name comes twice.
        """
        parts = (self, *others)
        names = [str(name) for part in parts for name in part.table.index]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"detectors must have different names; got {name!r}.")
        truth = _list_targets(self)
        for part in others:
            if part.target_names != self.target_names or not np.array_equal(
                part.classes, self.classes
            ):
                raise ValueError(
                    f"others must be of the classes {self.target_names}; got "
                    f"{part.target_names}."
                )
            if len(part.predictions) and not truth.equals(_list_targets(part)):
                raise ValueError(
                    "others must be of the same test images, labels and folds; got "
                    f"others for {part.table.index[0]!r}."
                )
        # Empty tables, of detectors that failed, have columns of any type.
        predicted = [part.predictions for part in parts if len(part.predictions)]
        predicted = predicted or [self.predictions]
        described = {
            name: text
            for part in parts
            for name, text in part.settings["detectors"].items()
        }
        joined = replace(
            self,
            folds=pd.concat([part.folds for part in parts], ignore_index=True),
            predictions=pd.concat(predicted, ignore_index=True),
            detectors={k: v for part in parts for k, v in part.detectors.items()},
            thumbnails={k: v for part in parts for k, v in part.thumbnails.items()},
            settings=self.settings | {"detectors": described},
        )
        return _summarize(joined)

    def without_leaks(self) -> Comparison:
        """Judge the detectors anew, without the test images that leak.

        Nothing is fitted again: in each fold, test images of which `leaks` knows a
        copy in training are left out of every figure, interval and test.

        Returns
        -------
        Comparison
        """
        keys = ["fold", "image"]
        leaked = pd.MultiIndex.from_frame(self.leaks[keys])
        kept = ~pd.MultiIndex.from_frame(self.predictions[keys]).isin(leaked)
        predictions = self.predictions[kept].reset_index(drop=True)
        folds = refigure_folds(
            self.folds,
            predictions,
            classes=self.classes,
            names=self.target_names,
            pos_label=self.pos_label,
        )
        settings = self.settings | {"n_leaked": int(leaked.nunique())}
        kept_only = replace(
            self, predictions=predictions, folds=folds, leaks=no_leaks(), warnings=[]
        )
        return _summarize(replace(kept_only, settings=settings))

    def roc_curves(self, ax: Axes | None = None) -> RocCurvesDisplay:
        """Plot the ROC curves of all detectors that did not fail.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        RocCurvesDisplay
        """
        return RocCurvesDisplay.from_predictions(
            self._whole_predictions(),
            classes=self.classes,
            pos_label=self.pos_label,
            target_names=self.target_names,
            colors=self._colors(),
            ax=ax,
        )

    def precision_recall_curves(
        self, ax: Axes | None = None
    ) -> PrecisionRecallCurvesDisplay:
        """Plot the precision-recall curves of all detectors that did not fail.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        PrecisionRecallCurvesDisplay
        """
        return PrecisionRecallCurvesDisplay.from_predictions(
            self._whole_predictions(),
            classes=self.classes,
            pos_label=self.pos_label,
            target_names=self.target_names,
            colors=self._colors(),
            ax=ax,
        )

    def reliability(self, ax: Axes | None = None) -> ReliabilityDisplay:
        """Plot how well probabilities agree with what came true.

        Detectors that failed, and those without `predict_proba`, have no curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        Returns
        -------
        ReliabilityDisplay
        """
        predictions = self._whole_predictions()
        probable = self.folds["expected_calibration_error"].notna()
        known = predictions["detector"].isin(self.folds.loc[probable, "detector"])
        return ReliabilityDisplay.from_predictions(
            predictions[known],
            classes=self.classes,
            pos_label=self.pos_label,
            target_names=self.target_names,
            colors=self._colors(),
            ax=ax,
        )

    def training_curves(
        self, ax: Axes | None = None, *, metric: str = "accuracy"
    ) -> TrainingCurvesDisplay:
        """Plot how the detectors with a network learned, epoch by epoch.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        metric : {"accuracy", "loss"}, default="accuracy"
            What to plot.

        Returns
        -------
        TrainingCurvesDisplay

        Raises
        ------
        ValueError
            If no detector has a `history_`.
        """
        whole = {k: v for k, v in self.detectors.items() if k not in self.errors}
        return TrainingCurvesDisplay.from_detectors(
            whole, metric=metric, colors=self._colors(), ax=ax
        )

    def most_wrong(
        self, ax: Axes | None = None, *, n_images: int = N_MOST_WRONG
    ) -> MostWrongDisplay:
        """Show the test images that each detector gets most wrong.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. With None, a new figure is made.

        n_images : int, default=8
            How many for each detector, at most 8.

        Returns
        -------
        MostWrongDisplay

        Raises
        ------
        ValueError
            If the comparison keeps no copy of an image that is to be shown.
        """
        return MostWrongDisplay.from_predictions(
            self._whole_predictions(),
            self.thumbnails,
            classes=self.classes,
            pos_label=self.pos_label,
            target_names=self.target_names,
            n_images=n_images,
            ax=ax,
        )

    def confusion_matrices(
        self,
        axes: np.ndarray | Sequence[Axes] | None = None,
        *,
        normalize: str | None = None,
    ) -> ConfusionMatricesDisplay:
        """Plot the confusion matrices of all detectors that did not fail.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Where to plot, one for each detector. With None, a new figure is made.

        normalize : {"true", "pred", "all"}, default=None
            Shares of the actual class, of the predicted class or of all images, in
            place of counts.

        Returns
        -------
        ConfusionMatricesDisplay
        """
        return ConfusionMatricesDisplay.from_predictions(
            self._whole_predictions(),
            classes=self.classes,
            target_names=self.target_names,
            normalize=normalize,
            axes=axes,
        )

    def to_html(
        self,
        path: str | os.PathLike,
        *,
        robustness: Robustness | None = None,
        sections: Mapping[str, str] | None = None,
    ) -> None:
        """Write a report: one page of HTML, with its pictures inside.

        It has the table with intervals, the tests of differences, the figures without
        leaks, the curves, the images that are most wrong, facts about the data,
        settings and versions. It needs no network, fits a phone, and is dark where
        the reader's screen is.

        Parameters
        ----------
        path : str or path-like
            Where to write. A file that is there is replaced when the new one is whole.

        robustness : Robustness, default=None
            What `evaluate_robustness` found of the same detectors, to be shown too.

        sections : dict of str, default=None
            Headings and HTML of more sections, which come first. It is not escaped.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        text = page.to_page(self, robustness=robustness, sections=sections)
        path = Path(path)
        with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as beside:
            beside.write(text.encode())
        Path(beside.name).replace(path)

    def save(self, folder: str | os.PathLike) -> None:
        """Write tables and plots to a folder, to publish or to read again.

        `report.html`, `table.csv`, `predictions.csv`, `roc_curves.png`,
        `confusion_matrices.png` and `comparison.json`, which holds the tables,
        confusion matrices, settings, versions and a description of the machine. They
        replace files of these names, when all are written. Fitted detectors are not
        saved.

        Parameters
        ----------
        folder : str or path-like
            Where to write; made if there is none.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        report.save(self, folder)

    def _colors(self) -> dict[str, str]:
        """A detector has the same colour in all displays, whoever is left out."""
        return {str(name): f"C{place}" for place, name in enumerate(self.table.index)}

    def _whole_predictions(self) -> pd.DataFrame:
        failed = self.predictions["detector"].isin(list(self.errors))
        return self.predictions[~failed]

    def __str__(self) -> str:
        return report.to_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return report.to_html(self)


@validate_params(
    {
        "detectors": [dict],
        "cv": ["cv_object"],
        "test": [tuple, list, None],
        "target_names": ["array-like", None],
        "seeds": ["array-like", None],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "n_resamples": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
        "check_data": ["boolean"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    },
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
    random_state: int | np.random.RandomState | None = 0,
    check_data: bool = True,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Comparison:
    """Fit detectors to the same images and compare what they predict.

    Every detector is fitted to the same training images and predicts the same test
    images, for each of the splits. One that fails gets a row with its error; the
    others go on. Each figure comes with an interval, each difference of accuracy with
    a test, and what makes the figures doubtful is warned of: test images of which a
    copy is in training, and files whose format gives their class away.

    Parameters
    ----------
    detectors : dict
        Names and unfitted classifiers; those are cloned, not changed. Any classifier
        that has scikit-learn's methods will do.

    X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images, or any other form of them that skfake takes. They are handed to the
        detectors as they are.

    y : array-like of shape (n,)
        Labels of two or more classes.

    cv : int, splitter or iterable of (train, test), default=None
        Splits for cross-validation, as in scikit-learn: an int is the number of folds
        of a `StratifiedKFold`. They are drawn once, for all detectors. For a splitter
        that needs groups, pass `cv=splitter.split(X, y, groups)`.

    test : tuple (X_test, y_test), default=None
        Test images in place of `cv`; all of X is for training then.

    pos_label : label, default=None
        The positive one of two classes, of which `roc_auc` and
        `average_precision` speak. With None it is the greater label, as in
        scikit-learn: 1 of 0 and 1.

    target_names : array-like of str of shape (n_classes,), default=None
        Names of the sorted labels, for the table. With None, the labels are.

    seeds : sequence of int, default=None
        Fit each detector once with each of these for every `random_state` that it and
        its parts have, and show means over the fits. A detector without one is fitted
        once. With None, each detector is fitted once, as it is.

    confidence_level : float, default=0.95
        Of the intervals, and of all tests of differences together.

    n_resamples : int, default=1000
        How often the test images are drawn anew, for the intervals [1]_; 0 leaves them
        out.

    random_state : int, RandomState instance or None, default=0
        Seed of these draws. Detectors don't depend on it.

    check_data : bool, default=True
        Look for copies of test images among the training images and, in files and
        images of several sizes, for what tells the classes apart besides the
        pictures. Every file is decoded once more for it.

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
        If a test image is among its training images, to the pixel. What is less sure,
        as near copies, is printed with the table and stands in `Comparison.warnings`.

    Notes
    -----
    Intervals are those of the percentile bootstrap over test images, the same draws for
    all detectors; several seeds are drawn too. They say nothing of other training
    images, other generators or damaged files. Accuracies are compared by McNemar's
    test on one test set, by the corrected resampled t-test over folds [2]_, and over
    seeds by a t-test that counts what varies between seeds and between images; p-values
    are corrected by Holm's method for the number of pairs.

    Area under the ROC curve and average precision come from `predict_proba` or, where
    a detector has none, from `decision_function`; without either they are NaN.

    A detector that ends its training on Ctrl-C, as those with a network do, is
    compared as it then is.

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
    >>> comparison = compare_detectors(
    ...     {
    ...         "HOG": make_pipeline(HOGTransformer(), LogisticRegression()),
    ...         "chance": DummyClassifier(strategy="prior"),
    ...     },
    ...     images.data,
    ...     images.target,
    ...     cv=2,
    ...     target_names=images.target_names,
    ... )
    >>> float(comparison.table.loc["chance", "roc_auc"])
    0.5
    >>> comparison.predictions.shape
    (80, 6)
    """
    _check_detectors(detectors)
    y, y_test = _check_data(X, y, cv, test)
    classes = np.unique(y)
    names = _check_target_names(target_names, classes)
    task = Task(
        X=X,
        y=y,
        X_test=X if test is None else test[0],
        y_test=y_test,
        classes=classes,
        names=names,
        pos_label=check_pos_label(pos_label, classes),
    )
    splits = _draw_splits(cv, task)
    fits = _check_seeds(seeds)
    findings = Findings(leaks=no_leaks())
    if check_data:
        findings = look_at_data(task, splits, n_jobs)
    if findings.leaks["exact"].any():
        # Two calls up: between the caller and here is the check of the parameters.
        warn(tell_leaks(findings.leaks, len(task.y_test)), stacklevel=3)
    # Not by `cross_validate`: it returns no predictions and takes no test set apart.
    trials = Parallel(n_jobs=n_jobs, mmap_mode="c")(
        delayed(run_trial)(name, detector, task, split, seed, verbose)
        for name, detector in detectors.items()
        for seed in (fits if takes_seed(detector) else fits[:1])
        for split in splits
    )
    settings = _describe(detectors, task, cv, splits) | {
        "seeds": None if seeds is None else fits,
        "confidence_level": confidence_level,
        "n_resamples": n_resamples,
        "random_state": _draw_seed(random_state),
        "versions": describe_versions(),
        "machine": describe_machine(),
    }
    comparison = Comparison(
        table=pd.DataFrame(),
        folds=tabulate_folds(trials, names),
        predictions=tabulate_predictions(trials, names),
        detectors=_collect_detectors(
            trials, with_fits=cv is not None or seeds is not None
        ),
        classes=classes,
        target_names=names,
        pos_label=task.pos_label,
        settings=settings,
        leaks=findings.leaks,
        confounders=findings.confounders,
        warnings=findings.warnings,
    )
    return replace(
        _summarize(comparison), thumbnails=_keep_images(comparison, task.X_test)
    )


def _list_targets(comparison: Comparison) -> pd.DataFrame:
    """Folds, images and their labels, sorted."""
    columns = ["fold", "image", "target"]
    found = comparison.predictions[columns].drop_duplicates()
    return found.sort_values(columns, ignore_index=True)


def _keep_images(comparison: Comparison, X: Any) -> dict[int, np.ndarray]:
    """Small copies of what is most wrong; none where the files can't be read."""
    found = most_wrong(
        comparison.predictions,
        classes=comparison.classes,
        pos_label=comparison.pos_label,
        n_images=N_MOST_WRONG,
    )
    try:
        return make_thumbnails(X, found["image"].unique())
    except (OSError, ValueError):
        return {}


def _summarize(comparison: Comparison) -> Comparison:
    """Make the tables of all fits together from those of single ones."""
    settings = comparison.settings
    means = summarize_folds(comparison.folds, with_spread=False)
    # A first time without intervals: these are for detectors that did not fail.
    comparison = replace(comparison, table=means)
    predictions = comparison._whole_predictions()
    resampled: dict[str, pd.DataFrame] = {}
    if settings["n_resamples"] and len(predictions):
        resampled = bootstrap_figures(
            predictions,
            classes=comparison.classes,
            names=comparison.target_names,
            pos_label=comparison.pos_label,
            with_probabilities=means.index[means["brier_score"].notna()],
            n_resamples=settings["n_resamples"],
            random_state=settings["random_state"],
        )
    intervals = bootstrap_intervals(resampled, settings["confidence_level"])
    return replace(
        comparison,
        table=summarize_folds(
            comparison.folds,
            with_spread=bool(settings["n_folds"] or settings["seeds"]),
            intervals=intervals if settings["n_resamples"] else None,
        ),
        differences=tabulate_differences(
            predictions,
            resampled,
            confidence_level=settings["confidence_level"],
            test_share=settings["test_share"],
        ),
        settings=settings | {"test": choose_test(predictions)},
    )


def _check_detectors(detectors: dict[str, Any]) -> None:
    if not detectors:
        raise ValueError("detectors must hold at least one detector; got none.")
    for name, detector in detectors.items():
        if not isinstance(name, str):
            raise TypeError(f"detectors must have names of type str; got {name!r}.")
        if isinstance(detector, type):
            raise TypeError(
                f"detectors[{name!r}] must be a classifier; got the class "
                f"{detector.__name__}. Use {detector.__name__}()."
            )
        if not hasattr(detector, "fit") or not hasattr(detector, "get_params"):
            raise TypeError(
                f"detectors[{name!r}] must be a classifier with fit and get_params; "
                f"got a {type(detector).__name__}."
            )
        # A detector that can't be cloned shall say so before others are trained.
        clone(detector)


def _check_data(X: Any, y: Any, cv: Any, test: Any) -> tuple[np.ndarray, np.ndarray]:
    """Labels for training and for testing; with cv they are the same."""
    if (cv is None) == (test is None):
        came = "neither" if cv is None else "both"
        raise ValueError(
            f"Either cv or test must be given; got {came}. Use cv=5 for "
            "cross-validation, or test=(X_test, y_test)."
        )
    y = _check_pair(X, y, "X", "y")
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
    y_test = _check_pair(X_test, y_test, "test[0]", "test[1]")
    strange = y_test[~np.isin(y_test, y)]
    if len(strange):
        raise ValueError(
            f"test must hold labels of y, {np.unique(y).tolist()}; got {strange[0]!r}."
        )
    return y, y_test


def _check_pair(X: Any, y: Any, X_name: str, y_name: str) -> np.ndarray:
    try:
        check_images(X)
    except (TypeError, ValueError, OSError) as error:
        error.add_note(f"This X is {X_name} of compare_detectors.")
        raise
    y = column_or_1d(y)
    check_classification_targets(y)
    if len(X) != len(y):
        raise ValueError(
            f"{y_name} must hold a label for each image of {X_name}; got {len(y)} "
            f"labels for {len(X)} images."
        )
    return y


def _check_target_names(
    target_names: Sequence[str] | None, classes: np.ndarray
) -> list[str]:
    names = classes.tolist() if target_names is None else list(target_names)
    names = [str(name) for name in names]
    if len(names) != len(classes) or len(set(names)) < len(names):
        raise ValueError(
            f"target_names must be {len(classes)} different names, of the labels "
            f"{classes.tolist()}; got {names}."
        )
    return names


def _draw_splits(cv: Any, task: Task) -> list[Split]:
    if cv is None:
        return [Split(fold=0, n_folds=1)]
    pairs = list(check_cv(cv, task.y, classifier=True).split(task.X, task.y))
    for fold, (train, _) in enumerate(pairs):
        missing = np.setdiff1d(task.classes, task.y[train])
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


def _draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """A seed that can be kept: the tables may be made again, of other images."""
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _collect_detectors(trials: Iterable[Trial], *, with_fits: bool) -> dict[str, Any]:
    collected: dict[str, list] = {}
    for trial in trials:
        collected.setdefault(trial.name, []).append(trial.detector)
    if with_fits:
        return dict(collected)
    return {name: detectors[0] for name, detectors in collected.items()}


def _count_images(task: Task, cv: Any) -> dict[str, dict[str, int]]:
    """Images of each class, in each part."""
    parts = {"training": task.y, "test": task.y_test}
    parts = parts if cv is None else {"all": task.y}
    return {
        part: {
            name: int((labels == label).sum())
            for name, label in zip(task.names, task.classes, strict=True)
        }
        for part, labels in parts.items()
    }


def _describe(
    detectors: dict[str, Any], task: Task, cv: Any, splits: list[Split]
) -> dict[str, Any]:
    # An iterable of splits has no short description.
    named = isinstance(cv, Integral) or hasattr(cv, "split")
    return {
        "detectors": {name: repr(detector) for name, detector in detectors.items()},
        "n_images": len(task.y),
        "n_images_by_class": _count_images(task, cv),
        "n_test_images": None if cv is not None else len(task.y_test),
        "n_folds": None if cv is None else len(splits),
        "cv": repr(cv) if named else None,
        "test_share": (
            None if cv is None else float(np.mean([s.test_share for s in splits]))
        ),
    }
