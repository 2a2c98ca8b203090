import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import PredefinedSplit

from skfake import SVMDetector, compare_detectors, evaluate_detectors
from skfake.datasets import make_images
from skfake.evaluation import evaluate_robustness

X, Y = make_images(40, image_size=32, return_X_y=True, random_state=0)
BAD = [3, 17, 30]
CHANCE = {"chance": DummyClassifier()}


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Forty files, three of which can't be read, each in its own way."""
    folder = tmp_path_factory.mktemp("photos")
    paths = [folder / f"{i}.png" for i in range(len(X))]
    for path, image in zip(paths, X, strict=True):
        Image.fromarray(image).save(path)
    paths[3].write_bytes(b"no image")
    paths[17].unlink()
    paths[30].write_bytes(paths[30].read_bytes()[:200])
    return [str(path) for path in paths]


@pytest.fixture(scope="module")
def fitted():
    others = make_images(40, image_size=32, return_X_y=True, random_state=1)
    return {"SVM": SVMDetector().fit(*others)}


def test_one_error_names_all_files_before_anything_is_fitted(paths, fitted):
    class Never(DummyClassifier):
        def fit(self, X, y):
            raise KeyboardInterrupt

    calls = [
        lambda: compare_detectors({"it": Never()}, paths, Y, cv=2),
        lambda: compare_detectors({"it": Never()}, X, Y, test=(paths, Y)),
        lambda: evaluate_detectors(fitted, paths, Y),
        lambda: evaluate_robustness(fitted, paths, Y, corruptions=["jpeg"]),
    ]
    for call in calls:
        with pytest.raises(
            ValueError, match=r"got 3 of \d+ that can't be read:"
        ) as raised:
            call()
        assert "skip_unreadable=True leaves out what can't be read." in str(
            raised.value
        )
        assert all(paths[i] in str(raised.value) for i in BAD)
        assert {i % 40 for i in raised.value.reasons} == set(BAD)


def test_files_of_both_parts_are_named_at_once(paths):
    with pytest.raises(ValueError, match="got 3 of 40 that can't be") as raised:
        compare_detectors(
            CHANCE, paths[:20], Y[:20], test=(paths[20:], Y[20:]), check_data=False
        )
    assert all(paths[i] in str(raised.value) for i in BAD)


def test_missing_files_alone_are_not_found(paths, fitted):
    with pytest.raises(FileNotFoundError, match=r"17\.png"):
        evaluate_detectors(fitted, paths[16:20], Y[16:20])


def test_they_are_left_out_of_every_fold_and_positions_stay(paths):
    found = compare_detectors(CHANCE, paths, Y, cv=2, skip_unreadable=True)
    rows = np.setdiff1d(np.arange(40), BAD)
    assert sorted(found.predictions["image"]) == rows.tolist()
    assert found.unreadable["image"].tolist() == BAD
    assert found.unreadable["part"].unique() == ["all"]
    assert found.unreadable["path"].tolist() == [paths[i] for i in BAD]
    assert found.unreadable["reason"].str.len().min() > 0
    assert found.predictions["path"].tolist() == [
        paths[i] for i in found.predictions["image"]
    ]
    assert found.settings["n_images"] == 37
    counts = found.settings["n_images_by_class"]["all"]
    assert sum(counts.values()) == 37
    assert found.errors == {}


def test_metrics_are_those_of_the_other_images_alone(paths, fitted):
    rows = np.setdiff1d(np.arange(40), BAD)
    options = {"n_resamples": 50, "random_state": 0}
    found = evaluate_detectors(fitted, paths, Y, skip_unreadable=True, **options)
    others = [paths[i] for i in rows]
    expected = evaluate_detectors(fitted, others, Y[rows], **options)
    metrics = found.table.columns.drop("predict_seconds")
    pd.testing.assert_frame_equal(found.table[metrics], expected.table[metrics])
    assert found.predictions["image"].tolist() == rows.tolist()
    damaged = evaluate_robustness(
        fitted, paths, Y, corruptions={"jpeg": [50]}, skip_unreadable=True, **options
    )
    assert damaged.n_images == 37
    assert damaged.unreadable["image"].tolist() == BAD
    assert "3 of 40 images can't be read and are left out." in str(damaged)


