import pickle
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skfake import SVMDetector
from skfake.corruptions import CORRUPTIONS, CorruptionTransformer, corrupt
from skfake.datasets import make_images
from tests.corruptions.images import GRAY, IMAGES, SIZE
from tests.detectors.instances import DETECTORS

EACH = pytest.mark.parametrize("name", CORRUPTIONS)
# The battery's numbers are on no scale of images.
FREE = pytest.mark.filterwarnings("ignore:X should be on a known scale:UserWarning")
NEUTRAL = {name: c.neutral for name, c in CORRUPTIONS.items() if c.neutral is not None}


def strongest(name):
    return CORRUPTIONS[name].strengths[-1]


def written_by_pillow(image, form, quality):
    file = BytesIO()
    Image.fromarray(image).save(file, form, quality=quality)
    return np.asarray(Image.open(file).convert("RGB" if image.ndim == 3 else "L"))


@FREE
@parametrize_with_checks(
    [CorruptionTransformer(corruption="noise", strength=(0, 9), probability=0.5)]
)
def test_the_transformer_passes_every_check_of_scikit_learn(estimator, check):
    check(estimator)


NOT_AUGMENTED = "fit_transform damages images and transform does not: what it is for"


@FREE
@parametrize_with_checks(
    [CorruptionTransformer(corruption="noise", strength=(0, 9), when="fit")],
    expected_failed_checks=lambda _: dict.fromkeys(
        ["check_transformer_general", "check_transformer_data_not_an_array"],
        NOT_AUGMENTED,
    ),
)
def test_of_training_alone_it_fails_the_check_of_what_it_is_for(estimator, check):
    check(estimator)


# The transformer


def test_the_transformer_does_what_the_function_does():
    transformer = CorruptionTransformer(corruption="noise", strength=20, random_state=3)
    expected = corrupt(IMAGES, "noise", 20, random_state=3)
    assert np.array_equal(transformer.fit_transform(IMAGES), expected)
    assert np.array_equal(transformer.transform(IMAGES), expected)
    assert np.array_equal(clone(transformer).transform(IMAGES), expected)


def test_a_share_of_the_images_is_damaged():
    many = np.arange(400 * 16).astype(np.uint16).view(np.uint8).reshape(400, 4, 8)
    transformer = CorruptionTransformer(corruption="noise", strength=50)
    damaged = {}
    for probability in (0, 0.3, 1):
        transformer.set_params(probability=probability)
        corrupted = transformer.fit_transform(many)
        damaged[probability] = (corrupted != many).any(axis=(1, 2)).mean()
    assert damaged == {0: 0, 0.3: pytest.approx(0.3, abs=0.08), 1: 1}


def test_two_of_one_seed_draw_apart_from_each_other():
    # Else, what one leaves as it is, the other would leave too.
    many = np.arange(400 * 16).astype(np.uint16).view(np.uint8).reshape(400, 4, 8)
    half = {"strength": 0.5, "probability": 0.5}
    first, second = (
        CorruptionTransformer(corruption=name, **half)
        for name in ("contrast", "brightness")
    )
    once = first.fit_transform(many)
    twice = second.fit_transform(once)
    by_first, by_second = (
        (after != before).any(axis=(1, 2))
        for before, after in [(many, once), (once, twice)]
    )
    shares = [np.mean(by_second[by_first == damaged]) for damaged in (False, True)]
    assert shares == pytest.approx([0.5, 0.5], abs=0.12)


def test_before_a_fitted_detector_it_damages_what_that_sees(stripes):
    X, y = stripes
    detector = SVMDetector().fit(X, y)
    transformer = CorruptionTransformer(corruption="noise", strength=60)
    seen = make_pipeline(transformer, detector).predict(X)
    assert np.array_equal(seen, detector.predict(corrupt(X, "noise", 60)))


def test_columns_keep_their_names_in_a_data_frame():
    rows = pd.DataFrame(GRAY.reshape(len(GRAY), -1)).add_prefix("pixel")
    transformer = CorruptionTransformer(corruption="blur").set_output(
        transform="pandas"
    )
    corrupted = transformer.fit_transform(rows)
    assert list(corrupted.columns) == list(rows.columns)
    assert np.array_equal(corrupted, corrupt(rows, "blur", "random"))


# Training with it


class Recorder(ClassifierMixin, BaseEstimator):
    """Remember what is learned from and what is to be predicted."""

    def fit(self, X, y):
        self.classes_, self.learned_ = np.unique(y), X
        return self

    def decision_function(self, X):
        self.seen_ = X
        return X.reshape(len(X), -1).mean(axis=1) - 100

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0).astype(int)]


