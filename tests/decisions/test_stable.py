"""What a stable classifier is sure of, and what it asks its estimator."""

from copy import copy

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skfake import SVMDetector
from skfake.corruptions import corrupt
from skfake.datasets import make_images
from skfake.decisions import SelectiveClassifier, StableClassifier
from skfake.decisions._fixed_sequence import (
    are_above,
    lexicographic_threshold,
    selective_threshold,
)
from skfake.decisions.views import MILD, list_views

SVM = SVMDetector(engine="scikit-learn", probability=True, random_state=0)
EASY = {"max_error": 0.3, "confidence_level": 0.5}
STEPS = [condition.steps[0] for condition in list_views(None)]


class Brightness(ClassifierMixin, BaseEstimator):
    """Fakes are bright: the probability is the mean of the first row of pixels."""

    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X):
        self.seen_ = [*getattr(self, "seen_", []), X]
        p = np.array([np.asarray(image)[0].mean() / 255 for image in X])
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return (self.predict_proba(X)[:, 1] > 0.5).astype(int)


def level(value, side=16):
    return np.full((side, side, 3), value, np.uint8)


@pytest.fixture(scope="module")
def data():
    return make_images(n_samples=200, return_X_y=True, random_state=0)


@pytest.fixture(scope="module")
def fitted(data):
    X, y = data
    stable = StableClassifier(SVM, max_error=0.45, confidence_level=0.3, cv=0.5)
    return stable.set_params(random_state=0).fit(X[:120], y[:120])


def views_of(X):
    return [X, *(corrupt(X, *step) for step in STEPS)]


# What it answers


def test_there_are_six_views_by_default():
    assert STEPS == [
        ("jpeg", 90),
        ("jpeg", 75),
        ("webp", 90),
        ("rescale", 0.9),
        ("blur", 0.5),
    ]


def test_probabilities_are_means_over_the_views_and_agreement_counts_them(fitted, data):
    X = data[0][120:]
    each = np.array([fitted.estimator_.predict_proba(view) for view in views_of(X)])
    assert fitted.predict_proba(X) == pytest.approx(each.mean(axis=0))
    labels = each.mean(axis=0).argmax(axis=1)
    assert np.array_equal(fitted.predict(X), labels)
    agreement = (each.argmax(axis=2) == labels).mean(axis=0)
    assert fitted.agreement(X) == pytest.approx(agreement)
    assert agreement.min() < 1
    assert np.array_equal(fitted.decision_function(X) > 0, labels == 1)


def test_it_is_sure_by_agreement_and_then_by_confidence(fitted, data):
    X = data[0][120:]
    agreement, confidence = fitted.agreement(X), fitted.predict_proba(X).max(axis=1)
    level, stable = np.median(agreement), copy(fitted)
    stable.threshold_ = least = (level, np.median(confidence[agreement == level]))
    expected = [pair > least for pair in zip(agreement, confidence, strict=True)]
    sure = stable.is_sure(X)
    assert sure.tolist() == expected
    assert 0 < sure.mean() < 1
    answers = stable.predict_or_abstain(X, unsure="unsure")
    assert np.array_equal(answers == "unsure", ~sure)


def test_distances_are_averaged_where_there_are_no_probabilities(data):
    X, y = data
    svm = SVMDetector(engine="scikit-learn").fit(X[:120], y[:120])
    stable = StableClassifier(svm, cv="prefit", **EASY).fit(X[120:], y[120:])
    each = [svm.decision_function(view) for view in views_of(X)]
    assert stable.decision_function(X) == pytest.approx(np.mean(each, axis=0))
    assert not hasattr(stable, "predict_proba")


def test_an_image_has_one_verdict_whatever_else_is_in_X(fitted, data):
    X = data[0][120:150]
    alone = np.concatenate([fitted.agreement(X[[i]]) for i in range(len(X))])
    assert np.array_equal(fitted.agreement(X), alone)
    assert np.array_equal(fitted.agreement(X[::-1]), alone[::-1])
    noisy = StableClassifier(
        fitted.estimator_, corruptions={"noise": [20.0]}, cv="prefit", **EASY
    ).fit(X, data[1][120:150])
    alone = noisy.predict_proba(X[:1])
    assert noisy.predict_proba(X)[:1] == pytest.approx(alone, rel=1e-12)


def test_the_bound_holds_on_further_images():
    rng = np.random.default_rng(0)
    X, y = make_images(n_samples=1600, return_X_y=True, random_state=0)
    svm = SVMDetector(engine="scikit-learn").fit(X[:400], y[:400])
    stable = StableClassifier(svm, max_error=0.35, confidence_level=0.9, cv="prefit")
    exceeded = 0
    judged = stable.fit(X[400:], y[400:])._judge(svm, X[400:], y[400:])
    for _ in range(100):
        rows = rng.permutation(len(judged))
        ranking, wrong = judged[:, :-1], judged[:, -1]
        held_out, fresh = rows[:600], rows[600:]
        least = lexicographic_threshold(
            ranking[held_out], wrong[held_out], max_error=0.35, delta=0.1
        )
        sure = are_above(ranking[fresh], least)
        exceeded += sure.any() and wrong[fresh][sure].mean() > 0.35
    assert exceeded <= 19  # Three standard errors above 10 of 100.


# How images come


