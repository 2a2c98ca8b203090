import sys
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline

from skfake import HOGTransformer, SVMDetector, evaluate_detectors
from skfake.corruptions import CORRUPTIONS, corrupt
from skfake.displays import RobustnessCurvesDisplay
from skfake.evaluation import Robustness, evaluate_robustness
from skfake.metrics import expected_calibration_error

RNG = np.random.default_rng(0)
Y = np.arange(60) % 2
# Gray images of 8 pixels; those of class 1 are striped, more or less.
X = RNG.integers(0, 120, size=(60, 8, 8), dtype=np.uint8)
X[Y == 1, ::2] += RNG.integers(0, 90, size=(30, 1, 1), dtype=np.uint8)
ROWS = X.reshape(60, -1)
FEW = {"jpeg": [90, 10], "noise": [5, 40]}
SEED = 0
# What is asked of these tests does not depend on which images a detector knows.
KNOWN = pytest.mark.filterwarnings("ignore:.* the training images of .*:UserWarning")


class Recorder(ClassifierMixin, BaseEstimator):
    """Remember what is to be predicted; predict the last class."""

    def __init__(self, classes=(0, 1)):
        self.classes = classes

    def fit(self, X, y):
        self.classes_ = np.asarray(self.classes)
        self.seen = []
        return self

    def predict(self, X):
        self.seen.append(X)
        return np.full(len(X), self.classes_[-1])


class Failing(Recorder):
    """Fail where images are brighter than a value."""

    def __init__(self, limit=0, classes=(0, 1)):
        super().__init__(classes)
        self.limit = limit

    def predict(self, X):
        if np.mean(X) > self.limit:
            raise OSError("<no> luck\nno more words")
        return super().predict(X)


class Scored(ClassifierMixin, BaseEstimator):
    """Score images by their brightness, and count what is to be predicted."""

    def __init__(self, rule):
        self.rule = rule

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.n_predicted = 0
        return self

    def decision_function(self, X):
        return np.reshape(X, (len(X), -1)).mean(axis=1)

    def predict(self, X):
        self.n_predicted += len(X)
        return self.classes_[self.rule(self.decision_function(X)).astype(int)]


class Bare:
    """What only predicts, as a network read from a file."""

    def predict(self, X):
        return (np.asarray(X).reshape(len(X), -1).mean(1) > 80).astype(int)


@pytest.fixture(scope="module")
def fitted():
    return {
        "logistic": LogisticRegression(max_iter=5000).fit(ROWS[:40] / 255, Y[:40]),
        "chance": DummyClassifier(strategy="prior").fit(ROWS[:40], Y[:40]),
    }


@pytest.fixture(scope="module")
def robustness(fitted):
    return evaluate_robustness(
        fitted, ROWS[40:] / 255, Y[40:], corruptions=FEW, random_state=SEED
    )


def recorder(**options):
    return Recorder(**options).fit(X, Y)


# What is evaluated


def test_each_detector_has_a_row_for_the_clean_images_and_each_strength(robustness):
    assert isinstance(robustness, Robustness)
    table = robustness.table
    assert list(table["detector"]) == ["logistic"] * 5 + ["chance"] * 5
    rows = table[["corruption", "strength"]][:5].to_numpy().tolist()
    assert rows[0][0] == "clean"
    assert np.isnan(rows[0][1])
    assert rows[1:] == [["jpeg", 90], ["jpeg", 10], ["noise", 5], ["noise", 40]]
    assert "error" not in table


def test_metrics_are_those_of_the_damaged_images(fitted, robustness):
    detector = fitted["logistic"]
    images, target = ROWS[40:] / 255, Y[40:]
    table = robustness.table[robustness.table["detector"] == "logistic"]
    for row in table.itertuples():
        damaged = images
        if row.corruption != "clean":
            damaged = corrupt(images, row.corruption, row.strength, random_state=SEED)
        predicted, scores = detector.predict(damaged), detector.predict_proba(damaged)
        assert row.accuracy == accuracy_score(target, predicted)
        assert row.recall_1 == recall_score(target, predicted)
        prob = scores[:, 1]
        assert row.roc_auc == pytest.approx(roc_auc_score(target, prob))
        assert row.brier_score == pytest.approx(brier_score_loss(target, prob))
        error = expected_calibration_error(target, prob)
        assert row.expected_calibration_error == pytest.approx(error)


