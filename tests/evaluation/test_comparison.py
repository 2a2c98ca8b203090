import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Perceptron, SGDClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GroupKFold,
    PredefinedSplit,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skfake import (
    Comparison,
    HOGTransformer,
    SVMDetector,
    TiledDetector,
    compare_detectors,
)
from skfake.datasets import make_images
from skfake.evaluation import LeaveOneGeneratorOut, compare_generators
from skfake.metrics import tabulate_generators
from skfake.metrics.summary import PER_CLASS
from skfake.scoring import Scores

RNG = np.random.default_rng(0)
Y = np.arange(60) % 2
# Rows of 4 x 4 gray images in which the classes overlap.
X = RNG.normal(size=(60, 16)) + 0.4 * Y[:, None]
X_TEST, Y_TEST = RNG.normal(size=(30, 16)) + 0.4 * Y[:30, None], Y[:30]
TEST = (X_TEST, Y_TEST)


class Recorder(ClassifierMixin, BaseEstimator):
    """Remember what `fit` was given; predict the first class."""

    def fit(self, X, y):
        self.seen_ = X
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class Failing(Recorder):
    """Fail in one method, where X holds a certain number of images."""

    def __init__(self, method="fit", n_images=None, error=ValueError):
        self.method = method
        self.n_images = n_images
        self.error = error

    def fit(self, X, y):
        self._fail("fit", X)
        return super().fit(X, y)

    def predict(self, X):
        self._fail("predict", X)
        return super().predict(X)

    def _fail(self, method, X):
        if method == self.method and self.n_images in (None, len(X)):
            raise self.error("no luck\nno more words")


class Floating(Recorder):
    """Predict labels as floats."""

    def predict(self, X):
        return super().predict(X).astype(float)


class Odd(Recorder):
    """Predict what no label is."""

    def predict(self, X):
        return np.full(len(X), 7)


# What is compared


def test_each_detector_gets_a_row_in_the_order_given():
    detectors = {"tree": DecisionTreeClassifier(), "chance": DummyClassifier()}
    comparison = compare_detectors(detectors, X, Y, cv=3)
    assert isinstance(comparison, Comparison)
    assert list(comparison.table.index) == ["tree", "chance"]
    assert "error" not in comparison.table


def test_cross_validated_metrics_are_those_of_cross_validate():
    splits = StratifiedKFold(4, shuffle=True, random_state=0)
    scoring = ["accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc"]
    scoring += ["average_precision"]
    for detector in (LogisticRegression(), SVC()):
        table = compare_detectors({"it": detector}, X, Y, cv=splits).table.loc["it"]
        expected = cross_validate(detector, X, Y, cv=splits, scoring=scoring)
        for name in scoring:
            of = f"{name}_1" if name in ("precision", "recall", "f1") else name
            scores = expected[f"test_{name}"]
            assert table[of] == pytest.approx(np.mean(scores))
            assert table[f"{of}_std"] == pytest.approx(np.std(scores, ddof=1))


def test_with_test_images_all_of_x_is_for_training():
    comparison = compare_detectors({"it": LogisticRegression()}, X, Y, test=TEST)
    fitted = LogisticRegression().fit(X, Y)
    assert comparison.table.loc["it", "accuracy"] == fitted.score(X_TEST, Y_TEST)
    assert not any(name.endswith("_std") for name in comparison.table)


def test_all_detectors_see_the_same_splits():
    splits = StratifiedKFold(3, shuffle=True)  # without a seed: each draw differs
    detectors = {"a": Recorder(), "b": Recorder()}
    comparison = compare_detectors(detectors, X, Y, cv=splits)
    folds = comparison.predictions.set_index(["detector", "fold"])["image"]
    for fold in range(3):
        assert folds.loc["a", fold].tolist() == folds.loc["b", fold].tolist()
        seen = [comparison.detectors[name][fold].seen_ for name in "ab"]
        train = np.setdiff1d(np.arange(60), folds.loc["a", fold])
        assert np.array_equal(seen[0], X[train])
        assert np.array_equal(seen[1], X[train])


