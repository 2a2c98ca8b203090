"""The detectors within an estimator, whose maps explain its answers."""

from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skfake.detectors import SVMDetector

# The fitted estimator within a search, and within a classifier that wraps one other.
INNER = ("best_estimator_", "estimator_")


def has_heat_maps(detector: Any) -> bool:
    """Whether a detector makes its own maps."""
    return hasattr(detector, "heat_maps")


def has_network(detector: Any) -> bool:
    """Whether a detector's scores come from a network."""
    # Not by its class, whose file imports torch: an SVM does without.
    return hasattr(detector, "_trained_network")


def find_members(estimator: Any, X: Any) -> list[tuple[Any, Any]]:
    """Detectors within an estimator that maps can be made of, and their images."""
    check_is_fitted(estimator)
    is_svm = isinstance(estimator, SVMDetector)
    if is_svm or has_heat_maps(estimator) or has_network(estimator):
        return [(estimator, X)]
    if isinstance(estimator, Pipeline):
        steps = estimator[:-1]
        return find_members(estimator[-1], steps.transform(X) if len(steps) else X)
    if isinstance(estimator, CalibratedClassifierCV):
        folds = [fold.estimator for fold in estimator.calibrated_classifiers_]
        return [member for fold in folds for member in find_members(fold, X)]
    if isinstance(estimator, FrozenEstimator):
        return find_members(estimator.estimator, X)
    # An ensemble's `estimator_` is what it made copies of, and not fitted.
    inner = [] if hasattr(estimator, "estimators_") else INNER
    for name in inner:
        if hasattr(estimator, name):
            return find_members(getattr(estimator, name), X)
    raise TypeError(
        "detector must be a detector of skfake, an estimator with heat_maps, or a "
        "pipeline, search or classifier around one of them; got a "
        f"{type(estimator).__name__}."
    )