@pytest.mark.parametrize("white", [1.0, 255.0])
@pytest.mark.parametrize("form", ["rows", "frame", "list"])
def test_detectors_get_numbers_on_the_scale_of_x(white, form, monkeypatch):
    monkeypatch.setattr("skfake.evaluation._damage.BATCH", 20)
    images = X * (white / 255)
    # A dark batch alone would not say that white is 255.
    images[:20] *= 0.1
    images = {
        "rows": images.reshape(60, -1),
        "frame": pd.DataFrame(images.reshape(60, -1)),
        "list": list(images),
    }[form]
    detector = recorder()
    evaluate_robustness(
        {"it": detector}, images, Y, corruptions={"brightness": [0.2]}, n_resamples=0
    )
    clean, damaged = (
        np.concatenate([np.asarray(part) for part in detector.seen[i::2]])
        for i in (0, 1)
    )
    assert np.array_equal(clean.ravel(), np.asarray(images).ravel())
    whites = np.round(damaged * (255 / white), 6)
    assert np.array_equal(whites, np.rint(whites))
    assert damaged.max() > 0.7 * white
    assert np.median(damaged) > np.median(clean)


def test_metrics_of_the_images_as_they_are_are_those_of_an_evaluation(
    fitted, robustness
):
    evaluation = evaluate_detectors(
        fitted, ROWS[40:] / 255, Y[40:], random_state=robustness.random_state
    )
    table = evaluation.table.drop(columns="predict_seconds")
    clean = robustness.table[robustness.table["corruption"] == "clean"]
    found = clean.set_index("detector").drop(columns=["corruption", "strength"])
    pd.testing.assert_frame_equal(found, table)
    assert found["roc_auc_low"]["logistic"] < found["roc_auc_high"]["logistic"]


def test_intervals_are_as_wide_as_asked_for_or_left_out(fitted):
    def evaluate(**options):
        return evaluate_robustness(
            fitted, ROWS[40:] / 255, Y[40:], corruptions={"noise": [40]}, **options
        )

    def width(table):
        return (table["accuracy_high"] - table["accuracy_low"])[:2].to_numpy()

    sure, unsure = evaluate(confidence_level=0.99), evaluate(confidence_level=0.5)
    assert (width(sure.table) > width(unsure.table)).all()
    without = evaluate(n_resamples=0)
    assert without.confidence_level is None
    assert not [name for name in without.table if name.endswith(("_low", "_high"))]
    assert without.curves().bands is None


def test_every_detector_sees_the_very_same_images():
    detectors = {name: recorder() for name in "abc"}
    evaluate_robustness(detectors, X, Y, corruptions=["noise", "crop"])
    seen = [detector.seen for detector in detectors.values()]
    assert len(seen[0]) == 11
    for first, *others in zip(*seen, strict=True):
        assert all(other is first for other in others)


@KNOWN
def test_our_own_detectors_predict_each_damaged_image_once(monkeypatch):
    monkeypatch.setattr("skfake.evaluation._damage.BATCH", 20)
    detector = SVMDetector().fit(X[:40], Y[:40])
    n_seen = []

    def score_images(self, images, score=SVMDetector.score_images):
        n_seen.append(len(images))
        return score(self, images)

    monkeypatch.setattr(SVMDetector, "score_images", score_images)
    detectors = {"alone": detector, "last": make_pipeline("passthrough", detector)}
    found = evaluate_robustness(detectors, list(X), Y, corruptions=FEW)
    assert found.errors == {}
    assert n_seen == [20] * 2 * 5 * 3