SPLITS = [(np.arange(40), np.arange(40, 60)), (np.arange(20, 60), np.arange(20))]


@pytest.mark.parametrize(
    "cv",
    [
        SPLITS,
        [(np.isin(np.arange(60), train), list(test)) for train, test in SPLITS],
        PredefinedSplit(np.repeat([1, -1, 0], 20)),
    ],
    ids=["positions", "masks and lists", "splitter"],
)
def test_splits_come_in_any_form_of_scikit_learn(cv):
    comparison = compare_detectors({"it": DecisionTreeClassifier()}, X, Y, cv=cv)
    images = comparison.predictions.groupby("fold")["image"].agg(list)
    assert images.tolist() == [test.tolist() for _, test in SPLITS]


def test_a_generator_of_splits_serves_all_detectors():
    detectors = {"a": DecisionTreeClassifier(), "b": DecisionTreeClassifier()}
    splits = GroupKFold(3).split(X, Y, np.arange(60) // 4)
    assert len(compare_detectors(detectors, X, Y, cv=splits).folds) == 6


def test_detectors_passed_in_stay_unfitted():
    detector = LogisticRegression()
    compare_detectors({"it": detector}, X, Y, cv=2)
    assert not hasattr(detector, "classes_")


def test_fitted_detectors_come_back():
    by_test = compare_detectors({"it": LogisticRegression()}, X, Y, test=TEST)
    assert by_test.detectors["it"].predict(X_TEST).shape == (30,)
    by_cv = compare_detectors({"it": LogisticRegression()}, X, Y, cv=3)
    assert [hasattr(one, "classes_") for one in by_cv.detectors["it"]] == [True] * 3


def test_two_processes_give_what_one_gives():
    detectors = {
        "forest": RandomForestClassifier(5, random_state=0),
        "bad": Failing("predict"),
    }
    one, two = (
        compare_detectors(detectors, X, Y, cv=3, n_jobs=n_jobs, random_state=0)
        for n_jobs in (1, 2)
    )
    pd.testing.assert_frame_equal(one.predictions, two.predictions)
    seconds = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(
        one.folds.drop(columns=seconds), two.folds.drop(columns=seconds)
    )
    metrics = [name for name in one.table if "seconds" not in name]
    pd.testing.assert_frame_equal(one.table[metrics], two.table[metrics])


def test_labels_are_those_of_predict_not_of_the_scores():
    eager = FixedThresholdClassifier(LogisticRegression(), threshold=0)
    comparison = compare_detectors({"it": eager}, X, Y, test=TEST)
    assert comparison.table.loc["it", "recall_1"] == 1
    assert comparison.table.loc["it", "precision_1"] == 0.5


# Forms of X and y


def test_images_come_in_any_form(stripes, tmp_path):
    images, y = stripes
    paths = [tmp_path / f"{i}.png" for i in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        Image.fromarray(image).save(path)
    hog = make_pipeline(HOGTransformer(image_size=24), LogisticRegression())
    forms = [
        images,
        images.reshape(len(images), -1),
        paths,
        np.array(paths),
        list(images),
    ]
    tables = [
        # The stripes are alike, so that all of them leak.
        compare_detectors({"HOG": hog}, form, y, cv=2, check_data=False).table[
            "accuracy"
        ]
        for form in forms
    ]
    assert [table.loc["HOG"] for table in tables] == [1.0] * 5


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (np.array([False, True]), ["False", "True"]),
        (np.array(["cat", "dog"]), ["cat", "dog"]),
        (np.array(["cat", "dog"], dtype=object), ["cat", "dog"]),
        (np.array([-1, 5]), ["-1", "5"]),
    ],
)
def test_labels_may_be_of_any_type(labels, names):
    detectors = {"it": LogisticRegression()}
    plain = compare_detectors(detectors, X, Y, test=TEST, random_state=0)
    test = (X_TEST, labels[Y_TEST])
    comparison = compare_detectors(detectors, X, labels[Y], test=test, random_state=0)
    assert comparison.target_names == names
    assert comparison.pos_label == labels[1]
    renamed = comparison.table.rename(
        columns={
            f"{metric}_{name}{end}": f"{metric}_{code}{end}"
            for metric in PER_CLASS
            for code, name in enumerate(names)
            for end in ("", "_low", "_high")
        }
    )
    metrics = [name for name in plain.table if not name.endswith("seconds")]
    pd.testing.assert_frame_equal(renamed[metrics], plain.table[metrics])
    assert set(comparison.predictions["prediction"]) <= set(labels)
    assert "it" in str(comparison)