def test_files_are_opened_once_and_answered_like_their_pixels(
    fitted, data, tmp_path, monkeypatch
):
    X, paths = data[0][120:130], []
    for i, image in enumerate(X):
        paths.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(image).save(paths[-1])
    opened, read = [], Image.open
    monkeypatch.setattr(
        Image, "open", lambda file, *a, **k: opened.append(file) or read(file, *a, **k)
    )
    found = fitted.predict_proba(paths)
    monkeypatch.undo()
    named = [str(getattr(file, "name", file)) for file in opened]
    assert sum(name.endswith(".png") for name in named) <= len(paths)
    assert found == pytest.approx(fitted.predict_proba(X))


@pytest.mark.parametrize(
    "form",
    [
        lambda X: X / 255,
        lambda X: X.astype(np.float32),
        lambda X: X.astype(np.uint16) * 257,
        lambda X: list(X),
        lambda X: X.reshape(len(X), -1),
        lambda X: pd.DataFrame(X.reshape(len(X), -1) / 255),
    ],
    ids=["0 to 1", "0 to 255", "16 bits", "list", "rows", "data frame"],
)
def test_every_form_and_scale_has_the_same_answers(fitted, data, form):
    X = data[0][120:140]
    found = fitted.predict_proba(form(X))
    assert found == pytest.approx(fitted.predict_proba(X), abs=1e-3)


def test_views_have_the_scale_and_the_columns_that_the_estimator_was_fitted_to():
    y = np.arange(60) % 2
    bright = np.where(y == 1, 200.25, 60.25)[:, None] + np.arange(12)
    rows = pd.DataFrame(bright, columns=[f"p{i}" for i in range(12)])
    stable = StableClassifier(DecisionTreeClassifier(), cv=2, **EASY).fit(rows, y)
    assert stable.agreement(rows).mean() == 1
    # Dark ones alone, of which nothing else would say that 255 is white.
    assert np.array_equal(stable.predict(rows[y == 0]), np.zeros(30))


def test_batches_do_not_change_the_answers(fitted, data, monkeypatch):
    X = data[0][120:140]
    whole = fitted.predict_proba(X)
    monkeypatch.setattr("skfake.decisions.views.BATCH", 3)
    assert fitted.predict_proba(X) == pytest.approx(whole)
    assert fitted.predict_proba(list(X)) == pytest.approx(whole)


def test_numbers_on_no_known_scale_have_one_view():
    y = np.arange(200) % 2
    X = np.random.default_rng(0).normal(size=(200, 4)) + y[:, np.newaxis]
    X = StandardScaler().fit_transform(X)
    settings = {"max_error": 0.2, "confidence_level": 0.5, "cv": 0.5, "random_state": 0}
    stable = StableClassifier(LogisticRegression(), **settings).fit(X, y)
    selective = SelectiveClassifier(LogisticRegression(), **settings).fit(X, y)
    assert stable.pixel_range_ == (X.min(), X.max())
    assert set(stable.agreement(X)) == {1}
    assert np.array_equal(stable.is_sure(X), selective.is_sure(X))
    assert stable.threshold_ == (1, selective.threshold_)


# Its parameters


@pytest.mark.parametrize(
    ("corruptions", "words"),
    [
        ({}, "corruptions must hold names of .*; got none"),
        ({"fog": [1]}, "corruptions must hold names of .*; got 'fog'"),
        ({"jpeg": []}, r"corruptions\['jpeg'\] must hold strengths; got none"),
        ({"jpeg": [0]}, "strength must be a number from 1 to 100"),
        ({"jpeg": 90}, r"corruptions\['jpeg'\] must hold strengths; got 90"),
    ],
)
def test_corruptions_that_there_are_not_are_refused(stripes, corruptions, words):
    with pytest.raises(ValueError, match=words):
        StableClassifier(SVM, corruptions=corruptions).fit(*stripes)


def test_a_user_chooses_the_views():
    X = np.array([level(i) for i in range(256)])
    y = (np.arange(256) > 127).astype(int)
    detector = Brightness().fit(X, y)
    stable = StableClassifier(
        detector, corruptions={"brightness": [0.2, -0.2]}, cv="prefit", **EASY
    ).fit(X, y)
    agreement = stable.agreement(X[[0, 100, 160, 255]])
    assert agreement.tolist() == pytest.approx([1, 2 / 3, 2 / 3, 1])
    assert set(MILD) == {"jpeg", "webp", "rescale", "blur"}


# The threshold


def test_rows_are_compared_by_their_first_key_and_then_by_the_next():
    ranking = np.array([[1, 0.5], [0.5, 0.9], [0.5, 0.2], [0, 1.0]])
    assert are_above(ranking, (0.5, 0.2)).tolist() == [True, True, False, False]
    assert are_above(ranking, (-np.inf, -np.inf)).all()
    assert not are_above(ranking, (np.inf, np.inf)).any()


def test_with_one_agreement_the_threshold_is_that_of_the_confidence():
    rng = np.random.default_rng(0)
    confidences = rng.uniform(size=500).round(2)
    wrong = rng.uniform(size=500) > confidences
    bound = {"max_error": 0.3, "delta": 0.1}
    expected = selective_threshold(confidences, wrong, **bound)
    ranking = np.column_stack([np.ones(500), confidences])
    assert lexicographic_threshold(ranking, wrong, **bound) == (1, expected)
    assert lexicographic_threshold(ranking, wrong | True, **bound) == (np.inf,) * 2
