import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

import skfake
from skfake.cli import sources
from tests.cli.helpers import assert_one_line, run_process, write_images

FILES = {
    "report.html",
    "table.csv",
    "predictions.csv",
    "comparison.json",
    "roc_curves.png",
    "confusion_matrices.png",
}


class Fast(ClassifierMixin, BaseEstimator):
    """Stand for a detector that would take long; `calls` counts the images."""

    calls: ClassVar[list] = []

    def __init__(self, random_state=None, n_jobs=None, error=None):
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.error = error

    def fit(self, X, y):
        if self.error is not None:
            raise self.error
        self.calls.append({"train": list(X), "y": list(y), "seed": self.random_state})
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        self.calls[-1]["test"] = list(X)
        return np.resize(self.classes_, len(X))


@pytest.fixture
def calls(monkeypatch):
    """Make the detectors fast ones, and give what they were called with."""
    for name in ("SVM", "CNN", "Compact"):
        monkeypatch.setattr(skfake, f"{name}Detector", Fast)
    monkeypatch.setattr(sources, "N_SIMULATED", 100)
    monkeypatch.setattr(Fast, "calls", [])
    return Fast.calls


# Help


def test_without_a_command_there_is_help(run):
    code, out, _ = run()
    assert code == 0
    assert "compare" in out


def test_help_names_every_option(run):
    code, out, _ = run("compare", "--help")
    assert code == 0
    names = ["SOURCE", "--test", "--cv", "--detectors", "--limit", "--seed", "--tiles"]
    for name in (*names, "--leave-one-generator-out", "--across-generators"):
        assert name in out


def test_version_is_that_of_the_package(run):
    assert run("--version") == (0, f"skfake {skfake.__version__}\n", "")


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from skfake import cli\n"
        "sys.argv = ['skfake', 'compare', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not {"numpy", "sklearn", "torch", "pandas"} & set(done.stderr.split())


# Simulated images


def test_without_a_source_the_table_is_headed_as_simulated(run, calls):
    code, out, err = run("compare")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("SIMULATED images")
    assert lines[1].startswith("Trained on 80 images, tested on 20;")
    names = [line.split()[0] for line in lines[5:8]]
    assert names == ["SVM", "CNN", "Compact"]
    assert "SVM (fit 1 of 3): fitted in" in err
    assert "fitt" not in out


def test_the_held_out_images_are_in_proportion(run, calls):
    run("compare")
    assert sum(calls[0]["y"]) == 40


def test_a_seed_gives_the_same_images_and_detectors_again(run, calls):
    for seed in (3, 3, 4):
        run("compare", "--detectors", "SVM", "--seed", seed)
    first, again, other = calls
    assert np.array_equal(first["train"], again["train"])
    assert not np.array_equal(first["train"], other["train"])
    assert [call["seed"] for call in calls] == [3, 3, 4]


def test_folds_share_all_images(run, calls):
    code, out, _ = run("compare", "--cv", 4)
    assert code == 0
    assert "100 images in 4 folds" in out
    assert [len(call["test"]) for call in calls] == [25] * 12


def test_a_limit_holds_for_training_and_for_test_images(run, calls):
    run("compare", "--limit", 30, "--detectors", "svm")
    assert (len(calls[0]["train"]), len(calls[0]["test"])) == (30, 20)
    assert sum(calls[0]["y"]) == 15
    run("compare", "--limit", 10, "--detectors", "svm")
    assert (len(calls[1]["train"]), len(calls[1]["test"])) == (10, 10)


@pytest.mark.parametrize("names", ["cnn", "CNN", " Cnn ", "CNN,cnn"])
def test_detectors_are_named_in_any_case(run, calls, names):
    code, out, _ = run("compare", "--detectors", names)
    assert code == 0
    assert sum(line.startswith("CNN ") for line in out.splitlines()) == 1
    assert len(calls) == 1


# Sources


def test_cifake_is_tested_on_its_own_test_images(run, calls, cifake):
    code, out, _ = run("compare", cifake)
    assert code == 0
    assert out.startswith(f"Images of {cifake}.\nTrained on 20 images, tested on 10;")
    assert np.shape(calls[0]["train"]) == (20, 32, 32, 3)


