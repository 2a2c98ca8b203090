"""The table of benchmarks/input_forms.py, and every form of it in cross-validation."""

import csv

import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import cross_validate

from benchmarks import input_forms
from skfake import SVMDetector
from skfake.datasets import make_images

pytest.importorskip("datasets", reason="Hugging Face's datasets is not installed")
pytest.importorskip("polars", reason="polars is not installed")

TAKEN = {
    name: make
    for name, (_, make) in input_forms.FORMS.items()
    if name not in input_forms.REFUSED
}


def test_the_table_of_the_manual_is_up_to_date():
    with open(input_forms.TABLE, newline="", encoding="utf-8") as file:
        header, *rows = map(tuple, csv.reader(file))
    assert header == input_forms.HEADER
    assert rows == input_forms.to_table(input_forms.FORMS)


def test_the_table_says_same_answers_where_a_form_is_taken_and_else_why_not():
    with open(input_forms.TABLE, newline="", encoding="utf-8") as file:
        results = {name: result for name, _, result in csv.reader(file)}
    for name in input_forms.FORMS:
        is_same = results[name] == input_forms.SAME
        assert is_same == (name in TAKEN), name


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Images, their labels and their files."""
    folder = tmp_path_factory.mktemp("forms")
    images, y = make_images(n_samples=20, return_X_y=True, random_state=0)
    paths = [str(folder / f"{i}.png") for i in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return images, y, paths


@pytest.mark.parametrize("name", TAKEN)
def test_scikit_learn_splits_every_form(name, pairs):
    images, y, paths = pairs
    detector = SVMDetector(engine="scikit-learn")
    scores = [
        cross_validate(detector, X, y, cv=2, scoring="roc_auc")["test_score"]
        for X in (images, TAKEN[name](images, paths))
    ]
    assert np.array_equal(*scores)


def test_forms_are_sent_to_other_processes(pairs):
    images, y, paths = pairs
    detector = SVMDetector(engine="scikit-learn")
    expected = cross_validate(detector, images, y, cv=2)["test_score"]
    for name in ("images of Pillow", "files in memory", "Hugging Face's column"):
        X = TAKEN[name](images, paths)
        found = cross_validate(detector, X, y, cv=2, n_jobs=2)["test_score"]
        assert np.array_equal(found, expected), name