@pytest.mark.parametrize("container", [list, pd.Series, np.array])
def test_labels_come_in_any_sequence(container):
    y = container([["real", "fake"][code] for code in Y])
    comparison = compare_detectors({"it": LogisticRegression()}, X, y, cv=2)
    assert comparison.classes.tolist() == ["fake", "real"]


def test_target_names_name_the_classes_in_the_table():
    names = np.array(["REAL", "FAKE"])
    comparison = compare_detectors(
        {"it": LogisticRegression()}, X, Y, cv=2, target_names=names
    )
    assert {"recall_REAL", "f1_FAKE", "precision_FAKE_std"} <= set(comparison.table)


def test_pos_label_says_whose_scores_are_meant():
    for detector in (LogisticRegression(), Perceptron()):
        one, zero = (
            compare_detectors({"it": detector}, X, Y, test=TEST, pos_label=label)
            for label in (1, 0)
        )
        metrics = [c.table.loc["it"] for c in (one, zero)]
        assert metrics[0]["roc_auc"] == pytest.approx(metrics[1]["roc_auc"])
        assert metrics[0]["average_precision"] != metrics[1]["average_precision"]
        scores = [c.predictions["score"] for c in (one, zero)]
        assert np.corrcoef(*scores)[0, 1] == pytest.approx(-1)


def test_several_classes_have_a_score_each():
    y = np.array(["real", "gan", "diffusion"])[np.arange(60) % 3]
    comparison = compare_detectors(
        {"proba": LogisticRegression(), "distance": SVC(), "none": Recorder()},
        X,
        y,
        cv=2,
    )
    names = ["score_diffusion", "score_gan", "score_real"]
    assert list(comparison.predictions.columns[-3:]) == names
    assert comparison.pos_label is None
    scores = comparison.predictions.query("detector == 'proba'")[names]
    assert np.allclose(scores.sum(axis=1), 1)
    areas = comparison.table["roc_auc"]
    assert areas.notna().to_dict() == {"proba": True, "distance": True, "none": False}
    assert list(comparison.roc_curves().curves) == ["proba", "distance"]


def test_a_detector_without_scores_has_no_areas():
    comparison = compare_detectors({"it": Recorder()}, X, Y, test=TEST)
    row = comparison.table.loc["it"]
    assert row["accuracy"] == 0.5
    assert row[["roc_auc", "average_precision"]].isna().all()
    assert comparison.predictions["score"].isna().all()


# The tables


def test_folds_and_predictions_tell_the_same_story():
    detectors = {"tree": DecisionTreeClassifier(), "chance": DummyClassifier()}
    comparison = compare_detectors(detectors, X, Y, cv=3)
    for (name, fold), part in comparison.predictions.groupby(["detector", "fold"]):
        row = comparison.folds.set_index(["detector", "fold"]).loc[(name, fold)]
        accuracy = accuracy_score(part["target"], part["prediction"])
        assert row["accuracy"] == accuracy
        assert part["target"].tolist() == Y[part["image"]].tolist()


def test_each_mean_is_followed_by_its_spread():
    detectors = {"it": DummyClassifier()}
    table = compare_detectors(detectors, X, Y, cv=2, n_resamples=0).table
    names = list(table)
    assert names[1::2] == [f"{name}_std" for name in names[::2]]
    assert names[-2:] == ["predict_seconds", "predict_seconds_std"]


