"""What a user may do with any detector, the same for all.

A detector of each class is fitted once, and asked for what its network or machine may
answer differently. What all inherit is tested on the fastest of each kind: a machine,
a network, and tiles around a machine.
"""

import pickle
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    StratifiedGroupKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfake import load_detector, save_detector
from skfake.images import UnreadableImages, fingerprint_images
from skfake.training_images import find_fingerprints
from tests.detectors.instances import DETECTORS

# The fastest of each kind, with a parameter of its own and values worth a search.
KINDS = {
    "SVM": {"C": [0.1, 1.0]},
    "CNN": {"lr": [0.001, 0.005]},
    "tiled SVM": {"overlap": [0.0, 0.5]},
}
FORMATS = ["images", "paths", "rows"]
# Other forms of the same images, of which an answer is the same to the last bit; more
# scales are in tests/test_validation.py.
FORMS = {
    "a list of arrays": list,
    "rows": lambda X: X.reshape(len(X), -1),
    "16 bits": lambda X: X.astype(np.uint16) * 257,
    "floats of 0 to 255": lambda X: X.astype(np.float32),
    "tensors of 0 to 1": lambda X: torch.from_numpy(X / 255).permute(0, 3, 1, 2),
    "images of Pillow": lambda X: [Image.fromarray(image) for image in X],
    "encoded bytes": lambda X: [encode(image) for image in X],
    "a column of encoded bytes": lambda X: pd.DataFrame({"image": map(encode, X)}),
}
EACH_DETECTOR = pytest.mark.parametrize("name", DETECTORS)
EACH_KIND = pytest.mark.parametrize("name", KINDS)


def encode(image):
    with BytesIO() as file:
        Image.fromarray(image).save(file, "PNG")
        return file.getvalue()


