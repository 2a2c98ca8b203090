import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

import skfake
from skfake import load_detector, read_model_card
from skfake.datasets import load_image_folder
from tests.cli.helpers import assert_one_line, write_images

MODEL = "model.skfake"


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder of real and fake, in the current one."""
    monkeypatch.chdir(tmp_path)
    return write_images(tmp_path / "photos", 40, names=("real", "fake"), suffix="png")


class Recorded(ClassifierMixin, BaseEstimator):
    """Stand for a network; `made` holds what was made of it."""

    def __init__(self, max_epochs=17, device="auto", checkpoint=None, verbose=0):
        self.max_epochs = max_epochs
        self.device = device
        self.checkpoint = checkpoint
        self.verbose = verbose

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.epochs_ = self.max_epochs
        return self

    def predict(self, X):
        return np.resize(self.classes_, len(X))


def test_a_detector_is_fitted_and_saved_with_its_metrics(run, photos):
    code, out, err = run("fit", photos, "--detector", "svm", "--output", MODEL)
    assert code == 0
    assert "SVM" in out
    assert "Trained on 32 images, tested on 8" in out
    assert err.endswith(f"The detector is in {MODEL}.\n")
    card = read_model_card(MODEL)
    assert card.title == "SVM detector"
    assert str(photos) in card.data
    assert "Trained on 32 images of the classes REAL, FAKE, tested on 8." in card.data
    assert 0 <= card.metrics["accuracy"] <= 1
    assert "fit_seconds" not in card.metrics
    detector = load_detector(MODEL)
    assert detector.classes_.tolist() == [0, 1]
    found = load_image_folder(photos)
    assert detector.score(found.data, found.target) > 0.6


def test_what_is_fitted_predicts(run, photos):
    arguments = ["--detector", "SVM", "--output", MODEL, "--limit", 20]
    assert run("fit", photos, *arguments, "--license", "CC0-1.0")[0] == 0
    assert read_model_card(MODEL).license == "CC0-1.0"
    code, out, _ = run("predict", MODEL, photos)
    assert code == 0
    assert len(out.splitlines()) == 41
    assert set(out.split(",")) & {"real", "fake"}


def test_parameters_are_those_of_the_options(run, photos, monkeypatch):
    saved = {}
    monkeypatch.setattr(skfake, "CNNDetector", Recorded)
    monkeypatch.setattr(
        skfake, "save_detector", lambda *given, **named: saved.update(given=given)
    )
    arguments = ["--epochs", 3, "--device", "cpu", "--checkpoint", "kept"]
    assert (
        run("fit", photos, "--detector", "CNN", "--output", MODEL, *arguments)[0] == 0
    )
    detector, path = saved["given"]
    assert str(path) == MODEL
    assert (detector.epochs_, detector.device) == (3, "cpu")
    # Where it was made is nobody's business.
    assert detector.checkpoint is None


def test_classes_that_are_not_real_and_fake_keep_their_names(run, tmp_path):
    source = write_images(tmp_path / "a", 30, names=("dog", "midjourney"))
    model = tmp_path / MODEL
    assert run("fit", source, "--detector", "svm", "--output", model)[0] == 0
    assert load_detector(model).classes_.tolist() == ["dog", "midjourney"]
    assert "--pos-label" in run("predict", model, source)[2]
    arguments = ["--pos-label", "midjourney"]
    assert "midjourney" in run("predict", model, source, *arguments)[1]


def test_an_error_of_the_detector_is_printed_once(run, photos, monkeypatch):
    class Broken(Recorded):
        def fit(self, X, y):
            raise ValueError("X must be better. Buy new ones.")

    monkeypatch.setattr(skfake, "CNNDetector", Broken)
    arguments = ["--detector", "CNN", "--output", MODEL]
    code, out, err = run("fit", photos, *arguments)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == "skfake: SOURCE must be better. Buy new ones."
    assert err.count("Buy new ones") == 1


def test_tiles_are_fitted_and_saved_without_what_belongs_to_this_machine(
    run, photos, monkeypatch
):
    arguments = ["--detector", "SVM", "--output", MODEL, "--tiles", "--image-size", 24]
    code, _, err = run("fit", photos, *arguments)
    assert code == 0, err
    assert "resized" not in err
    detector = load_detector(MODEL)
    assert isinstance(detector, skfake.TiledDetector)
    assert detector.tile_size_ == 24
    card = read_model_card(MODEL)
    assert card.images == "32 x 32 pixels, judged in tiles of 24 x 24"
    assert run("predict", MODEL, photos)[0] == 0


def test_the_file_says_which_class_is_fake_and_predict_knows(run, tmp_path):
    source = write_images(tmp_path / "a", 30, names=("dog", "flux"), size=48)
    model = tmp_path / MODEL
    arguments = ["--detector", "svm", "--output", model, "--pos-label", "FLUX"]
    code, out, err = run("fit", source, *arguments)
    assert code == 0, err
    assert "are those of flux" in out
    assert "Images of 48 x 48 pixels are resized to 32 x 32" in err
    assert load_detector(model).pos_label_ == "flux"
    out = run("info", model)[1]
    assert "- Fake: flux" in out
    assert "- Images: 48 x 48 pixels, resized to 32 x 32" in out
    code, out, err = run("predict", model, source)
    assert code == 0
    assert " flux, " in err
    assert "24 of them are training images" in err


def test_fingerprints_may_be_left_out_of_the_file(run, photos):
    arguments = ["--detector", "svm", "--output", MODEL, "--no-fingerprints"]
    assert run("fit", photos, *arguments)[0] == 0
    assert not hasattr(load_detector(MODEL), "fingerprints_")
    assert "training" not in run("predict", MODEL, photos)[2]


def test_files_that_can_not_be_read_are_named_or_skipped(run, photos):
    for name in ("real/x.png", "fake/y.png", "fake/z.png"):
        (photos / name).write_text("no image")
    arguments = ["--detector", "svm", "--output", MODEL]
    code, out, err = run("fit", photos, *arguments)
    assert (code, out) == (2, "")
    assert "got 3 of 43" in err
    assert {line.split(": ")[0] for line in err.splitlines()[-3:]} == {
        f"  '{photos / name}'" for name in ("real/x.png", "fake/y.png", "fake/z.png")
    }
    code, out, err = run("fit", photos, *arguments, "--skip-unreadable")
    assert code == 0, err
    assert "3 of 43 images can't be read" in out
    assert read_model_card(MODEL).data.endswith("3 that can't be read are left out.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["photos"], ["--output"]),
        (["nowhere", "--output", MODEL], ["'nowhere', which does not exist"]),
        (["photos", "--output", "photos"], ["'photos', a folder"]),
        (["photos", "--output", "old"], ["'old', which exists. Use --force"]),
        (
            ["photos", "--output", "model.onnx"],
            [
                "--output must end in .skfake; got 'model.onnx'. Use skfake export for",
            ],
        ),
        (["photos", "--output", "model.PT"], ["end in .skfake; got 'model.PT'."]),
        (["photos", "--output", "x/y.skfake"], ["in a folder that can be written"]),
        (
            ["photos", "--output", MODEL, "--detector", "SVM", "--pos-label", "dog"],
            ["pos-label must name some", "'dog'"],
        ),
        (
            ["photos", "--output", MODEL, "--device", "abacus"],
            ["--device must be", "'abacus'"],
        ),
        (
            ["photos", "--output", MODEL, "--detector", "x"],
            ["must be among SVM, CNN"],
        ),
        (["photos", "--output", MODEL, "--detector", "SVM,CNN"], ["one detector"]),
        (["photos", "--output", MODEL, "--detector", "SVM", "--epochs", "3"], ["SVM"]),
        (
            ["photos", "--output", MODEL, "--detector", "SVM", "--robust"],
            ["--robust must go with another detector; got SVM"],
        ),
        (
            ["photos", "--output", MODEL, "--robust", "--no-augmentation"],
            ["--robust must come without --no-augmentation"],
        ),
        (
            ["photos", "--output", MODEL, "--detector", "SVM", "--image-size", "8"],
            ["--image-size must be at least"],
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(run, photos, arguments, words):
    with open("old", "w") as file:
        file.write("of last week")
    code, out, err = run("fit", *arguments)
    # A line on stderr tells of each fit.
    err = "".join(line for line in err.splitlines(True) if "fitting" not in line)
    assert_one_line((code, out, err.splitlines(True)[-1]), *words)
    with open("old") as file:
        assert file.read() == "of last week"


def test_an_output_that_is_there_is_replaced_when_forced(run, photos):
    with open(MODEL, "w") as file:
        file.write("of last week")
    arguments = ["--detector", "svm", "--output", MODEL, "--force"]
    assert run("fit", photos, *arguments)[0] == 0
    assert read_model_card(MODEL).detector == "SVMDetector"


@pytest.mark.parametrize(
    ("size", "said"),
    [(300, "at full resolution, by the 256 x 256 in their centre; --tiles"), (140, "")],
)
def test_a_square_is_cut_from_photographs(run, tmp_path, monkeypatch, size, said):
    monkeypatch.chdir(tmp_path)
    source = write_images(tmp_path / "images", 20, size=size)
    arguments = ["--detector", "Residual", "--epochs", 1, "--output", MODEL]
    code, _, err = run("fit", source, *arguments)
    assert code == 0, err
    assert said in err
    assert "resized" not in err
    assert load_detector(MODEL).image_size == min(size, 256)


def test_squares_are_as_large_as_small_images(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = write_images(tmp_path / "images", 20, size=40)
    arguments = ["--detector", "Residual", "--epochs", 1, "--output", MODEL]
    assert run("fit", source, *arguments)[0] == 0
    assert load_detector(MODEL).image_size == 40
    assert run("fit", source, *arguments, "--tiles", "--force")[0] == 0
    assert load_detector(MODEL).tile_size_ == 40
