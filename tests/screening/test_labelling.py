"""What is said of images: values and labels, from as few passes as there can be."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfake import CompactDetector, SVMDetector
from skfake.corruptions import corrupt
from skfake.decisions import (
    NeymanPearsonClassifier,
    SelectiveClassifier,
    StableClassifier,
)
from skfake.decisions.views import list_views
from skfake.scoring import Scores
from skfake.screening.labelling import Labeller
from tests.screening.instances import Brightness, Distance, Labels


def image(brightness, side=4):
    return np.full((side, side, 3), brightness, np.uint8)


def answers_of(detector, *brightness, **settings):
    images = [image(value) for value in brightness]
    answers = Labeller(detector, **settings).label(images)
    return [(answer.value, answer.label) for answer in answers]


# Values and labels


def test_an_answer_is_the_probability_of_a_fake_and_a_label():
    assert answers_of(Brightness(), 255, 51) == [(1.0, "fake"), (0.2, "real")]


def test_a_detector_without_probabilities_has_scores():
    assert answers_of(Distance(), 0) == [(-0.5, "real")]


def test_a_detector_with_labels_alone_has_no_value():
    assert answers_of(Labels(), 0) == [(None, "fake")]


@pytest.mark.parametrize(
    ("kind", "threshold", "labels"),
    [
        (Brightness, 0.2, ["fake", "fake"]),
        (Brightness, 0.3, ["real", "fake"]),
        (Distance, -0.4, ["fake", "fake"]),
        (Distance, 0.9, ["real", "real"]),
    ],
)
def test_a_threshold_decides_in_place_of_the_detector(kind, threshold, labels):
    found = answers_of(kind(), 51, 255, threshold=threshold)
    assert [label for _, label in found] == labels


def test_labels_that_are_words_stay():
    assert answers_of(Brightness(classes=("Fake", "photo")), 51) == [(0.8, "Fake")]


@pytest.mark.parametrize(
    ("pos_label", "value"),
    [("sd", 0.2), (["sd"], 0.2), (["photo", "vqgan"], 0.8), (("sd", "vqgan"), 0.2)],
)
def test_which_labels_mean_fake_can_be_said(pos_label, value):
    detector = Brightness(classes=("photo", "sd", "vqgan"))
    assert answers_of(detector, 51, pos_label=pos_label) == [(value, "photo")]


@pytest.mark.parametrize("zero", [0, "0", "real"])
def test_numbers_are_called_by_what_they_are_said_to_mean(zero):
    assert answers_of(Brightness(), 51, pos_label=zero) == [(0.8, "fake")]


def test_with_a_threshold_the_likeliest_of_several_fakes_is_named():
    detector = Brightness(classes=("photo", "sd", "vqgan"))
    settings = {"pos_label": ["sd", "vqgan"], "threshold": 0.1}
    assert answers_of(detector, 51, **settings) == [(0.2, "sd")]


class Fixed(Brightness):
    """Answers with these probabilities, whatever the images."""

    def __init__(self, probabilities, classes):
        super().__init__(classes)
        self.probabilities = probabilities

    def _look(self, X):
        return np.tile(self.probabilities, (len(X), 1))


@pytest.mark.parametrize(
    ("probabilities", "answer"),
    [
        # The likeliest single label is the real one.
        ((0.3, 0.41, 0.29), (0.59, "dalle")),
        ((0.2, 0.6, 0.2), (0.4, "photo")),
        ((0.1, 0.5, 0.4), (0.5, "sd")),
        # What is shown decides.
        ((0.1, 0.5000001, 0.3999999), (0.5, "sd")),
    ],
)
def test_with_several_fakes_the_label_follows_from_their_sum(probabilities, answer):
    detector = Fixed(probabilities, ("dalle", "photo", "sd"))
    assert answers_of(detector, 0) == [answer]
    assert answers_of(detector, 0, pos_label=["dalle", "sd"]) == [answer]
    assert answers_of(detector, 0, pos_label=["dalle", "sd"], threshold=0.5) == [answer]


def test_of_several_reals_the_likeliest_is_named():
    detector = Fixed((0.3, 0.29, 0.41), ("camera", "scan", "sd"))
    assert answers_of(detector, 0, pos_label="sd") == [(0.41, "camera")]


def test_what_the_detector_has_learned_to_mean_fake_goes_before_names():
    detector = Brightness(("a", "b"))
    detector.pos_label_ = "a"
    assert answers_of(detector, 51) == [(0.8, "a")]
    assert answers_of(detector, 51, pos_label="b") == [(0.2, "a")]
    assert answers_of(make_pipeline(FunctionTransformer(), detector), 51) == [
        (0.8, "a")
    ]


def test_one_that_may_be_unsure_says_so():
    class Modest(Brightness):
        def score_images(self, X):
            values = self.predict_proba(X)
            return Scores(
                classes=self.classes_,
                labels=self.classes_[values.argmax(axis=1)],
                values=values,
                is_sure=abs(values[:, 1] - 0.5) >= 0.4,
            )

    found = answers_of(Modest(), 0, 100, 255)
    assert [label for _, label in found] == ["real", "unsure", "fake"]
    # A threshold leaves nothing open.
    found = answers_of(Modest(), 0, 100, 255, threshold=0.3)
    assert [label for _, label in found] == ["real", "fake", "fake"]


# Images that a detector does not take


@pytest.mark.parametrize("side", [4, 5])
def test_images_that_the_detector_does_not_take_leave_the_others(side):
    detector = Brightness(sides=4)
    images = [image(255, side=s) for s in (4, side, 4)]
    answers = Labeller(detector).label(images)
    assert [answer.label for answer in answers] == [
        "fake",
        "fake" if side == 4 else None,
        "fake",
    ]
    if side == 5:
        assert answers[1].error == "ValueError: X must be of 4 pixels"
        assert answers[1].value is None


def test_a_batch_that_the_detector_does_not_take_leaves_the_next():
    labeller = Labeller(Brightness(sides=4))
    assert labeller.label([image(255)])[0].error is None
    assert all(found.error for found in labeller.label([image(0, side=5)] * 2))
    assert all(found.error for found in labeller.label([image(0, side=5)]))
    assert labeller.label([image(255)])[0].error is None


@pytest.mark.parametrize("n_images", [1, 3])
def test_a_detector_that_takes_no_image_at_all_is_a_mistake(n_images):
    with pytest.raises(ValueError, match="X must be of 9 pixels"):
        Labeller(Brightness(sides=9)).label([image(255)] * n_images)


# Settings that are refused


@pytest.mark.parametrize(
    ("detector", "settings", "text"),
    [
        (SVMDetector(), {}, "detector must be a fitted classifier; got a SVMDetector"),
        (Brightness(), {"threshold": 1.5}, "threshold must be from 0 to 1"),
        (Labels(), {"threshold": 0.5}, "threshold must go with a detector that has"),
        (Brightness(), {"pos_label": [0, 1]}, "real, fake, and not all; got"),
        (Brightness(), {"pos_label": []}, "real, fake, and not all; got"),
        (Brightness(), {"pos_label": "dalle"}, "real, fake; got 'dalle'"),
        (Brightness(("a", "b")), {}, "pos_label must say which of .*, a, b, means"),
        (
            Distance(("a", "b", "c")),
            {"pos_label": ["a", "b"]},
            "pos_label must be one label for a detector without probabilities; got 2",
        ),
    ],
)
def test_what_does_not_fit_is_refused(detector, settings, text):
    with pytest.raises((TypeError, ValueError), match=text):
        Labeller(detector, **settings)


# Passes


class Features(TransformerMixin, BaseEstimator):
    """Four numbers of an image; `asked` counts how often they are computed."""

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
    """A classifier whose labels follow from its scores, as those of our detectors."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.hidden_ = make_pipeline(Features(), LogisticRegression()).fit(X, y)
        return self

    def predict_proba(self, X):
        return self.hidden_.predict_proba(X)

    def predict(self, X):
        return self.score_images(X).labels

    def score_images(self, X):
        scores = self.predict_proba(X)
        return Scores.decide(self.classes_, scores, are_probabilities=True)


