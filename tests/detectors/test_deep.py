"""What all detectors with a network share, on the cheapest of them."""

import pickle
import shutil
from copy import deepcopy

import numpy as np
import pytest
import sklearn
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

from skfake import Augmentation, CNNDetector, CompactDetector, ResNetDetector
from skfake.corruptions import corrupt
from skfake.datasets import make_images
from skfake.detectors._pixels import DeferredPixels
from skfake.images import fingerprint_images
from skfake.networks.inference import InferenceNetwork

CNN = CNNDetector(
    image_size=16,
    max_epochs=3,
    batch_size=8,
    lr=0.005,
    device="cpu",
    random_state=0,
)


def cnn(**parameters):
    return clone(CNN).set_params(**parameters)


def weights_of(detector):
    return torch.cat([p.detach().ravel() for p in detector.net_.module_.parameters()])


@pytest.fixture
def paths(stripes, tmp_path):
    names = [str(tmp_path / f"{i}.png") for i in range(len(stripes[0]))]
    for name, image in zip(names, stripes[0], strict=True):
        Image.fromarray(image).save(name)
    return names


# Going on


def test_a_warm_start_goes_on_from_what_was_learned(stripes):
    detector = cnn(warm_start=True).fit(*stripes)
    first, losses = weights_of(detector), detector.history_["train_loss"]
    detector.fit(*stripes)
    assert detector.history_["train_loss"][:3] == losses
    assert len(detector.history_["train_loss"]) == 6
    assert detector.history_["train_loss"][3] < losses[0]
    assert not torch.equal(weights_of(detector), first)


def test_without_a_warm_start_a_fit_begins_anew(stripes):
    detector = cnn().fit(*stripes)
    first = weights_of(detector)
    assert torch.equal(weights_of(detector.fit(*stripes)), first)
    assert len(detector.history_["train_loss"]) == 3


def test_a_warm_start_needs_the_classes_of_before(stripes):
    X, y = stripes
    detector = cnn(warm_start=True).fit(X, y)
    for other in (y + 1, np.zeros(40, int)):
        with pytest.raises(ValueError, match=r"learned before, \[0, 1\]; got \["):
            detector.fit(X, other)
    assert np.array_equal(detector.classes_, [0, 1])
    assert detector.score(X, y) > 0.4


def test_partial_fit_learns_an_epoch_at_a_time(stripes):
    X, y = stripes
    detector = cnn(validation_fraction=None, schedule=None)
    for i in range(8):
        part = slice(0, 20) if i % 2 else slice(20, 40)
        detector.partial_fit(X[part], y[part], classes=[0, 1])
    assert len(detector.history_["train_loss"]) == 8
    assert detector.score(X, y) > 0.9


def test_epochs_of_partial_fit_are_those_of_a_fit_without_schedule(stripes):
    whole = cnn(validation_fraction=None, schedule=None).fit(*stripes)
    parts = cnn(validation_fraction=None)
    for _ in range(3):
        parts.partial_fit(*stripes)
    assert torch.equal(weights_of(parts), weights_of(whole))


def test_partial_fit_goes_on_from_a_fit(stripes):
    detector = cnn().fit(*stripes)
    losses = detector.history_["valid_loss"]
    detector.partial_fit(*stripes)
    assert detector.history_["valid_loss"][:3] == losses
    assert np.isnan(detector.history_["valid_loss"][3])
    assert len(detector.history_["train_loss"]) == 4


def test_the_first_call_may_lack_a_class_that_is_named(stripes):
    X, y = stripes
    detector = cnn().partial_fit(X[y == 1], y[y == 1], classes=[1, 0])
    assert np.array_equal(detector.classes_, [0, 1])
    detector.partial_fit(X[y == 0], y[y == 0])
    with pytest.raises(ValueError, match=r"learned before, \[0, 1\]; got \[2\]"):
        detector.partial_fit(X, np.full(40, 2))


def test_partial_fit_can_not_balance_classes(stripes):
    with pytest.raises(ValueError, match="class_weight must be None or a dict"):
        cnn(class_weight="balanced").partial_fit(*stripes)


# Images that are opened later


def test_files_too_many_for_the_memory_are_opened_batch_by_batch(stripes, paths):
    in_memory = cnn(validation_fraction=0.2).fit(paths, stripes[1])
    with sklearn.config_context(working_memory=0.001):
        dataset = cnn()._open(paths, stripes[1])
        assert isinstance(dataset.images, DeferredPixels)
        later = cnn(validation_fraction=0.2, n_jobs=2).fit(paths, stripes[1])
    assert torch.equal(weights_of(later), weights_of(in_memory))