def test_a_folder_and_an_archive_give_the_same_images(run, calls, cifake, tmp_path):
    with tarfile.open(tmp_path / "cifake.tar.gz", "w:gz") as archive:
        archive.add(cifake, "cifake")
    for source in (cifake, tmp_path / "cifake.tar.gz"):
        assert run("compare", source, "--detectors", "SVM")[0] == 0
    folder, packed = calls
    assert np.array_equal(folder["train"], packed["train"])
    assert np.array_equal(folder["test"], packed["test"])


def test_folds_are_drawn_from_the_training_images(run, calls, cifake):
    code, out, _ = run("compare", cifake, "--cv", 2)
    assert code == 0
    assert "20 images in 2 folds" in out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_folder_whose_name_is_no_text_is_shown(run, calls, tmp_path):
    source = write_images(tmp_path / os.fsdecode(b"caf\xe9"), 20)
    code, out, err = run("compare", source, "--detectors", "SVM")
    assert code == 0, err
    assert r"caf\udce9." in out


@pytest.mark.parametrize("name", ["test", "val"])
def test_a_folder_of_other_images_in_two_parts_is_kept_apart(
    run, calls, tmp_path, name
):
    write_images(tmp_path / "train", 20, size=40)
    write_images(tmp_path / name, 10, size=48)
    assert run("compare", tmp_path)[0] == 0
    assert all(os.sep + "train" + os.sep in path for path in calls[0]["train"])
    assert all(os.sep + name + os.sep in path for path in calls[0]["test"])
    assert (len(calls[0]["train"]), len(calls[0]["test"])) == (20, 10)


def test_a_fifth_of_an_undivided_folder_is_held_out(run, calls, tmp_path):
    write_images(tmp_path, 20, names=("nature", "ai"), suffix="png")
    assert run("compare", tmp_path)[0] == 0
    train, test = calls[0]["train"], calls[0]["test"]
    assert (len(train), len(test)) == (16, 4)
    assert not set(train) & set(test)


def test_test_images_may_lie_elsewhere(run, calls, cifake, tmp_path):
    elsewhere = write_images(tmp_path / "phone", 8, names=("photo", "ai"), size=50)
    code, out, _ = run("compare", cifake, "--test", elsewhere)
    assert code == 0
    title = f"Images of {cifake}, tested on those of {elsewhere}."
    assert title in " ".join(out.split())
    assert (len(calls[0]["train"]), len(calls[0]["test"])) == (20, 8)


def test_of_a_divided_test_folder_the_test_part_is_used(run, calls, cifake, tmp_path):
    source = write_images(tmp_path / "own", 20)
    assert run("compare", source, "--test", cifake)[0] == 0
    assert len(calls[0]["test"]) == 10


def test_classes_are_matched_by_name(run, calls, tmp_path):
    source = write_images(tmp_path / "a", 20, names=("dog", "midjourney"))
    write_images(tmp_path / "a", 6, names=("cat", "cat"), seed=1)
    test = write_images(tmp_path / "b", 8, names=("dog", "midjourney"), seed=2)
    output = tmp_path / "out"
    assert run("compare", source, "--test", test, "--output", output)[0] == 0
    found = json.loads((output / "comparison.json").read_text())
    assert found["target_names"] == ["cat", "dog", "midjourney"]
    assert np.sum(found["confusion_matrices"]["SVM"], axis=1).tolist() == [0, 4, 4]


# Results


def test_output_holds_tables_and_plots(run, calls, tmp_path):
    code, out, err = run("compare", "--output", tmp_path / "new" / "folder")
    assert code == 0
    found = json.loads((tmp_path / "new" / "folder" / "comparison.json").read_text())
    assert found["title"] == out.splitlines()[0]
    assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == FILES
    assert str(tmp_path / "new" / "folder") in err


def test_a_detector_that_fails_is_exit_code_1_and_the_others_are_shown(
    run, calls, monkeypatch, tmp_path
):
    monkeypatch.setattr(skfake, "CNNDetector", lambda: Fast(error=OSError("no luck")))
    code, out, err = run("compare", "--output", tmp_path)
    assert code == 1
    assert "CNN failed: OSError: no luck" in out
    assert "Traceback" not in out + err
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_an_earlier_report_is_replaced_when_forced(run, calls, tmp_path):
    (tmp_path / "notes.txt").write_text("not of a report")
    assert run("compare", "--output", tmp_path)[0] == 0
    result = run("compare", "--output", tmp_path)
    assert_one_line(result, "--output must be a folder without a report", "--force")
    assert len(calls) == 3
    assert run("compare", "--output", tmp_path, "--force")[0] == 0


