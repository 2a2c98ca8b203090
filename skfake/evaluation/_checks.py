"""Checks of detectors, X and y, before anything is fitted."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skfake.labels import guess_fakes, name_labels, read_pos_label
from skfake.metrics.summary import Classes
from skfake.scikit_learn import Interval

# Constraints of the parameters that comparing, evaluating and damaging share.
CONSTRAINTS = {
    "detectors": [dict],
    "target_names": ["array-like", None],
    "confidence_level": [Interval(Real, 0, 1, closed="neither")],
    "n_resamples": [Interval(Integral, 0, None, closed="left")],
    "random_state": ["random_state"],
    "skip_unreadable": ["boolean"],
    "verbose": ["verbose"],
}


def check_unfitted(detectors: dict[str, Any]) -> None:
    """Refuse what can't be cloned and fitted."""
    _check_names(detectors)
    for name, detector in detectors.items():
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
        # One that can't be cloned must not stop the others after hours of training.
        clone(detector)


def check_fitted(detectors: dict[str, Any]) -> None:
    """Refuse what is not ready to predict."""
    _check_names(detectors)
    for name, detector in detectors.items():
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


def _check_names(detectors: dict[str, Any]) -> None:
    if not detectors:
        raise ValueError("detectors must hold at least one detector; got none.")
    for name in detectors:
        if not isinstance(name, str):
            raise TypeError(f"detectors must have names of type str; got {name!r}.")


def check_labels_of(X: Any, y: Any, X_name: str = "X", y_name: str = "y") -> np.ndarray:
    """Labels of images, one for each."""
    y = column_or_1d(y)
    check_classification_targets(y)
    if len(X) != len(y):
        raise ValueError(
            f"{y_name} must hold a label for each image of {X_name}; got {len(y)} "
            f"labels for {len(X)} images."
        )
    return y


def check_generators(
    generators: Any, y: np.ndarray, rows: np.ndarray, classes: Classes
) -> np.ndarray | None:
    """Generator of each test image; each fake that can be read must have one."""
    if generators is None:
        return None
    generators = column_or_1d(generators)
    if len(generators) != len(y):
        raise ValueError(
            "generators must hold one for each test image; got "
            f"{len(generators)} for {len(y)} images."
        )
    fakes = rows[y[rows] == classes.pos_label]
    unnamed = pd.isna(generators[fakes])
    if len(classes.labels) == 2 and unnamed.any():
        raise ValueError(
            "generators must name the generator of each fake; got None or NaN for "
            f"{unnamed.sum()} of {len(unnamed)}."
        )
    return generators


def _learned_pos_label(
    detectors: dict[str, Any], target_names: Sequence[str] | None, pos_label: Any
) -> Any:
    """What means fake: as given, as names say, or as the fitted detectors learned."""
    if pos_label is not None:
        return pos_label
    if target_names is not None and guess_fakes(target_names) is not None:
        return None
    learned = {name: read_pos_label(detector) for name, detector in detectors.items()}
    known = {name: label for name, label in learned.items() if label is not None}
    if not known:
        return None
    first, found = next(iter(known.items()))
    for name, label in known.items():
        if label != found:
            raise ValueError(
                "pos_label must say which label means fake where detectors don't agree;"
                f" got None, and {found!r} of {first}, {label!r} of {name}."
            )
    return found


def name_fakes(classes: Classes, pos_label: Any) -> list[str]:
    """Names of the classes that mean fake; none where nothing says which do."""
    if pos_label is None:
        fakes = guess_fakes(name_labels(classes.names))
        return [] if fakes is None else np.asarray(classes.names)[fakes].tolist()
    labels = pos_label if isinstance(pos_label, list) else [pos_label]
    known = zip(classes.names, classes.labels.tolist(), strict=True)
    return [name for name, label in known if label in labels]


def check_classes(
    detectors: dict[str, Any],
    y: np.ndarray,
    target_names: Sequence[str] | None,
    pos_label: Any,
) -> tuple[Classes, list[str]]:
    """Classes of fitted detectors, and the names of those that mean fake."""
    labels = _known_labels(detectors, y)
    learned = _learned_pos_label(detectors, target_names, pos_label)
    one = pos_label if len(labels) > 2 else learned
    classes = Classes.check(labels, target_names, one)
    return classes, name_fakes(classes, learned)


def _known_labels(detectors: dict[str, Any], y: np.ndarray) -> np.ndarray:
    """Labels that fitted detectors know, sorted, as y may lack some."""
    came = np.unique(y)
    known = (d.classes_ for d in detectors.values() if hasattr(d, "classes_"))
    labels = np.asarray(next(known, came))
    strange = came[~np.isin(came, labels)]
    if len(strange):
        raise ValueError(
            f"y must hold labels that the detectors know, {labels.tolist()}; got "
            f"{strange.tolist()[0]!r}."
        )
    if len(labels) < 2:
        raise ValueError(
            "y must hold at least two classes where no detector has classes_; got one "
            f"class, {labels.tolist()[0]!r}."
        )
    return labels


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """A seed that can be kept, so that tables can be computed again."""
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
