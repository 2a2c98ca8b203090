import json

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

import skfake
from skfake.cli.sources import load_train
from tests.cli.helpers import assert_one_line, write_images

MODEL = "detector.skfake"


class Known(ClassifierMixin, BaseEstimator):
    """Knows the first `n_wrong` images wrongly, and all others by their folders."""

    def __init__(self, classes=(0, 1), n_wrong=1, fakes=("FAKE", "fake")):
        self.classes = classes
        self.n_wrong = n_wrong
        self.fakes = fakes
        self.classes_ = np.array(classes)
        self.asked = []

    def fit(self, X, y):
        raise AssertionError("it is fitted already")

    def predict(self, X):
        self.asked = list(X)
        fake = np.array([any(f"/{name}/" in path for name in self.fakes) for path in X])
        fake[: self.n_wrong] = ~fake[: self.n_wrong]
        positive = int(str(self.classes[1]).lower() != "real")
        return self.classes_[np.where(fake, positive, 1 - positive)]

    def decision_function(self, X):
        return np.where(self.predict(X) == self.classes_[1], 1.0, -1.0)


@pytest.fixture
def detector(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / MODEL).touch()
    loaded = {"detector": Known()}
    monkeypatch.setattr(skfake, "load_detector", lambda path: loaded["detector"])

    def set(detector):
        loaded["detector"] = detector
        return detector

    return set


def test_metrics_are_those_of_all_images_where_there_are_no_parts(
    run, detector, tmp_path
):
    source = write_images(tmp_path / "photos", 20, names=("real", "fake"), suffix="png")
    code, out, err = run("evaluate", MODEL, source)
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == f"Images of {source}."
    assert lines[1].startswith("Tested on 20 images; metrics in %")
    assert lines[2].endswith("are those of FAKE.")
    assert lines[-1].split()[:2] == ["detector", "95.0"]
    assert err.startswith("detector: 20 images predicted in ")


def test_the_test_part_of_a_source_is_taken(run, detector, tmp_path):
    asked = detector(Known())
    write_images(tmp_path / "train", 20, size=40)
    write_images(tmp_path / "test", 10, size=40)
    code, out, _ = run("evaluate", MODEL, tmp_path, "--test")
    assert code == 0
    assert out.startswith(f"Test images of {tmp_path}.\nTested on 10 images")
    assert all("/test/" in path for path in asked.asked)
    assert run("evaluate", MODEL, tmp_path / "test")[0] == 0
    result = run("evaluate", MODEL, tmp_path / "test", "--test")
    assert_one_line(result, "--test", "which has none")


def test_a_limit_holds(run, detector, tmp_path):
    source = write_images(tmp_path / "photos", 20, names=("real", "fake"))
    assert "Tested on 10 images" in run("evaluate", MODEL, source, "--limit", 10)[1]


def test_classes_are_matched_by_name(run, detector, tmp_path):
    source = write_images(tmp_path / "photos", 20, names=("real", "fake"))
    detector(Known(classes=("fake", "real")))
    out = run("evaluate", MODEL, source)[1]
    assert out.splitlines()[2].endswith("are those of FAKE.")
    assert out.splitlines()[-1].split()[1] == "95.0"
    detector(Known(classes=("Real", "vqgan")))
    assert_one_line(run("evaluate", MODEL, source), "real, vqgan", "'FAKE'")


def test_a_report_is_written(run, detector, tmp_path):
    source = write_images(tmp_path / "photos", 20, names=("real", "fake"))
    code, out, _ = run("evaluate", MODEL, source, "--output", tmp_path / "report")
    assert code == 0
    found = json.loads((tmp_path / "report" / "comparison.json").read_text())
    assert found["title"] == out.splitlines()[0]
    assert (tmp_path / "report" / "report.html").exists()


def test_a_detector_that_fails_is_one_line(run, detector, tmp_path):
    class Broken(Known):
        def predict(self, X):
            raise ValueError("no luck")

    detector(Broken())
    source = write_images(tmp_path / "photos", 20, names=("real", "fake"))
    code, out, err = run("evaluate", MODEL, source)
    assert (code, out) == (2, "")
    assert "no luck" in err.splitlines()[-1]
    assert "Traceback" not in err


def test_source_and_model_that_are_none_are_named(run, detector, tmp_path):
    result = run("evaluate", MODEL, tmp_path / "none")
    assert_one_line(result, "SOURCE must be a folder or an archive", "does not exist")
    source = write_images(tmp_path / "photos", 8, names=("real", "fake"))
    assert_one_line(run("evaluate", tmp_path / "none.skfake", source), "none.skfake")
    assert len(load_train(source).data) == 8
