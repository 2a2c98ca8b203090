import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression, Perceptron

from skfake import SVMDetector
from skfake.datasets import make_images
from skfake.decisions import NeymanPearsonClassifier, SelectiveClassifier
from skfake.decisions._fixed_sequence import selective_threshold

RNG = np.random.default_rng(0)
Y = np.arange(400) % 2
X = RNG.normal(size=(400, 3)) + 1.2 * Y[:, np.newaxis]


class SureByValue(ClassifierMixin, BaseEstimator):
    """Always answer 1, as surely as the row's value says."""

    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, X):
        return X[:, 0]

    def predict(self, X):
        return np.ones(len(X), dtype=int)


def fall(confidence):
    """Chance of an error that falls as confidence, from 0 to 1, rises."""
    return 0.3 * (1 - confidence)


def step(confidence):
    """No error in the surer half, often one in the other."""
    return np.where(confidence > 0.5, 0.0, 0.4)


def level(confidence):
    """More errors than wanted, however sure."""
    return np.full_like(confidence, 0.0501)


def falls_slowly(confidence):
    """Hardly more errors than wanted with all, hardly fewer where it is surest."""
    return 0.06 - 0.02 * confidence


def true_error(chance, threshold):
    """Share of errors among all answers above a threshold."""
    if threshold >= 1:
        return 0.0
    return chance(np.linspace(max(threshold, 0), 1, 2001)[1:]).mean()


def thresholds_of(chance, n_held_out, draws):
    rng = np.random.default_rng(0)
    for _ in range(draws):
        confidences = rng.uniform(size=n_held_out)
        wrong = rng.uniform(size=n_held_out) < chance(confidences)
        yield selective_threshold(confidences, wrong, max_error=0.05, delta=0.1)


# What is promised


@pytest.mark.parametrize("n_held_out", [60, 400, 3000])
@pytest.mark.parametrize("chance", [fall, step, level, falls_slowly])
def test_the_error_is_exceeded_as_seldom_as_promised(chance, n_held_out):
    draws = 1000
    exceeded = [
        true_error(chance, threshold) > 0.05
        for threshold in thresholds_of(chance, n_held_out, draws)
    ]
    # Three standard errors of the simulation.
    assert np.mean(exceeded) <= 0.1 + 3 * np.sqrt(0.09 / draws)


def test_with_many_images_it_answers_nearly_all_that_it_may():
    # At a confidence of 2/3, 0.3 * (1 - 2/3) / 2 = 0.05 of what is above is wrong.
    thresholds = list(thresholds_of(fall, 20000, 20))
    assert np.median(thresholds) == pytest.approx(2 / 3, abs=0.06)


def test_the_promise_holds_for_a_fitted_estimator_on_fresh_images():
    rng = np.random.default_rng(0)
    fresh = rng.normal(size=(20000, 2)) + 1.5 * (np.arange(20000) % 2)[:, np.newaxis]
    target = np.arange(20000) % 2
    exceeded, covered = [], []
    for _ in range(150):
        y = rng.permutation(np.arange(1600) % 2)
        rows = rng.normal(size=(1600, 2)) + 1.5 * y[:, np.newaxis]
        classifier = SelectiveClassifier(
            LogisticRegression(),
            max_error=0.05,
            confidence_level=0.9,
            cv=0.5,
            random_state=0,
        ).fit(rows, y)
        sure = classifier.is_sure(fresh)
        wrong = classifier.predict(fresh) != target
        exceeded.append(sure.any() and wrong[sure].mean() > 0.05)
        covered.append(sure.mean())
    assert np.mean(exceeded) <= 0.1 + 3 * np.sqrt(0.09 / 150)
    assert np.mean(covered) > 0.3


# What follows from it

ANSWERS = st.lists(
    st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=80
)


def threshold_of(answers, **settings):
    confidences, wrong = np.array(answers, dtype=float).T
    settings = {"max_error": 0.3, "delta": 0.2, **settings}
    return selective_threshold(confidences, wrong, **settings)


def n_sure(answers, threshold):
    return sum(confidence > threshold for confidence, _ in answers)


@given(ANSWERS)
def test_held_out_answers_themselves_keep_the_bound(answers):
    threshold = threshold_of(answers)
    sure = [wrong for confidence, wrong in answers if confidence > threshold]
    if sure:
        assert binom.cdf(sum(sure), len(sure), 0.3) <= 0.2
    else:
        assert threshold == np.inf


@given(ANSWERS, st.randoms())
def test_the_order_of_the_images_plays_no_part(answers, random):
    shuffled = random.sample(answers, len(answers))
    assert threshold_of(shuffled) == threshold_of(answers)


@given(ANSWERS)
def test_monotone_changes_of_the_confidence_leave_the_answers_alone(answers):
    changed = [(np.exp(confidence) - 7, wrong) for confidence, wrong in answers]
    before = n_sure(answers, threshold_of(answers))
    assert n_sure(changed, threshold_of(changed)) == before


@given(ANSWERS, st.data())
def test_one_error_less_never_makes_fewer_answers(answers, data):
    place = data.draw(st.integers(0, len(answers) - 1))
    better = [*answers]
    better[place] = (answers[place][0], False)
    before = n_sure(answers, threshold_of(answers))
    assert n_sure(better, threshold_of(better)) >= before


def test_all_is_answered_where_nothing_is_wrong():
    assert threshold_of([(i, False) for i in range(30)]) == -np.inf


