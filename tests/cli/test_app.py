import sys

import pytest

from skfake.cli import app
from skfake.cli.detectors import Settings, make_detectors
from tests.cli.helpers import assert_one_line, write_images


def fail(*_, **__):
    raise KeyError("nobody thought of this")


def test_what_nobody_foresaw_is_one_line_too(run, tmp_path, monkeypatch):
    (tmp_path / "model").touch()
    monkeypatch.setattr("skfake.read_model_card", fail)
    words = ["KeyError", "nobody thought of this", "python -X dev -m skfake shows"]
    assert_one_line(run("info", tmp_path / "model"), *words)


def test_python_s_development_mode_shows_where_it_was(tmp_path, monkeypatch):
    class Flags:
        dev_mode = True

    (tmp_path / "model").touch()
    monkeypatch.setattr("skfake.read_model_card", fail)
    monkeypatch.setattr(sys, "argv", ["skfake", "info", str(tmp_path / "model")])
    monkeypatch.setattr(app.sys, "flags", Flags)
    with pytest.raises(KeyError):
        app.main()


@pytest.mark.parametrize(
    "arguments",
    [
        ("info", "FOLDER"),
        ("predict", "FOLDER", "a.png"),
        ("evaluate", "FOLDER", "photos"),
        ("explain", "FOLDER", "a.png", "--output", "x.png"),
        ("export", "FOLDER", "--output", "x.onnx"),
        ("fit", "photos", "--output", "FOLDER"),
        ("predict", "MODEL", "a.png", "--output", "FOLDER"),
        ("predict", "MODEL", "--files-from", "FOLDER"),
        ("export", "MODEL", "--output", "FOLDER"),
        ("fit", "FOLDER", "--output", "x.skfake"),
        ("compare", "FOLDER"),
        ("compare", "--output", "MODEL"),
        ("fit", "photos", "--output", "x.skfake", "--weights", "FOLDER"),
        ("fit", "photos", "--output", "x.skfake", "--checkpoint", "MODEL"),
        ("compare", "photos", "--test", "FOLDER"),
    ],
)
def test_a_folder_or_a_file_in_the_wrong_place_is_a_sentence(
    run, tmp_path, monkeypatch, arguments
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FOLDER").mkdir()
    (tmp_path / "FOLDER.skfake").mkdir()
    (tmp_path / "MODEL").touch()
    (tmp_path / "a.png").touch()
    write_images(tmp_path / "photos", 8)
    result = run(*arguments)
    assert_one_line(result, "must")
    assert "Errno" not in result[2]


@pytest.mark.parametrize("n_threads", [None, "1"])
def test_trainings_have_free_cores_or_the_threads_that_the_user_says(
    monkeypatch, n_threads
):
    monkeypatch.setenv("OMP_NUM_THREADS", n_threads or "")
    if n_threads is None:
        monkeypatch.delenv("OMP_NUM_THREADS")
    made = make_detectors("CNN,SVM", Settings(seed=0))
    callbacks = made["CNN"].callbacks or []
    expected = ["FreeCores"] if n_threads is None else []
    assert [type(callback).__name__ for callback in callbacks] == expected
