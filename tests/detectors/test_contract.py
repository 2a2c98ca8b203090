"""What a user may do with any detector, the same for all."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
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

import skfake
from tests.detectors.instances import DETECTORS

# A plain parameter of each kind of detector, with two values worth a search.
GRIDS = {name: {"lr": [0.001, 0.005]} for name in skfake.__all__}
GRIDS["SVMDetector"] = {"C": [0.1, 1.0]}
GRIDS["DenseNetDetector"] = {"lr": [0.001, 0.002]}
GRIDS["TiledDetector"] = {"overlap": [0.0, 0.5]}


@pytest.fixture(params=DETECTORS, scope="module")
def detector(request):
    return DETECTORS[request.param]


@pytest.fixture
def grid(detector):
    return GRIDS[type(detector).__name__]


@pytest.fixture(scope="module")
def paths(stripes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stripes")
    names = [folder / f"{i}.png" for i in range(len(stripes[0]))]
    for name, image in zip(names, stripes[0], strict=True):
        Image.fromarray(image).save(name)
    return [str(name) for name in names]


@pytest.fixture(params=["images", "paths", "rows"])
def X(request, stripes, paths):
    images = stripes[0]
    forms = {"images": images, "paths": paths, "rows": images.reshape(len(images), -1)}
    return forms[request.param]


@pytest.fixture(scope="module")
def y(stripes):
    return stripes[1]


@pytest.fixture(scope="module")
def fitted(detector, stripes):
    return clone(detector).fit(*stripes)


def scores_of(detector, X):
    if hasattr(detector, "predict_proba"):
        return detector.predict_proba(X)
    return detector.decision_function(X)


# The forms of X and y


def test_every_form_of_X_is_learned_from(detector, X, y):
    assert clone(detector).fit(X, y).score(X, y) > 0.9


def test_every_form_of_X_gets_the_same_scores(fitted, X, stripes):
    assert np.allclose(scores_of(fitted, X), scores_of(fitted, stripes[0]))


def test_rows_have_the_shape_of_the_images_fitted_on(detector, stripes):
    X, y = stripes
    wide = np.concatenate([X[:, :8], X[:, 8:]], axis=2)
    detector = clone(detector).fit(wide, y)
    rows = wide.reshape(len(wide), -1)
    assert np.allclose(scores_of(detector, rows), scores_of(detector, wide))


def test_images_of_other_sizes_and_ragged_lists_are_judged(fitted, stripes):
    images = [image[:, : 16 - i] for i, image in enumerate(stripes[0][:4])]
    assert scores_of(fitted, images).shape == scores_of(fitted, stripes[0][:4]).shape
    assert len(fitted.predict(stripes[0].repeat(2, axis=1).repeat(2, axis=2))) == 40


def test_floats_are_judged_as_their_bytes_but_for_rounding(fitted, stripes):
    images = stripes[0]
    assert np.allclose(
        scores_of(fitted, images / 255), scores_of(fitted, images), atol=0.1
    )


@pytest.mark.parametrize(
    "labels",
    [np.array(["real", "fake"]), np.array([True, False]), np.array([3, -1])],
    ids=["strings", "booleans", "integers"],
)
def test_labels_come_back_as_they_were(detector, stripes, labels):
    X, codes = stripes
    detector = clone(detector).fit(X, labels[codes])
    assert np.array_equal(detector.classes_, np.unique(labels))
    assert detector.predict(X).dtype == labels.dtype
    assert detector.score(X, labels[codes]) > 0.9


def test_three_classes_are_told_apart(detector, stripes):
    X, codes = stripes
    X, y = X.copy(), codes.copy()
    y[::3] = 2
    X[::3] = 128
    detector = clone(detector).fit(X, y)
    assert scores_of(detector, X).shape == (40, 3)
    assert detector.score(X, y) > 0.9


def test_one_class_is_refused(detector, stripes):
    with pytest.raises(ValueError, match="y must hold at least two classes; got one"):
        clone(detector).fit(stripes[0], np.zeros(40, dtype=int))


def test_lengths_of_X_and_y_must_agree(detector, stripes, paths):
    for X in (stripes[0], paths):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            clone(detector).fit(X, stripes[1][:-1])


def test_rows_of_another_length_than_the_images_fitted_on_are_refused(fitted):
    with pytest.raises(ValueError, match="X has 10 features, but"):
        fitted.predict(np.zeros((2, 10)))


def test_a_broken_file_among_the_images_is_named(detector, paths, y, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    with pytest.raises(ValueError, match=r"broken\.png"):
        clone(detector).fit([*paths, str(broken)], [*y, 0])


def test_predicting_before_fitting_is_refused(detector, stripes):
    with pytest.raises(NotFittedError):
        clone(detector).predict(stripes[0])


def test_fitting_again_forgets_what_was_learned_of_X(detector, stripes, paths):
    detector = clone(detector).fit(*stripes)
    assert detector.n_features_in_ == 16 * 16 * 3
    assert detector.image_shape_ == (16, 16, 3)
    detector.fit(paths, stripes[1])
    assert not hasattr(detector, "n_features_in_")


# Inside scikit-learn


def test_in_a_pipeline(detector, X, y):
    pipeline = make_pipeline(FunctionTransformer(), clone(detector))
    assert pipeline.fit(X, y).score(X, y) > 0.9


def test_in_cross_validate_with_several_scorers(detector, X, y):
    scoring = ["accuracy", "roc_auc", "average_precision", "f1"]
    result = cross_validate(clone(detector), X, y, cv=2, scoring=scoring)
    for name in scoring:
        assert result[f"test_{name}"].min() > 0.8


def test_in_a_grid_search_in_two_processes(detector, grid, X, y):
    search = GridSearchCV(clone(detector), grid, cv=2, n_jobs=2)
    assert search.fit(X, y).best_score_ > 0.8


def test_in_a_halving_grid_search(detector, grid, X, y):
    search = HalvingGridSearchCV(
        clone(detector), grid, cv=2, min_resources=20, factor=2, random_state=0
    )
    assert search.fit(X, y).score(X, y) > 0.9


def test_in_calibration(detector, X, y):
    calibrated = CalibratedClassifierCV(clone(detector), cv=2).fit(X, y)
    assert calibrated.score(X, y) > 0.9


def test_in_a_tuned_threshold(detector, X, y):
    tuned = TunedThresholdClassifierCV(clone(detector), scoring="f1", cv=2).fit(X, y)
    assert tuned.score(X, y) > 0.9


def test_in_stacking(detector, X, y):
    estimators = [("a", clone(detector)), ("b", clone(detector))]
    stack = StackingClassifier(estimators, LogisticRegression(), cv=2)
    assert stack.fit(X, y).score(X, y) > 0.9


def test_in_voting(detector, X, y):
    voting = "soft" if hasattr(detector, "predict_proba") else "hard"
    estimators = [("a", clone(detector)), ("b", clone(detector))]
    assert VotingClassifier(estimators, voting=voting).fit(X, y).score(X, y) > 0.9


def test_in_bagging_of_flat_rows(detector, stripes):
    X, y = stripes
    rows = X.reshape(len(X), -1)
    bagging = BaggingClassifier(clone(detector), n_estimators=2, random_state=0)
    assert bagging.fit(rows, y).score(rows, y) > 0.9


def test_in_a_learning_curve(detector, X, y):
    sizes, _, scores = learning_curve(
        clone(detector),
        X,
        y,
        cv=2,
        train_sizes=[0.5, 1.0],
        shuffle=True,
        random_state=0,
    )
    assert list(sizes) == [10, 20]
    assert scores.shape == (2, 2)


def test_in_cross_val_predict(detector, X, y):
    method = "predict_proba" if hasattr(detector, "predict_proba") else "predict"
    assert len(cross_val_predict(clone(detector), X, y, cv=2, method=method)) == 40


def test_with_metadata_routing(detector, X, y):
    groups = np.repeat(np.arange(8), 5)
    with config_context(enable_metadata_routing=True):
        result = cross_validate(
            clone(detector),
            X,
            y,
            cv=StratifiedGroupKFold(2),
            params={"groups": groups},
            scoring="accuracy",
        )
    assert len(result["test_score"]) == 2


# Copies


def plain_params(detector):
    """Parameters, and those of nested ones, without the nested objects themselves."""
    params = detector.get_params().items()
    return {name: value for name, value in params if not hasattr(value, "get_params")}


def test_a_pickle_gives_the_same_scores(fitted, stripes):
    copy = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(scores_of(copy, stripes[0]), scores_of(fitted, stripes[0]))


def test_a_clone_holds_the_parameters_and_nothing_learned(fitted):
    copy = clone(fitted)
    params, expected = (plain_params(d) for d in (copy, fitted))
    assert params == expected
    assert not hasattr(copy, "classes_")


def test_a_seed_gives_the_same_detector_twice(fitted, detector, stripes):
    again = clone(detector).fit(*stripes)
    assert np.array_equal(scores_of(again, stripes[0]), scores_of(fitted, stripes[0]))


def test_the_callers_random_numbers_are_left_alone(detector, stripes):
    np.random.seed(1)
    torch.manual_seed(1)
    expected = np.random.rand(), torch.rand(1).item()
    np.random.seed(1)
    torch.manual_seed(1)
    clone(detector).set_params(random_state=None).fit(*stripes).predict(stripes[0])
    assert (np.random.rand(), torch.rand(1).item()) == expected


def test_neighbours_do_not_change_an_answer(fitted, stripes):
    X = stripes[0]
    alone = np.concatenate([scores_of(fitted, image[np.newaxis]) for image in X])
    assert np.allclose(alone, scores_of(fitted, X), atol=1e-6)
