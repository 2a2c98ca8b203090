"""Whatever a detector consists of, its network is passed once, and its answers stay."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline

from skfake.cli.answers import Screen
from skfake.cli.once import compute_once
from skfake.decisions import NeymanPearsonClassifier, SelectiveClassifier


class Features(TransformerMixin, BaseEstimator):
    """Four metrics of an image; `asked` counts how often they are computed."""

    asked = 0

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        Features.asked += 1
        X = np.asarray(X, dtype=float)
        return np.column_stack(
            [X.mean(axis=(1, 2, 3)), X.std(axis=(1, 2, 3)), X[:, 0, 0, :2]]
        )


class Whole(ClassifierMixin, BaseEstimator):
    """Hides what is in it, as a network does."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.hidden_ = [make_pipeline(Features(), LogisticRegression())]
        self.hidden_[0].fit(X, y)
        return self

    def predict_proba(self, X):
        return self.hidden_[0].predict_proba(X)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


PLAIN = make_pipeline(Features(), LogisticRegression())
DETECTORS = {
    "pipeline": PLAIN,
    "whole": Whole(),
    "frozen": FrozenEstimator(PLAIN),
    "calibrated": CalibratedClassifierCV(PLAIN, cv=2, ensemble=False),
    "tuned": TunedThresholdClassifierCV(Whole(), cv=2),
    "selective": SelectiveClassifier(Whole(), max_error=0.5, random_state=0),
    "few alarms": NeymanPearsonClassifier(PLAIN, max_fpr=0.3, random_state=0),
    "calibrated, tuned": TunedThresholdClassifierCV(
        CalibratedClassifierCV(PLAIN, cv=2, ensemble=False), cv=2
    ),
    "votes": VotingClassifier([("a", Whole())], voting="soft"),
}


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    y = np.arange(100) % 2
    X = rng.integers(0, 200, size=(100, 4, 4, 3), dtype=np.uint8)
    return X + (20 * y).astype(np.uint8)[:, None, None, None], y


@pytest.mark.parametrize("name", DETECTORS)
def test_one_pass_gives_the_answers_of_many(name, images):
    X, y = images
    detector = DETECTORS[name]
    if name == "frozen":
        PLAIN.fit(X, y)
    detector.fit(X, y)
    labels = detector.predict(X)
    if hasattr(detector, "predict_or_abstain"):
        labels = detector.predict_or_abstain(X, unsure="unsure")
    method = "predict_proba" if hasattr(detector, "predict_proba") else None
    values = getattr(detector, method or "decision_function")(X)
    screen = Screen(detector)
    Features.asked = 0
    answers = screen.ask(list(X))
    assert Features.asked == 1
    named = {0: "real", 1: "fake", "unsure": "unsure"}
    assert [answer.label for answer in answers] == [named[label] for label in labels]
    values = values[:, 1] if values.ndim == 2 else values
    assert [answer.value for answer in answers] == pytest.approx(values, abs=1e-6)


def test_other_images_have_answers_of_their_own(images):
    X, y = images
    detector = compute_once(Whole().fit(X, y))
    first = detector.predict_proba(X[:5])
    assert not np.array_equal(detector.predict_proba(X[5:10]), first)
    assert np.array_equal(detector.predict_proba(X[:5]), first)


def test_other_parameters_are_not_taken_for_the_same(images):
    class Scaled(Whole):
        def predict_proba(self, X, scale=1):
            return scale * super().predict_proba(X)

    X, y = images
    detector = compute_once(Scaled().fit(X, y))
    assert np.array_equal(
        detector.predict_proba(X, scale=2), 2 * detector.predict_proba(X)
    )