def test_nothing_is_answered_where_all_is_wrong():
    assert threshold_of([(i, True) for i in range(30)]) == np.inf


def test_a_start_at_fewer_answers_serves_where_most_are_wrong():
    answers = [(i, i < 150) for i in range(200)]
    threshold = threshold_of(answers, max_error=0.1)
    assert 140 < threshold < 150


def test_it_stops_at_the_first_threshold_that_fails():
    # Half is right, then errors come in a row, then all is right for long again.
    wrong = np.repeat([False, True, False, True], [200, 20, 140, 40])
    answers = [(-i, error) for i, error in enumerate(wrong)]
    threshold = threshold_of(answers, max_error=0.1)
    assert 200 < n_sure(answers, threshold) < 220


def test_equally_sure_answers_are_given_together_or_not_at_all():
    assert threshold_of([(1, i >= 20) for i in range(40)]) == np.inf


def test_too_few_images_are_refused_with_the_number_that_would_do():
    classifier = SelectiveClassifier(SureByValue().fit(None, None), cv="prefit")
    rows = np.linspace(0, 1, 299)[:, np.newaxis]
    assert classifier.fit(rows, np.ones(299, dtype=int)).coverage_ == 1
    message = "at least 299 images for max_error=0.01 .* got 298"
    with pytest.raises(ValueError, match=message):
        classifier.fit(rows[1:], np.ones(298, dtype=int))


# Its answers


@pytest.fixture(scope="module")
def fitted():
    return SelectiveClassifier(
        LogisticRegression(), max_error=0.12, cv=0.7, random_state=0
    ).fit(X, Y)


def test_labels_are_the_estimators_and_the_sure_ones_are_better(fitted):
    sure = fitted.is_sure(X)
    assert np.array_equal(fitted.predict(X), fitted.estimator_.predict(X))
    assert 0.2 < sure.mean() < 0.9
    assert fitted.score(X[sure], Y[sure]) > 0.9 > fitted.score(X, Y)


def test_what_is_not_sure_is_left_out(fitted):
    sure = fitted.is_sure(X)
    answers = fitted.predict_or_abstain(X)
    assert answers[sure].tolist() == fitted.predict(X)[sure].tolist()
    assert set(answers[~sure]) == {None}
    assert set(fitted.predict_or_abstain(X, unsure="?")[~sure]) == {"?"}


def test_it_is_sure_where_the_greatest_probability_is_above_the_threshold(fitted):
    greatest = fitted.predict_proba(X).max(axis=1)
    assert np.array_equal(fitted.is_sure(X), greatest > fitted.threshold_)


def test_distances_serve_where_there_are_no_probabilities():
    classifier = SelectiveClassifier(Perceptron(), max_error=0.2, cv=4).fit(X, Y)
    distances = np.abs(classifier.decision_function(X))
    assert np.array_equal(classifier.is_sure(X), distances > classifier.threshold_)
    assert not hasattr(classifier, "predict_proba")


def test_coverage_is_the_share_answered_of_what_was_held_out():
    estimator = LogisticRegression().fit(X[:200], Y[:200])
    classifier = SelectiveClassifier(estimator, max_error=0.15, cv="prefit")
    classifier.fit(X[200:], Y[200:])
    assert 0 < classifier.coverage_ < 1
    assert classifier.coverage_ == classifier.is_sure(X[200:]).mean()
    assert classifier.n_held_out_ == 200


def test_chance_is_never_sure():
    y = RNG.permutation(Y)
    classifier = SelectiveClassifier(LogisticRegression(), cv=0.8, random_state=0)
    classifier.fit(X, y)
    assert classifier.coverage_ == 0
    assert not classifier.is_sure(X).any()
    assert set(classifier.predict_or_abstain(X)) == {None}
    assert set(classifier.predict(X)) <= {0, 1}


def test_three_classes_are_told_apart():
    y = np.arange(400) % 3
    rows = X + 3 * np.eye(3)[y]
    classifier = SelectiveClassifier(LogisticRegression(), max_error=0.1, cv=3)
    assert classifier.fit(rows, y).coverage_ > 0.5
    assert classifier.predict_proba(rows).shape == (400, 3)


def test_what_means_fake_is_what_the_estimator_says_or_the_names_do():
    images, y = make_images(n_samples=60, return_X_y=True, random_state=0)
    detector = SVMDetector(engine="scikit-learn", pos_label="b")
    settings = {"max_error": 0.5, "confidence_level": 0.5, "cv": 2}
    said = SelectiveClassifier(detector, **settings)
    assert said.fit(images, np.array(["b", "a"])[y]).pos_label_ == "b"
    named = SelectiveClassifier(LogisticRegression(), **settings)
    assert named.fit(X, np.array(["fake", "real"])[Y]).pos_label_ == "fake"
    assert named.fit(X, np.array(["b", "a"])[Y]).pos_label_ is None


def test_around_a_classifier_with_a_threshold_of_its_own():
    screen = NeymanPearsonClassifier(LogisticRegression(), max_fpr=0.1, cv=0.5)
    classifier = SelectiveClassifier(screen, max_error=0.3, cv=0.5, random_state=0)
    classifier.fit(X, Y)
    distances = np.abs(classifier.decision_function(X))
    assert np.array_equal(classifier.is_sure(X), distances > classifier.threshold_)
    assert np.array_equal(classifier.predict(X), classifier.estimator_.predict(X))
