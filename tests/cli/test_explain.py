import sys

import pytest
from PIL import Image

from skfake import SVMDetector, save_detector
from skfake.datasets import make_images
from tests.cli.helpers import assert_one_line

MODEL = "model.skfake"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with a saved detector and some images."""
    pytest.importorskip("skfake.explanation")
    folder = tmp_path_factory.mktemp("explain")
    images = make_images(n_samples=40, random_state=0)
    save_detector(SVMDetector().fit(images.data, images.target), folder / MODEL)
    (folder / "other").mkdir()
    for path in ("a.png", "b.png", "other/a.jpg"):
        Image.fromarray(images.data[0]).save(folder / path)
    (folder / "broken.png").write_text("no image")
    return folder


@pytest.fixture
def here(saved, monkeypatch):
    monkeypatch.chdir(saved)
    return saved


def test_one_image_is_explained_in_a_file(run, here, tmp_path):
    picture = tmp_path / "why.png"
    code, out, err = run("explain", MODEL, "a.png", "--output", picture)
    assert (code, out, err) == (0, f"{picture}\n", "")
    with Image.open(picture) as image:
        assert min(image.size) > 100
    result = run("explain", MODEL, "a.png", "--output", picture)
    assert_one_line(result, "exists. Use --force")
    assert run("explain", MODEL, "a.png", "--output", picture, "--force")[0] == 0


def test_pictures_of_several_have_the_names_of_the_images(run, here, tmp_path):
    folder = tmp_path / "new" / "why"
    images = ["a.png", "other/a.jpg", "b.png"]
    code, out, _ = run("explain", MODEL, *images, "--output", folder)
    assert code == 0
    names = [folder / name for name in ("a.png", "a-2.png", "b.png")]
    assert out.splitlines() == [str(name) for name in names]
    assert all(name.exists() for name in names)


def test_an_image_that_can_not_be_read_leaves_the_others(run, here, tmp_path):
    images = ["a.png", "broken.png", "b.png"]
    code, out, err = run("explain", MODEL, *images, "--output", tmp_path / "why")
    assert code == 1
    assert len(out.splitlines()) == 2
    assert err.startswith("skfake: ")
    assert err.count("\n") == 1
    assert "broken.png" in err


def test_the_label_to_explain_may_be_named(run, here, tmp_path, monkeypatch):
    from skfake import explanation

    asked = []
    from_estimator = explanation.ExplanationDisplay.from_estimator

    def record(*arguments, label, **others):
        asked.append(label)
        return from_estimator(*arguments, label=label, **others)

    monkeypatch.setattr(explanation.ExplanationDisplay, "from_estimator", record)
    for i, words in enumerate([["--label", "fake"], ["--label", "0"], []]):
        run("explain", MODEL, "a.png", "--output", tmp_path / f"{i}.png", *words)
    assert asked == [1, 0, None]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.png"], ["--output"]),
        (["a.png", "b.png", "--output", "x.png"], ["a folder for 2 images"]),
        (["a.png", "--output", "x.png", "--label", "dog"], ["real, fake; got 'dog'"]),
        (["a.png", "--output", "none/x.png"], ["'none/x.png'"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(run, here, arguments, words):
    assert_one_line(run("explain", MODEL, *arguments), *words)


def test_a_model_that_is_none_is_named(run, here, tmp_path):
    result = run("explain", "none", "a.png", "--output", tmp_path / "x.png")
    assert_one_line(result, "none")


def test_without_matplotlib_there_is_one_line_with_the_cure(
    run, here, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    for output in (tmp_path / "x.png", tmp_path / "folder"):
        result = run("explain", MODEL, "a.png", "--output", output)
        assert_one_line(result, 'pip install "skfake[plot]"')


def test_what_can_not_be_opened_is_named_by_its_path(run, here, tmp_path):
    code, _, err = run("explain", MODEL, ".", "none.png", "--output", tmp_path / "why")
    assert code == 1
    assert [line.startswith("skfake: ") for line in err.splitlines()] == [True] * 2
    assert "'none.png'" in err
    assert "X[" not in err
    assert "Errno" not in err
