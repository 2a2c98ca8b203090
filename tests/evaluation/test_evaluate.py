from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import skfake
from skfake import Comparison, SVMDetector, compare_detectors, evaluate_detectors

RNG = np.random.default_rng(0)
Y = np.arange(60) % 2
X = RNG.normal(size=(60, 16)) + 0.4 * Y[:, None]
X_TEST, Y_TEST = X[40:], Y[40:]


class Failing(ClassifierMixin, BaseEstimator):
    """Fail to predict."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        raise OSError("no luck\nno more words")


@pytest.fixture(scope="module")
def fitted():
    return {
        "logistic": LogisticRegression().fit(X[:40], Y[:40]),
        "chance": DummyClassifier(strategy="prior").fit(X[:40], Y[:40]),
    }


@pytest.fixture(scope="module")
def evaluation(fitted):
    names = ["REAL", "FAKE"]
    return evaluate_detectors(
        fitted, X_TEST, Y_TEST, target_names=names, random_state=0
    )


def test_metrics_are_those_of_a_comparison_that_fits_the_same(fitted, evaluation):
    comparison = compare_detectors(
        fitted,
        X[:40],
        Y[:40],
        test=(X_TEST, Y_TEST),
        target_names=["REAL", "FAKE"],
        random_state=0,
    )
    seconds = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(
        evaluation.table.drop(columns=seconds[1:]),
        comparison.table.drop(columns=seconds),
    )
    pd.testing.assert_frame_equal(evaluation.predictions, comparison.predictions)
    pd.testing.assert_frame_equal(evaluation.differences, comparison.differences)
    assert set(evaluation.thumbnails) == set(comparison.thumbnails)


def test_detectors_are_taken_as_they_are(fitted, evaluation):
    assert isinstance(evaluation, Comparison)
    assert evaluation.detectors == fitted
    assert evaluation.settings["procedure"] == "fitted"


def test_nothing_is_said_of_a_training(evaluation, tmp_path):
    assert "fit_seconds" not in evaluation.table
    assert "n_images" not in evaluation.settings
    assert str(evaluation).startswith(
        "Tested on 20 images; metrics in %, accuracy with 95% intervals.\n"
    )
    assert "fit s" not in str(evaluation)
    assert "predict s" in str(evaluation)
    assert evaluation.leaks.empty
    assert evaluation.without_leaks().table.equals(evaluation.table)
    replace(evaluation, title="A title.").save(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Trained on" not in page
    assert "Training" not in page
    assert "fit seconds" not in page


def test_a_failing_detector_does_not_stop_the_others(fitted, capfd):
    detectors = {"bad": Failing().fit(X, Y), **fitted}
    found = evaluate_detectors(detectors, X_TEST, Y_TEST, verbose=1)
    assert found.errors == {"bad": "OSError: no luck\nno more words"}
    assert found.table.loc["chance"].drop("error").notna().all()
    assert found.detectors["bad"] is None
    lines = capfd.readouterr().err.splitlines()
    # Why stands in the table alone.
    assert lines[0] == "bad: failed"
    assert lines[1].startswith("logistic: 20 images predicted in 0.")


def test_y_may_lack_a_class_that_detectors_know(fitted):
    found = evaluate_detectors(fitted, X[Y == 1], Y[Y == 1])
    assert found.table["recall_1"].notna().all()
    assert found.table["roc_auc"].isna().all()


def test_paths_are_read_and_joined_with_others(stripes, tmp_path):
    images, y = stripes
    paths = [tmp_path / f"{i}.png" for i in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        Image.fromarray(image).save(path)
    fitted = SVMDetector().fit(images, y)
    with pytest.warns(UserWarning, match="40 of 40 .* training images of (one|two)"):
        one, two = (
            evaluate_detectors({name: fitted}, paths, y) for name in ("one", "two")
        )
    joined = one.join(two)
    assert joined.table["accuracy"].tolist() == [1, 1]
    assert len(joined.differences) == 1
    assert joined.warnings == [*one.warnings, *two.warnings]
    assert joined.leaks.equals(one.leaks)


@pytest.mark.parametrize(
    ("changed", "error", "match"),
    [
        ({"detectors": {}}, ValueError, "at least one detector; got none"),
        ({"detectors": {"a": SVMDetector}}, TypeError, "must be a fitted classifier"),
        (
            {"detectors": {"a": SVMDetector()}},
            NotFittedError,
            r"detectors\['a'\] must be fitted; got an unfitted SVMDetector",
        ),
        ({"y": Y[:5]}, ValueError, "a label for each image of X; got 5 labels for 60"),
        ({"y": Y + 5}, ValueError, r"y must hold labels .* \[0, 1\]; got 5"),
        ({"pos_label": 7}, ValueError, r"pos_label must be one of the labels \[0, 1\]"),
        ({"target_names": ["a"]}, ValueError, "must be 2 different names"),
        ({"X": X * np.nan}, ValueError, "finite"),
        ({"confidence_level": 1}, ValueError, "'confidence_level' parameter"),
    ],
)
def test_what_can_not_be_evaluated_is_refused_with_a_reason(
    fitted, changed, error, match
):
    arguments = {"detectors": fitted, "X": X, "y": Y} | changed
    with pytest.raises(error, match=match):
        evaluate_detectors(**arguments)


def test_it_is_the_same_from_both_places():
    assert skfake.evaluate_detectors is skfake.evaluation.evaluate_detectors


# Which class means fake


class Learned(Failing):
    """Know what means fake; call everything that."""

    def __init__(self, pos_label=None):
        self.pos_label = pos_label

    def fit(self, X, y):
        super().fit(X, y)
        self.pos_label_ = self.pos_label
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_what_a_detector_learned_to_mean_fake_is_positive():
    y = np.array(["a", "b"])[Y]
    found = evaluate_detectors({"it": Learned("a").fit(X, y)}, X, y)
    assert found.pos_label == "a"
    assert "AP (average precision) are those of a (fake)." in str(found)
    assert found.settings["fakes"] == ["a"]
    # Inside of another estimator too, and not against what is given.
    piped = {"it": make_pipeline(Learned("a")).fit(X, y)}
    assert evaluate_detectors(piped, X, y).pos_label == "a"
    assert evaluate_detectors(piped, X, y, pos_label="b").pos_label == "b"
    named = evaluate_detectors(piped, X, y, target_names=["camera", "midjourney"])
    assert named.pos_label == "b"


def test_detectors_that_do_not_agree_on_what_is_fake_need_pos_label():
    y = np.array(["a", "b"])[Y]
    detectors = {name: Learned(name).fit(X, y) for name in "ab"}
    with pytest.raises(ValueError, match="got None, and 'a' of a, 'b' of b"):
        evaluate_detectors(detectors, X, y)
    assert evaluate_detectors(detectors, X, y, pos_label="b").pos_label == "b"


def test_of_several_classes_those_are_named_that_mean_fake():
    y = np.array(["photo", "glide", "sdxl"])[np.arange(60) % 3]
    detector = Learned(["glide", "sdxl"]).fit(X, y)
    for found in (
        evaluate_detectors({"it": detector}, X, y),
        compare_detectors({"it": DummyClassifier()}, X, y, cv=2),
    ):
        assert found.pos_label is None
        assert "glide, sdxl mean fake." in str(found)
        assert "glide, sdxl mean fake." in found._repr_html_()