@pytest.mark.parametrize(
    "rule",
    [
        lambda scores: np.abs(scores - 75) < 8,
        lambda scores: scores.astype(int) % 2 == 0,
    ],
)
def test_labels_of_other_classifiers_are_their_own(rule):
    detector = Scored(rule).fit(X, Y)
    found = evaluate_robustness({"it": detector}, X, Y, corruptions=FEW, random_state=0)
    assert detector.n_predicted == 5 * 60
    noisy = corrupt(X, "noise", 40, random_state=SEED)
    expected = accuracy_score(Y, detector.predict(noisy))
    assert found.table["accuracy"].iloc[-1] == expected


def test_a_threshold_of_someone_else_s_is_kept(fitted):
    strict = FixedThresholdClassifier(fitted["logistic"], threshold=0.9)
    strict.fit(ROWS[:40] / 255, Y[:40])
    images, target = ROWS[40:] / 255, Y[40:]
    table = evaluate_robustness(
        {"it": strict}, images, target, corruptions=FEW, random_state=SEED
    ).table
    noisy = corrupt(images, "noise", 40, random_state=SEED)
    assert table["recall_1"].iloc[-1] == recall_score(target, strict.predict(noisy))


def test_what_comes_before_is_done_before():
    detector = recorder()
    later = {(("rescale", 0.5), ("blur", 1), "jpeg"): [90, 30]}
    found = evaluate_robustness({"it": detector}, X, Y, corruptions=later)
    names = found.table[["corruption", "strength"]][1:].values.tolist()
    assert names == [
        ["rescale 0.5, blur 1, jpeg", 90],
        ["rescale 0.5, blur 1, jpeg", 30],
    ]
    before = corrupt(
        corrupt(X, "rescale", 0.5, random_state=found.random_state),
        "blur",
        1,
        random_state=found.random_state,
    )
    for seen, quality in zip(detector.seen[1:], (90, 30), strict=True):
        np.testing.assert_array_equal(seen, corrupt(before, "jpeg", quality))


@pytest.mark.parametrize(("suite", "n_rows"), [("techjam", 14), ("pairs", 15)])
def test_a_suite_has_a_name(fitted, suite, n_rows):
    found = evaluate_robustness(fitted, ROWS / 255, Y, corruptions=suite, n_resamples=0)
    assert len(found.table) == 2 * (1 + n_rows)
    assert found.table["roc_auc"].notna().all()


def test_each_strength_damages_the_images_as_they_were():
    detector = recorder()
    evaluate_robustness({"it": detector}, X, Y, corruptions=FEW)
    clean, *damaged = detector.seen
    assert np.array_equal(clean, X)
    assert np.array_equal(damaged[1], corrupt(X, "jpeg", 10))


def test_all_corruptions_with_their_strengths_are_the_default():
    table = evaluate_robustness({"it": recorder()}, X[:6], Y[:6]).table
    expected = [(name, s) for name, c in CORRUPTIONS.items() for s in c.strengths]
    found = table[["corruption", "strength"]].itertuples(index=False, name=None)
    assert list(found)[1:] == expected


def test_what_is_named_twice_is_evaluated_once():
    detectors = {"it": recorder()}
    for corruptions in ({"jpeg": [50, 50]}, ["jpeg", "jpeg"]):
        table = evaluate_robustness(detectors, X, Y, corruptions=corruptions).table
        assert not table.duplicated(["corruption", "strength"]).any()


@KNOWN
def test_a_seed_gives_the_same_table_and_another_one_another():
    detectors = {"SVM": SVMDetector().fit(X[:40], Y[:40])}
    tables = [
        evaluate_robustness(
            detectors, X, Y, corruptions={"noise": [60, 90]}, random_state=seed
        ).table
        for seed in (0, 0, 1)
    ]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert not tables[0].equals(tables[2])