def test_splits_by_position_are_those_of_the_given_images(paths):
    folds = np.arange(40) % 4
    by_splitter, by_pairs = (
        compare_detectors(CHANCE, paths, Y, cv=cv, skip_unreadable=True)
        for cv in (
            PredefinedSplit(folds),
            [(np.flatnonzero(folds != f), folds == f) for f in range(4)],
        )
    )
    pd.testing.assert_frame_equal(by_splitter.predictions, by_pairs.predictions)
    assert (by_pairs.predictions["image"] % 4 == by_pairs.predictions["fold"]).all()


def test_leaks_have_the_positions_of_the_given_images(paths):
    test = [paths[3], *paths[20:30], *paths[31:]], [1, *Y[20:30], *Y[31:]]
    with pytest.warns(UserWarning, match="19 of 19 test images have a copy"):
        found = compare_detectors(CHANCE, paths, Y, test=test, skip_unreadable=True)
    assert found.unreadable["part"].tolist() == ["training"] * 3 + ["test"]
    exact = found.leaks[found.leaks["exact"].eq(True)]
    expected = [*range(20, 30), *range(31, 40)]
    assert exact["image"].tolist() == list(range(1, 20))
    assert exact["train_image"].tolist() == expected


def test_text_page_and_json_count_them(paths, tmp_path):
    found = compare_detectors(CHANCE, paths, Y, cv=2, skip_unreadable=True)
    said = "3 of 40 images can't be read and are left out."
    assert said in str(found)
    assert said in found._repr_html_().replace("&#x27;", "'")
    found.save(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert said in page.replace("&#39;", "'")
    assert all(paths[i] in page for i in BAD)
    kept = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert [row["path"] for row in kept["unreadable"]] == [paths[i] for i in BAD]


def test_mistakes_are_shown_where_other_files_are_missing(paths):
    found = compare_detectors(CHANCE, paths, Y, cv=2, skip_unreadable=True)
    assert len(found.thumbnails) == 8
    assert set(found.thumbnails) <= set(found.predictions["image"])


def test_where_none_can_be_read_nothing_is_left(paths):
    bad = [paths[i] for i in BAD]
    with pytest.raises(ValueError, match="got 6 of 43 that can't be"):
        compare_detectors(CHANCE, paths, Y, test=(bad, Y[BAD]), skip_unreadable=True)


@pytest.mark.parametrize("form", ["bytes", "frame"])
def test_files_may_come_in_any_form(paths, form):
    if form == "bytes":
        kept = range(18, 30)
        encoded = [Path(paths[i]).read_bytes() for i in kept]
        X_given, y = [b"no image", *encoded], Y[[3, *kept]]
    else:
        X_given, y = pd.DataFrame({"path": paths[3:16]}), Y[3:16]
    found = compare_detectors(CHANCE, X_given, y, cv=2, skip_unreadable=True)
    assert found.unreadable["image"].tolist() == [0]
    expected = None if form == "bytes" else paths[3]
    assert found.unreadable["path"].tolist() == [expected]
    assert sorted(found.predictions["image"]) == list(range(1, 13))
    assert ("path" in found.predictions) == (form == "frame")


def test_arrays_are_not_looked_at(fitted):
    found = evaluate_detectors(fitted, X, Y)
    assert found.unreadable.empty
    assert "path" not in found.predictions


def test_names_that_are_not_utf_8_are_saved_so_that_they_can_be_read(paths, tmp_path):
    odd = [tmp_path / os.fsdecode(b"caf\xe9-%d.png" % i) for i in range(4)]
    for i, path in enumerate(odd[:3]):
        shutil.copy(paths[4 + i], path)
    odd[3].write_bytes(b"no image")
    test = [*paths[4:7], *odd[:3], odd[3]]
    found = evaluate_detectors(
        {"it": DummyClassifier().fit(X, Y)},
        test,
        [*Y[4:7]] * 2 + [0],
        skip_unreadable=True,
    )
    found.save(tmp_path / "report")
    table = pd.read_csv(tmp_path / "report" / "predictions.csv")
    assert table["path"].iloc[3].endswith(r"caf\xe9-0.png")
    kept = json.loads((tmp_path / "report" / "comparison.json").read_text("utf-8"))
    assert kept["unreadable"][0]["path"].endswith(r"caf\xe9-3.png")