@pytest.fixture(scope="module")
def formats(stripes, tmp_path_factory):
    """The same images as an array, as files and as rows."""
    folder = tmp_path_factory.mktemp("stripes")
    images = stripes[0]
    paths = [str(folder / f"{i}.png") for i in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return {"images": images, "paths": paths, "rows": images.reshape(len(images), -1)}


@pytest.fixture(params=FORMATS)
def X(request, formats):
    return formats[request.param]


@pytest.fixture(scope="module")
def y(stripes):
    return stripes[1]


def new(name, **parameters):
    return clone(DETECTORS[name]).set_params(**parameters)


def scores_of(detector, X):
    if hasattr(detector, "predict_proba"):
        return detector.predict_proba(X)
    return detector.decision_function(X)


# Each detector, fitted once


@EACH_DETECTOR
def test_every_detector_learns(name, fitted_detector, stripes):
    assert fitted_detector(name).score(*stripes) > 0.9


@EACH_DETECTOR
@pytest.mark.parametrize("form", ["paths", *FORMS])
def test_every_form_of_X_gets_the_same_scores(name, form, fitted_detector, formats):
    detector, images = fitted_detector(name), formats["images"]
    X = formats["paths"] if form == "paths" else FORMS[form](images)
    assert np.array_equal(scores_of(detector, X), scores_of(detector, images))


@EACH_DETECTOR
def test_images_of_other_sizes_and_ragged_lists_are_judged(
    name, fitted_detector, stripes
):
    detector, X = fitted_detector(name), stripes[0]
    images = [image[:, : 16 - i] for i, image in enumerate(X[:4])]
    assert scores_of(detector, images).shape == scores_of(detector, X[:4]).shape
    assert len(detector.predict(X.repeat(2, axis=1).repeat(2, axis=2))) == 40


@EACH_DETECTOR
def test_neighbours_do_not_change_an_answer(name, fitted_detector, stripes):
    detector, X = fitted_detector(name), stripes[0]
    alone = np.concatenate([scores_of(detector, X[i : i + 1]) for i in range(6)])
    assert np.allclose(alone, scores_of(detector, X)[:6], atol=1e-6)


@EACH_DETECTOR
def test_rows_of_another_length_than_the_images_fitted_on_are_refused(
    name, fitted_detector
):
    with pytest.raises(ValueError, match="X has 10 features, but"):
        fitted_detector(name).predict(np.zeros((2, 10)))


@EACH_DETECTOR
def test_a_pickle_gives_the_same_scores(name, fitted_detector, stripes):
    detector, X = fitted_detector(name), stripes[0]
    copy = pickle.loads(pickle.dumps(detector))
    assert np.array_equal(scores_of(copy, X), scores_of(detector, X))


@EACH_DETECTOR
def test_a_clone_holds_the_parameters_and_nothing_learned(name, fitted_detector):
    detector = fitted_detector(name)
    copy = clone(detector)
    # A clone of what is within is another object, with the same parameters.
    params, expected = (
        {k: v for k, v in d.get_params().items() if not hasattr(v, "get_params")}
        for d in (copy, detector)
    )
    assert params == expected
    assert not hasattr(copy, "classes_")


@EACH_DETECTOR
def test_the_callers_random_numbers_are_left_alone(name, stripes):
    detector = new(name, random_state=None)
    if "max_epochs" in detector.get_params():
        detector.set_params(max_epochs=1)
    np.random.seed(1)
    torch.manual_seed(1)
    expected = np.random.rand(), torch.rand(1).item()
    np.random.seed(1)
    torch.manual_seed(1)
    detector.fit(*stripes).predict(stripes[0])
    assert (np.random.rand(), torch.rand(1).item()) == expected


@EACH_DETECTOR
def test_the_same_images_in_another_order_give_the_same_detector(
    name, fitted_detector, stripes
):
    X, y = stripes
    order = np.random.default_rng(0).permutation(len(X) + 4)
    X_more = np.concatenate([X, 255 - X[:4]])[order]
    y_more, weights = np.append(y, y[:4])[order], (order < len(X)).astype(float)
    other = new(name).fit(X_more, y_more, sample_weight=weights)
    detector = fitted_detector(name)
    assert np.array_equal(scores_of(other, X), scores_of(detector, X))
    assert np.array_equal(other.fingerprints_, detector.fingerprints_)


@EACH_DETECTOR
def test_all_answers_agree(name, fitted_detector, stripes):
    detector, X = fitted_detector(name), stripes[0]
    distances = detector.decision_function(X)
    assert np.array_equal(detector.predict(X), detector.classes_[(distances > 0) * 1])
    assert hasattr(detector, "predict_log_proba") == hasattr(detector, "predict_proba")
    if hasattr(detector, "predict_proba"):
        logarithms = detector.predict_log_proba(X)
        assert np.allclose(np.exp(logarithms), detector.predict_proba(X), atol=1e-12)
        assert np.allclose(logarithms[:, 1] - logarithms[:, 0], distances)


@pytest.mark.parametrize(
    "name", [name for name, detector in DETECTORS.items() if hasattr(detector, "lr")]
)
def test_the_last_layer_makes_answers_of_the_embedding(name, fitted_detector, stripes):
    detector, X = fitted_detector(name), stripes[0]
    embedding = detector.transform(X)
    assert embedding.dtype == np.float32
    assert len(detector.get_feature_names_out()) == embedding.shape[1]
    layers = list(detector.net_.module_.modules())
    head = [layer for layer in layers if isinstance(layer, torch.nn.Linear)][-1]
    with torch.inference_mode():
        logits = head(torch.from_numpy(embedding)).numpy()
    expected = detector.decision_function(X)
    assert np.allclose(logits[:, 1] - logits[:, 0], expected, atol=1e-4)


@EACH_DETECTOR
def test_a_detector_knows_its_training_images_again(name, fitted_detector, stripes):
    detector, X = fitted_detector(name), stripes[0]
    expected = np.unique(fingerprint_images(X))
    assert detector.fingerprints_.dtype == np.uint64
    assert np.array_equal(detector.fingerprints_, expected)
    assert np.array_equal(detector.image_sizes_, [[16, 16]] * 3)
    searched = SimpleNamespace(best_estimator_=make_pipeline(detector))
    assert np.array_equal(find_fingerprints(searched), expected)


@EACH_DETECTOR
def test_a_file_keeps_what_was_learned_of_labels_and_images(
    name, fitted_detector, stripes, tmp_path
):
    detector = fitted_detector(name)
    assert detector.pos_label_ == 1
    save_detector(detector, tmp_path / "detector.skfake")
    for copy in (
        load_detector(tmp_path / "detector.skfake"),
        pickle.loads(pickle.dumps(detector)),
    ):
        assert copy.pos_label_ == 1
        assert np.array_equal(copy.fingerprints_, detector.fingerprints_)
        assert np.array_equal(copy.image_sizes_, detector.image_sizes_)
        assert np.array_equal(
            scores_of(copy, stripes[0]), scores_of(detector, stripes[0])
        )


@EACH_DETECTOR
def test_the_form_of_other_outputs_changes_no_answer(name, fitted_detector, stripes):
    detector, X = fitted_detector(name), stripes[0][:4]
    expected = scores_of(detector, X)
    with config_context(transform_output="pandas"):
        assert np.array_equal(scores_of(detector, X), expected)


# What is refused before anything is learned


@EACH_DETECTOR
def test_predicting_before_fitting_is_refused(name, stripes):
    with pytest.raises(NotFittedError):
        new(name).predict(stripes[0])


@EACH_DETECTOR
def test_one_class_is_refused(name, stripes):
    with pytest.raises(ValueError, match="y must hold at least two classes; got one"):
        new(name).fit(stripes[0], np.zeros(40, dtype=int))


@EACH_DETECTOR
def test_lengths_of_X_and_y_must_agree(name, formats, y):
    for form in ("images", "paths"):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            new(name).fit(formats[form], y[:-1])


@EACH_DETECTOR
def test_all_broken_files_among_the_images_are_named(
    name, fitted_detector, formats, tmp_path
):
    for i in (2, 43):
        (tmp_path / f"broken{i}.png").write_bytes(b"")
    broken = [str(tmp_path / f"broken{i}.png") for i in (2, 43)]
    paths = [*formats["paths"][:2], broken[0], *formats["paths"], broken[1]]
    detectors = {"fit": new(name), "predict": fitted_detector(name)}
    for method, detector in detectors.items():
        y = [np.arange(44) % 2] if method == "fit" else []
        with pytest.raises(UnreadableImages) as caught:
            getattr(detector, method)(paths, *y)
        assert list(caught.value.reasons) == [2, 43]
        assert all(path in str(caught.value) for path in broken)


# What is learned, by each kind


@EACH_KIND
@pytest.mark.parametrize("form", ["paths", *FORMS])
def test_the_same_is_learned_from_every_form_of_X(name, form, fitted_detector, formats):
    images = formats["images"]
    X = formats["paths"] if form == "paths" else FORMS[form](images)
    detector = new(name).fit(X, np.arange(40) % 2)
    expected = fitted_detector(name)
    assert np.array_equal(scores_of(detector, images), scores_of(expected, images))
    assert np.array_equal(detector.fingerprints_, expected.fingerprints_)
    assert detector.pixel_range_ is None


@EACH_KIND
def test_rows_have_the_shape_of_the_images_fitted_on(name, stripes):
    X, y = stripes
    wide = np.concatenate([X[:, :8], X[:, 8:]], axis=2)
    detector = new(name).fit(wide, y)
    rows = wide.reshape(len(wide), -1)
    assert np.allclose(scores_of(detector, rows), scores_of(detector, wide))


@EACH_KIND
@pytest.mark.parametrize(
    "labels",
    [np.array(["real", "fake"]), np.array([True, False]), np.array([3, -1])],
    ids=["strings", "booleans", "integers"],
)
def test_labels_come_back_as_they_were(name, stripes, labels):
    X, codes = stripes
    detector = new(name).fit(X, labels[codes])
    assert np.array_equal(detector.classes_, np.unique(labels))
    assert detector.predict(X).dtype == labels.dtype
    assert detector.score(X, labels[codes]) > 0.9


@pytest.mark.parametrize("name", [*KINDS, "SVM with probabilities"])
def test_three_classes_are_told_apart(name, stripes):
    X, codes = stripes
    X, y = X.copy(), codes.copy()
    y[::3] = 2
    X[::3] = 128
    detector = new(name).fit(X, y)
    assert scores_of(detector, X).shape == (40, 3)
    assert detector.score(X, y) > 0.9


@EACH_KIND
def test_fitting_again_forgets_what_was_learned_of_X(name, stripes, formats):
    detector = new(name).fit(*stripes)
    assert detector.n_features_in_ == 16 * 16 * 3
    assert detector.image_shape_ == (16, 16, 3)
    detector.fit(formats["paths"], stripes[1])
    assert not hasattr(detector, "n_features_in_")


@EACH_KIND
def test_a_seed_gives_the_same_detector_twice(name, fitted_detector, stripes):
    again = new(name).fit(*stripes)
    expected = scores_of(fitted_detector(name), stripes[0])
    assert np.array_equal(scores_of(again, stripes[0]), expected)


@EACH_KIND
def test_what_means_fake_is_said_or_follows_from_names(name, stripes):
    X, codes = stripes
    y = np.array(["camera", "other"])[codes]
    assert new(name).fit(X, y).pos_label_ == "other"
    said = new(name, pos_label="camera").fit(X, y)
    assert said.pos_label_ == "camera"
    y[codes == 1] = np.array(["a", "b"])[np.arange(20) % 2]
    assert new(name).fit(X, y).pos_label_ == ["a", "b"]
    assert new(name).fit(X, np.array(["x", "y"])[codes]).pos_label_ is None
    with pytest.raises(ValueError, match=r"pos_label must be one of .* got 'fake'"):
        new(name, pos_label="fake").fit(X, y)


@EACH_KIND
def test_weights_say_which_images_count(name, stripes):
    X, y = stripes
    wrong = 1 - y
    X_both, y_both = np.concatenate([X, X]), np.append(y, wrong)
    weights = np.repeat([1.0, 0.01], 40)
    assert new(name).fit(X_both, y_both, sample_weight=weights).score(X, y) > 0.9
    against = new(name).fit(X_both, y_both, sample_weight=weights[::-1])
    assert against.score(X, wrong) > 0.9


@EACH_KIND
def test_weights_are_relative_where_they_repeat_no_images(name, stripes):
    X, y = stripes
    weights = np.linspace(0.5, 1.5, 40)
    first, second = (
        new(name).fit(X, y, sample_weight=factor * weights) for factor in (1, 1 / 64)
    )
    assert np.array_equal(scores_of(first, X), scores_of(second, X))


@EACH_KIND
@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.zeros(40), "zero"),
        (np.linspace(-1, 1, 40), "[Nn]egative"),
        (np.ones(39), r"sample_weight.shape == \(39,\), expected \(40,\)"),
    ],
)
def test_false_weights_are_refused(name, weights, words, stripes):
    with pytest.raises(ValueError, match=words):
        new(name).fit(*stripes, sample_weight=weights)


