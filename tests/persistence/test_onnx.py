"""Exported detectors: the same answers, in a file that says what it is."""

import json
import sys

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import skfake
from skfake import (
    Augmentation,
    CNNDetector,
    CompactDetector,
    EncoderDetector,
    HOGTransformer,
    SVMDetector,
    VGGDetector,
    export_onnx,
)
from skfake.datasets import make_images
from skfake.detectors.deep import DeepDetector
from skfake.persistence import onnx as exporting
from tests.detectors.instances import DETECTORS, TINY
from tests.persistence.test_pixels import COLUMNS_FIRST, LUMINANCE
from tests.tracing import untraced

onnx = pytest.importorskip("onnx", reason="onnx comes with the extra onnx")
onnxruntime = pytest.importorskip("onnxruntime", reason="so does onnxruntime")

QUICK = {**TINY, "max_epochs": 1}
# The detectors of every other test, and what else decides on the graph.
NETWORKS = {
    name: d
    for name, d in DETECTORS.items()
    if isinstance(d, DeepDetector | EncoderDetector)
}
EXPORTED = {
    **NETWORKS,
    "CNN, gray, odd": CNNDetector(image_size=21, grayscale=True, **QUICK),
    "Compact, gray, odd, cropped": CompactDetector(
        image_size=15,
        grayscale=True,
        n_filters=(4, 8),
        augment=Augmentation(crop=None, crop_size=11),
        **QUICK,
    ),
    "Encoder, squares": clone(DETECTORS["Encoder"]).set_params(
        n_crops=5, precision="bfloat16"
    ),
    "VGG, plain": VGGDetector(
        image_size=45,
        depth=11,
        batch_norm=False,
        n_hidden=16,
        augment=Augmentation(crop=None, average_flips=False),
        **QUICK,
    ),
}


def run(file, images):
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {"images": images})[0]


@pytest.fixture(scope="module")
def images():
    """Images without colours that rounding is undecided about."""
    X, _ = make_images(n_samples=150, return_X_y=True, random_state=0)
    X[X @ LUMINANCE % 10_000 == 5000] = 0
    return X


@pytest.fixture(params=EXPORTED, scope="module")
def exported(request, fitted_detector, stripes, tmp_path_factory):
    """A fitted detector and the file of it; those of 21 pixels know three classes."""
    if request.param in NETWORKS:
        detector = fitted_detector(request.param)
    else:
        detector, (X, y) = clone(EXPORTED[request.param]), stripes
        detector.fit(X, np.arange(len(y)) % 3 if detector.image_size == 21 else y)
    file = tmp_path_factory.mktemp("exported") / "detector.onnx"
    with untraced():
        export_onnx(detector, file)
    return detector, file


@pytest.fixture(scope="module")
def cnn(stripes):
    X, y = stripes
    return clone(EXPORTED["CNN"]).fit(X, np.array(["real", "fake"])[y])


# Answers


def test_the_file_answers_as_the_detector(exported, images):
    detector, file = exported
    found = run(file, images)
    assert found.dtype == np.float32
    most = 0.05 if detector.precision == "bfloat16" else 1e-4
    assert np.abs(found - detector.predict_proba(images)).max() < most


@pytest.mark.parametrize(
    ("n", "height", "width"),
    [(1, 16, 16), (2, 9, 30), (7, 21, 21), (33, 31, 47), (1, 1, 1), (2, 90, 20)],
)
def test_images_of_any_number_and_size_are_judged(exported, images, n, height, width):
    detector, file = exported
    X = np.tile(images[:n], (1, 3, 2, 1))[:, :height, :width]
    assert X.shape == (n, height, width, 3)
    # A level of a pixel is worth more than the arithmetic of a network.
    most = 1e-4 if height < 90 or COLUMNS_FIRST else 1e-2
    if detector.precision == "bfloat16":
        most = 0.05
    assert np.abs(run(file, X) - detector.predict_proba(X)).max() < most


def test_answers_do_not_depend_on_the_batch(exported, images):
    _, file = exported
    together = run(file, images[:33])
    alone = np.concatenate([run(file, images[i : i + 1]) for i in range(0, 33, 8)])
    assert np.allclose(together[::8], alone, rtol=0, atol=1e-6)
    assert np.ptp(together, axis=0).max() > 1e-6


def test_labels_may_be_read_from_the_file(cnn, stripes, tmp_path):
    export_onnx(cnn, tmp_path / "cnn.onnx")
    classes = json.loads(facts_of(tmp_path / "cnn.onnx")["classes"])
    found = np.array(classes)[run(tmp_path / "cnn.onnx", stripes[0]).argmax(axis=1)]
    assert np.array_equal(found, cnn.predict(stripes[0]))


# The file


def facts_of(file):
    return {fact.key: fact.value for fact in onnx.load(file).metadata_props}