def test_large_arrays_are_resized_batch_by_batch(stripes):
    X = stripes[0].repeat(2, axis=1).repeat(2, axis=2)
    in_memory = cnn().fit(X, stripes[1])
    with sklearn.config_context(working_memory=0.001):
        assert isinstance(cnn()._open(X, stripes[1]).images, DeferredPixels)
        later = cnn().fit(X, stripes[1])
    assert torch.equal(weights_of(later), weights_of(in_memory))


def test_arrays_of_the_right_size_are_not_copied(stripes):
    with sklearn.config_context(working_memory=0):
        assert cnn()._open(stripes[0], stripes[1]).images is stripes[0]


def test_files_that_break_while_training_are_named(stripes, paths):
    class Break(Callback):
        def on_epoch_begin(self, net, **kwargs):
            for i in (7, 9):
                with open(paths[i], "wb") as file:
                    file.write(b"")

    with (
        sklearn.config_context(working_memory=0.001),
        pytest.raises(ValueError, match=r"7\.png[^$]*9\.png"),
    ):
        cnn(callbacks=[Break()]).fit(paths, stripes[1])


# Copies


@pytest.mark.parametrize("copy", [deepcopy, lambda d: pickle.loads(pickle.dumps(d))])
def test_copies_hold_what_was_learned_and_not_what_served_the_training(
    stripes, tmp_path, copy
):
    settings = {"callbacks": [Callback()], "checkpoint": tmp_path}
    unfitted = copy(cnn(**settings))
    assert len(unfitted.callbacks) == 1
    assert unfitted.checkpoint == tmp_path
    detector = cnn(class_weight={0: 1, 1: 2}, **settings).fit(*stripes)
    copied = copy(detector)
    assert copied.callbacks is copied.checkpoint is None
    assert detector.checkpoint == tmp_path
    assert torch.equal(weights_of(copied), weights_of(detector))
    assert weights_of(copied).data_ptr() != weights_of(detector).data_ptr()
    assert copied.history_ == detector.history_
    assert copied.net_.history == detector.net_.history
    assert torch.equal(copied.net_.criterion_.weight, torch.tensor([1.0, 2.0]))
    assert copied.partial_fit(*stripes).score(*stripes) > 0.4


# Augmentation


def test_an_augmentation_is_searched_by_plain_names(stripes):
    detector = cnn(augment=Augmentation(crop=None))
    search = GridSearchCV(detector, {"augment__flip": [True, False]}, cv=2)
    best = search.fit(*stripes).best_estimator_
    assert (
        best.augment.flip == best.augment_.flip == search.best_params_["augment__flip"]
    )
    assert best.augment_ is not best.augment
    assert detector.augment.flip
    with pytest.raises(ValueError, match="The 'shift' parameter of Augmentation must"):
        cnn(augment=Augmentation(shift=-1)).fit(*stripes)
    with pytest.raises(ValueError, match=r"corruptions must be .*; got 'rain'\."):
        cnn(augment=Augmentation(corruptions=["rain"])).fit(*stripes)


def test_the_default_augmentation_is_the_network_s_own(stripes):
    assert cnn().fit(*stripes).augment_ is None
    compact = CompactDetector(n_filters=(4, 8), max_epochs=1, device="cpu")
    own = compact.fit(*stripes).augment_
    assert repr(own) == "Augmentation(growing_crops=True, shift=2)"
    assert compact.augment == "auto"
    compact.set_params(augment=None).fit(*stripes)
    assert compact.augment_ is None
    assert not compact.net_.average_flips


@pytest.mark.parametrize(
    "detector", [CompactDetector, CNNDetector, ResNetDetector], ids=lambda d: d.__name__
)
def test_the_robust_recipe_is_in_the_parameters(detector):
    robust = detector.robust(max_epochs=3)
    assert type(robust) is detector
    assert robust.max_epochs == 3
    assert robust.augment.corruptions == "robust"
    changed = dict.fromkeys(["augment", "max_epochs", "n_filters", "label_smoothing"])
    plain, params = detector().get_params(), robust.get_params()
    same = [n for n in plain if n not in changed]
    assert {name: params[name] for name in same} == {name: plain[name] for name in same}
    assert detector.robust(augment=None).augment is None
    # Each has an augmentation of its own.
    assert detector.robust().augment is not detector.robust().augment


def test_dense_layers_take_crops_of_one_size(stripes):
    detector = cnn(augment=Augmentation(crop_size=12)).fit(*stripes)
    assert detector.predict(stripes[0]).shape == (40,)
    with pytest.raises(ValueError, match="growing_crops must be False for a CNN"):
        cnn(augment=Augmentation(growing_crops=True)).fit(*stripes)
    whole = Augmentation(crop_size=12, crop_predictions=False)
    with pytest.raises(ValueError, match="crop_predictions must be True for a CNN"):
        cnn(augment=whole).fit(*stripes)