@pytest.mark.parametrize("name", ["SVM", "CNN"])
def test_images_that_are_made_many_times_smaller_are_warned_of(name, stripes):
    X, y = stripes
    large = X.repeat(8, axis=1).repeat(8, axis=2)
    sizes = "40 images of 128 x 128 pixels are resized to"
    with pytest.warns(UserWarning, match=f"{sizes} .* Try TiledDetector"):
        new(name).fit(large, y)
    ragged = [*large[:39], X[39]]
    sizes = r"128 x 128 pixels \(median; 16 x 16 to 128 x 128\) are resized to"
    with pytest.warns(UserWarning, match=sizes):
        detector = new(name).fit(ragged, y)
    assert detector.image_sizes_.tolist() == [[16, 16], [128, 128], [128, 128]]


@EACH_KIND
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_detector_is_fitted_whatever_transformers_are_to_give(
    name, library, fitted_detector, stripes
):
    pytest.importorskip(library)
    with config_context(transform_output=library):
        detector = new(name).fit(*stripes)
        found = scores_of(detector, stripes[0])
    assert np.array_equal(found, scores_of(fitted_detector(name), stripes[0]))


# Inside scikit-learn: each of its tools with a machine, every format with each tool


@pytest.fixture
def machine():
    return new("SVM")