def test_one_split_has_no_spread():
    split = [(np.arange(40), np.arange(40, 60))]
    comparison = compare_detectors({"it": DummyClassifier()}, X, Y, cv=split)
    assert np.isnan(comparison.table.loc["it", "accuracy_std"])
    assert "nan" not in str(comparison)


def test_predictions_are_labels_as_y_holds_them():
    comparison = compare_detectors({"it": Floating()}, X, Y, test=TEST)
    assert comparison.predictions["prediction"].dtype == Y.dtype


# Failures


@pytest.mark.parametrize("method", ["fit", "predict"])
def test_a_detector_that_fails_leaves_its_error_and_the_others_go_on(method):
    detectors = {"bad": Failing(method), "good": DecisionTreeClassifier(random_state=0)}
    comparison = compare_detectors(detectors, X, Y, test=TEST)
    assert comparison.errors == {"bad": "ValueError: no luck\nno more words"}
    assert comparison.table.loc["bad"].drop("error").isna().all()
    assert comparison.table.loc["good"].drop("error").notna().all()
    assert comparison.detectors["bad"] is None
    assert set(comparison.predictions["detector"]) == {"good"}
    assert list(comparison.confusion_matrices().matrices) == ["good"]


def test_failing_in_one_fold_leaves_no_mean_of_the_others():
    # Of 61 images in 3 folds, one leaves 40 to train on and two leave 41.
    X_odd, y_odd = np.vstack([X, X_TEST[:1]]), np.append(Y, 0)
    detectors = {"bad": Failing(n_images=40), "good": DummyClassifier()}
    comparison = compare_detectors(detectors, X_odd, y_odd, cv=3)
    assert comparison.errors["bad"].startswith("in 1 of 3 folds: ValueError: no luck")
    assert np.isnan(comparison.table.loc["bad", "accuracy"])
    folds = comparison.folds.query("detector == 'bad'")
    assert folds["accuracy"].notna().sum() == folds["error"].isna().sum() == 2
    assert [one is None for one in comparison.detectors["bad"]].count(True) == 1
    assert list(comparison.confusion_matrices().matrices) == ["good"]


def test_all_may_fail():
    comparison = compare_detectors({"a": Failing(), "b": Failing()}, X, Y, cv=2)
    assert set(comparison.errors) == {"a", "b"}
    assert comparison.predictions.empty
    assert "a failed: in 2 of 2 folds: ValueError: no luck" in str(comparison)


def test_labels_that_y_lacks_are_a_failure():
    comparison = compare_detectors({"odd": Odd()}, X, Y, test=TEST)
    assert "predict must return labels of y, [0, 1]; got" in comparison.errors["odd"]


def test_ctrl_c_passes_through():
    with pytest.raises(KeyboardInterrupt):
        compare_detectors({"it": Failing(error=KeyboardInterrupt)}, X, Y, cv=2)


def test_verbose_writes_a_line_at_the_start_and_the_end_to_stderr(capfd):
    detectors = {"good": DummyClassifier(), "bad": Failing()}
    compare_detectors(detectors, X, Y, test=TEST, verbose=1)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "good (fit 1 of 2): fitting to 60 images",
        "good (fit 1 of 2): fitted in 0.0 s, 30 images predicted in 0.0 s; about 1 s "
        "to go",
        "bad (fit 2 of 2): fitting to 60 images",
        "bad (fit 2 of 2): failed",
    ]
    compare_detectors(detectors, X, Y, cv=2, verbose=1)
    err = capfd.readouterr().err
    assert "good, fold 2 of 2 (fit 2 of 4): fitted in" in err
    # Why it failed stands in the table, once.
    assert "no luck" not in err
    compare_detectors({"good": DummyClassifier()}, X, Y, test=TEST, verbose=1)
    assert capfd.readouterr().err.startswith("good: fitting to 60 images")
    compare_detectors(detectors, X, Y, cv=2)
    assert capfd.readouterr().err == ""


