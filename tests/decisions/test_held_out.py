"""What a user may do with either deciding classifier."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import get_tags

from skfake import SVMDetector
from tests.decisions.instances import DECIDERS
from tests.detectors.instances import DETECTORS

SVM = SVMDetector(engine="scikit-learn")
RNG = np.random.default_rng(0)
Y = np.arange(80) % 2
ROWS = RNG.normal(size=(80, 4)) + Y[:, np.newaxis]


class Recorder(ClassifierMixin, BaseEstimator):
    """Remember what `fit` was given; score by the first value of a row."""

    def fit(self, X, y):
        self.seen_ = X
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        return X[:, 0]

    def predict(self, X):
        return self.classes_[(X[:, 0] > 0).astype(int)]


@pytest.fixture(params=DECIDERS)
def decider(request):
    return DECIDERS[request.param]


@pytest.fixture(params=["images", "paths", "list of arrays", "rows"])
def X(request, stripes, tmp_path):
    images = stripes[0]
    if request.param == "paths":
        paths = [str(tmp_path / f"{i}.png") for i in range(len(images))]
        for path, image in zip(paths, images, strict=True):
            Image.fromarray(image).save(path)
        return paths
    if request.param == "list of arrays":
        return [image[:, : 16 - i % 2] for i, image in enumerate(images)]
    return images if request.param == "images" else images.reshape(len(images), -1)


# The forms of X and y


@pytest.mark.parametrize(("detector", "cv"), [("SVM", 2), ("SVM", 0.5), ("CNN", 0.5)])
def test_every_form_of_images_goes_through(decider, detector, cv, X, stripes):
    fitted = decider(DETECTORS[detector], cv=cv, random_state=0).fit(X, stripes[1])
    assert fitted.score(X, stripes[1]) > 0.8


def test_tensors_are_fitted_to_with_their_channels_first(decider, stripes):
    X, y = stripes
    tensor = torch.from_numpy(X.transpose(0, 3, 1, 2).copy())
    found = decider(SVM).fit(tensor, y).decision_function(tensor)
    expected = decider(SVM).fit(X, y).decision_function(X)
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "labels", [np.array(["real", "fake"]), np.array([True, False]), np.array([3, -1])]
)
def test_labels_come_back_as_they_were(decider, labels):
    fitted = decider(LogisticRegression()).fit(ROWS, labels[Y])
    assert np.array_equal(fitted.classes_, np.unique(labels))
    assert fitted.predict(ROWS).dtype == labels.dtype
    assert fitted.score(ROWS, labels[Y]) > 0.7


def test_weights_of_classes_may_be_named_by_their_labels(decider):
    y = np.array(["real", "fake"])[Y]
    weighted = LogisticRegression(class_weight={"real": 1, "fake": 2})
    assert decider(weighted).fit(ROWS, y).score(ROWS, y) > 0.7


def test_one_class_is_refused(decider):
    with pytest.raises(ValueError, match="y must hold at least two classes; got one"):
        decider(LogisticRegression()).fit(ROWS, np.zeros(80))


def test_no_images_are_refused(decider):
    with pytest.raises(ValueError, match="X must hold at least one image; got none"):
        decider(SVM).fit([], [])


def test_lengths_of_X_and_y_must_agree(decider, stripes):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        decider(SVM).fit(list(stripes[0]), stripes[1][:-1])


def test_a_class_in_place_of_an_estimator_is_refused(decider):
    with pytest.raises(TypeError, match=r"got the class SVMDetector. Use SVMDetector"):
        decider(SVMDetector).fit(ROWS, Y)


@pytest.mark.parametrize("estimator", [StandardScaler(), None])
def test_an_estimator_without_scores_is_refused(decider, estimator):
    with pytest.raises(TypeError, match="a classifier with predict_proba or decision"):
        decider(estimator).fit(ROWS, Y)


def test_predicting_before_fitting_is_refused(decider):
    with pytest.raises(NotFittedError):
        decider(LogisticRegression()).predict(ROWS)


def test_it_takes_what_the_estimator_takes(decider):
    assert get_tags(decider(SVM)).input_tags.three_d_array
    assert not get_tags(decider(LogisticRegression())).input_tags.three_d_array
    assert not get_tags(decider(LogisticRegression())).input_tags.pairwise
    assert get_tags(decider(SVC(kernel="precomputed"))).input_tags.pairwise


def test_values_of_an_image_are_counted_where_the_estimator_does(decider, stripes):
    fitted = decider(SVM).fit(*stripes)
    assert fitted.n_features_in_ == 16 * 16 * 3
    assert not hasattr(fitted, "feature_names_in_")
    ragged = [image[:, : 16 - i % 2] for i, image in enumerate(stripes[0])]
    assert not hasattr(fitted.fit(ragged, stripes[1]), "n_features_in_")


# What is held out


def test_with_a_share_held_out_the_estimator_sees_the_rest_alone(decider):
    fitted = decider(Recorder(), cv=0.25, random_state=0).fit(ROWS, Y)
    assert len(fitted.estimator_.seen_) == 60
    again = decider(Recorder(), cv=0.25, random_state=0).fit(ROWS, Y)
    assert np.array_equal(again.estimator_.seen_, fitted.estimator_.seen_)
    other = decider(Recorder(), cv=0.25, random_state=1).fit(ROWS, Y)
    assert not np.array_equal(other.estimator_.seen_, fitted.estimator_.seen_)


@pytest.mark.parametrize("mask", [False, True])
def test_with_one_split_the_estimator_sees_its_training_images_alone(decider, mask):
    train, test = np.arange(40), np.arange(40, 80)
    if mask:
        train, test = (np.isin(np.arange(80), part) for part in (train, test))
    fitted = decider(Recorder(), cv=[(train, test)]).fit(ROWS, Y)
    assert np.array_equal(fitted.estimator_.seen_, ROWS[:40])


@pytest.mark.parametrize("cv", [None, 4, StratifiedKFold(4)])
def test_with_folds_the_estimator_sees_all_images_at_last(decider, cv):
    fitted = decider(Recorder(), cv=cv).fit(ROWS, Y)
    assert np.array_equal(fitted.estimator_.seen_, ROWS)


def test_folds_that_hold_images_out_again_are_refused(decider):
    folds = RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0)
    message = "cv must hold each image out once at most; got .* 160 times more"
    with pytest.raises(ValueError, match=message):
        decider(LogisticRegression(), cv=folds).fit(ROWS, Y)


def test_an_estimator_fitted_before_is_not_fitted_again(decider):
    estimator = LogisticRegression().fit(ROWS[:40], Y[:40])
    fitted = decider(estimator, cv="prefit").fit(ROWS[40:], Y[40:])
    assert fitted.estimator_ is estimator
    with pytest.raises(NotFittedError):
        decider(LogisticRegression(), cv="prefit").fit(ROWS, Y)


def test_an_estimator_fitted_before_knows_all_labels(decider):
    estimator = LogisticRegression().fit(ROWS, Y)
    with pytest.raises(ValueError, match=r"learned before, \[0, 1\]; got \[0, 2\]"):
        decider(estimator, cv="prefit").fit(ROWS, 2 * Y)


@pytest.mark.parametrize("cv", [1, 1.5, 0.0, "folds"])
def test_other_ways_to_hold_out_are_refused_in_the_words_of_scikit_learn(decider, cv):
    with pytest.raises(ValueError, match="The 'cv' parameter of"):
        decider(LogisticRegression(), cv=cv).fit(ROWS, Y)


# Inside scikit-learn


def test_in_a_pipeline(decider):
    pipeline = make_pipeline(StandardScaler(), decider(LogisticRegression()))
    assert pipeline.fit(ROWS, Y).score(ROWS, Y) > 0.7


def test_around_a_pipeline_of_images(decider, stripes):
    pipeline = make_pipeline(FunctionTransformer(), SVM)
    assert decider(pipeline).fit(*stripes).score(*stripes) > 0.8


def test_in_a_grid_search_over_both(decider, X, stripes):
    classifier = decider(SVM)
    own = next(name for name in ("max_fpr", "max_error") if hasattr(classifier, name))
    grid = {own: [0.3, 0.4], "estimator__C": [0.1, 1.0]}
    search = GridSearchCV(classifier, grid, cv=2).fit(X, stripes[1])
    assert search.best_score_ > 0.8


@pytest.mark.parametrize("estimator", [LogisticRegression(), LinearSVC()])
def test_in_cross_validate_with_several_scorers(decider, estimator):
    scoring = ["accuracy", "roc_auc", "average_precision", "f1"]
    result = cross_validate(decider(estimator), ROWS, Y, cv=2, scoring=scoring)
    plain = cross_validate(estimator, ROWS, Y, cv=2, scoring="roc_auc")
    assert result["test_roc_auc"] == pytest.approx(plain["test_score"], abs=0.1)
    assert min(result[f"test_{name}"].min() for name in scoring) > 0.3


def test_a_frozen_estimator_is_cross_validated_without_being_fitted_again(decider):
    estimator = FrozenEstimator(LogisticRegression().fit(ROWS, Y))
    result = cross_validate(
        decider(estimator, cv="prefit"), ROWS, Y, cv=2, return_estimator=True
    )
    assert [fold.estimator_ for fold in result["estimator"]] == [estimator] * 2


def test_in_one_class_against_the_rest(decider):
    y = np.arange(80) % 4
    rows = ROWS + 4 * np.eye(4)[y]
    many = OneVsRestClassifier(decider(LogisticRegression())).fit(rows, y)
    assert many.score(rows, y) > 0.8


def test_a_pickle_gives_the_same_labels(decider, stripes):
    fitted = decider(SVM).fit(*stripes)
    copy = pickle.loads(pickle.dumps(fitted))
    assert copy.threshold_ == fitted.threshold_
    assert np.array_equal(copy.predict(stripes[0]), fitted.predict(stripes[0]))


def test_a_clone_holds_the_parameters_and_nothing_learned(decider):
    fitted = decider(LogisticRegression(C=3)).fit(ROWS, Y)
    copy = clone(fitted)
    assert copy.get_params()["estimator__C"] == 3
    assert not hasattr(copy, "classes_")
    assert not hasattr(fitted.estimator, "classes_")