def test_flip_averaging_makes_mirror_images_equal(stripes):
    X = stripes[0][:, :, ::-1].copy()
    plain, averaged = (
        cnn(augment=Augmentation(crop=None, flip=False, average_flips=averaged)).fit(
            *stripes
        )
        for averaged in (False, True)
    )
    assert torch.equal(weights_of(plain), weights_of(averaged))
    assert not np.allclose(plain.predict_proba(X), plain.predict_proba(stripes[0]))
    assert np.allclose(
        averaged.predict_proba(X), averaged.predict_proba(stripes[0]), atol=1e-6
    )


@pytest.mark.parametrize(
    "changes", [{}, {"crop": "resized"}, {"crop": None, "corruptions": "all"}], ids=str
)
def test_augmentation_changes_what_is_learned_and_follows_the_seed(stripes, changes):
    augment = Augmentation(**changes, average_flips=False)
    augmented = cnn(augment=augment).fit(*stripes)
    assert not torch.equal(weights_of(augmented), weights_of(cnn().fit(*stripes)))
    again = cnn(augment=augment).fit(*stripes)
    assert torch.equal(weights_of(augmented), weights_of(again))


def test_training_on_damaged_images_helps_against_damage():
    X, y = make_images(n_samples=1000, return_X_y=True, random_state=0)
    noisy = corrupt(X[800:], "noise", 20)
    areas = [
        roc_auc_score(
            y[800:],
            CompactDetector(
                augment=Augmentation(shift=2, corruptions=corruptions),
                max_epochs=3,
                random_state=0,
            )
            .fit(X[:800], y[:800])
            .decision_function(noisy),
        )
        for corruptions in (None, ["noise"])
    ]
    assert areas[1] > areas[0] + 0.04


def test_crops_of_the_compact_detector_grow_in_the_last_quarter(stripes):
    seen = []

    class Sizes(torch.nn.Module):
        def forward(self, images):
            if self.training:
                seen.append(images.shape[-1])
            return images

    class Spied(CompactDetector):
        def _build_network(self, n_classes):
            return torch.nn.Sequential(Sizes(), super()._build_network(n_classes))

    def sizes(**parameters):
        seen.clear()
        Spied(
            n_filters=(4, 8), max_epochs=8, device="cpu", random_state=0, **parameters
        ).fit(*stripes)
        return seen

    batches = len(sizes()) // 8
    assert sizes() == [24] * 6 * batches + [32] * 2 * batches
    assert set(sizes(augment=Augmentation(shift=2))) == {32}
    assert set(sizes(augment=Augmentation(crop=None, growing_crops=True))) == {32}
    grown = sizes(augment=Augmentation(crop_size=24, growing_crops=True))
    assert grown == [18] * 6 * batches + [24] * 2 * batches


def test_label_smoothing_raises_the_least_loss(stripes):
    sharp = cnn(max_epochs=10).fit(*stripes)
    smooth = cnn(max_epochs=10, label_smoothing=0.2).fit(*stripes)
    # Entropy of labels that say 0.9 and 0.1.
    assert smooth.history_["train_loss"][-1] > 0.32
    assert sharp.history_["train_loss"][-1] < 0.32


# Embeddings


def test_an_embedding_is_a_step_before_another_classifier(stripes):
    X, y = stripes
    pipeline = make_pipeline(cnn(max_epochs=6), LogisticRegression()).fit(X, y)
    assert pipeline.score(X, y) > 0.9
    pipeline.set_output(transform="pandas")
    frame = pipeline[0].transform(X)
    assert list(frame)[:2] == ["cnndetector0", "cnndetector1"]
    assert frame.shape == (40, 128)


def test_an_embedding_is_a_mean_over_mirror_images_of_the_centre(stripes):
    X, y = stripes
    augment = Augmentation(crop_size=12, average_flips=True)
    detector = cnn(augment=augment).fit(X, y)
    embedding = detector.transform(X)
    assert np.allclose(detector.transform(X[:, :, ::-1]), embedding, atol=1e-6)
    framed = X.copy()
    framed[:, :2] = framed[:, -2:] = 255
    assert np.array_equal(detector.transform(framed), embedding)
    detector.net_.augmentation.average_flips = False
    one_side = detector.transform(X)
    other_side = detector.transform(X[:, :, ::-1])
    assert not np.allclose(one_side, embedding)
    assert np.allclose((one_side + other_side) / 2, embedding, atol=1e-6)


# What is learned of the images


def test_images_of_partial_fits_and_warm_starts_join_those_of_before(stripes):
    X, y = stripes
    large = X[20:].repeat(2, axis=1)
    parts = cnn().partial_fit(X[:20], y[:20]).partial_fit(list(large), y[20:])
    warm = cnn(warm_start=True, max_epochs=1).fit(X[:20], y[:20])
    warm.fit(list(large), y[20:])
    expected = np.union1d(fingerprint_images(X[:20]), fingerprint_images(large))
    for detector in (parts, warm):
        assert np.array_equal(detector.fingerprints_, expected)
        assert detector.image_sizes_[[0, 2]].tolist() == [[16, 16], [32, 16]]
    cold = warm.set_params(warm_start=False).fit(X[:20], y[:20])
    assert len(cold.fingerprints_) == 20


