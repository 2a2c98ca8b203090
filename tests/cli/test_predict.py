import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import skfake
from skfake import SVMDetector, save_detector
from skfake.datasets import make_images
from skfake.decisions import SelectiveClassifier, StableClassifier
from skfake.images import fingerprint_images
from skfake.screening import opening
from tests.cli.helpers import assert_one_line, write_images
from tests.screening.instances import Brightness, Distance, Labels, write

# Hidden: it lies among the images, and is none that is passed over.
MODEL = ".model.skfake"


@pytest.fixture
def detector(monkeypatch):
    """What is loaded in place of a file; `set` changes it."""
    loaded = {"detector": Brightness()}
    monkeypatch.setattr(
        skfake, "load_detector", lambda path, **options: loaded["detector"]
    )

    def set(detector):
        loaded["detector"] = detector
        return detector

    return set


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, without images."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / MODEL).touch()
    return tmp_path / "here"


def pipe_in(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def read_csv(out):
    return list(csv.DictReader(io.StringIO(out, newline="")))


def paths_of(out):
    return [row["path"] for row in read_csv(out)]


# Rows


def test_a_row_has_the_probability_of_a_fake_and_a_label(run, detector, folder):
    write("a.png", 255)
    write("b.png", 51)
    code, out, err = run("predict", MODEL, "a.png", "b.png")
    assert (code, err) == (0, "2 images: 1 fake, 1 real.\n")
    assert out.splitlines()[0] == "path,probability,label,seconds,error"
    first, second = read_csv(out)
    assert (first["path"], first["probability"], first["label"]) == (
        "a.png",
        "1.0",
        "fake",
    )
    assert (second["probability"], second["label"]) == ("0.2", "real")
    assert all(0 < float(row["seconds"]) < 60 for row in (first, second))
    assert first["error"] == ""


def test_json_lines_say_the_same(run, detector, folder):
    write("a.png", 51)
    (folder / "b.png").touch()
    code, out, _ = run("predict", MODEL, "a.png", "b.png", "--format", "jsonl")
    first, second = map(json.loads, out.splitlines())
    assert code == 1
    assert list(first) == ["path", "probability", "label", "seconds", "error"]
    assert (first["probability"], first["label"], first["error"]) == (0.2, "real", None)
    assert (second["probability"], second["label"]) == (None, None)
    assert second["error"] == "it is empty"


def test_a_detector_without_probabilities_has_scores(run, detector, folder):
    detector(Distance())
    write("a.png", 0)
    _, out, _ = run("predict", MODEL, "a.png")
    (row,) = read_csv(out)
    assert (row["score"], row["label"]) == ("-0.5", "real")


@pytest.mark.parametrize(("threshold", "label"), [(0.2, "fake"), (0.3, "real")])
def test_a_threshold_decides_in_place_of_the_detector(
    run, detector, folder, threshold, label
):
    write("a.png", 51)
    _, out, _ = run("predict", MODEL, "a.png", "--threshold", threshold)
    assert [row["label"] for row in read_csv(out)] == [label]


def test_a_detector_with_labels_alone_has_no_value(run, detector, folder):
    detector(Labels())
    write("a.png")
    _, out, _ = run("predict", MODEL, "a.png")
    assert [(r["probability"], r["label"]) for r in read_csv(out)] == [("", "fake")]
    result = run("predict", MODEL, "a.png", "--threshold", 0.5)
    assert_one_line(result, "--threshold must go with")


def test_options_are_those_of_screening(run, detector, folder):
    asked = detector(Brightness())
    for i in range(5):
        write(f"{i}.png")
    arguments = [".", "--batch-size", 2, "--jobs", 3]
    out = run("predict", MODEL, *arguments)[1]
    assert paths_of(out) == [f"./{i}.png" for i in range(5)]
    assert asked.n_asked == [2, 2, 1]


def test_which_label_means_fake_can_be_said(run, detector, folder):
    detector(Brightness(classes=("dog", "sd", "vqgan")))
    write("a.png", 51)
    assert_one_line(run("predict", MODEL, "a.png"), "--pos-label", "dog, sd, vqgan")
    _, out, _ = run("predict", MODEL, "a.png", "--pos-label", "sd")
    assert read_csv(out)[0]["probability"] == "0.2"
    both = ["--pos-label", "dog", "--pos-label", "vqgan"]
    _, out, _ = run("predict", MODEL, "a.png", *both)
    assert read_csv(out)[0]["probability"] == "0.8"
    result = run("predict", MODEL, "a.png", "--pos-label", "dalle")
    assert_one_line(result, "dog, sd, vqgan; got 'dalle'")
    detector(Brightness())
    _, out, _ = run("predict", MODEL, "a.png", "--pos-label", "0")
    assert [(r["probability"], r["label"]) for r in read_csv(out)] == [("0.8", "fake")]


# Where the files are


def test_patterns_that_the_shell_left_alone_are_matched(run, detector, folder):
    for name in ("a/1.png", "a/b/2.png", "a/.3.png", "a/notes.txt", "a[1].png"):
        write(name)
    assert paths_of(run("predict", MODEL, "a/*")[1]) == ["a/1.png"]
    assert paths_of(run("predict", MODEL, "a/**/*.png")[1]) == ["a/1.png", "a/b/2.png"]
    assert paths_of(run("predict", MODEL, "a[1].png")[1]) == ["a[1].png"]


def test_a_named_file_needs_no_ending_and_comes_as_often_as_named(
    run, detector, folder
):
    write("picture")
    out = run("predict", MODEL, "picture", ".", "picture")
    assert out[0] == 1
    assert paths_of(out[1]) == ["picture", ".", "picture"]
    assert read_csv(out[1])[1]["error"] == "no images in this folder"


def test_paths_come_in_by_a_pipe(run, detector, folder, monkeypatch):
    write("a.png")
    write("in/b c.png")
    for arguments in (["-"], ["--files-from", "-"]):
        pipe_in(monkeypatch, b"in\r\na.png\n\na.png")
        code, out, _ = run("predict", MODEL, *arguments)
        assert code == 0
        assert paths_of(out) == ["in/b c.png", "a.png", "a.png"]


def test_paths_come_from_a_list_after_those_that_are_named(run, detector, folder):
    for name in ("a.png", "b.png"):
        write(name)
    (folder / "list").write_bytes(b"a.png\nnone.png\n")
    code, out, _ = run("predict", MODEL, "b.png", "--files-from", "list")
    assert code == 1
    assert paths_of(out) == ["b.png", "a.png", "none.png"]
    assert read_csv(out)[2]["error"] == "no such file"


STRANGE = [b"a,b.png", b'"q".png', b"line\nbreak.png", b"caf\xe9.png", b"\xf0.png"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_names_may_have_any_bytes(run, detector, folder, monkeypatch, format):
    names = [os.fsdecode(name) for name in STRANGE]
    for name in names:
        write(name)
    pipe_in(monkeypatch, b"\0".join(STRANGE) + b"\0")
    arguments = ["-", "--null", "--format", format, "--output", "out"]
    code, out, err = run("predict", MODEL, *arguments)
    assert (code, out, err) == (0, "", "5 images: 5 fake, 0 real.\n")
    table = pd.read_csv("out") if format == "csv" else pd.read_json("out", lines=True)
    shown = ["a,b.png", '"q".png', "line\nbreak.png", r"caf\xe9.png", r"\xf0.png"]
    assert table["path"].tolist() == shown


# Files that can't be read


def test_what_can_not_be_read_has_a_row_with_the_reason(run, detector, folder):
    write("a.png")
    write("f.png")
    whole = (folder / "a.png").read_bytes()
    (folder / "b.png").write_bytes(whole[:50])
    (folder / "c.png").write_text("no image")
    (folder / "d.png").touch()
    code, out, err = run("predict", MODEL, ".", "none.png", "none*.png")
    rows = read_csv(out)
    assert (code, err) == (1, "7 images: 2 fake, 0 real, 5 unreadable.\n")
    assert [row["label"] for row in rows] == ["fake", "", "", "", "fake", "", ""]
    errors = [row["error"] for row in rows]
    assert "truncated" in errors[1].lower() or "broken" in errors[1].lower()
    assert errors[2:] == [
        "it has no format that is read",
        "it is empty",
        "",
        "no such file",
        "no images match this pattern",
    ]


def test_images_that_the_detector_does_not_take_leave_the_others(run, detector, folder):
    asked = detector(Brightness(sides=4))
    for i, side in enumerate((4, 5, 4)):
        write(f"{i}.png", side=side)
    code, out, err = run("predict", MODEL, ".")
    assert code == 1
    assert err == "3 images: 2 fake, 0 real, 1 without an answer.\n"
    assert [row["label"] for row in read_csv(out)] == ["fake", "", "fake"]
    assert read_csv(out)[1]["error"] == "ValueError: X must be of 4 pixels"
    assert asked.n_asked == [1, 1]


def test_a_detector_that_takes_no_image_at_all_is_a_mistake(run, detector, folder):
    detector(Brightness(sides=9))
    for i in range(3):
        write(f"{i}.png")
    code, _, err = run("predict", MODEL, ".")
    assert code == 2
    assert err == "skfake: PATH must be of 9 pixels\n"


@pytest.mark.parametrize("name", ["none.skfake", "."])
def test_a_model_that_is_no_file_is_named(run, folder, name):
    assert_one_line(run("predict", name, "a.png"), "MODEL must be a file", repr(name))


def test_files_are_opened_while_the_detector_is_loaded(run, folder, monkeypatch):
    is_open, decode = threading.Event(), opening.decode_file

    def note(path):
        is_open.set()
        return decode(path)

    def load(path, **options):
        assert is_open.wait(30)
        return Brightness()

    monkeypatch.setattr(opening, "decode_file", note)
    monkeypatch.setattr(skfake, "load_detector", load)
    write("a.png")
    assert run("predict", MODEL, "a.png")[0] == 0


# Output


def test_an_output_that_is_there_is_not_replaced_unless_forced(run, detector, folder):
    write("a.png")
    out = folder / "out.csv"
    out.write_text("of last week")
    result = run("predict", MODEL, "a.png", "--output", out)
    assert_one_line(result, str(out), "exists. Use --force")
    assert out.read_text() == "of last week"
    assert run("predict", MODEL, "a.png", "--output", out, "--force")[0] == 0
    assert out.read_text().startswith("path,probability")


def test_rows_are_there_batch_by_batch(run, detector, folder):
    class Watched(Brightness):
        def predict_proba(self, X):
            seen.append(len((folder / "out").read_text().splitlines()))
            return super().predict_proba(X)

    seen = []
    detector(Watched())
    for i in range(6):
        write(f"{i}.png")
    run("predict", MODEL, ".", "--batch-size", 2, "--output", "out")
    assert seen == [1, 3, 5]


def test_ctrl_c_leaves_whole_rows(run, detector, folder):
    class Interrupted(Brightness):
        def predict_proba(self, X):
            if len(self.n_asked) == 2:
                os.kill(os.getpid(), signal.SIGINT)
            return super().predict_proba(X)

    detector(Interrupted())
    for i in range(6):
        write(f"{i}.png")
    code, out, err = run("predict", MODEL, ".", "--batch-size", 2)
    assert (code, err) == (130, "skfake: interrupted\n")
    assert len(read_csv(out)) == 4
    assert out.endswith("\n")


def test_ctrl_c_within_a_row_waits_for_its_end():
    from skfake.cli.row_writer import Format, RowWriter

    class Slow(io.BytesIO):
        def write(self, content):
            super().write(content[:5])
            os.kill(os.getpid(), signal.SIGINT)
            return super().write(content[5:])

    stream = Slow()
    with pytest.raises(KeyboardInterrupt):
        RowWriter(stream, format=Format.csv, columns=("path", "label"))
    assert stream.getvalue() == b"path,label\n"


def test_progress_is_for_terminals_alone(run, detector, folder, monkeypatch):
    write("a.png")
    (folder / "b.png").touch()
    counts = "2 images: 1 fake, 0 real, 1 unreadable.\n"
    assert run("predict", MODEL, ".", "--output", "../1")[2] == counts

    class Slow(Brightness):
        def predict_proba(self, X):
            # Until all paths are counted.
            time.sleep(0.3)
            return super().predict_proba(X)

    detector(Slow())
    for module in ("skfake.cli.predict", "skfake.progress"):
        monkeypatch.setattr(f"{module}.is_watched", lambda: True)
    code, out, err = run("predict", MODEL, ".", "--output", "../2")
    assert (code, out) == (1, "")
    assert "2 of 2 images, 1 without an answer" in err
    assert err.endswith(counts)
    # Nobody knows how many will come by a pipe.
    pipe_in(monkeypatch, b"a.png\na.png\n")
    err = run("predict", MODEL, "-", "--output", "../3")[2]
    assert "2 images, " in err
    assert "of 2 images" not in err


def test_the_last_line_counts_every_label(run, detector, folder):
    for name, brightness in (("a", 0), ("b", 255), ("c", 120), ("d", 255)):
        write(f"{name}.png", brightness)
    (folder / "notes.TXT").touch()
    _, _, err = run("predict", MODEL, ".")
    assert err == "4 images: 2 fake, 2 real. Passed over by their names: 1 .txt.\n"
    detector(Brightness(classes=("photo", "sd", "vqgan")))
    _, _, err = run("predict", MODEL, "a.png", "b.png")
    assert err == "2 images: 1 sd, 1 photo.\n"


def test_training_images_are_counted(run, detector, folder):
    trained = Brightness()
    for name, brightness in (("a", 0), ("b", 255), ("c", 120)):
        write(f"{name}.png", brightness)
    pixels = [np.full((4, 4, 3), value, np.uint8) for value in (0, 255, 7)]
    trained.fingerprints_ = np.sort(fingerprint_images(pixels))
    detector(trained)
    _, _, err = run("predict", MODEL, ".", "a.png")
    assert "3 of them are training images of the detector." in err
    _, _, err = run("predict", MODEL, "b.png")
    assert err.startswith("1 image: 1 fake, 0 real. 1 of them is a training image of")
    assert "training" not in run("predict", MODEL, "c.png")[2]


def test_a_slow_detector_s_first_rows_come_soon(run, detector, folder, monkeypatch):
    class Slow(Brightness):
        def predict_proba(self, X):
            time.sleep(0.02 * len(X))
            return super().predict_proba(X)

    monkeypatch.setattr(opening, "SECONDS", 0.04)
    asked = detector(Slow())
    for i in range(10):
        write(f"{i}.png")
    out = run("predict", MODEL, ".")[1]
    assert asked.n_asked[0] == 4
    assert max(asked.n_asked[1:]) <= 2
    assert len(read_csv(out)) == 10


def test_where_and_how_to_compute_is_for_the_user_to_say(run, folder, monkeypatch):
    asked = []

    def load(path, **options):
        asked.append(options)
        return Brightness()

    monkeypatch.setattr(skfake, "load_detector", load)
    write("a.png")
    chosen = ["--device", "cuda:1", "--inference-precision", "bfloat16"]
    run("predict", MODEL, "a.png", *chosen)
    run("predict", MODEL, "a.png")
    assert asked == [
        {"device": "cuda:1", "inference_precision": "bfloat16"},
        {"device": None, "inference_precision": None},
    ]


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["PATH must name images; got none"]),
        (["none.png"], ["PATH must lead to images; got 'none.png', no such file"]),
        (["empty"], ["'empty', no images in this folder"]),
        (["*.bmp"], ["'*.bmp', no images match this pattern"]),
        (["-"], ["an empty list"]),
        (["-", "-"], ["got - twice"]),
        (["--files-from", "none"], ["--files-from must be a file", "'none'"]),
        (["--files-from", "empty"], ["--files-from must be a file", "a folder"]),
        (["a.png", "--null"], ["--null must go with --files-from"]),
        (["a.png", "--threshold", "1.5"], ["--threshold must be from 0 to 1"]),
        (["a.png", "--format", "xml"], ["--format"]),
        (["a.png", "--output", "empty"], ["'empty', a folder"]),
        (["a.png", "--output", "none/x.csv"], ["in a folder", "No such file"]),
        (
            ["a.png", "--pos-label", "0", "--pos-label", "1"],
            ["real, fake, and not all"],
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    run, detector, folder, monkeypatch, arguments, words
):
    write("a.png")
    (folder / "empty").mkdir()
    pipe_in(monkeypatch, b"")
    assert_one_line(run("predict", MODEL, *arguments), *words)


def test_a_folder_that_can_not_be_written_to_is_named(
    run, detector, folder, monkeypatch
):
    write("a.png")

    def forbid(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("skfake.cli.outputs.TemporaryDirectory", forbid)
    result = run("predict", MODEL, "a.png", "--output", "x.csv")
    assert_one_line(result, "got 'x.csv': Permission denied")


def test_a_model_that_is_none_is_named(run, folder):
    write("a.png")
    (folder / "model").write_bytes(b"PK no model")
    assert_one_line(run("predict", "model", "a.png"), "'model'")
    assert_one_line(run("predict", "missing", "a.png"), "missing")


# With detectors as they are


def test_every_answer_is_that_of_the_detector(run, folder):
    images = make_images(60, random_state=0)
    for i, image in enumerate(images.data[40:]):
        Image.fromarray(image).save(folder / f"{i:02}.png")
    svm = SVMDetector(probability=True, random_state=0)
    detector = SelectiveClassifier(svm, max_error=0.5, random_state=0)
    detector.fit(images.data[:40], images.target[:40])
    save_detector(detector, folder / MODEL)
    code, out, _ = run("predict", MODEL, ".", "--batch-size", 8)
    rows = read_csv(out)
    assert code == 0
    X = [row["path"] for row in rows]
    expected = detector.predict_proba(X)[:, 1]
    found = [float(row["probability"]) for row in rows]
    assert found == pytest.approx(expected, abs=1e-6)
    names = {0: "real", 1: "fake", None: "unsure"}
    answers = detector.predict_or_abstain(X)
    assert [row["label"] for row in rows] == [names[answer] for answer in answers]


def test_stability_is_a_column_of_any_detector(run, detector, folder):
    write("a.png", 255)
    write("b.png", 127)
    (folder / "c.png").touch()
    code, out, err = run("predict", MODEL, ".", "--stability")
    assert code == 1
    columns = "path,probability,label,agreement,seconds,error"
    assert out.splitlines()[0] == columns
    first, second, third = read_csv(out)
    assert (first["label"], first["agreement"]) == ("fake", "1.0")
    assert 0 < float(second["agreement"]) <= 1
    assert (third["label"], third["agreement"]) == ("", "")
    n = (float(second["agreement"]) < 1) * 1
    assert f" {n} of them ha{'s' if n else 've'} another label when re-encoded." in err
    code, out, err = run("predict", MODEL, "a.png")
    assert "agreement" not in out
    assert "re-encoded" not in err


def test_a_stable_classifier_has_its_column_without_being_asked(run, folder):
    images = make_images(80, random_state=0)
    for i, image in enumerate(images.data[60:]):
        Image.fromarray(image).save(folder / f"{i:02}.png")
    detector = StableClassifier(
        SVMDetector(probability=True, random_state=0), max_error=0.4, random_state=0
    )
    detector.set_params(confidence_level=0.3, cv=0.5)
    detector.fit(images.data[:60], images.target[:60])
    save_detector(detector, folder / MODEL)
    _, out, err = run("predict", MODEL, ".", "--format", "jsonl")
    rows = [json.loads(line) for line in out.splitlines()]
    X = [row["path"] for row in rows]
    agreement = detector.agreement(X)
    assert [row["agreement"] for row in rows] == pytest.approx(agreement, abs=1e-6)
    names = {0: "real", 1: "fake", None: "unsure"}
    answers = [names[answer] for answer in detector.predict_or_abstain(X)]
    assert [row["label"] for row in rows] == answers
    assert f"{answers.count('unsure')} unsure" in err
    assert f" {(agreement < 1).sum()} of them have another label" in err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_reader_that_goes_away_ends_the_command_quietly(folder):
    images = make_images(40, random_state=0)
    detector = SVMDetector().fit(images.data, images.target)
    save_detector(detector, folder / MODEL)
    write("a.png", side=32)
    with open("list", "w") as file:
        file.write("a.png\n" * 20_000)
    command = [sys.executable, "-m", "skfake", "predict", MODEL, "--files-from", "list"]
    command += ["--batch-size", "4"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stdout.readline() == b"path,score,label,seconds,error\n"
        process.stdout.close()
        assert process.wait(timeout=120) == 141
        assert process.stderr.read() == b""


def test_the_help_names_the_columns_and_the_exit_code(run):
    code, out, _ = run("predict", "--help")
    said = " ".join(out.split())
    assert code == 0
    assert all(name in said for name in ("path, probability", "label", "seconds"))
    assert "the exit code is 1" in said


def test_users_are_told_of_images_that_a_detector_can_know_nothing_of(run, tmp_path):
    small = write_images(tmp_path / "small", 3, size=40)
    large = write_images(tmp_path / "large", 2, size=200)
    code, _, err = run("predict", "cifake", small)
    assert code == 0
    assert "far larger" not in err
    _, _, err = run("predict", "cifake", small, large)
    said = "2 of them are far larger than the images that the detector was trained on"
    assert said in err