# Settings of detectors


@pytest.fixture
def settings(monkeypatch):
    """What detectors are compared, in place of comparing them."""
    seen = {}

    def note(detectors, images, **others):
        seen.update(detectors)
        raise ValueError("this is as far as it goes")

    monkeypatch.setattr("skfake.cli.compare.compare_images", note)
    return seen


def test_options_set_the_parameters_that_a_detector_has(run, settings, tmp_path):
    source = write_images(tmp_path / "photos", 20)
    arguments = ["--detectors", "SVM,CNN,Compact", "--image-size", 40, "--epochs", 3]
    arguments += ["--device", "cpu", "--checkpoint", "kept", "--no-augmentation"]
    run("compare", source, *arguments)
    assert {detector.image_size for detector in settings.values()} == {40}
    for name in ("CNN", "Compact"):
        detector = settings[name]
        assert (detector.max_epochs, detector.device) == (3, "cpu")
        assert (detector.checkpoint, detector.augment) == ("kept", None)
        assert detector.verbose == 1
    run("compare", source, "--augmentation")
    assert settings["Compact"].augment == "auto"
    assert isinstance(settings["CNN"].augment, skfake.Augmentation)
    run("compare", source)
    assert settings["CNN"].augment == "auto"
    run("compare", source, "--detectors", "ResNet", "--weights", "imagenet")
    assert settings["ResNet"].weights == "imagenet"


def test_the_robust_recipe_is_that_of_the_detectors(run, settings, tmp_path):
    source = write_images(tmp_path / "photos", 20)
    run("compare", source, "--robust", "--augmentation")
    recipe = skfake.CompactDetector.robust()
    assert settings["Compact"].n_filters == recipe.n_filters
    assert settings["Compact"].max_epochs == recipe.max_epochs
    for name in ("CNN", "Compact"):
        assert settings[name].augment.corruptions == "robust"
    # It has none.
    assert isinstance(settings["SVM"], skfake.SVMDetector)
    run("compare", source, "--robust", "--epochs", 2)
    assert settings["Compact"].max_epochs == 2


def test_photographs_are_judged_in_tiles_by_every_detector(run, settings, tmp_path):
    source = write_images(tmp_path / "photos", 20, size=300)
    _, _, err = run("compare", source, "--seed", 5)
    assert "300 x 300 pixels are judged at full resolution, in tiles of 64 x 64" in err
    for detector in settings.values():
        assert isinstance(detector, skfake.TiledDetector)
        assert detector.estimator.image_size == 64
        assert (detector.random_state, detector.estimator.random_state) == (5, 5)
    run("compare", source, "--tiles", "--image-size", 48)
    assert {d.estimator.image_size for d in settings.values()} == {48}


@pytest.mark.parametrize(
    ("size", "image_size", "said"),
    [
        (32, 32, ""),
        (100, 32, "Images of 100 x 100 pixels are resized to 32 x 32; --image-size"),
        (256, 128, "Images of 256 x 256 pixels are resized to 128 x 128; --image"),
    ],
)
def test_photographs_are_resized_to_a_larger_size_than_small_images(
    run, settings, tmp_path, size, image_size, said
):
    source = write_images(tmp_path / "photos", 20, size=size)
    _, _, err = run("compare", source, "--no-tiles")
    assert {detector.image_size for detector in settings.values()} == {image_size}
    assert err.startswith(said or "skfake: ")


# Which class is fake


@pytest.mark.parametrize(
    ("names", "arguments", "fake"),
    [
        (("camera", "ai"), [], "FAKE"),
        (("midjourney", "real"), [], "midjourney"),
        (("dog", "flux"), ["--pos-label", "dog"], "dog"),
        (("dog", "flux"), ["--pos-label", "Flux"], "flux"),
        (("real", "ai"), ["--pos-label", "real"], "FAKE"),
    ],
)
def test_one_rule_says_which_class_is_fake(
    run, calls, tmp_path, names, arguments, fake
):
    source = write_images(tmp_path / "photos", 20, names=names)
    code, out, err = run("compare", source, "--detectors", "SVM", *arguments)
    assert code == 0, err
    assert f"are those of {fake}" in out
    assert "Nothing says" not in err
    if fake == "FAKE":
        chosen = arguments[-1] if arguments else names[1]
        fakes = [label == 1 for label in calls[0]["y"]]
        assert fakes == [f"{os.sep}{chosen}{os.sep}" in p for p in calls[0]["train"]]


