"""Checks of detectors, X and y, before anything is fitted."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skfake.images import check_images
from skfake.scikit_learn import Interval

# Constraints of the parameters that comparing, evaluating and damaging share.
CONSTRAINTS = {
    "detectors": [dict],
    "target_names": ["array-like", None],
    "confidence_level": [Interval(Real, 0, 1, closed="neither")],
    "n_resamples": [Interval(Integral, 0, None, closed="left")],
    "random_state": ["random_state"],
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


def check_labelled(
    X: Any, y: Any, caller: str, X_name: str = "X", y_name: str = "y"
) -> np.ndarray:
    """Labels of images that can be read, one for each."""
    try:
        check_images(X)
    except (TypeError, ValueError, OSError) as error:
        error.add_note(f"This X is {X_name} of {caller}.")
        raise
    y = column_or_1d(y)
    check_classification_targets(y)
    if len(X) != len(y):
        raise ValueError(
            f"{y_name} must hold a label for each image of {X_name}; got {len(y)} "
            f"labels for {len(X)} images."
        )
    return y


def known_labels(detectors: dict[str, Any], y: np.ndarray) -> np.ndarray:
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