PIPELINE = make_pipeline(Features(), LogisticRegression())
ONE_PASS = {
    "whole": Whole(),
    "frozen": FrozenEstimator(Whole()),
    "selective": SelectiveClassifier(Whole(), max_error=0.5, random_state=0),
    "few alarms": NeymanPearsonClassifier(Whole(), max_fpr=0.3, random_state=0),
    # The features are computed once, and what follows is quick.
    "pipeline": PIPELINE,
    "selective pipeline": make_pipeline(
        Features(), SelectiveClassifier(LogisticRegression(), max_error=0.5)
    ),
}
OTHERS = {
    "calibrated": CalibratedClassifierCV(PIPELINE, cv=2, ensemble=False),
    "tuned": TunedThresholdClassifierCV(Whole(), cv=2),
    "calibrated, tuned": TunedThresholdClassifierCV(
        CalibratedClassifierCV(PIPELINE, cv=2, ensemble=False), cv=2
    ),
    "votes": VotingClassifier([("a", Whole())], voting="soft"),
}


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    y = np.arange(100) % 2
    X = rng.integers(0, 200, size=(100, 4, 4, 3), dtype=np.uint8)
    return X + (20 * y).astype(np.uint8)[:, None, None, None], y


@pytest.mark.parametrize("name", [*ONE_PASS, *OTHERS])
def test_few_passes_give_the_answers_of_many(name, images):
    X, y = images
    detector = (ONE_PASS | OTHERS)[name]
    if name == "frozen":
        detector.estimator.fit(X, y)
    detector.fit(X, y)
    labels = detector.predict(X).astype(object)
    if "selective" in name:
        last = detector if name == "selective" else detector[-1]
        seen = X if name == "selective" else detector[:-1].transform(X)
        labels = last.predict_or_abstain(seen, unsure="unsure")
    if hasattr(detector, "predict_proba"):
        values = detector.predict_proba(X)[:, 1]
    else:
        values = detector.decision_function(X)
    Features.asked = 0
    answers = Labeller(detector).label(list(X))
    assert Features.asked == (1 if name in ONE_PASS else 2)
    named = {0: "real", 1: "fake", "unsure": "unsure"}
    assert [answer.label for answer in answers] == [named[label] for label in labels]
    assert [answer.value for answer in answers] == pytest.approx(values, abs=1e-6)