def test_scores_that_are_no_numbers_are_a_failure():
    class Endless(Recorder):
        def decision_function(self, X):
            return np.full(len(X), np.inf)

    class Sure(Recorder):
        def predict_proba(self, X):
            return np.full((len(X), 2), 2.0)

    class Short(Recorder):
        def decision_function(self, X):
            return np.zeros((len(X), 3))

    detectors = {"endless": Endless(), "sure": Sure(), "short": Short()}
    errors = compare_detectors(detectors, X, Y, test=TEST).errors
    assert "decision_function must return finite scores" in errors["endless"]
    assert "probabilities, from 0 to 1; got values from 2 to 2" in errors["sure"]
    assert r"shape (30, 2); got shape (30, 3)" in errors["short"]


def test_each_image_is_scored_once_and_without_a_seed_the_draws_have_one():
    class Counting(Recorder):
        """One of ours: labels follow from scores, in one pass."""

        def score_images(self, X):
            self.n_seen_ = getattr(self, "n_seen_", 0) + len(X)
            values = np.tile([0.25, 0.75], (len(X), 1))
            return Scores.decide(self.classes_, values, are_probabilities=True)

    detectors = {"alone": Counting(), "last": make_pipeline("passthrough", Counting())}
    comparison = compare_detectors(detectors, X, Y, test=TEST)
    assert comparison.errors == {}
    assert comparison.detectors["alone"].n_seen_ == 30
    assert comparison.detectors["last"][-1].n_seen_ == 30
    assert (comparison.predictions["score"] == 0.75).all()
    assert comparison.table["brier_score"].notna().all()
    assert isinstance(comparison.settings["random_state"], int)


# Checks of what is given


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cv": None}, r"Either cv or test must be given; got neither\. Use cv=5"),
        ({"test": TEST}, "Either cv or test must be given; got both"),
        ({"detectors": [DummyClassifier()]}, "must be an instance of 'dict'"),
        ({"detectors": {}}, "detectors must hold at least one detector; got none"),
        ({"detectors": {"a": 3}}, r"detectors\['a'\] must be a classifier with fit"),
        ({"detectors": {"a": SVC}}, r"got the class SVC\. Use SVC\(\)\."),
        ({"detectors": {1: SVC()}}, "must have names of type str; got 1"),
        ({"pos_label": "fake"}, r"one of the labels \[0, 1\]; got 'fake'"),
        (
            {"target_names": ["a", "b", "c"]},
            r"2 different names, of the labels \[0, 1\]",
        ),
        ({"target_names": ["a", "a"]}, r"different names.*got \['a', 'a'\]"),
        (
            {"y": Y[:50]},
            "y must hold a label for each image of X; got 50 labels for 60",
        ),
        ({"y": np.zeros(60)}, "y must hold at least two classes; got one class"),
        ({"cv": None, "test": (X_TEST,)}, r"a pair \(X_test, y_test\); got 1 items"),
        ({"cv": None, "test": X_TEST}, "'test' parameter of compare_detectors must be"),
        (
            {"cv": None, "test": (X_TEST, Y_TEST[:9])},
            r"test\[1\] must hold a label for each image of test\[0\]; got 9 labels",
        ),
        (
            {"cv": None, "test": (X_TEST, Y_TEST + 1)},
            r"test must hold labels of y, \[0, 1\]; got",
        ),
        ({"X": X.reshape(60, 1, 2, 8)}, r"Use X\.transpose\(0, 2, 3, 1\)"),
        (
            {"X": ["nowhere.png"] * 60},
            "60 of 60 .* 'nowhere.png': there is no such file",
        ),
        (
            {"cv": [(np.flatnonzero(Y == 0), np.flatnonzero(Y))]},
            "images of each class to train on; got fold 0 without the class",
        ),
        ({"cv": 1}, "'cv' parameter of compare_detectors must be"),
    ],
)
def test_what_can_not_be_compared_is_refused_with_a_reason(change, message):
    arguments = {"detectors": {"it": DummyClassifier()}, "X": X, "y": Y, "cv": 2}
    arguments |= change
    with pytest.raises((TypeError, ValueError, OSError), match=message):
        compare_detectors(**arguments)