@KNOWN
def test_paths_and_arrays_give_the_same_table_whatever_the_batches(
    tmp_path, monkeypatch
):
    paths = [tmp_path / f"{i}.png" for i in range(len(X))]
    for path, image in zip(paths, X, strict=True):
        Image.fromarray(image).save(path)
    detectors = {"SVM": SVMDetector().fit(X[:40], Y[:40])}

    def evaluate(images):
        return evaluate_robustness(
            detectors, images, Y, corruptions=FEW, random_state=0
        ).table

    arrays = evaluate(list(X))
    for size in (256, 7):
        monkeypatch.setattr("skfake.evaluation._damage.BATCH", size)
        pd.testing.assert_frame_equal(evaluate(list(X)), arrays)
    rgb = np.repeat(X[..., None], 3, axis=-1)
    pd.testing.assert_frame_equal(evaluate(paths), evaluate(rgb))


def test_images_of_different_sizes_are_evaluated():
    images = [image[: 8 - i % 2] for i, image in enumerate(X)]
    detector = make_pipeline(HOGTransformer(), LogisticRegression()).fit(images, Y)
    robustness = evaluate_robustness({"it": detector}, images, Y, corruptions=FEW)
    assert robustness.errors == {}
    assert robustness.table["accuracy"].iloc[0] == detector.score(images, Y)


def test_flattened_images_are_of_the_shape_that_is_given():
    detector = recorder()
    wide = X[:, :4].reshape(60, -1)
    evaluate_robustness(
        {"it": detector}, wide, Y, corruptions={"blur": [2]}, image_shape=(4, 8)
    )
    assert np.array_equal(
        detector.seen[1].reshape(60, 4, 8), corrupt(X[:, :4], "blur", 2)
    )


def test_detectors_without_scores_have_no_area(fitted):
    detectors = {"bare": Bare(), "SVM": recorder()}
    table = evaluate_robustness(detectors, X, Y, corruptions=FEW).table
    assert table["roc_auc"].isna().all()
    assert table["accuracy"].notna().all()


def test_any_metric_may_be_the_one_that_is_shown(fitted):
    detectors = fitted | {
        "no probabilities": Scored(lambda scores: scores > 80).fit(X, Y)
    }
    found = evaluate_robustness(
        detectors, ROWS / 255, Y, corruptions=FEW, metric="brier_score"
    )
    summary = found.summary
    assert summary.loc["no probabilities"].isna().all()
    assert (summary.loc["chance"] == 0.25).all()
    assert str(found).startswith("brier_score in % of 60 images")
    assert list(found.curves().clean) == ["logistic", "chance"]
    other = replace(found, metric="tpr_at_fpr_0.05")
    assert isinstance(other, Robustness)
    assert other.summary.loc["chance"].tolist() == [0] * 5
    assert list(other.curves().clean) == list(detectors)


def test_columns_of_a_data_frame_are_those_that_detectors_know():
    frame = pd.DataFrame(ROWS).add_prefix("pixel")
    detector = LogisticRegression(max_iter=5000).fit(frame, Y)
    found = evaluate_robustness({"it": detector}, frame, Y, corruptions=FEW)
    assert found.errors == {}
    assert found.table["accuracy"].iloc[0] == detector.score(frame, Y)


def test_labels_of_any_type_and_number_are_taken():
    y = np.array(["real", "gan", "diffusion"])[np.arange(60) % 3]
    detector = Perceptron().fit(ROWS / 255, y)
    robustness = evaluate_robustness(
        {"it": detector}, ROWS / 255, y, corruptions=FEW, metric="recall_gan"
    )
    assert robustness.table["roc_auc"].notna().all()
    assert "recall_gan in %" in str(robustness)


def test_y_may_lack_a_class_that_detectors_know(fitted):
    robustness = evaluate_robustness(
        fitted,
        ROWS[Y == 1] / 255,
        Y[Y == 1],
        corruptions=FEW,
        metric="recall_FAKE",
        target_names=["REAL", "FAKE"],
    )
    assert robustness.summary.notna().all(axis=None)
    assert robustness.table["roc_auc"].isna().all()
    alone = {"bare": Bare(), **fitted}
    again = evaluate_robustness(alone, ROWS[Y == 1] / 255, Y[Y == 1], corruptions=FEW)
    assert again.errors == {}


