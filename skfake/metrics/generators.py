"""From predictions to the metrics of each generator's fakes."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import column_or_1d

from skfake.labels import check_pos_label
from skfake.metrics.predictions import score_columns, split_runs
from skfake.metrics.summary import Classes, check_two_classes, compute_metrics
from skfake.scikit_learn import validate_params

COLUMNS = ("detector", "fold", "image", "target", "prediction", "score")
METRICS = ("recall", "roc_auc", "average_precision")


# How the rows of several folds become one.
MERGED: dict = {"n_fakes": "sum", "n_reals": "sum"} | dict.fromkeys(
    METRICS, lambda column: column.mean(skipna=False)
)


@validate_params(
    {"predictions": [pd.DataFrame], "generators": ["array-like", None]},
    prefer_skip_nested_validation=True,
)
def tabulate_generators(
    predictions: pd.DataFrame, generators: Any = None, *, pos_label: Any = None
) -> pd.DataFrame:
    """Metrics of how well detectors find the fakes of each generator.

    The fakes of a generator are compared with all reals of the same fold, which the
    same fitted detector predicted; metrics of several folds are averaged.

    Parameters
    ----------
    predictions : DataFrame
        As in `Comparison.predictions`, of two classes.

    generators : array-like of shape (n,), default=None
        Generators of the images in X, or in the X of `test`. Those of reals are not
        read. With None, they are the column `generator` of the predictions.

    pos_label : label, default=None
        The label of the fakes, whose `score` it is: `Comparison.pos_label`. With
        None it is the label that means fake, 1 of 0 and 1, or else the greater.

    Returns
    -------
    DataFrame
        A row for each `detector` and `generator`, in the order of the predictions and
        of the sorted names. `n_fakes` and `n_reals` count the images that were
        predicted, `recall` is the fraction of the generator's fakes that were called
        fake, `roc_auc` and `average_precision` rank them against the reals: NaN where
        there are no scores, or in a fold without reals.

    Raises
    ------
    ValueError
        If the predictions lack a column or a second class, or have an image without a
        generator.

    See Also
    --------
    skfake.evaluation.LeaveOneGeneratorOut : Splits in which each generator is new.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.metrics import tabulate_generators
    >>> predictions = pd.DataFrame({
    ...     "target": [0, 0, 1, 1, 1, 1],
    ...     "prediction": [0, 0, 1, 1, 1, 0],
    ...     "score": [0.1, 0.3, 0.9, 0.8, 0.6, 0.2],
    ... }).assign(detector="SVM", fold=0, image=range(6))
    >>> generators = ["", "", "glide", "glide", "sdxl", "sdxl"]
    >>> table = tabulate_generators(predictions, generators)
    >>> table["recall"].unstack("generator")
    generator  glide  sdxl
    detector
    SVM          1.0   0.5
    """
    classes, pos_label = _check_predictions(predictions, pos_label)
    if generators is not None:
        generators = column_or_1d(generators)
        _check_length(predictions, len(generators))
        made_by = generators[predictions["image"].to_numpy(dtype=int)]
        predictions = predictions.assign(generator=made_by)
    elif "generator" not in predictions:
        raise ValueError(
            "generators must be given for predictions without a column 'generator'; "
            "got None."
        )
    return group_generators(predictions, classes, pos_label)


def group_generators(
    predictions: pd.DataFrame, classes: np.ndarray, pos_label: Any
) -> pd.DataFrame:
    """Metrics by the column `generator` of predictions that are checked."""
    rows = []
    for name, fold in split_runs(predictions):
        fakes = (fold["target"] == pos_label).to_numpy()
        made_by = fold["generator"].to_numpy()
        for generator in np.unique(made_by[fakes]):
            part = fold[~fakes | (made_by == generator)]
            row = _metrics(part, classes, pos_label)
            rows.append({"detector": name, "generator": generator} | row)
    keys = ["detector", "generator"]
    table = pd.DataFrame(rows, columns=[*keys, *MERGED]).groupby(keys).agg(MERGED)
    if "seed" in predictions:
        # Each seed predicts the same images again.
        n_seeds = predictions.groupby("detector")["seed"].nunique(dropna=False)
        counts = ["n_fakes", "n_reals"]
        table[counts] = table[counts].floordiv(n_seeds, axis=0, level="detector")
    return table.reindex(predictions["detector"].unique(), level="detector")


def _check_predictions(
    predictions: pd.DataFrame, pos_label: Any
) -> tuple[np.ndarray, Any]:
    """Labels, sorted, and that of the fakes."""
    missing = [name for name in COLUMNS if name not in predictions]
    if missing:
        raise ValueError(
            f"predictions must hold the columns {', '.join(COLUMNS)}, as those of two "
            f"classes do; got no {missing[0]!r}."
        )
    targets = predictions["target"].to_numpy()
    classes = check_two_classes("predictions must hold targets", targets)
    return classes, check_pos_label(pos_label, classes)


def _check_length(predictions: pd.DataFrame, n_images: int) -> None:
    """Refuse fewer generators than images."""
    if predictions["image"].max() >= n_images:
        raise ValueError(
            "generators must hold one for each image; got "
            f"{n_images} for the image {predictions['image'].max()}, counted from 0."
        )


def _metrics(part: pd.DataFrame, classes: np.ndarray, pos_label: Any) -> dict:
    """Metrics of one generator's fakes and the reals of one fold."""
    target, prediction = part["target"].to_numpy(), part["prediction"].to_numpy()
    names = ["fake" if label == pos_label else "real" for label in classes.tolist()]
    known = Classes(classes, names, pos_label)
    metrics = compute_metrics(target, prediction, score_columns(part), known)
    n_fakes = int(np.sum(target == pos_label))
    metrics |= {"recall": metrics["recall_fake"], "n_fakes": n_fakes}
    return metrics | {"n_reals": len(target) - n_fakes}
