"""scikit-learn's own checks, all of them, on rows and on flattened images."""

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

import skfake.decisions
from skfake import SVMDetector
from tests.decisions.instances import DECIDERS
from tests.tracing import untraced

# With probabilities, with none, and around a detector.
# The battery's numbers are on no scale of images.
FREE = pytest.mark.filterwarnings("ignore:X should be on a known scale:UserWarning")
ESTIMATORS = [
    decider(estimator)
    for decider in DECIDERS.values()
    for estimator in (LogisticRegression(), LinearSVC())
]
ESTIMATORS += [
    DECIDERS[name](SVMDetector(engine="scikit-learn"))
    for name in ("Neyman-Pearson", "stable")
]


@FREE
@parametrize_with_checks(ESTIMATORS)
def test_estimators_pass_every_check_of_scikit_learn(estimator, check):
    with untraced():
        check(estimator)


def test_no_public_classifier_escapes_the_checks():
    checked = {type(estimator).__name__ for estimator in ESTIMATORS}
    assert checked == set(skfake.decisions.__all__)