def test_the_lesser_label_may_be_the_positive_one(fitted, robustness):
    turned = evaluate_robustness(
        fitted, ROWS[40:] / 255, Y[40:], corruptions=FEW, pos_label=0
    )
    assert np.allclose(turned.table["roc_auc"], robustness.table["roc_auc"])


# Failures


def test_a_failing_detector_does_not_stop_the_others(fitted, robustness):
    detectors = {"broken": Failing().fit(X, Y), **fitted}
    found = evaluate_robustness(
        detectors, ROWS[40:] / 255, Y[40:], corruptions=FEW, random_state=SEED
    )
    assert found.errors == {"broken": "OSError: <no> luck\nno more words"}
    others = found.table[found.table["detector"] != "broken"].drop(columns="error")
    pd.testing.assert_frame_equal(others.reset_index(drop=True), robustness.table)
    assert found.summary.loc["broken"].isna().all()


def test_a_detector_may_fail_on_one_strength_alone():
    detectors = {"it": Failing(limit=150).fit(X, Y)}
    corruptions = {"brightness": [0, 0.5], "blur": [1]}
    found = evaluate_robustness(
        detectors, X, Y, corruptions=corruptions, metric="accuracy"
    )
    assert found.table["error"].notna().tolist() == [False, False, True, False]
    assert found.table["accuracy"].isna().tolist() == [False, False, True, False]
    summary = found.summary.loc["it"]
    assert summary[["brightness", "mean"]].isna().all()
    assert (summary[["clean", "blur"]] == 0.5).all()


def test_a_detector_that_failed_on_one_batch_sees_no_more_of_that_strength(monkeypatch):
    monkeypatch.setattr("skfake.evaluation._damage.BATCH", 20)
    dark, bright = np.zeros_like(X[0]), np.full_like(X[0], 200)
    images = [*[dark] * 20, *[bright] * 20, *[dark] * 20]
    detector = Failing(limit=150).fit(X, Y)
    corruptions = {"brightness": [-1]}
    found = evaluate_robustness({"it": detector}, images, Y, corruptions=corruptions)
    assert found.table["error"].notna().tolist() == [True, False]
    assert len(detector.seen) == 1 + 3


def test_a_detector_may_fail_on_the_images_as_they_are_alone():
    def rule(scores):
        if scores.max() > 100:
            raise MemoryError("too bright")
        return scores > 40

    detector = Scored(rule).fit(X, Y)
    found = evaluate_robustness(
        {"it": detector}, X, Y, corruptions={"brightness": [-0.2]}
    )
    assert found.table["error"].notna().tolist() == [True, False]


def test_a_detector_of_other_classes_fails_alone():
    detectors = {"it": recorder(), "other": recorder(classes=(0, 7))}
    found = evaluate_robustness(detectors, X, Y, corruptions=FEW)
    assert list(found.errors) == ["other"]
    assert "predict must return labels of y" in found.errors["other"]


# What is refused