def test_the_file_is_whole_and_says_what_it_is(exported):
    detector, file = exported
    onnx.checker.check_model(str(file), full_check=True)
    assert [path.name for path in file.parent.iterdir()] == ["detector.onnx"]
    facts = {name: json.loads(fact) for name, fact in facts_of(file).items()}
    augment = getattr(detector, "augment_", None)
    assert facts == {
        "detector": type(detector).__name__,
        "classes": detector.classes_.tolist(),
        # Of three classes without names nothing means fake.
        "pos_label": 1 if len(detector.classes_) == 2 else None,
        "pixel_range": [0, 255],
        "image_size": detector.image_size,
        "resize": detector.resize,
        "n_crops": getattr(detector, "n_crops", 1),
        "grayscale": getattr(detector, "grayscale", False),
        "crop_size": augment and augment.crop_size,
        "average_flips": bool(augment and augment.average_flips),
        "skfake_version": skfake.__version__,
    }


def test_the_file_takes_bytes_and_gives_probabilities(exported):
    detector, file = exported
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    [taken], [given] = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.type) == ("images", "tensor(uint8)")
    assert taken.shape == ["n", "height", "width", 3]
    assert (given.name, given.type) == ("probabilities", "tensor(float)")
    assert given.shape == ["n", len(detector.classes_)]


def test_the_file_needs_nothing_beyond_onnx_and_names_no_path(exported):
    _, file = exported
    model = onnx.load(file)
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 18)]
    assert not model.functions
    # Among millions of weights any three letters stand somewhere.
    model.graph.ClearField("initializer")
    assert b".py" not in model.SerializeToString()


def test_weights_are_in_the_file_once(exported):
    detector, file = exported
    module = detector._trained_network().module
    n_bytes = sum(tensor.nbytes for tensor in module.state_dict().values())
    assert file.stat().st_size < 1.1 * n_bytes + 200_000


def test_a_file_is_replaced_only_by_a_whole_one(cnn, tmp_path, monkeypatch):
    file = tmp_path / "detector.onnx"
    file.write_text("before")
    monkeypatch.setattr(exporting, "TOLERANCE", -1)
    with pytest.raises(RuntimeError, match="within -1 of skfake; got a difference of"):
        export_onnx(cnn, str(file))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]
    monkeypatch.undo()
    export_onnx(cnn, str(file))
    assert "classes" in facts_of(file)


def test_an_export_prints_nothing_and_changes_nothing(
    cnn, stripes, tmp_path, capfd, monkeypatch
):
    before, seed = cnn.predict_proba(stripes[0]), torch.random.get_rng_state()
    # A compiled module is one that another function is called for.
    monkeypatch.setattr(cnn.net_.module_, "_compiled_call_impl", pytest.fail)
    export_onnx(cnn, tmp_path / "cnn.onnx")
    monkeypatch.undo()
    assert torch.equal(torch.random.get_rng_state(), seed)
    assert np.array_equal(cnn.predict_proba(stripes[0]), before)
    assert capfd.readouterr().out == ""


# What is refused


def test_every_public_detector_is_exported_or_refused(tmp_path):
    instances = {type(d).__name__: d for d in [*DETECTORS.values(), *EXPORTED.values()]}
    public = {name for name in skfake.__all__ if name.endswith("Detector")}
    assert set(instances) == public
    exported = {type(detector).__name__ for detector in EXPORTED.values()}
    for name in set(instances) - exported:
        with pytest.raises(TypeError, match=rf"detector must be .*; got {name}\. \w+"):
            export_onnx(instances[name], tmp_path / "detector.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("detector", "message"),
    [
        (SVMDetector(), r"got SVMDetector\. ONNX has no operator for histograms"),
        (
            make_pipeline(HOGTransformer(), LogisticRegression()),
            r"got Pipeline\. Use the fitted detector within it, such as the last step",
        ),
        (GridSearchCV(CNNDetector(), {}), r"got GridSearchCV\. .* best_estimator_"),
        (CNNDetector, r"got the class CNNDetector\. Use an instance"),
        (None, r"got NoneType\.$"),
        ("detector.joblib", r"got str\.$"),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)
def test_anything_else_is_refused(detector, message, tmp_path):
    with pytest.raises(TypeError, match=message):
        export_onnx(detector, tmp_path / "detector.onnx")


def test_a_detector_must_be_fitted(tmp_path):
    with pytest.raises(NotFittedError, match="CNNDetector instance is not fitted"):
        export_onnx(CNNDetector(), tmp_path / "detector.onnx")


def test_numbers_on_no_scale_of_images_are_refused(cnn, stripes, tmp_path):
    detector = clone(cnn).set_params(max_epochs=1)
    with pytest.warns(UserWarning, match="known scale"):
        detector.fit(stripes[0] / 128 - 1, stripes[1])
    with pytest.raises(ValueError, match="fitted to numbers from -1 to"):
        export_onnx(detector, tmp_path / "detector.onnx")


def test_the_folder_must_be_there(cnn, tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"folder that is there; got .*no/a\.on"
    ):
        export_onnx(cnn, tmp_path / "no" / "a.onnx")
    with pytest.raises(IsADirectoryError, match=r"name of a file; got .*, a folder"):
        export_onnx(cnn, tmp_path)


def test_weights_must_fit_one_file(cnn, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="weights of less than 2 GB"):
        export_onnx(cnn, tmp_path / "detector.onnx")


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_a_missing_package_is_named(cnn, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf'^{package} must .* "skfake\[onnx\]"\.$'):
        export_onnx(cnn, tmp_path / "detector.onnx")
