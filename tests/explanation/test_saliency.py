"""Maps point to what is known to be there, and leave the detector as it was."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import spearmanr
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfake import Augmentation, CNNDetector, CompactDetector, ResNetDetector
from skfake.decisions import (
    NeymanPearsonClassifier,
    SelectiveClassifier,
    StableClassifier,
)
from skfake.explanation import saliency_maps
from tests.explanation.instances import (
    DETECTORS,
    TINY,
    WHOLE,
    brightest_quarter,
    make_quarters,
)

METHODS = ("integrated", "grad-cam", "hirescam", "layercam")


@pytest.fixture(scope="module")
def compact(held_out):
    """Detector whose network ends in a mean and one dense layer."""
    X, y, _ = held_out
    return CompactDetector(
        max_epochs=3,
        n_filters=(8, 16),
        augment=Augmentation(crop=None, average_flips=False),
        **TINY,
    ).fit(X, y)


# Where maps point


def mean_rank_correlation(maps, others):
    pairs = zip(maps, others, strict=True)
    return np.mean([spearmanr(*map(np.ravel, pair)).statistic for pair in pairs])


@pytest.mark.parametrize("name", DETECTORS)
def test_maps_point_to_the_quarter_that_holds_the_trace(fitted, held_out, name):
    X, y, quarters = held_out
    detector = fitted(name)
    assert detector.score(X, y) > 0.8
    fakes = np.flatnonzero(y == 1)[:15]
    maps = saliency_maps(detector, X[fakes], label=1)
    assert maps.shape == (15, 32, 32)
    assert maps.dtype == np.float32
    assert (brightest_quarter(maps) == quarters[fakes]).mean() >= 0.8


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["CNN", "Compact"])
def test_every_method_points_to_the_trace(fitted, held_out, name, method):
    X, y, quarters = held_out
    maps = saliency_maps(fitted(name), X[y == 1], label=1, method=method)
    assert (brightest_quarter(maps) == quarters[y == 1]).mean() >= 0.8


@pytest.mark.parametrize("name", ["SVM", "CNN", "Compact"])
def test_what_speaks_for_one_of_two_classes_speaks_against_the_other(
    fitted, held_out, name
):
    X = held_out[0][:6]
    fake, real = (saliency_maps(fitted(name), X, label=label) for label in (1, 0))
    assert np.abs(fake).max() > 0
    assert np.allclose(fake, -real, atol=1e-5 * np.abs(fake).max())


@pytest.mark.parametrize("name", ["SVM", "CNN"])
def test_by_default_the_predicted_class_is_explained(fitted, held_out, name):
    X = held_out[0][:8]
    detector = fitted(name)
    predicted = detector.predict(X)
    assert set(predicted) == {0, 1}
    maps = saliency_maps(detector, X)
    each = [
        saliency_maps(detector, X[i : i + 1], label=label)[0]
        for i, label in enumerate(predicted)
    ]
    assert np.allclose(maps, each, rtol=1e-3, atol=1e-4 * np.abs(maps).max())


# By the positive gradients alone LayerCAM fails this, as docs/explanation.rst says.
@pytest.mark.parametrize("method", ["integrated", "grad-cam", "hirescam"])
@pytest.mark.parametrize("name", ["CNN", "Compact"])
def test_random_weights_change_the_maps(fitted, held_out, name, method):
    # Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018: a map that stays
    # when nothing is known any more shows the image, and not the detector.
    X, y, _ = held_out
    detector = fitted(name)
    weights = {k: v.clone() for k, v in detector.net_.module_.state_dict().items()}
    trained = saliency_maps(detector, X[y == 1], label=1, method=method)
    generator = torch.Generator().manual_seed(0)
    try:
        for parameter in detector.net_.module_.parameters():
            if parameter.ndim > 1:
                parameter.data.normal_(0, parameter.std().item(), generator=generator)
        random = saliency_maps(detector, X[y == 1], label=1, method=method)
    finally:
        detector.net_.module_.load_state_dict(weights)
    assert mean_rank_correlation(trained, random) < 0.5
    again = saliency_maps(detector, X[y == 1], label=1, method=method)
    assert np.array_equal(trained, again)


def test_labels_that_mean_nothing_change_the_maps(fitted, held_out):
    # The other check of Adebayo et al., which a detector without weights can be put to.
    X, y, _ = make_quarters(128, seed=0)
    nothing = np.arange(128) // 2 % 2
    assert (nothing == y).mean() == 0.5
    svm = clone(DETECTORS["SVM"]).fit(X, nothing)
    X, y, _ = held_out
    maps = [saliency_maps(of, X[y == 1], label=1) for of in (fitted("SVM"), svm)]
    assert mean_rank_correlation(*maps) < 0.5


def test_the_map_of_a_mirror_image_is_mirrored(fitted, held_out):
    X = held_out[0][:4]
    detector = fitted("Compact")
    assert detector.net_.average_flips
    maps = saliency_maps(detector, X, label=1)
    mirrored = saliency_maps(detector, X[:, :, ::-1], label=1)
    assert np.allclose(mirrored, maps[:, :, ::-1], atol=1e-5 * np.abs(maps).max())


def test_contributions_add_up_to_the_score_where_the_head_is_linear(compact, held_out):
    X = held_out[0]
    maps = saliency_maps(compact, X, label=1, method="hirescam")
    with torch.no_grad():
        logits = compact.net_.predict_logits(X)
    bias = compact.net_.module_[1].head.bias.detach().numpy()
    # 8x8 positions; to make a map finer keeps its mean.
    found = maps.mean(axis=(1, 2)) * 64 + bias[1] - bias[0]
    assert np.allclose(found, logits[:, 1] - logits[:, 0], atol=1e-4)


def test_with_a_linear_head_methods_agree(compact, held_out):
    X = held_out[0][:4]
    first, *others = (
        saliency_maps(compact, X, method=method)
        for method in ("integrated", "grad-cam", "hirescam")
    )
    for maps in others:
        assert np.allclose(maps, first, atol=1e-5 * np.abs(first).max())


def test_integrated_maps_add_up_to_what_a_layer_changes(compact, held_out):
    X = held_out[0]
    maps = saliency_maps(compact, X, label=1, layer="layers.3")
    layer = compact.net_.module_[1].layers[3]
    scores = []
    for share in (0, 1):
        hook = layer.register_forward_hook(lambda *io, share=share: io[2] * share)
        logits = compact.net_.forward(X).numpy()
        hook.remove()
        scores.append(logits[:, 1] - logits[:, 0])
    change = scores[1] - scores[0]
    found = maps.mean(axis=(1, 2)) * 64
    assert np.abs(found - change).max() < 0.02 * np.abs(change).max()


def test_layercam_leaves_out_what_speaks_against(fitted, held_out):
    maps = saliency_maps(fitted("CNN"), held_out[0], method="layercam")
    assert maps.min() >= 0


def test_several_classes_each_have_maps():
    X, y, quarters = make_quarters(90, seed=2)
    labels = np.where(y == 0, "real", np.where(quarters < 2, "above", "below"))
    for name in ("SVM", "CNN"):
        detector = clone(DETECTORS[name]).fit(X, labels)
        maps = {c: saliency_maps(detector, X[:6], label=c) for c in set(labels)}
        assert {of.shape for of in maps.values()} == {(6, 32, 32)}
        assert not np.allclose(maps["above"], maps["below"])


# Layers


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("CNN", "3"),
        ("Compact", "layers.5.3"),
        ("ResNet", "layer1.1"),
        ("VGG", "features.13"),
        ("DenseNet", "features.transition1.conv"),
    ],
)
def test_the_last_layer_with_fine_maps_is_taken(fitted, held_out, name, layer):
    X = held_out[0][:2]
    detector = fitted(name)
    expected = saliency_maps(detector, X, layer=layer)
    assert np.array_equal(saliency_maps(detector, X), expected)


def test_another_layer_gives_another_map(fitted, held_out):
    X = held_out[0][:2]
    fine = saliency_maps(fitted("Compact"), X, layer="layers.2")
    assert not np.allclose(fine, saliency_maps(fitted("Compact"), X))


def test_a_layer_that_is_called_twice_is_taken_at_its_last(fitted, held_out):
    X = held_out[0][:2]
    block, relu = (
        saliency_maps(fitted("ResNet"), X, layer=layer, method="hirescam")
        for layer in ("layer1.1", "layer1.1.relu")
    )
    assert np.array_equal(block, relu)
    with pytest.raises(ValueError, match=r"applied once .* applied 2 times"):
        saliency_maps(fitted("ResNet"), X, layer="layer1.1.relu")


@pytest.mark.parametrize("side", [3, 6, 9])
def test_small_images_have_maps(side):
    X = np.random.default_rng(0).integers(0, 256, (8, side, side, 3), dtype=np.uint8)
    y = np.arange(8) % 2
    detector = CompactDetector(
        image_size=side, max_epochs=1, augment=WHOLE, **TINY
    ).fit(X, y)
    maps = saliency_maps(detector, X)
    assert maps.shape == (8, side, side)
    assert np.isfinite(maps).all()


def test_what_a_crop_leaves_out_says_nothing(held_out):
    X, y, _ = held_out
    detector = ResNetDetector(
        depth=18, augment=Augmentation(crop_size=22), max_epochs=1, **TINY
    ).fit(X[:16], y[:16])
    maps = saliency_maps(detector, X[:2])
    assert maps.shape == (2, 32, 32)
    inside = np.zeros((32, 32), bool)
    inside[5:27, 5:27] = True
    assert (maps[:, ~inside] == 0).all()
    assert (maps[:, inside] != 0).mean() > 0.9


# What is left as it was


def state_of(detector):
    module = detector.net_.module_
    return {
        "gradients": [p.grad is not None for p in module.parameters()],
        "learn": [p.requires_grad for p in module.parameters()],
        "modes": [part.training for part in module.modules()],
        "hooks": sum(len(part._forward_hooks) for part in module.modules()),
        "random": torch.get_rng_state().tolist(),
    }


@pytest.mark.parametrize("name", ["CNN", "Compact"])
@pytest.mark.parametrize("training", [False, True])
def test_the_detector_is_left_as_it_was(fitted, held_out, name, training):
    X = held_out[0]
    detector = fitted(name)
    before = detector.predict_proba(X)
    detector.net_.module_.train(training)
    state = state_of(detector)
    saliency_maps(detector, X, label=1)
    assert state_of(detector) == state
    with pytest.raises(ValueError, match="maps of shape"):
        saliency_maps(detector, X, label=1, layer="10" if name == "CNN" else "head")
    assert state_of(detector) == state
    assert np.array_equal(detector.predict_proba(X), before)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_maps_are_the_same_where_gradients_are_switched_off(fitted, held_out, context):
    X = held_out[0][:4]
    expected = saliency_maps(fitted("CNN"), X)
    with context():
        assert np.array_equal(saliency_maps(fitted("CNN"), X), expected)


def test_frozen_parameters_have_maps(fitted, held_out):
    X = held_out[0][:4]
    detector = fitted("CNN")
    expected = saliency_maps(detector, X)
    detector.net_.module_.requires_grad_(False)
    try:
        assert np.array_equal(saliency_maps(detector, X), expected)
    finally:
        detector.net_.module_.requires_grad_(True)


# Forms of X


@pytest.mark.parametrize("name", ["SVM", "CNN"])
def test_paths_arrays_and_rows_have_the_same_maps(fitted, held_out, name, tmp_path):
    X = held_out[0][:3]
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path, image in zip(paths, X, strict=True):
        Image.fromarray(image).save(path)
    expected = saliency_maps(fitted(name), X, label=1)
    for form in (paths, list(X), X.reshape(3, -1)):
        assert np.array_equal(saliency_maps(fitted(name), form, label=1), expected)


@pytest.mark.parametrize("name", ["SVM", "CNN"])
def test_images_of_other_sizes_have_maps_in_the_size_of_the_detector(fitted, name):
    X = [np.zeros((20, 50, 3), np.uint8), np.full((64, 40), 255, np.uint8)]
    assert saliency_maps(fitted(name), X).shape == (2, 32, 32)


def test_more_images_than_a_batch_holds_have_maps_in_their_order(fitted):
    X, _, _ = make_quarters(70, seed=3)
    maps = saliency_maps(fitted("CNN"), X, label=1)
    last = saliency_maps(fitted("CNN"), X[-1:], label=1)
    assert np.allclose(maps[-1:], last, rtol=1e-3, atol=1e-4 * np.abs(last).max())


# What stands around a detector


@pytest.mark.parametrize(
    "wrap",
    [
        lambda svm, X, y: make_pipeline(svm),
        lambda svm, X, y: FrozenEstimator(svm),
        lambda svm, X, y: CalibratedClassifierCV(FrozenEstimator(svm)).fit(X, y),
        lambda svm, X, y: NeymanPearsonClassifier(svm, max_fpr=0.2, cv="prefit").fit(
            X, y
        ),
        lambda svm, X, y: SelectiveClassifier(svm, max_error=0.2, cv="prefit").fit(
            X, y
        ),
        lambda svm, X, y: StableClassifier(svm, max_error=0.2, cv="prefit").fit(X, y),
        lambda svm, X, y: TunedThresholdClassifierCV(svm, cv="prefit", refit=False).fit(
            X, y
        ),
    ],
    ids=[
        "pipeline",
        "frozen",
        "calibrated",
        "few false alarms",
        "unsure",
        "stable",
        "threshold",
    ],
)
def test_what_stands_around_a_detector_is_opened(fitted, held_out, wrap):
    X, y, _ = held_out
    svm = fitted("SVM")
    found = saliency_maps(wrap(svm, X, y), X[:4], label=1)
    assert np.array_equal(found, saliency_maps(svm, X[:4], label=1))


def test_the_labels_are_those_of_what_stands_around(fitted, held_out):
    X, y, _ = held_out
    svm = fitted("SVM")
    tuned = TunedThresholdClassifierCV(svm, cv="prefit", refit=False).fit(X, y)
    tuned.best_threshold_ = np.inf
    assert set(tuned.predict(X)) == {0}
    expected = saliency_maps(svm, X, label=0)
    assert np.array_equal(saliency_maps(tuned, X), expected)


def test_steps_before_a_detector_are_taken(fitted, held_out):
    X = held_out[0][:4]
    mirror = FunctionTransformer(lambda X: X[:, :, ::-1]).fit(X)
    found = saliency_maps(make_pipeline(mirror, fitted("SVM")), X, label=1)
    assert np.array_equal(found, saliency_maps(fitted("SVM"), X[:, :, ::-1], label=1))


def test_a_search_shows_what_it_found(held_out):
    X, y, _ = held_out
    search = GridSearchCV(DETECTORS["SVM"], {"C": [1, 2]}, cv=2).fit(X, y)
    expected = saliency_maps(search.best_estimator_, X[:3])
    assert np.array_equal(saliency_maps(search, X[:3]), expected)


def test_maps_of_detectors_that_are_averaged_are_averaged(held_out):
    X, y, _ = held_out
    calibrated = CalibratedClassifierCV(DETECTORS["SVM"], cv=3).fit(X, y)
    folds = [fold.estimator for fold in calibrated.calibrated_classifiers_]
    expected = np.mean([saliency_maps(svm, X[:3], label=1) for svm in folds], axis=0)
    assert len(folds) == 3
    assert np.allclose(saliency_maps(calibrated, X[:3], label=1), expected)


# What is refused


@pytest.mark.parametrize(
    "other",
    [
        LogisticRegression(),
        VotingClassifier([("SVM", DETECTORS["SVM"])]),
        BaggingClassifier(DETECTORS["SVM"], n_estimators=2),
    ],
    ids=lambda other: type(other).__name__,
)
def test_what_is_no_detector_is_refused(held_out, other):
    X, y, _ = held_out
    rows = X.reshape(len(X), -1)
    other.fit(rows, y)
    with pytest.raises(TypeError, match="detector must be a detector of skfake"):
        saliency_maps(other, rows)


def test_what_is_not_fitted_is_refused(held_out):
    with pytest.raises(NotFittedError):
        saliency_maps(CNNDetector(), held_out[0])


@pytest.mark.parametrize("label", [2, "fake", [0, 1]])
def test_a_label_that_is_no_class_is_refused(fitted, held_out, label):
    with pytest.raises(ValueError, match=r"label must be one of the classes, \[0, 1"):
        saliency_maps(fitted("SVM"), held_out[0], label=label)


def test_a_layer_that_is_not_there_is_refused(fitted, held_out):
    with pytest.raises(ValueError, match=r"got 'layer4'.*for example, 'layers\.4'"):
        saliency_maps(fitted("Compact"), held_out[0], layer="layer4")


def test_an_unknown_method_is_refused(fitted, held_out):
    with pytest.raises(ValueError, match="'method' parameter"):
        saliency_maps(fitted("SVM"), held_out[0], method="lime")