def test_pos_label_has_no_meaning_for_several_classes():
    with pytest.raises(ValueError, match="must be None for more than two classes"):
        compare_detectors(
            {"it": DummyClassifier()}, X, np.arange(60) % 3, cv=2, pos_label=1
        )


def test_bad_test_images_are_told_from_bad_training_images():
    with pytest.raises(ValueError, match="finite") as raised:
        compare_detectors(
            {"it": DummyClassifier()}, X, Y, test=(X_TEST * np.nan, Y_TEST)
        )
    assert raised.value.__notes__ == ["This X is test[0] of compare_detectors."]


def test_a_detector_that_can_not_be_cloned_stops_before_any_is_fitted():
    class Stubborn(Recorder):
        def __init__(self, size=1):
            self.size = size + 1

    with pytest.raises(RuntimeError, match="Cannot clone"):
        clone(Stubborn())
    detectors = {"first": Failing(error=KeyboardInterrupt), "stubborn": Stubborn()}
    with pytest.raises(RuntimeError, match="Cannot clone"):
        compare_detectors(detectors, X, Y, cv=2)


# Detectors that were compared apart


def test_joined_comparisons_are_as_if_made_at_once():
    detectors = {
        "tree": DecisionTreeClassifier(max_depth=2, random_state=0),
        "bad": Failing(),
        "logistic": LogisticRegression(),
    }
    at_once = compare_detectors(detectors, X, Y, test=TEST, random_state=0)
    first, *others = (
        compare_detectors({name: detector}, X, Y, test=TEST, random_state=0)
        for name, detector in detectors.items()
    )
    joined = first.join(*others)
    assert isinstance(joined, Comparison)
    metrics = [name for name in at_once.table if not name.endswith("seconds")]
    pd.testing.assert_frame_equal(joined.table[metrics], at_once.table[metrics])
    pd.testing.assert_frame_equal(joined.differences, at_once.differences)
    pd.testing.assert_frame_equal(joined.predictions, at_once.predictions)
    assert joined.settings["detectors"] == at_once.settings["detectors"]
    assert set(joined.thumbnails) == set(at_once.thumbnails)
    assert list(joined.detectors) == list(detectors)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "tree"}, "different names; got 'tree'"),
        ({"test": (X_TEST, 1 - Y_TEST)}, "same test images, labels and folds"),
        ({"test": (X_TEST[1:], Y_TEST[1:])}, "same test images, labels and folds"),
        ({"target_names": ["REAL", "FAKE"]}, "of the classes"),
    ],
)
def test_what_can_not_be_joined_is_refused_with_a_reason(change, message):
    first = compare_detectors({"tree": DecisionTreeClassifier()}, X, Y, test=TEST)
    name = change.get("name", "other")
    options = {"test": TEST} | {k: v for k, v in change.items() if k != "name"}
    second = compare_detectors({name: DummyClassifier()}, X, Y, **options)
    with pytest.raises(ValueError, match=message):
        first.join(second)


# Generators