def test_where_nothing_says_what_is_fake_the_user_is_told(run, calls, tmp_path):
    source = write_images(tmp_path / "photos", 20, names=("dog", "flux"))
    code, _, err = run("compare", source, "--detectors", "SVM")
    assert code == 0
    assert "Nothing says which of dog, flux means fake; --pos-label does." in err


def test_files_passed_over_are_counted(run, calls, tmp_path):
    source = write_images(tmp_path / "photos", 20)
    (source / "REAL" / "notes.txt").touch()
    _, _, err = run("compare", source, "--detectors", "SVM")
    assert "Passed over by their names: 1 .txt.\n" in err


# Files that can't be read


def break_files(source, *names):
    for name in names:
        (source / name).write_text("no image")


def test_files_that_can_not_be_read_are_all_named_before_training(run, calls, tmp_path):
    source = write_images(tmp_path / "photos", 20)
    break_files(source, "REAL/x.jpg", "FAKE/y.jpg", "FAKE/z.jpg")
    code, out, err = run("compare", source, "--detectors", "SVM")
    assert (code, out, calls) == (2, "", [])
    first, *others = err.splitlines()
    assert first == (
        "skfake: SOURCE must hold readable images; got 3 of 23 that can't be read. "
        "--skip-unreadable leaves them out."
    )
    assert sorted(others) == sorted(
        f"  '{source / name}': it has no format that is read"
        for name in ("REAL/x.jpg", "FAKE/y.jpg", "FAKE/z.jpg")
    )


def test_files_that_can_not_be_read_are_skipped_and_counted(run, calls, tmp_path):
    source = write_images(tmp_path / "photos", 20)
    break_files(source, "REAL/x.jpg", "FAKE/y.jpg")
    arguments = ["--detectors", "SVM", "--skip-unreadable"]
    code, out, err = run("compare", source, *arguments)
    assert code == 0, err
    assert len(calls[0]["train"]) + len(calls[0]["test"]) == 20
    assert "2 of 22 images can't be read" in out


# Generators


@pytest.fixture
def generators(tmp_path):
    """A tree of two generators, with real images of their own."""
    for seed, name in enumerate(("biggan", "sdxl")):
        write_images(tmp_path / "tree" / name, 20, names=("real", "fake"), seed=seed)
    return tmp_path / "tree"


def test_each_generator_has_its_row(run, calls, generators):
    code, out, err = run("compare", generators, "--detectors", "SVM")
    assert code == 0, err
    assert "biggan" in out
    assert "sdxl" in out


def test_a_generator_may_be_left_out_of_training(run, calls, generators):
    arguments = ["--detectors", "SVM", "--leave-one-generator-out"]
    code, out, err = run("compare", generators, *arguments)
    assert code == 0, err
    assert "2 folds" in out
    for call, name in zip(calls, ("biggan", "sdxl"), strict=True):
        trained = [p for p, y in zip(call["train"], call["y"], strict=True) if y == 1]
        tested = [path for path in call["test"] if f"{os.sep}fake{os.sep}" in path]
        assert not any(name in path for path in trained)
        assert all(name in path for path in tested)
        assert len(tested) == 10


def test_generators_are_tested_on_each_other(run, calls, generators, tmp_path):
    arguments = [
        "--detectors",
        "SVM",
        "--across-generators",
        "--output",
        tmp_path / "o",
    ]
    code, out, err = run("compare", generators, *arguments)
    assert code == 0, err
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
    assert {"biggan", "sdxl"} <= rows.keys()
    assert len(calls) == 2
    assert all("biggan" in path for path in calls[0]["train"])
    found = {path.name for path in (tmp_path / "o").iterdir()}
    # Labels alone have no ROC-AUC to plot.
    assert {"table.csv", "predictions.csv"} <= found
    assert_one_line(run("compare", generators, *arguments), "without a report")


# Leaks