def test_a_threshold_needs_scores_alone(images):
    detector = OTHERS["votes"].fit(*images)
    Features.asked = 0
    Labeller(detector, threshold=0.5).label(list(images[0]))
    assert Features.asked == 1


@pytest.mark.parametrize(
    "detector",
    [
        SVMDetector(probability=True, random_state=0),
        SVMDetector(),
        CompactDetector(n_filters=(4, 4), max_epochs=1, device="cpu", random_state=0),
    ],
    ids=["SVM, calibrated", "SVM", "Compact"],
)
def test_a_detector_of_skfake_is_passed_once(detector, images, monkeypatch):
    X, y = images
    X = X.repeat(8, axis=1).repeat(8, axis=2)
    detector.fit(X, y)
    expected = detector.predict(X)
    inside = detector.features_ if hasattr(detector, "features_") else detector.net_
    name = "transform" if hasattr(detector, "features_") else "predict_logits"
    compute, asked = getattr(inside, name), []
    monkeypatch.setattr(inside, name, lambda *x: asked.append(1) or compute(*x))
    answers = Labeller(detector).label(list(X))
    assert len(asked) == 1
    assert [answer.label for answer in answers] == [
        ("real", "fake")[label] for label in expected
    ]


# Stability


@pytest.fixture(scope="module")
def stable(images):
    return StableClassifier(Whole(), max_error=0.5, random_state=0).fit(*images)


def test_agreement_counts_the_views_that_have_the_label(images):
    X = images[0][:30]
    detector = Whole().fit(*images)
    answers = Labeller(detector, stability=True).label(list(X))
    assert [a.label for a in answers] == [
        a.label for a in Labeller(detector).label(list(X))
    ]
    views = [X, *(corrupt(X, *view.steps[0]) for view in list_views(None))]
    same = [detector.predict(view) == detector.predict(X) for view in views]
    expected = np.mean(same, axis=0)
    assert [a.agreement for a in answers] == pytest.approx(expected, abs=1e-6)
    assert 0 < expected.min() < 1


def test_a_threshold_decides_for_every_view(images):
    X = images[0][:30]
    detector = Whole().fit(*images)
    settings = {"stability": True, "threshold": 0.8}
    answers = Labeller(detector, **settings).label(list(X))
    views = [X, *(corrupt(X, *view.steps[0]) for view in list_views(None))]
    called = [detector.predict_proba(view)[:, 1] >= 0.8 for view in views]
    expected = np.mean([view == called[0] for view in called], axis=0)
    assert [a.agreement for a in answers] == pytest.approx(expected, abs=1e-6)


def test_a_stable_classifier_says_its_own_agreement(stable, images):
    X = images[0][:30]
    for detector in (stable, FrozenEstimator(stable), make_pipeline(stable)):
        # Its views are not viewed again.
        Features.asked = 0
        answers = Labeller(detector, stability=True).label(list(X))
        assert Features.asked == 6
        found = [answer.agreement for answer in answers]
        assert found == pytest.approx(stable.agreement(X), abs=1e-6)
    names = {0: "real", 1: "fake", "unsure": "unsure"}
    expected = stable.predict_or_abstain(X, unsure="unsure")
    assert [a.label for a in answers] == [names[label] for label in expected]


def test_with_labels_alone_there_is_an_agreement():
    (answer,) = Labeller(Labels(), stability=True).label([image(0)])
    assert answer == (None, "fake", None, 1)


def test_there_is_no_agreement_where_nobody_asks_for_it():
    (answer,) = Labeller(Brightness()).label([image(0)])
    assert answer.agreement is None