def augmented(detector, **options):
    options = {"corruption": "noise", "strength": (0, 120), "when": "fit"} | options
    return make_pipeline(CorruptionTransformer(**options), detector)


@pytest.fixture(params=["images", "paths", "list", "rows", "frame"])
def forms(request, stripes, tmp_path):
    """A form of X, its images as an array, and y."""
    images, y = stripes
    if request.param == "paths":
        X = [str(tmp_path / f"{i}.png") for i in range(len(images))]
        for path, image in zip(X, images, strict=True):
            Image.fromarray(image).save(path)
    elif request.param == "list":
        X = [image[: 16 - i % 2] for i, image in enumerate(images)]
    elif request.param in ("rows", "frame"):
        X = images.reshape(len(images), -1)
        X = pd.DataFrame(X).add_prefix("pixel") if request.param == "frame" else X
    else:
        X = images
    return X, y


@pytest.fixture(params=["SVM", "Compact"])
def detector(request):
    return clone(DETECTORS[request.param])


def test_training_images_alone_are_damaged():
    recorder = Recorder()
    pipeline = augmented(recorder, strength=20).fit(IMAGES, np.arange(10) % 2)
    pipeline.predict(IMAGES)
    assert np.array_equal(recorder.learned_, corrupt(IMAGES, "noise", 20))
    assert np.array_equal(recorder.seen_, IMAGES)


def test_files_to_be_predicted_are_left_to_the_detector(tmp_path):
    path = str(tmp_path / "image.png")
    Image.fromarray(IMAGES[0]).save(path)
    transformer = CorruptionTransformer(when="fit")
    assert transformer.fit_transform([path] * 2).shape == (2, SIZE, SIZE, 3)
    assert transformer.transform([path]) == [path]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        transformer.transform(["nowhere.png"])


def test_detectors_learn_from_every_form_of_X(detector, forms):
    X, y = forms
    pipeline = augmented(detector).fit(X, y)
    assert pipeline.score(X, y) > 0.9
    copy = pickle.loads(pickle.dumps(pipeline))
    assert np.array_equal(copy.predict(X), pipeline.predict(X))


def test_clones_are_trained_alike(detector, stripes):
    X, y = stripes
    first, second = (clone(augmented(detector)).fit(X, y) for _ in range(2))
    method = "predict_proba" if hasattr(first, "predict_proba") else "decision_function"
    assert np.array_equal(getattr(first, method)(X), getattr(second, method)(X))


def test_in_cross_validation_only_training_folds_are_damaged(stripes):
    X, y = stripes
    splits = [(np.arange(20), np.arange(20, 40)), (np.arange(20, 40), np.arange(20))]
    found = cross_validate(
        augmented(Recorder(), strength=60), X, y, cv=splits, return_estimator=True
    )
    for (train, test), pipeline in zip(splits, found["estimator"], strict=True):
        recorder = pipeline[-1]
        assert np.array_equal(recorder.learned_, corrupt(X[train], "noise", 60))
        assert np.array_equal(recorder.seen_, X[test])


def test_how_much_damage_is_best_may_be_searched(detector, stripes):
    X, y = stripes
    grid = {"corruptiontransformer__strength": [(0, 60), "random", 20]}
    search = GridSearchCV(augmented(detector), grid, cv=2).fit(X, y)
    assert search.score(X, y) > 0.9
    assert search.best_params_["corruptiontransformer__strength"] in grid.popitem()[1]


def test_probabilities_are_calibrated_on_images_as_they_are(stripes):
    X, y = stripes
    splits = [(np.arange(30), np.arange(30, 40))]
    calibrated = CalibratedClassifierCV(augmented(Recorder()), cv=splits).fit(X, y)
    recorder = calibrated.calibrated_classifiers_[0].estimator[-1]
    assert np.array_equal(recorder.seen_, X[30:])
    assert not np.array_equal(recorder.learned_, X[:30])


def test_detectors_trained_with_it_are_calibrated(detector, stripes):
    X, y = stripes
    calibrated = CalibratedClassifierCV(augmented(detector), cv=2).fit(X, y)
    assert calibrated.score(X, y) > 0.9


def test_training_on_noise_helps_against_noise():
    X, y = make_images(n_samples=1200, return_X_y=True, random_state=0)
    noisy = corrupt(X[600:], "noise", 20)
    plain, trained = (
        detector.fit(X[:600], y[:600])
        for detector in (SVMDetector(), augmented(SVMDetector(), strength=20))
    )
    areas = [
        roc_auc_score(y[600:], detector.decision_function(noisy))
        for detector in (plain, trained)
    ]
    assert areas[1] > areas[0] + 0.05
