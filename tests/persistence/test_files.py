"""A detector that was saved and loaded is the detector that it was."""

import inspect
import os
import sys
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import skfake
from skfake import (
    CompactDetector,
    ModelCard,
    SVMDetector,
    corruptions,
    decisions,
    features,
    load_detector,
    read_model_card,
    save_detector,
)
from skfake.nested import walk_nested
from skfake.persistence._facts import fill_card
from skfake.persistence._schema import CLASSES
from tests.detectors.instances import DETECTORS
from tests.persistence.instances import COMPACT, SAVED, answer, fit, frozen


@pytest.fixture
def path(tmp_path):
    return tmp_path / "detector.skfake"


@pytest.fixture(scope="module")
def saved(stripes, fitted_detector, tmp_path_factory):
    """Of each name the fitted estimator, and the file that it was saved to."""
    known = {}

    def save(name):
        if name not in known:
            file = tmp_path_factory.mktemp("saved") / "detector.skfake"
            shared = name in DETECTORS
            estimator = fitted_detector(name) if shared else fit(name, *stripes)
            save_detector(estimator, file)
            known[name] = estimator, file
        return known[name]

    return save


@pytest.mark.parametrize("name", SAVED)
def test_what_was_saved_answers_as_before_to_the_bit(saved, name, stripes):
    estimator, file = saved(name)
    loaded = load_detector(file)
    assert type(loaded) is type(estimator)
    assert np.array_equal(answer(loaded, stripes[0]), answer(estimator, stripes[0]))
    if hasattr(estimator, "predict"):
        assert np.array_equal(loaded.predict(stripes[0]), estimator.predict(stripes[0]))


@pytest.mark.parametrize("name", SAVED)
def test_parameters_and_what_was_learned_come_back(saved, name):
    estimator, file = saved(name)
    loaded = load_detector(file)
    assert repr(clone(loaded)) == repr(clone(estimator))
    assert vars(loaded).keys() == vars(estimator).keys()
    if hasattr(estimator, "classes_"):
        assert np.array_equal(loaded.classes_, estimator.classes_)
    if hasattr(estimator, "history_"):
        assert loaded.history_ == estimator.history_


@pytest.mark.parametrize("name", [name for name in SAVED if "search" in name])
def test_a_search_remembers_what_it_tried(saved, name):
    estimator, file = saved(name)
    loaded = load_detector(file)
    assert loaded.best_params_ == estimator.best_params_
    assert type(loaded.best_estimator_) is type(estimator.best_estimator_)
    assert loaded.cv_results_.keys() == estimator.cv_results_.keys()
    for key, column in estimator.cv_results_.items():
        found = loaded.cv_results_[key]
        assert type(found) is type(column)
        assert np.ma.allequal(np.ma.asarray(found), np.ma.asarray(column)), key
        assert np.array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(column))
    assert "error_score" in read_model_card(file).params


def test_no_public_estimator_escapes():
    # Of two public names a file has the shorter.
    public = {
        member: f"{module.__name__}.{name}"
        for module in (features, decisions, corruptions, skfake)
        for name in module.__all__
        if inspect.isclass(member := getattr(module, name))
        and issubclass(member, BaseEstimator)
    }
    assert set(public.values()) == set(CLASSES)
    tested = {type(part).__name__ for e in SAVED.values() for part in parts_of(e)}
    assert {name.rpartition(".")[2] for name in CLASSES} <= tested


def parts_of(estimator):
    """An estimator and those that are its parameters."""
    yield estimator
    for value in estimator.get_params().values():
        if isinstance(value, BaseEstimator):
            yield value


def test_one_net_in_two_places_is_saved_once(stripes, path):
    estimator = frozen(*stripes)
    save_detector(estimator, path)
    loaded = load_detector(path)
    (calibrated,) = loaded.calibrated_classifiers_
    assert calibrated.estimator is loaded.estimator
    assert np.array_equal(answer(loaded, stripes[0]), answer(estimator, stripes[0]))