def test_leaks_are_said_in_words_of_the_command_and_left_out(run, calls, tmp_path):
    source = write_images(tmp_path / "train", 20)
    write_images(tmp_path / "test", 10, seed=1)
    copied = next((source / "REAL").iterdir())
    (tmp_path / "test" / "REAL" / "copy.jpg").write_bytes(copied.read_bytes())
    code, out, _ = run("compare", tmp_path, "--detectors", "SVM")
    assert code == 0
    assert "have a copy among their" in " ".join(out.split())
    assert "--without-leaks leaves them out" in " ".join(out.split())
    _, out, _ = run("compare", tmp_path, "--detectors", "SVM", "--without-leaks")
    assert "1 test images that leak are left out" in " ".join(out.split())


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "nowhere"], ["'nowhere', which does not exist"]),
        (["compare", ".", "--test", "nowhere"], ["skfake: "]),
        (["compare", "--detectors", "SVM,oracle"], ["Encoder; got 'oracle'"]),
        (["compare", "--detectors", ""], ["Encoder; got ''"]),
        (["compare", "--cv", "many"], ["--cv"]),
        (["compare", "--cv", "1"], ["--cv"]),
        (["compare", "--cv", "60"], ["n_splits=60"]),
        (["compare", "--limit", "0"], ["--limit"]),
        (["compare", "--seed", "-1"], ["--seed"]),
        (["compare", "--test", "."], ["--test must come with SOURCE", "got no SOURCE"]),
        (["compare", ".", "--test", ".", "--cv", "2"], ["without --cv; got --cv"]),
        (["compare", "--speed", "9"], ["--speed"]),
        (["compare", "--detectors", "SVM", "--epochs", "3"], ["--epochs must go with"]),
        (["compare", "--detectors", "SVM", "--augmentation"], ["--augmentation must"]),
        (["compare", "--checkpoint", "file"], ["--checkpoint must be a folder"]),
        (["compare", "--leave-one-generator-out", "--cv", "2"], ["without --cv"]),
        (["compare", "photos", "--leave-one-generator-out"], ["generator/class/file"]),
        (["compare", "photos", "--across-generators"], ["generator/class/file"]),
        (["compare", "--across-generators", "--cv", "2"], ["without --cv"]),
        (["compare", "photos", "--pos-label", "dog"], ["'dog'"]),
        (["compare", "--output", "file"], ["--output must be a folder; got 'file'"]),
        (["compete"], ["compete"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    run, calls, monkeypatch, tmp_path, arguments, words
):
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "photos", 8)
    (tmp_path / "file").touch()
    assert_one_line(run(*arguments), *words)
    assert calls == []


def test_a_damaged_archive_is_named(run, calls, tmp_path):
    path = tmp_path / "cifake.zip"
    path.write_bytes(b"PK\3\4 cut off")
    assert_one_line(run("compare", path), str(path))


def test_test_images_of_an_unknown_class_are_named(run, calls, cifake, tmp_path):
    test = write_images(tmp_path / "b", 8, names=("dog", "midjourney"))
    assert_one_line(run("compare", cifake, "--test", test), "REAL, FAKE; got the class")


def test_an_output_that_can_not_be_written_stops_before_training(run, calls, tmp_path):
    file = tmp_path / "file"
    file.write_text("in the way")
    assert_one_line(run("compare", "--output", file), str(file))
    assert calls == []


def test_a_missing_matplotlib_stops_before_training(run, calls, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    result = run("compare", "--output", tmp_path / "new")
    assert_one_line(result, 'pip install "skfake[plot]"')
    assert calls == []
    assert not (tmp_path / "new").exists()


# As users run it


def test_the_command_trains_a_detector_on_a_folder(cifake, tmp_path):
    done = run_process(
        "compare", cifake, "--detectors", "svm", "--output", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Images of")
    assert "SVM: fitted in" in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES


def test_a_mistake_shows_no_traceback(tmp_path):
    done = run_process("compare", tmp_path / "nowhere.zip")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_the_command_and_not_the_training_alone():
    command = [sys.executable, "-m", "skfake", "compare", "--detectors", "CNN"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stderr.readline().startswith("CNN: fitting")
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    said, *epochs = err.splitlines()
    assert said == "skfake: interrupted"
    # How far the training was.
    assert all(line.startswith("epoch ") for line in epochs)


def test_ctrl_c_stays_ignored_behind_a_shell(run):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert run("--version")[0] == 0
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