def test_weights_change_what_a_partial_fit_learns(stripes):
    X, y = stripes
    weights = np.where(y == 1, 1.0, 1e-3)
    plain, weighted = (
        cnn().partial_fit(X, y, sample_weight=given) for given in (None, weights)
    )
    mean = [d.predict_proba(X)[:, 1].mean() for d in (plain, weighted)]
    assert mean[1] > mean[0]
    repeated = cnn().partial_fit(X, y, sample_weight=1 + y)
    more = np.append(np.arange(40), np.flatnonzero(y))
    by_hand = cnn().partial_fit(X[more], y[more])
    assert torch.equal(weights_of(repeated), weights_of(by_hand))


# Sizes of batches


@pytest.mark.parametrize(("n", "expected"), [(40, 16), (600, 30), (5000, 64)])
def test_automatic_batches_leave_an_epoch_some_steps(n, expected):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 255, (n, 4, 4, 3), np.uint8)
    detector = cnn(image_size=4, max_epochs=1, batch_size="auto", n_filters=1)
    detector.fit(X, np.arange(n) % 2)
    assert detector.net_.batch_size == expected


def test_a_device_short_of_memory_says_what_to_lower(stripes):
    class Hungry(torch.nn.Module):
        def forward(self, images):
            raise torch.OutOfMemoryError("CUDA out of memory.")

    class Detector(CNNDetector):
        def _build_network(self, n_classes):
            network = super()._build_network(n_classes)
            return network.append(Hungry())

    words = r"got 8 images of 16 x 16 pixels in one step\. Lower batch_size, or image"
    with pytest.raises(torch.OutOfMemoryError, match=words):
        Detector(**cnn().get_params()).fit(*stripes)


def test_predictions_are_made_in_smaller_batches_where_memory_is_short(
    stripes, monkeypatch
):
    detector = cnn().fit(*stripes)
    expected = detector.predict_proba(stripes[0])
    judge, sizes = InferenceNetwork.__call__, []

    def hungry(network, images):
        sizes.append(len(images))
        if sizes[-1] > 12:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return judge(network, images)

    monkeypatch.setattr(InferenceNetwork, "__call__", hungry)
    assert np.allclose(detector.predict_proba(stripes[0]), expected, atol=1e-6)
    assert max(sizes) > 12
    assert max(sizes[-4:]) <= 12


def test_hooks_on_layers_see_what_skorch_predicts(stripes):
    detector = cnn().fit(*stripes)
    seen = []
    layer = detector.net_.module_[1][0]
    layer.register_forward_hook(lambda *of: seen.append(of[2].shape))
    detector.net_.predict_proba(stripes[0])
    assert seen


# Other machines


def test_a_model_fitted_on_a_gpu_opens_without_one(stripes):
    detector = cnn(patience=1, max_epochs=20).fit(*stripes)
    expected = detector.predict_proba(stripes[0])
    detector.device = detector.net_.device = "cuda:7"
    copy = pickle.loads(pickle.dumps(detector))
    assert copy.net_.device == "cpu"
    copy.device = "cpu"
    assert np.array_equal(copy.predict_proba(stripes[0]), expected)
    assert copy.partial_fit(*stripes).score(*stripes) > 0.4


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_learns_as_the_cpu_does(stripes):
    detector = cnn(device="cuda", max_epochs=8, precision="float32").fit(*stripes)
    here = cnn(device="cpu", max_epochs=8, precision="float32").fit(*stripes)
    assert detector.net_.device == "cuda"
    assert np.allclose(
        detector.predict_proba(stripes[0]), here.predict_proba(stripes[0]), atol=0.05
    )
    copy = pickle.loads(pickle.dumps(detector))
    assert np.allclose(
        copy.predict_proba(stripes[0]), detector.predict_proba(stripes[0])
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
def test_a_compiled_network_learns_the_same_and_pickles_without_its_compiler(stripes):
    plain = cnn(precision="float32").fit(*stripes)
    compiled = cnn(precision="float32", compile=True).fit(*stripes)
    assert compiled.net_.module_._compiled_call_impl is not None
    expected = plain.predict_proba(stripes[0])
    assert np.allclose(compiled.predict_proba(stripes[0]), expected, atol=0.02)
    copy = pickle.loads(pickle.dumps(compiled))
    assert copy.net_.module_._compiled_call_impl is None
    assert np.allclose(copy.predict_proba(stripes[0]), expected, atol=0.02)
