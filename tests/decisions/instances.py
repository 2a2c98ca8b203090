"""The deciding classifiers, asking for so little that few images do."""

from skfake.decisions import (
    NeymanPearsonClassifier,
    SelectiveClassifier,
    StableClassifier,
)


def neyman_pearson(estimator, **settings):
    """False alarms for one in five negatives, on average."""
    settings = {"max_fpr": 0.2, "confidence_level": None, "cv": 2, **settings}
    return NeymanPearsonClassifier(estimator, **settings)


def selective(estimator, **settings):
    """Errors in three of ten answers, half the time."""
    settings = {"max_error": 0.3, "confidence_level": 0.5, "cv": 2, **settings}
    return SelectiveClassifier(estimator, **settings)


def stable(estimator, **settings):
    """Errors in three of ten answers, half the time."""
    settings = {"max_error": 0.3, "confidence_level": 0.5, "cv": 2, **settings}
    return StableClassifier(estimator, **settings)


DECIDERS = {
    "Neyman-Pearson": neyman_pearson,
    "selective": selective,
    "stable": stable,
}