def test_in_a_pipeline(machine, X, y):
    pipeline = make_pipeline(FunctionTransformer(), machine)
    assert pipeline.fit(X, y).score(X, y) > 0.9


def test_in_cross_validate_with_several_scorers(machine, X, y):
    scoring = ["accuracy", "roc_auc", "average_precision", "f1"]
    result = cross_validate(machine, X, y, cv=2, scoring=scoring)
    for name in scoring:
        assert result[f"test_{name}"].min() > 0.8


def test_in_a_halving_grid_search(machine, X, y):
    search = HalvingGridSearchCV(
        machine, KINDS["SVM"], cv=2, min_resources=20, factor=2, random_state=0
    )
    assert search.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize("name", ["SVM", "SVM with probabilities"])
def test_in_calibration(name, X, y):
    calibrated = CalibratedClassifierCV(new(name), cv=2).fit(X, y)
    assert calibrated.score(X, y) > 0.9


def test_in_a_tuned_threshold(machine, X, y):
    tuned = TunedThresholdClassifierCV(machine, scoring="f1", cv=2).fit(X, y)
    assert tuned.score(X, y) > 0.9


def test_in_stacking(machine, X, y):
    estimators = [("a", machine), ("b", new("SVM with probabilities"))]
    stack = StackingClassifier(estimators, LogisticRegression(), cv=2)
    assert stack.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize(
    ("name", "voting"), [("SVM", "hard"), ("SVM with probabilities", "soft")]
)
def test_in_voting(name, voting, X, y):
    estimators = [("a", new(name)), ("b", new(name))]
    assert VotingClassifier(estimators, voting=voting).fit(X, y).score(X, y) > 0.9