@pytest.mark.parametrize("engine", ["scikit-learn", "scikit-learn-intelex"])
@pytest.mark.parametrize("probability", [False, True])
def test_machines_of_either_library_come_back(engine, probability, stripes, path):
    if engine != "scikit-learn":
        pytest.importorskip("sklearnex", reason="scikit-learn-intelex is an extra")
    detector = SVMDetector(engine=engine, probability=probability).fit(*stripes)
    save_detector(detector, path)
    loaded = load_detector(path)
    assert loaded.engine_ == engine
    assert np.array_equal(answer(loaded, stripes[0]), answer(detector, stripes[0]))


def test_a_fast_machine_loads_where_its_library_is_missing(stripes, path, monkeypatch):
    pytest.importorskip("sklearnex", reason="scikit-learn-intelex is an extra")
    detector = SVMDetector(engine="scikit-learn-intelex").fit(*stripes)
    save_detector(detector, path)
    with monkeypatch.context() as patch:
        for name in [name for name in sys.modules if name.startswith("sklearnex")]:
            patch.delitem(sys.modules, name)
        patch.setitem(sys.modules, "sklearnex", None)
        loaded = load_detector(path)
        found = answer(loaded, stripes[0])
    assert np.array_equal(found, answer(detector, stripes[0]))


def test_a_fast_machine_of_three_classes_comes_back(stripes, path):
    pytest.importorskip("sklearnex", reason="scikit-learn-intelex is an extra")
    X, y = stripes
    y = np.where(np.arange(len(y)) % 5 == 0, 2, y)
    detector = SVMDetector(engine="scikit-learn-intelex").fit(X, y)
    save_detector(detector, path)
    loaded = load_detector(path)
    assert np.array_equal(answer(loaded, X), answer(detector, X))


def test_labels_may_be_words(stripes, path):
    X, y = stripes
    words = np.array(["real", "fake"])[y]
    save_detector(clone(COMPACT).fit(X, words), path)
    loaded = load_detector(path)
    assert loaded.classes_.tolist() == ["fake", "real"]
    assert set(loaded.predict(X)) <= {"fake", "real"}


def test_a_loaded_network_can_learn_on(stripes, path):
    detector = clone(COMPACT).set_params(class_weight="balanced").fit(*stripes)
    save_detector(detector, path)
    loaded = load_detector(path)
    n_epochs = len(loaded.history_["train_loss"])
    loaded.set_params(class_weight=None).partial_fit(*stripes)
    assert len(loaded.history_["train_loss"]) == n_epochs + 1
    loaded.set_params(warm_start=True, max_epochs=1).fit(*stripes)
    assert len(loaded.history_["train_loss"]) == n_epochs + 2


def test_what_belongs_to_a_training_is_left_out(stripes, path, tmp_path):
    settings = {"checkpoint": tmp_path / "kept", "compile": False}
    detector = clone(COMPACT).set_params(**settings).fit(*stripes)
    save_detector(detector, path)
    assert load_detector(path).checkpoint is None
    # The detector itself keeps it.
    assert detector.checkpoint == tmp_path / "kept"


def test_frozen_layers_stay_frozen(stripes, path, weights_folder):
    (file,) = weights_folder.glob("resnet50*.safetensors")
    detector = skfake.ResNetDetector(
        weights=file, trainable="head", max_epochs=1, image_size=32, device="cpu"
    )
    X, y = stripes
    detector.fit(X[:8], y[:8])
    save_detector(detector, path)
    loaded = load_detector(path)
    assert loaded.weights == str(file)
    parameters = loaded.net_.module_.named_parameters()
    learning = [name for name, p in parameters if p.requires_grad]
    assert learning == ["1.fc.weight", "1.fc.bias"]
    assert np.array_equal(answer(loaded, X[:2]), answer(detector, X[:2]))


def test_a_device_that_is_not_here_becomes_the_cpu(stripes, path):
    detector = clone(COMPACT).fit(*stripes)
    detector.device = "cuda:7"
    save_detector(detector, path)
    loaded = load_detector(path)
    assert loaded.net_.device == "cpu"
    assert loaded.predict(stripes[0]).shape == (40,)


