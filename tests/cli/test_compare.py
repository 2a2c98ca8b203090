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
    """Make both detectors fast ones, and give what they were called with."""
    monkeypatch.setattr(skfake, "SVMDetector", Fast)
    monkeypatch.setattr(skfake, "CNNDetector", Fast)
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
    for name in ("SOURCE", "--test", "--cv", "--detectors", "--limit", "--seed"):
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
    assert "SVM: fitted in" in err
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
    assert [len(call["test"]) for call in calls] == [25] * 8


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
    assert out.splitlines()[-1].startswith("CNN")
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
    assert f"Images of {cifake}, tested on those of {elsewhere}." in out
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


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "nowhere"], ["'nowhere', which does not exist"]),
        (["compare", ".", "--test", "nowhere"], ["skfake: "]),
        (["compare", "--detectors", "SVM,oracle"], ["Compact; got 'oracle'"]),
        (["compare", "--detectors", ""], ["Compact; got ''"]),
        (["compare", "--cv", "many"], ["--cv"]),
        (["compare", "--cv", "1"], ["--cv"]),
        (["compare", "--cv", "60"], ["n_splits=60"]),
        (["compare", "--limit", "0"], ["--limit"]),
        (["compare", "--seed", "-1"], ["--seed"]),
        (["compare", "--test", "."], ["--test must come with SOURCE", "got no SOURCE"]),
        (["compare", ".", "--test", ".", "--cv", "2"], ["without --cv; got --cv"]),
        (["compare", "--speed", "9"], ["--speed"]),
        (["compete"], ["compete"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    run, calls, monkeypatch, tmp_path, arguments, words
):
    monkeypatch.chdir(tmp_path)
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
    assert err == "skfake: interrupted\n"


def test_ctrl_c_stays_ignored_behind_a_shell(run):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert run("--version")[0] == 0
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