@pytest.mark.parametrize(
    ("changed", "error", "match"),
    [
        ({"detectors": {}}, ValueError, "at least one detector; got none"),
        ({"detectors": {1: Bare()}}, TypeError, "names of type str; got 1"),
        ({"detectors": {"it": Bare}}, TypeError, r"detectors\['it'\] must be a fitted"),
        (
            {"detectors": {"it": SVMDetector()}},
            NotFittedError,
            r"detectors\['it'\] must be fitted; got an unfitted SVMDetector",
        ),
        ({"y": Y[:5]}, ValueError, "got 5 labels for 60 images"),
        ({"y": Y + 5}, ValueError, r"y must hold labels .* \[0, 1\]; got 5"),
        ({"X": X - 100.0}, ValueError, "X must hold bytes, or floats from 0 to 1"),
        ({"X": list(X * 2.0)}, ValueError, "X must hold bytes, or floats from 0 to 1"),
        ({"corruptions": ["rain"]}, ValueError, "corruptions must hold .* got 'rain'"),
        ({"corruptions": []}, ValueError, "corruptions must hold names"),
        ({"corruptions": "rain"}, ValueError, "one of .*'techjam'.* got 'rain'"),
        ({"corruptions": {"jpeg": [0]}}, ValueError, "strength must be .* got 0"),
        ({"corruptions": {"jpeg": ["random"]}}, ValueError, "numbers; got 'random'"),
        ({"corruptions": {"jpeg": []}}, ValueError, r"corruptions\['jpeg'\] must hold"),
        ({"corruptions": [("blur", "jpeg")]}, ValueError, r"pairs .* got 'blur'"),
        ({"corruptions": [(("rain", 1), "jpeg")]}, ValueError, "got 'rain'"),
        ({"corruptions": [(("blur", -1), "jpeg")]}, ValueError, "strength .* got -1"),
        (
            {"detectors": {"it": Bare()}, "y": 0 * Y},
            ValueError,
            "at least two classes .*; got one class, 0",
        ),
        ({"metric": "luck"}, ValueError, "metric must be one of .*roc_auc.*'luck'"),
        ({"pos_label": 3}, ValueError, "pos_label must be one of"),
        ({"target_names": ["a"]}, ValueError, "target_names must be 2 different names"),
    ],
)
def test_a_mistake_is_named_before_anything_is_predicted(changed, error, match):
    detector = recorder()
    arguments = {"detectors": {"it": detector}, "X": X, "y": Y} | changed
    with pytest.raises(error, match=match):
        evaluate_robustness(**arguments)
    assert detector.seen == []


# What is shown


def test_the_summary_averages_strengths_and_then_corruptions(robustness):
    summary = robustness.summary
    assert list(summary) == ["clean", "jpeg", "noise", "mean", "score"]
    assert list(summary.index) == ["logistic", "chance"]
    values = robustness.table["roc_auc"][:5]
    mean = values[1:].mean()
    expected = [values[0], values[1:3].mean(), values[3:].mean(), mean]
    expected.append((values[0] + mean) / 2)
    assert summary.loc["logistic"].tolist() == pytest.approx(expected)


def test_the_score_is_half_clean_and_half_the_mean_of_all_damaged(robustness):
    for (_, score), (name, rows) in zip(
        robustness.scores.iterrows(),
        robustness.table.groupby("detector", sort=False),
        strict=True,
    ):
        assert score["detector"] == name
        for metric in ("roc_auc", "accuracy", "brier_score"):
            clean, *damaged = rows[metric]
            assert score[metric] == pytest.approx((clean + np.mean(damaged)) / 2)
            assert robustness.summary.loc[name, "score"] == pytest.approx(
                score["roc_auc"]
            )


def test_the_interval_of_the_score_is_of_all_rows_on_the_same_images(robustness):
    score, table = robustness.scores.iloc[0], robustness.table[:5]
    low, value, high = score[["roc_auc_low", "roc_auc", "roc_auc_high"]]
    assert low < value < high
    # As wide as rows that move together, which is less than the widest of them.
    widths = table["roc_auc_high"] - table["roc_auc_low"]
    assert widths.min() / 2 < high - low < widths.max()


def test_a_detector_that_failed_once_has_no_score():
    detectors = {"bad": Failing(limit=X.mean() + 1).fit(X, Y), "it": recorder()}
    corruptions = {"brightness": [0.1, -0.1]}
    found = evaluate_robustness(
        detectors, X, Y, corruptions=corruptions, metric="accuracy"
    )
    scores = found.scores.set_index("detector")
    assert np.isnan(scores.loc["bad", ["accuracy", "accuracy_low"]].astype(float)).all()
    assert scores.loc["it", "accuracy_low"] < 0.5 < scores.loc["it", "accuracy_high"]


def test_printed_it_is_a_table_in_percent(robustness):
    lines = str(robustness).splitlines()
    assert lines[0].startswith("roc_auc in % of 20 images")
    assert lines[3].split() == ["clean", "jpeg", "noise", "mean", "score"]
    assert lines[5].split() == ["chance", *["50.0"] * 5]
    assert repr(robustness) == str(robustness)