@pytest.mark.parametrize("name", ["Compact", "pipeline of it", "calibrated network"])
def test_a_loaded_network_goes_where_it_is_sent(name, stripes, path, monkeypatch):
    X, y = stripes
    inside = make_pipeline(clone(COMPACT)) if "pipeline" in name else SAVED[name]
    detector = clone(inside).fit(X, y)
    save_detector(detector, path)
    # A device that torch has everywhere, and where nothing can be computed.
    monkeypatch.setattr(
        "skfake.persistence._computing.resolve_device", lambda device: device
    )
    monkeypatch.setattr("skfake.training.device.resolve_device", lambda device: device)
    moved = load_detector(path, device="meta")
    nets = [part.net_ for part in walk_nested(moved) if hasattr(part, "net_")]
    assert nets
    assert {net.device for net in nets} == {"meta"}
    here = load_detector(path, device="cpu")
    assert np.array_equal(answer(here, X), answer(detector, X))


def test_an_encoder_goes_where_it_is_sent_or_to_the_cpu(
    stripes, path, fitted_detector, monkeypatch
):
    save_detector(fitted_detector("Encoder"), path)
    expected = fitted_detector("Encoder").predict_proba(stripes[0])
    assert np.array_equal(load_detector(path).predict_proba(stripes[0]), expected)
    for module in ("training.device", "persistence._computing"):
        monkeypatch.setattr(f"skfake.{module}.resolve_device", lambda device: device)
    moved = load_detector(path, device="meta")
    network = moved.features_[0].find_encoder()
    assert {tensor.device.type for tensor in network.parameters()} == {"meta"}
    monkeypatch.undo()
    elsewhere = load_detector(path).set_params(device="cuda:7")
    elsewhere.features_[0].set_params(device="cuda:7")
    save_detector(elsewhere, path)
    assert np.array_equal(load_detector(path).predict_proba(stripes[0]), expected)


@pytest.mark.parametrize("name", ["Compact", "calibrated network"])
def test_a_loaded_network_predicts_with_the_arithmetic_that_is_named(name, saved):
    detector, file = saved(name)
    fast = load_detector(file, inference_precision="bfloat16")
    parts = [part for part in walk_nested(fast) if hasattr(part, "net_")]
    assert {part.inference_precision for part in parts} == {"bfloat16"}
    X = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3), np.uint8)
    exact, rough = answer(detector, X), answer(fast, X)
    assert not np.array_equal(exact, rough)
    assert np.allclose(exact, rough, atol=0.02)


def test_an_arithmetic_that_nothing_can_predict_with_is_refused(saved):
    _, file = saved("SVM")
    with pytest.raises(ValueError, match="inference_precision must be None for a"):
        load_detector(file, inference_precision="bfloat16")
    _, file = saved("Compact")
    with pytest.raises(ValueError, match="'inference_precision' parameter"):
        load_detector(file, inference_precision="int4")


def test_a_device_that_is_not_there_is_refused(saved):
    _, file = saved("Compact")
    with pytest.raises(ValueError, match="device must be 'auto' or a device"):
        load_detector(file, device="cuda:7")


def test_the_same_detector_makes_the_same_file(stripes, tmp_path, monkeypatch):
    class Clock:
        @staticmethod
        def now(zone):
            import datetime

            return datetime.datetime(2026, 1, 1, tzinfo=zone)

    monkeypatch.setattr("skfake.persistence._facts.datetime", Clock)
    detector = clone(COMPACT).fit(*stripes)
    for name in "ab":
        save_detector(detector, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    save_detector(load_detector(tmp_path / "a"), tmp_path / "c")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "c").read_bytes()


def test_the_caller_s_random_numbers_are_left_alone(saved):
    _, file = saved("Compact")
    before = np.random.get_state()[1].copy()
    load_detector(file)
    assert np.array_equal(np.random.get_state()[1], before)


def test_what_is_no_fitted_estimator_is_refused(path):
    with pytest.raises(NotFittedError):
        save_detector(CompactDetector(), path)
    with pytest.raises(TypeError, match="detector must be a fitted estimator; got 3"):
        save_detector(3, path)
    with pytest.raises(TypeError, match="got CompactDetector"):
        save_detector(CompactDetector, path)
    assert not path.exists()