def test_in_bagging_of_flat_rows(machine, formats, y):
    rows = formats["rows"]
    bagging = BaggingClassifier(machine, n_estimators=2, random_state=0)
    assert bagging.fit(rows, y).score(rows, y) > 0.9


def test_in_a_learning_curve(machine, X, y):
    sizes, _, scores = learning_curve(
        machine, X, y, cv=2, train_sizes=[0.5, 1.0], shuffle=True, random_state=0
    )
    assert list(sizes) == [10, 20]
    assert scores.shape == (2, 2)


@pytest.mark.parametrize(
    ("name", "method"),
    [("SVM", "decision_function"), ("SVM with probabilities", "predict_proba")],
)
def test_in_cross_val_predict(name, method, X, y):
    assert len(cross_val_predict(new(name), X, y, cv=2, method=method)) == 40


def test_with_metadata_routing(machine, X, y):
    with config_context(enable_metadata_routing=True):
        result = cross_validate(
            machine,
            X,
            y,
            cv=StratifiedGroupKFold(2),
            params={"groups": np.repeat(np.arange(8), 5)},
            scoring="accuracy",
        )
    assert len(result["test_score"]) == 2


@EACH_KIND
def test_in_boosting_which_weighs_what_was_mistaken(name, stripes):
    X, y = stripes
    boosted = AdaBoostClassifier(new(name), n_estimators=2, random_state=0)
    assert boosted.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize("routing", [False, True])
def test_weights_are_passed_on_by_cross_validation(machine, X, y, routing):
    weights = np.where(y == 1, 1.0, 1e-4)
    with config_context(enable_metadata_routing=routing):
        scorer = make_scorer(recall_score)
        if routing:
            machine.set_fit_request(sample_weight=True)
            scorer.set_score_request(sample_weight=False)
        result = cross_validate(
            machine, X, y, cv=2, params={"sample_weight": weights}, scoring=scorer
        )
    assert np.array_equal(result["test_score"], [1, 1])


# Inside scikit-learn: each kind, once through all that its class has a part in


@pytest.mark.parametrize("name", [*KINDS, "tiled Compact"])
def test_each_kind_is_searched_calibrated_and_scored_in_two_processes(name, X, y):
    parameter, values = next(iter(KINDS.get(name, KINDS["tiled SVM"]).items()))
    calibrated = CalibratedClassifierCV(new(name), cv=2)
    pipeline = make_pipeline(FunctionTransformer(), calibrated)
    grid = {f"calibratedclassifiercv__estimator__{parameter}": values}
    search = GridSearchCV(
        pipeline,
        grid,
        scoring=["accuracy", "roc_auc"],
        refit="accuracy",
        cv=2,
        n_jobs=2,
    )
    assert search.fit(X, y).best_score_ > 0.8
    assert search.score(X, y) > 0.9


def test_all_kinds_are_stacked_and_vote(X, y):
    members = [(name, new(name)) for name in KINDS]
    stack = StackingClassifier(members, LogisticRegression(), cv=2).fit(X, y)
    assert stack.score(X, y) > 0.9
    vote = VotingClassifier(members).fit(X, y)
    assert vote.score(X, y) > 0.9


@pytest.mark.parametrize("name", DETECTORS)
def test_each_class_takes_the_parameters_that_a_search_sets(name):
    parameters = new(name).get_params()
    parameter = next(p for p in ("lr", "overlap", "C") if p in parameters)
    changed = new(name).set_params(**{parameter: 0.25})
    assert clone(changed).get_params()[parameter] == 0.25
    assert new(name).get_params()[parameter] == parameters[parameter] != 0.25
