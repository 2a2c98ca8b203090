import json

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

import skfake
from skfake.cli.options import Suite
from skfake.cli.sources import load_train
from skfake.corruptions import SUITES
from skfake.images import check_images, fingerprint_images
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

    def load(path, device=None):
        loaded["device"] = device
        return loaded["detector"]

    monkeypatch.setattr(skfake, "load_detector", load)

    def set(detector):
        loaded["detector"] = detector
        return detector

    set.loaded = loaded
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


@pytest.mark.parametrize(
    ("classes", "names", "arguments", "fake"),
    [
        (("Real", "vqgan"), ("real", "fake"), [], "FAKE"),
        ((0, 1), ("real", "midjourney"), [], "midjourney"),
        ((0, 1), ("dog", "flux"), ["--pos-label", "Flux"], "flux"),
    ],
)
def test_classes_of_other_names_are_matched_by_what_they_mean(
    run, detector, tmp_path, classes, names, arguments, fake
):
    known = detector(Known(classes=classes, fakes=(names[1],)))
    known.pos_label_ = classes[1]
    source = write_images(tmp_path / "photos", 20, names=names)
    code, out, err = run("evaluate", MODEL, source, *arguments)
    assert code == 0, err
    assert f"are those of {fake}" in out
    assert out.splitlines()[-1].split()[1] == "95.0"


def test_all_fakes_are_the_fake_of_a_detector_of_two_classes(run, detector, tmp_path):
    source = write_images(tmp_path / "photos", 20, names=("real", "flux"))
    write_images(tmp_path / "photos", 10, names=("sdxl", "sdxl"), seed=1)
    detector(Known(fakes=("flux", "sdxl"), n_wrong=3)).pos_label_ = 1
    code, out, err = run("evaluate", MODEL, source)
    assert code == 0, err
    assert "are those of fake" in out
    assert out.splitlines()[-1].split()[1] == "90.0"


def test_the_device_is_that_of_the_user(run, detector, tmp_path):
    source = write_images(tmp_path / "photos", 20, names=("real", "fake"))
    assert run("evaluate", MODEL, source, "--device", "cuda:1")[0] == 0
    assert detector.loaded["device"] == "cuda:1"


def test_images_that_it_was_trained_on_are_counted(run, detector, tmp_path):
    source = write_images(tmp_path / "photos", 20, names=("real", "fake"))
    trained = detector(Known())
    paths = sorted(map(str, source.rglob("*.jpg")))[:5]
    trained.fingerprints_ = np.sort(fingerprint_images(check_images(paths)))
    out = " ".join(run("evaluate", MODEL, source)[1].split())
    assert "5 of 20 test images are among the training images" in out
    out = " ".join(run("evaluate", MODEL, source, "--without-leaks")[1].split())
    assert "5 test images that leak are left out" in out


def test_files_that_can_not_be_read_are_named_or_skipped(run, detector, tmp_path):
    source = write_images(tmp_path / "photos", 20, names=("real", "fake"))
    for name in ("real/x.jpg", "fake/y.jpg"):
        (source / name).write_text("no image")
    code, out, err = run("evaluate", MODEL, source)
    assert (code, out) == (2, "")
    assert "got 2 of 22" in err.splitlines()[0]
    assert len(err.splitlines()) == 3
    code, out, err = run("evaluate", MODEL, source, "--skip-unreadable")
    assert code == 0, err
    assert "2 of 22 images can't be read" in out


def test_an_earlier_report_is_replaced_when_forced(run, detector, tmp_path):
    source = write_images(tmp_path / "photos", 20, names=("real", "fake"))
    arguments = [MODEL, source, "--output", tmp_path / "report"]
    assert run("evaluate", *arguments)[0] == 0
    assert_one_line(run("evaluate", *arguments), "without a report", "--force")
    assert run("evaluate", *arguments, "--force")[0] == 0


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
    assert err.splitlines()[-1] == "skfake: no luck"
    assert err.count("no luck") == 1


def test_source_and_model_that_are_none_are_named(run, detector, tmp_path):
    result = run("evaluate", MODEL, tmp_path / "none")
    assert_one_line(result, "SOURCE must be a folder or an archive", "does not exist")
    source = write_images(tmp_path / "photos", 8, names=("real", "fake"))
    assert_one_line(run("evaluate", tmp_path / "none.skfake", source), "none.skfake")
    assert len(load_train(source).data) == 8


def test_damaged_images_have_a_table_of_their_own(run, tmp_path):
    source = write_images(tmp_path / "photos", 20, suffix="png", size=32)
    images = load_train(source)
    labels = np.array(images.target_names)[images.target]
    fitted = skfake.SVMDetector().fit(images.data, labels)
    skfake.save_detector(fitted, tmp_path / MODEL)
    options = ("--corruptions", "techjam", "--output", tmp_path / "report")
    code, out, _ = run("evaluate", tmp_path / MODEL, source, *options)
    assert code == 0
    _, below = out.split("\n\nroc_auc in % of 20 images, as they are (clean)")
    header = "clean jpeg blur rescale noise color_jitter center_crop mean score"
    assert below.splitlines()[-2].split() == header.split()
    assert below.splitlines()[-1].split()[0] == "detector"
    assert "Damaged images" in (tmp_path / "report" / "report.html").read_text()
    rows = (tmp_path / "report" / "robustness.csv").read_text().splitlines()
    assert len(rows) == 1 + 15


def test_suites_are_named_as_in_python(run, tmp_path):
    assert {*Suite} == {*SUITES}
    (tmp_path / MODEL).touch()
    code, _, err = run("evaluate", tmp_path / MODEL, tmp_path, "--corruptions", "rain")
    assert code == 2
    assert "techjam" in err