def test_functions_and_foreign_classes_are_refused(stripes, path):
    X, y = stripes
    for function, name in ((os.path.join, "posixpath"), (lambda X: X, "lambda")):
        steps = make_pipeline(FunctionTransformer(function), clone(COMPACT))
        steps.steps[1][1].fit(X, y)
        with pytest.raises(ValueError, match=f"own classes.*{name}"):
            save_detector(steps, path)
    assert not path.exists()


def test_a_crash_leaves_the_old_file_whole(stripes, path, monkeypatch):
    detector = clone(COMPACT).fit(*stripes)
    save_detector(detector, path)
    before = path.read_bytes()

    def crash(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("skfake.files.os.fsync", crash)
    with pytest.raises(KeyboardInterrupt):
        save_detector(fit("SVM", *stripes), path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_card_tells_what_it_was_given_and_what_it_can_know(stripes, path):
    card = ModelCard(
        title="Stripes",
        data="forty stripes",
        metrics={"accuracy": np.float64(0.5), "brier": float("nan")},
        license="CC0-1.0",
    )
    save_detector(clone(COMPACT).fit(*stripes), path, card=card)
    found = read_model_card(path)
    assert (found.title, found.license) == ("Stripes", "CC0-1.0")
    assert found.metrics == {"accuracy": 0.5, "brier": None}
    assert (found.detector, found.classes) == ("CompactDetector", [0, 1])
    assert found.params["n_filters"] == [8, 16]
    assert found.n_weights > 1000
    assert found.versions["skfake"] == skfake.__version__
    assert found.date.endswith("+00:00")


@pytest.mark.parametrize("inside", [False, True])
def test_fingerprints_are_left_out_where_that_is_asked(stripes, path, inside):
    detector = clone(COMPACT).fit(*stripes)
    detector.fingerprints_ = np.arange(3, 43, dtype=np.uint64)
    outer = make_pipeline(detector) if inside else detector

    def load():
        loaded = load_detector(path)
        return loaded[-1] if inside else loaded

    save_detector(outer, path)
    assert np.array_equal(load().fingerprints_, detector.fingerprints_)
    with_them = path.stat().st_size
    save_detector(outer, path, fingerprints=False)
    assert not hasattr(load(), "fingerprints_")
    assert path.stat().st_size < with_them - 8 * 40
    assert np.array_equal(answer(load(), stripes[0]), answer(detector, stripes[0]))
    # The detector itself keeps them.
    assert len(detector.fingerprints_) == 40


class Sizes(skfake.SVMDetector):
    """Stand for a detector that was fitted to images of these sizes."""

    def __init__(self, image_sizes_=(), image_size=32):
        self.image_size = image_size
        self.image_sizes_ = np.array(image_sizes_)


@pytest.mark.parametrize(
    ("sizes", "image_size", "said"),
    [
        ([(32, 32)] * 3, 32, "32 x 32 pixels"),
        ([(512, 512)] * 3, 128, "512 x 512 pixels, resized to 128 x 128"),
        (
            [(384, 512), (512, 512), (768, 1024)],
            128,
            "512 x 512 pixels (median; 384 x 512 to 768 x 1024), resized to 128 x 128",
        ),
    ],
)
def test_the_card_says_what_was_resized(sizes, image_size, said):
    detector = Sizes(sizes, image_size)
    for outer in (detector, make_pipeline(detector)):
        assert fill_card(ModelCard(), outer, {}).images == said
    tiled = skfake.TiledDetector(detector)
    tiled.image_sizes_, tiled.tile_size_ = detector.image_sizes_, 64
    tiled.estimator_ = detector
    found = fill_card(ModelCard(), tiled, {}).images
    assert found == said.partition(", resized")[0] + ", judged in tiles of 64 x 64"


def test_the_card_says_which_label_means_fake(stripes, path):
    X, y = stripes
    detector = clone(COMPACT).fit(X, np.array(["ai", "camera"])[y])
    detector.pos_label_ = "ai"
    save_detector(make_pipeline(detector), path)
    assert read_model_card(path).fakes == ["ai"]


def test_another_scikit_learn_is_warned_of(saved, monkeypatch):
    _, file = saved("SVM")
    monkeypatch.setattr("sklearn.base.__version__", "99.0")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_detector(file)
    assert {type(warning.message).__name__ for warning in caught} == {
        "InconsistentVersionWarning"
    }