def test_errors_stand_below_the_table_and_html_is_escaped():
    detectors = {"<b>": Failing().fit(X, Y), "it": recorder()}
    found = evaluate_robustness(detectors, X, Y, corruptions=FEW, metric="accuracy")
    assert str(found).endswith("<b> failed: OSError: <no> luck")
    html = found._repr_html_()
    assert "<table" in html
    assert "&lt;b&gt; failed: OSError: &lt;no&gt; luck" in html
    assert "<b>" not in html


def test_progress_goes_to_stderr(fitted, capsys):
    for verbose in (0, 1):
        evaluate_robustness(
            fitted, ROWS / 255, Y, corruptions={"jpeg": [90]}, verbose=verbose
        )
        out, err = capsys.readouterr()
        assert out == ""
    assert err.splitlines() == [
        "clean: images 0 to 59 of 60",
        "jpeg 90: images 0 to 59 of 60",
    ]


# Curves


def test_a_plot_for_each_corruption_has_a_line_and_a_dashed_level_a_detector(
    robustness,
):
    display = robustness.curves()
    assert isinstance(display, RobustnessCurvesDisplay)
    assert [ax.get_title() for ax in display.axes_] == ["jpeg", "noise"]
    assert len(display.figure_.axes) == 2
    for ax in display.axes_:
        line, level, *_ = ax.get_lines()
        assert (line.get_linestyle(), level.get_linestyle()) == ("-", "--")
        assert line.get_color() == level.get_color()
        assert set(level.get_ydata()) == {robustness.table["roc_auc"][0]}
    line = display.axes_[1].get_lines()[0]
    assert list(line.get_xdata()) == [5, 40]
    assert list(line.get_ydata()) == list(robustness.table["roc_auc"][3:5])
    band = display.axes_[1].collections[0].get_datalim(display.axes_[1].transData)
    low, high = (robustness.table[f"roc_auc_{end}"][3:5] for end in ("low", "high"))
    assert (band.y0, band.y1) == (low.min(), high.max())
    (legend,) = display.figure_.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["logistic", "chance", "images as they are"]


def test_damage_grows_to_the_right(robustness):
    quality, noise = robustness.curves().axes_
    assert quality.xaxis_inverted()
    assert not noise.xaxis_inverted()
    assert [text.get_text() for text in quality.get_xticklabels()] == ["90", "10"]
    assert quality.get_xlabel() == "quality"


def test_curves_are_plotted_where_asked(robustness):
    _, axes = plt.subplots(2, 1)
    display = robustness.curves(axes)
    assert list(display.axes_) == list(axes)
    assert display.figure_ is axes[0].figure
    names = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert names == ["logistic", "chance", "images as they are"]
    assert axes[1].get_legend() is None


def test_axes_must_be_as_many_as_corruptions(robustness):
    _, axes = plt.subplots(1, 3)
    match = "axes must be one for each of 2 corruptions; got 3"
    with pytest.raises(ValueError, match=match):
        robustness.curves(axes)


def test_detectors_that_failed_are_not_plotted(fitted):
    detectors = {"broken": Failing().fit(X, Y), **fitted}
    found = evaluate_robustness(detectors, ROWS / 255, Y, corruptions=FEW)
    display = found.curves()
    display.figure_.canvas.draw()
    assert list(display.clean) == ["logistic", "chance"]
    assert len(display.axes_[0].get_lines()) == 4


def test_a_metric_that_no_detector_has_makes_no_plot():
    found = evaluate_robustness({"it": recorder()}, X, Y, corruptions=FEW)
    with pytest.raises(ValueError, match=r"metric must .* 'roc_auc', which none"):
        found.curves()


def test_no_corruption_makes_no_plot():
    display = RobustnessCurvesDisplay(curves={}, clean={}, metric="roc_auc")
    with pytest.raises(ValueError, match="at least one corruption; got none"):
        display.plot()


def test_a_missing_matplotlib_is_named_with_what_installs_it(robustness, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "skfake\[plot\]"'):
        robustness.curves()
