"""Paths in, rows out."""

import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfake import SVMDetector
from skfake.datasets import make_images
from skfake.decisions import SelectiveClassifier
from skfake.screening import screen_images
from tests.screening.instances import Brightness, Distance, write


def test_rows_are_a_table(folder):
    write("a.png", 51)
    (folder / "b.png").touch()
    table = pd.DataFrame(screen_images(Brightness(), "."))
    assert table.columns.tolist() == [
        "path",
        "probability",
        "label",
        "seconds",
        "error",
    ]
    assert table["path"].tolist() == ["./a.png", "./b.png"]
    assert table["probability"].tolist() == pytest.approx([0.2, np.nan], nan_ok=True)
    assert table["label"].tolist()[0] == "real"
    assert table["label"].isna().tolist() == [False, True]
    assert table["error"].tolist()[1] == "it is empty"
    assert table["seconds"].between(0, 60).all()
    rows = screen_images(Distance(), ["a.png"])
    assert next(rows)._fields == ("path", "score", "label", "seconds", "error")


@pytest.mark.parametrize("n_jobs", [None, 3, -1])
@pytest.mark.parametrize("batch_size", [1, 7, 100])
def test_rows_are_in_the_order_of_the_paths(folder, n_jobs, batch_size):
    for i in range(30):
        write(f"{i:02}.png", 8 * i, side=60 if i % 4 else 2)
    rows = list(screen_images(Brightness(), ".", batch_size=batch_size, n_jobs=n_jobs))
    assert [row.path for row in rows] == [f"./{i:02}.png" for i in range(30)]
    values = [row.probability for row in rows]
    assert values == pytest.approx([8 * i / 255 for i in range(30)], abs=1e-6)


def test_a_batch_is_one_question(folder):
    detector = Brightness()
    for i in range(5):
        write(f"{i}.png")
    list(screen_images(detector, ".", batch_size=2))
    assert detector.n_asked == [2, 2, 1]


def test_rows_come_while_the_paths_do(folder):
    write("a.png")
    taken = []

    def name():
        for _ in range(1000):
            taken.append("a.png")
            yield "a.png"

    rows = screen_images(Brightness(), name(), batch_size=2)
    next(rows)
    rows.close()
    assert len(taken) < 20


def test_settings_are_those_of_the_detector_and_the_user(folder):
    write("a.png", 51)
    detector = Brightness(classes=("photo", "sd", "vqgan"))
    (row,) = screen_images(detector, "*.png", pos_label=["photo", "vqgan"])
    assert (row.probability, row.label) == (0.8, "photo")
    (row,) = screen_images(detector, "*.png", pos_label="sd", threshold=0.1)
    assert (row.probability, row.label) == (0.2, "sd")


def test_mistakes_are_raised_before_the_first_row(folder):
    write("a.png")
    with pytest.raises(FileNotFoundError, match=r"paths must lead to images; got 'x'"):
        screen_images(Brightness(), ["x"])
    with pytest.raises(ValueError, match="pos_label must say which"):
        screen_images(Brightness(("a", "b")), "a.png")
    with pytest.raises(ValueError, match="'batch_size' parameter"):
        screen_images(Brightness(), "a.png", batch_size=0)
    with pytest.raises(ValueError, match="'paths' parameter"):
        screen_images(Brightness(), 5)


def test_warning_filters_are_left_as_they_were(folder):
    write("a.png")
    before = list(warnings.filters)
    list(screen_images(Brightness(), "a.png"))
    assert warnings.filters == before


def test_agreement_stands_after_the_label_where_it_is_asked_for(folder):
    write("a.png", 255)
    (row,) = screen_images(Brightness(), "a.png", stability=True)
    columns = ("path", "probability", "label", "agreement", "seconds", "error")
    assert row._fields == columns
    assert row.agreement == 1
    with pytest.raises(ValueError, match="'stability' parameter"):
        screen_images(Brightness(), "a.png", stability="yes")


def test_every_answer_is_that_of_the_detector(folder):
    images = make_images(60, random_state=0)
    for i, image in enumerate(images.data[40:]):
        Image.fromarray(image).save(folder / f"{i:02}.png")
    svm = SVMDetector(probability=True, random_state=0)
    detector = SelectiveClassifier(svm, max_error=0.5, random_state=0)
    detector.fit(images.data[:40], images.target[:40])
    rows = list(screen_images(detector, ".", batch_size=8))
    X = [row.path for row in rows]
    expected = detector.predict_proba(X)[:, 1]
    assert [row.probability for row in rows] == pytest.approx(expected, abs=1e-6)
    names = {0: "real", 1: "fake", None: "unsure"}
    answers = detector.predict_or_abstain(X)
    assert [row.label for row in rows] == [names[answer] for answer in answers]
