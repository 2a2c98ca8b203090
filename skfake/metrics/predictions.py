"""A table of predictions: what it must hold, and what is read out of it."""

from collections.abc import Callable, Iterator, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from skfake.labels import check_pos_label
from skfake.metrics.summary import Classes, class_scores
from skfake.scikit_learn import Interval, validate_params

RUNS = ("seed", "fold")
# What a table may say of an image besides its position.
ABOUT = ("path", "generator")
# Of each class that is looked at: which images belong to it, and their scores.
Pairs = list[tuple[np.ndarray, np.ndarray]]


def run_columns(predictions: pd.DataFrame) -> list[str]:
    """Columns that distinguish the fits of a detector."""
    return [name for name in RUNS if name in predictions]


def split_runs(predictions: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Part a table by detector and fit."""
    keys = ["detector", *run_columns(predictions)]
    for (name, *_), part in predictions.groupby(keys, sort=False, dropna=False):
        yield str(name), part


def scored_runs(
    predictions: pd.DataFrame, classes: np.ndarray | Sequence, pos_label: Any
) -> Iterator[tuple[str, Pairs]]:
    """Scores of each detector and fit, where curves can be drawn from them."""
    columns = ["detector", "target", "score"]
    labels = check_predictions(predictions, classes, columns)
    known = Classes.check(labels, None, pos_label)
    for name, part in split_runs(predictions):
        target, scores = part["target"].to_numpy(), score_columns(part)
        if np.isin(labels, target).all() and not np.isnan(scores).any():
            yield name, list(class_scores(target, scores, known))


def mean_over(metric: Callable[..., float], pairs: Pairs) -> float:
    """Mean of a metric over the classes."""
    return float(np.mean([metric(*pair) for pair in pairs]))


def score_columns(predictions: pd.DataFrame) -> np.ndarray:
    """Scores in a table of predictions."""
    if "score" in predictions:
        return predictions["score"].to_numpy(dtype=float)
    return predictions[_class_score_names(predictions)].to_numpy(dtype=float)


def check_predictions(
    predictions: pd.DataFrame, classes: np.ndarray | Sequence, columns: Sequence[str]
) -> np.ndarray:
    """Check that a table of predictions can be read."""
    if not isinstance(predictions, pd.DataFrame):
        raise TypeError(
            "predictions must be a DataFrame, in the form of Comparison.predictions; "
            f"got a {type(predictions).__name__}."
        )
    classes = np.asarray(classes)
    for name in columns:
        if name == "score":
            _check_scores(predictions, classes)
        elif name not in predictions:
            raise ValueError(
                f"predictions must hold the columns {', '.join(columns)}; got no "
                f"{name!r}."
            )
        elif name in ("target", "prediction"):
            strange = predictions.loc[~predictions[name].isin(classes), name]
            if len(strange):
                raise ValueError(
                    f"predictions must hold labels of classes, {classes.tolist()}; got "
                    f"{strange.iloc[0]!r} as a {name}."
                )
    return classes


@validate_params(
    {
        "predictions": [pd.DataFrame],
        "classes": ["array-like"],
        "n_images": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def find_confident_mistakes(
    predictions: pd.DataFrame,
    *,
    classes: np.ndarray | Sequence,
    pos_label: Any = None,
    n_images: int = 8,
) -> pd.DataFrame:
    """Find the confident mistakes of each detector.

    These are the images that it gave to another class than their own with the highest
    scores. One that several folds or seeds predicted counts once, where it was worst.

    Parameters
    ----------
    predictions : DataFrame
        In the form of `Comparison.predictions`.

    classes : array-like of shape (n_classes,)
        All labels, sorted.

    pos_label : label, default=None
        The positive one of two classes, whose scores the table holds. With None it is
        the label that means fake, or else the greater.

    n_images : int, default=8
        How many images of each detector, at most.

    Returns
    -------
    DataFrame
        A row for each image, the worst of each detector first: `detector`, `seed` and
        `fold` where the predictions have them, `image`, `path` and `generator` where
        they have them, `target`, `prediction` and `score`, that of the predicted
        class: for the negative one of two, 1 less the score in the table where a
        detector's scores are all from 0 to 1, else its negative. Without scores it is
        NaN, and images keep the order of the table.

    Raises
    ------
    ValueError
        If the predictions lack a column, or hold labels that are not in `classes`.

    See Also
    --------
    skfake.displays.ConfidentMistakesDisplay : Shows these images.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfake.metrics import find_confident_mistakes
    >>> table = {"detector": "SVM", "image": range(4), "target": [0, 0, 1, 1]}
    >>> table |= {"prediction": [0, 1, 0, 0], "score": [0.1, 0.75, 0.5, 0.0]}
    >>> find_confident_mistakes(pd.DataFrame(table), classes=[0, 1])
      detector  image  target  prediction  score
    0      SVM      3       1           0   1.00
    1      SVM      1       0           1   0.75
    2      SVM      2       1           0   0.50
    """
    columns = ["detector", "image", "target", "prediction", "score"]
    classes = check_predictions(predictions, classes, columns)
    pos_label = check_pos_label(pos_label, classes)
    scores = _scores_of_prediction(predictions, classes, pos_label)
    order = {name: place for place, name in enumerate(predictions["detector"].unique())}
    wrong = (
        predictions.assign(score=scores)
        .query("target != prediction")
        .sort_values("score", ascending=False, kind="stable")
        .drop_duplicates(["detector", "image"])
        .groupby("detector", sort=False)
        .head(n_images)
        .sort_values("detector", key=lambda names: names.map(order), kind="stable")
    )
    columns[2:2] = [name for name in ABOUT if name in predictions]
    columns[1:1] = run_columns(predictions)
    return wrong[columns].reset_index(drop=True)


def _scores_of_prediction(
    predictions: pd.DataFrame, classes: np.ndarray, pos_label: Any
) -> np.ndarray:
    """Score that each image has in the class it was given to."""
    scores = score_columns(predictions)
    if scores.ndim == 2:
        codes = np.searchsorted(classes, predictions["prediction"])
        return scores[np.arange(len(scores)), codes]
    of_detector = pd.Series(scores).groupby(predictions["detector"].to_numpy())
    least, greatest = of_detector.transform("min"), of_detector.transform("max")
    other = np.where((least >= 0) & (greatest <= 1), 1 - scores, -scores)
    return np.where(predictions["prediction"] == pos_label, scores, other)


def _class_score_names(predictions: pd.DataFrame) -> list[str]:
    return [str(name) for name in predictions if str(name).startswith("score_")]


def _check_scores(predictions: pd.DataFrame, classes: np.ndarray) -> None:
    n_classes = len(classes)
    n_columns = len(_class_score_names(predictions))
    if n_classes == 2 and "score" not in predictions:
        raise ValueError(
            "predictions must hold the column score, that of the positive one of two "
            f"classes; got {list(predictions)}."
        )
    if n_classes > 2 and ("score" in predictions or n_columns != n_classes):
        raise ValueError(
            f"predictions must hold a column score_<class> for each of {n_classes} "
            f"classes; got {list(predictions)}."
        )