GENERATORS = np.where(Y, np.array(["glide", "sdxl", "flux"])[np.arange(60) // 20], "")
LOGISTIC = {"logistic": LogisticRegression()}


def test_generators_stand_beside_the_predictions_and_in_a_table():
    found = compare_detectors(LOGISTIC, X, Y, cv=3, generators=GENERATORS)
    images = found.predictions["image"]
    assert found.predictions["generator"].tolist() == GENERATORS[images].tolist()
    expected = tabulate_generators(found.predictions, GENERATORS)
    pd.testing.assert_frame_equal(found.generators, expected)
    assert compare_detectors(LOGISTIC, X, Y, cv=3).generators.empty


def test_with_test_images_generators_are_theirs():
    test = X[40:], Y[40:]
    found = compare_detectors(
        LOGISTIC, X[:40], Y[:40], test=test, generators=GENERATORS[40:]
    )
    assert found.generators.index.tolist() == [("logistic", "flux")]


def test_a_splitter_by_generators_gets_them():
    found, expected = (
        compare_detectors(LOGISTIC, X, Y, cv=cv, generators=GENERATORS)
        for cv in (
            LeaveOneGeneratorOut(random_state=0),
            LeaveOneGeneratorOut(random_state=0).split(X, Y, GENERATORS),
        )
    )
    pd.testing.assert_frame_equal(found.predictions, expected.predictions)
    assert found.generators["n_fakes"].tolist() == [10, 10, 10]


def test_a_splitter_by_generators_leaves_out_what_the_comparison_calls_fake():
    # The lesser label means fake, which the names alone say.
    found = compare_detectors(
        LOGISTIC,
        X,
        1 - Y,
        cv=LeaveOneGeneratorOut(random_state=0),
        generators=GENERATORS,
        target_names=["ai", "camera"],
    )
    assert found.pos_label == 0
    fakes = found.predictions.query("target == 0")
    assert fakes.groupby("fold")["generator"].nunique().tolist() == [1, 1, 1]


def test_seeds_do_not_multiply_the_fakes():
    sgd = {"it": make_pipeline(SGDClassifier())}
    found = compare_detectors(sgd, X, Y, test=TEST, seeds=[0, 1], n_resamples=0)
    alone = compare_detectors(
        sgd, X, Y, cv=2, seeds=[0, 1, 2], generators=GENERATORS, n_resamples=0
    )
    assert found.generators.empty
    assert alone.generators["n_fakes"].tolist() == [10, 10, 10]


def test_joined_and_without_leaks_the_table_by_generator_is_made_anew():
    options = {"test": (X, Y), "generators": GENERATORS, "n_resamples": 0}
    with pytest.warns(UserWarning, match="to the pixel"):
        one = compare_detectors(LOGISTIC, X[:30], Y[:30], **options)
    with pytest.warns(UserWarning, match="to the pixel"):
        two = compare_detectors({"two": Recorder()}, X[:30], Y[:30], **options)
    names = one.join(two).generators.index.unique("detector")
    assert names.tolist() == ["logistic", "two"]
    assert one.without_leaks().generators["n_fakes"].tolist() == [10, 5]


@pytest.mark.parametrize(
    ("generators", "message"),
    [
        (GENERATORS[1:], "generators must hold one for each test image; got 59 for 60"),
        (np.where(Y, None, ""), "must name the generator of each fake; got None or"),
    ],
)
def test_generators_that_do_not_fit_are_refused(generators, message):
    with pytest.raises(ValueError, match=message):
        compare_detectors(LOGISTIC, X, Y, cv=2, generators=generators)


def test_what_was_resized_is_kept_and_warned_of_once_for_all_fits():
    large, y = make_images(40, image_size=128, return_X_y=True, random_state=0)
    detectors = {
        "small": SVMDetector(),
        "piped": make_pipeline(SVMDetector()),
        "none": Recorder(),
        "tiled": TiledDetector(SVMDetector(), tile_size=64),
    }
    options = {"cv": 2, "check_data": False}
    with pytest.warns(UserWarning, match="^40 images of 128 x 128 pixels") as caught:
        found = compare_detectors(detectors, large, y, **options)
    assert [warning.filename for warning in caught] == [__file__]
    said = "128 x 128 pixels, resized to 32 x 32"
    assert found.settings["image_sizes"] == {"small": said, "piped": said}
    assert f"small, piped: {said}." in str(found)
    with pytest.warns(UserWarning, match="^40 images of 128 x 128 pixels"):
        compare_generators(
            {"small": SVMDetector()}, large, y, np.tile(["a", "a", "b", "b"], 10)
        )
