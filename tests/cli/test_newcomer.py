"""What someone meets who brings a folder of photographs, from there to a report."""

import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import skfake
from skfake.datasets import load_image_folder
from skfake.images import UnreadableImages, find_unreadable
from tests.cli.photographs import GENERATORS, write_photographs

# A small network on resized images: what is tested is all around it.
QUICK = ("--detector", "CNN", "--epochs", 2, "--no-tiles", "--image-size", 32)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    return write_photographs(tmp_path_factory.mktemp("home") / "photos")


@pytest.fixture
def at_home(photographs, monkeypatch):
    """The folder above that of the photographs is the current one."""
    monkeypatch.chdir(photographs.root.parent)
    return photographs


def test_from_a_folder_to_a_report_by_the_command_line(run, at_home):
    n_broken, n = len(at_home.broken), len(at_home.readable)
    counted = f"{n_broken} of {n + n_broken} images can't be read and are left out."

    # All that is broken is named at once, and so is a way out.
    code, out, err = run("fit", "photos", "--output", "a.skfake", *QUICK)
    assert (code, out) == (2, "")
    assert "Passed over by their names: 2 .mp4, 1 .txt." in err
    assert "--skip-unreadable leaves them out" in err
    for path in at_home.broken:
        assert err.count(path.name) == 1

    code, out, err = run(
        "fit", "photos", "--output", "a.skfake", *QUICK, "--skip-unreadable"
    )
    assert code == 0, err
    assert "pixels are resized to 32 x 32; --image-size changes that, --tiles" in err
    assert "epoch 2 of 2" in err
    assert counted in out
    assert "are those of FAKE" in out
    for generator in GENERATORS:
        assert re.search(rf"^{generator} +\d+", out, re.MULTILINE)
    assert re.search(r"CNN: \d+ x \d+ pixels \(median; .*\), resized to 32 x 32", out)

    code, out, _ = run("info", "a.skfake")
    assert code == 0
    assert "- Classes: 0 (real), 1 (fake)" in out
    assert re.search(r"- Images: \d+ x \d+ pixels .* resized to 32 x 32", out)
    assert "can't be read are left out" in out

    # Images that were trained on are not mistaken for others.
    code, out, _ = run("evaluate", "a.skfake", "photos", "--skip-unreadable")
    assert code == 0
    assert counted in out
    said = " ".join(out.split())
    assert "320 of 400 test images are among the training images of a" in said
    leave_out = ("--skip-unreadable", "--without-leaks")
    code, out, _ = run("evaluate", "a.skfake", "photos", *leave_out)
    assert code == 0
    assert "320 test images that leak are left out" in out

    code, _, err = run("predict", "a.skfake", "photos", "--output", "rows.csv")
    assert code == 1
    rows = pd.read_csv("rows.csv")
    counts = rows["label"].value_counts()
    assert len(rows) == n + n_broken
    assert rows["error"].notna().sum() == n_broken
    assert err.startswith(
        f"{len(rows)} images: {counts['fake']} fake, {counts['real']} real, "
        f"{n_broken} unreadable. 320 of them are training images"
    )

    # A report names the files, and is not overwritten by the next.
    compare = ("compare", "photos", "--detectors", "SVM", "--no-tiles", "--output", "r")
    code, out, err = run(*compare, "--skip-unreadable", "--leave-one-generator-out")
    assert code == 0, err
    assert "fold 2 of 2" in err
    predictions = pd.read_csv("r/predictions.csv")
    assert set(predictions["generator"]) == set(GENERATORS)
    assert set(map(str, at_home.readable)) == {
        str(at_home.root.parent / path) for path in predictions["path"]
    }
    page = unescape(Path("r/report.html").read_text(encoding="utf-8"))
    assert counted in page
    mistakes = predictions[predictions["target"] != predictions["prediction"]]
    names = mistakes["path"].str.rpartition("/")[2]
    assert any(name in page for name in names)

    code, out, err = run(*compare, "--skip-unreadable")
    assert (code, out) == (2, "")
    assert err == (
        "skfake: --output must be a folder without a report; got 'r', which holds "
        "comparison.json. Use --force to replace it.\n"
    )

    code, out, _ = run(
        "compare",
        "photos",
        "--detectors",
        "SVM",
        "--no-tiles",
        "--across-generators",
        "--skip-unreadable",
    )
    assert code == 0
    assert "trained on" in out


def test_from_a_folder_to_a_report_in_python(at_home):
    found = load_image_folder("photos")
    with pytest.raises(UnreadableImages) as caught:
        skfake.SVMDetector().fit(found.data, found.target)
    assert len(caught.value.reasons) == len(at_home.broken)

    bad = list(find_unreadable(found.data))
    X, y = np.delete(found.data, bad), np.delete(found.target, bad)
    whole = load_image_folder("photos", skip_unreadable=True)
    assert X.tolist() == whole.data.tolist()
    assert len(whole.unreadable) == len(bad)
    assert whole.passed_over == {".mp4": 2, ".txt": 1}

    with pytest.warns(UserWarning, match=r"are resized to 32 x 32.* Try TiledDetector"):
        detector = skfake.SVMDetector().fit(X[::2], y[::2])
    expected = detector.decision_function(X[:12])
    images = [Image.open(path) for path in X[:12]]
    contents = [Path(path).read_bytes() for path in X[:12]]
    for form in (images, contents, pd.DataFrame({"path": X[:12]})):
        assert np.array_equal(detector.decision_function(form), expected)

    evaluated = {"SVM": detector}
    with pytest.warns(
        UserWarning, match="200 of 400 test images are among the training"
    ):
        result = skfake.evaluate_detectors(
            evaluated,
            found.data,
            found.target,
            generators=found.generators,
            skip_unreadable=True,
        )
    assert len(result.unreadable) == len(bad)
    assert set(result.predictions["path"]) == set(X)
    assert set(result.generators.index.get_level_values("generator")) == set(GENERATORS)
    assert len(result.without_leaks().predictions) == 200
    result.save("python")
    assert "can't be read and are left out" in str(result)
