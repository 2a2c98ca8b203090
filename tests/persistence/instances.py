"""Everything that can be saved, fitted to a few images in a moment."""

# ruff: isort: off
# Before the searches that it enables.
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

# ruff: isort: on
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfake import HOGTransformer
from skfake.corruptions import CorruptionTransformer
from tests.decisions.instances import neyman_pearson, selective, stable
from tests.detectors.instances import DETECTORS
from tests.features.instances import TRANSFORMERS

COMPACT = DETECTORS["Compact"]
SVM = DETECTORS["SVM with probabilities"]
HOG = HOGTransformer(image_size=16, cells_per_block=1)

SAVED = {
    **DETECTORS,
    **TRANSFORMERS,
    "HOG": HOG,
    "corruptions": CorruptionTransformer(corruption="noise", random_state=0),
    "pipeline": make_pipeline(HOG, StandardScaler(), LogisticRegression()),
    "calibrated network": CalibratedClassifierCV(COMPACT, cv=2, method="isotonic"),
    "calibrated machine": CalibratedClassifierCV(DETECTORS["SVM"], cv=2),
    "tuned threshold": TunedThresholdClassifierCV(COMPACT, cv=2),
    "fixed threshold": FixedThresholdClassifier(COMPACT, threshold=0.7),
    "stacked": StackingClassifier([("network", COMPACT), ("machine", SVM)], cv=2),
    "Neyman-Pearson": neyman_pearson(COMPACT),
    "selective": selective(SVM),
    "stable": stable(SVM),
    "grid search": GridSearchCV(
        DETECTORS["SVM"], [{"C": [1.0, 2.0]}, {"gamma": ["scale", 0.1]}], cv=2
    ),
    "randomized search": RandomizedSearchCV(
        DETECTORS["SVM"], {"C": [1.0, 2.0, 3.0]}, n_iter=2, cv=2, random_state=0
    ),
    "halving search": HalvingGridSearchCV(
        DETECTORS["SVM"], {"C": [1.0, 2.0]}, cv=2, min_resources=20, random_state=0
    ),
}
# What the answers of a classifier are, the most telling first.
ANSWERS = ("predict_proba", "decision_function", "transform")


def fit(name, X, y):
    """A fitted copy of one of them."""
    return clone(SAVED[name]).fit(X, y)


def frozen(X, y):
    """A calibrated classifier around a detector that stays as it was fitted."""
    return CalibratedClassifierCV(FrozenEstimator(clone(COMPACT).fit(X, y))).fit(X, y)


def answer(estimator, X):
    """What a fitted estimator says of images."""
    method = next(name for name in ANSWERS if hasattr(estimator, name))
    return getattr(estimator, method)(X)
