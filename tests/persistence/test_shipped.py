"""Detectors that come with skfake, and those from a hub."""

import hashlib
import json
from pathlib import Path

import pytest

from skfake import load_detector, read_model_card, save_detector
from skfake.datasets import load_cifake
from skfake.persistence import fetch_detector
from skfake.persistence.shipped import FOLDER, list_shipped

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NAMES = ["cifake", "cifake-robust"]


def test_they_are_listed():
    assert list_shipped() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_is_the_one_that_was_measured(name):
    measured = json.loads((BENCHMARKS / "shipped_detectors.json").read_text())
    [of] = [of for of in measured if of["name"] == name]
    content = (FOLDER / f"{name}.skfake").read_bytes()
    assert hashlib.sha256(content).hexdigest() == of["digest"]
    assert len(content) < 5_000_000
    card = read_model_card(name)
    assert card.metrics["roc_auc"] == of["all"]["roc_auc"] > 0.995
    assert card.license == "MIT"
    assert "CIFAKE" in card.data
    assert "Photographs and other generators are not" in card.limits


@pytest.mark.parametrize("name", NAMES)
def test_each_knows_images_like_those_it_was_trained_on(name, cifake_path):
    X, y = load_cifake(cifake_path, split="test", return_X_y=True)
    detector = load_detector(name, device="cpu")
    assert detector.score(X[::100], y[::100]) > 0.95


def test_a_file_of_that_name_is_what_is_meant(fitted_detector, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_detector(fitted_detector("SVM"), "cifake")
    assert type(load_detector("cifake")).__name__ == "SVMDetector"


def test_names_are_no_paths(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_detector(tmp_path / "cifake")


# From a hub


@pytest.fixture
def hub(fitted_detector, tmp_path, monkeypatch):
    """A hub that has one file, and the digest of it."""
    huggingface_hub = pytest.importorskip(
        "huggingface_hub", reason="it comes with the extra hub"
    )
    file = tmp_path / "svm.skfake"
    save_detector(fitted_detector("SVM"), file)

    def download(repo_id, filename, *, revision, cache_dir):
        assert (repo_id, filename) == ("owner/name", "svm.skfake")
        assert (revision, cache_dir) == ("v1", tmp_path)
        return str(file)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    return {
        "digest": hashlib.sha256(file.read_bytes()).hexdigest(),
        "revision": "v1",
        "cache_dir": tmp_path,
    }


def test_a_detector_comes_from_a_hub(hub, stripes, fitted_detector):
    detector = fetch_detector("owner/name", "svm.skfake", **hub)
    expected = fitted_detector("SVM").decision_function(stripes[0])
    assert (detector.decision_function(stripes[0]) == expected).all()


def test_its_networks_compute_as_the_caller_says(hub):
    with pytest.raises(ValueError, match="inference_precision must be None for a"):
        fetch_detector("owner/name", "svm.skfake", inference_precision="float32", **hub)


def test_another_file_than_the_one_that_is_named_is_refused(hub):
    other = {**hub, "digest": "0" * 64}
    with pytest.raises(ValueError, match=rf"got 0{{64}}, and {hub['digest']} of"):
        fetch_detector("owner/name", "svm.skfake", **other)


@pytest.mark.parametrize("digest", ["", "abc", "z" * 64])
def test_a_digest_has_64_digits(digest):
    with pytest.raises(ValueError, match="digest must be a SHA-256, 64 hexadecimal"):
        fetch_detector("owner/name", "svm.skfake", digest=digest)


def test_without_a_network_one_sentence_says_so(monkeypatch, tmp_path):
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(OSError, match=r"'a.skfake' in 'owner/name' must be within"):
        fetch_detector(
            "owner/name", "a.skfake", digest="0" * 64, cache_dir=tmp_path / "none"
        )


def test_without_the_package_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r'pip install "skfake\[hub\]"'):
        fetch_detector("owner/name", "a.skfake", digest="0" * 64)
