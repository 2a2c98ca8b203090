import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.dummy import DummyClassifier

from skfake import compare_detectors
from skfake.datasets import make_images
from skfake.evaluation import _data_checks

X, Y = make_images(120, image_size=32, return_X_y=True, random_state=0)
CHANCE = {"chance": DummyClassifier(strategy="stratified", random_state=0)}


def half(X, X_test, y_test, **options):
    return compare_detectors(CHANCE, X, Y[: len(X)], test=(X_test, y_test), **options)


def test_copies_of_training_images_in_the_test_set_are_found_and_told():
    mirrored = X[3, :, ::-1]
    X_test = np.concatenate([X[80:], X[[5, 7]], mirrored[None]])
    y_test = np.concatenate([Y[80:], Y[[5, 7, 3]]])
    clean = half(X[:80], X[80:], Y[80:]).leaks
    with pytest.warns(UserWarning, match="2 of them to the pixel") as caught:
        comparison = half(X[:80], X_test, y_test)
    assert caught[0].filename == __file__
    planted = comparison.leaks[comparison.leaks["image"] >= 40]
    found = set(zip(planted["image"], planted["train_image"], strict=True))
    assert {(40, 5), (41, 7), (42, 3)} <= found
    exact = planted.set_index(["image", "train_image"])["exact"]
    assert exact[40, 5]
    assert exact[41, 7]
    assert not exact[42, 3]
    assert len(comparison.leaks) == len(clean) + len(planted)
    assert comparison.warnings[0] in " ".join(str(comparison).split())


def test_figures_without_leaks_are_those_of_the_other_images():
    X_test = np.concatenate([X[80:], X[:10]])
    y_test = np.concatenate([Y[80:], Y[:10]])
    with pytest.warns(UserWarning, match="leaves them out"):
        comparison = half(X[:80], X_test, y_test)
    kept = comparison.without_leaks()
    leaked = comparison.leaks["image"].unique()
    assert set(range(40, 50)) <= set(leaked)
    left = np.setdiff1d(np.arange(50), leaked)
    assert kept.predictions["image"].tolist() == left.tolist()
    right = comparison.predictions.query("target == prediction")["image"]
    assert kept.table.loc["chance", "accuracy"] == np.isin(left, right).mean()
    ends = kept.table.loc["chance", ["accuracy_low", "accuracy_high"]]
    assert ends.is_monotonic_increasing
    seconds = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(kept.table[seconds], comparison.table[seconds])
    assert kept.warnings == []
    assert kept.leaks.empty
    assert f"{len(leaked)} test images that leak are left out" in str(kept)
    assert len(comparison.predictions) == 50


def test_of_folds_a_copy_leaks_where_it_is_on_the_other_side():
    X_twice, y_twice = np.concatenate([X[:20], X[:1]]), np.append(Y[:20], Y[0])
    rest = np.arange(20, 0, -1)[1:]
    cv = [
        (np.r_[1:10, 20], np.r_[0, 10:20]),
        (np.r_[0, 20, 10:20], np.arange(1, 10)),
        (rest, np.array([0, 20])),
    ]
    with pytest.warns(UserWarning, match="to the pixel"):
        comparison = compare_detectors(CHANCE, X_twice, y_twice, cv=cv)
    exact = comparison.leaks.query("exact")
    assert exact[["fold", "image", "train_image"]].to_numpy().tolist() == [[0, 0, 20]]
    kept = comparison.without_leaks()
    folds = kept.predictions.groupby("fold")["image"].agg(set)
    leaks = comparison.leaks.groupby("fold")["image"].agg(set)
    for fold, (_, test) in enumerate(cv):
        assert folds[fold] == set(test.tolist()) - leaks.get(fold, set())


def test_nothing_is_looked_for_where_nobody_asks():
    comparison = half(X[:80], X[:40], Y[:40], check_data=False)
    assert comparison.leaks.empty
    assert comparison.warnings == []
    assert comparison.without_leaks().table.equals(comparison.table)


def test_files_that_tell_their_class_by_their_format_are_told(tmp_path):
    paths = [tmp_path / f"{i}.{('jpg', 'png')[label]}" for i, label in enumerate(Y)]
    for path, image in zip(paths, X, strict=True):
        Image.fromarray(image).save(path)
    comparison = half(paths[:80], paths[80:], Y[80:])
    assert comparison.confounders.loc["format", "balanced_accuracy"] == 1
    assert any("format alone" in warning for warning in comparison.warnings)


def test_of_many_files_some_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(_data_checks, "N_FILES", 30)
    images = [image[: 20 + 12 * label] for image, label in zip(X, Y, strict=True)]
    comparison = half(images[:80], images[80:], Y[80:])
    assert comparison.confounders.loc["height", "balanced_accuracy"] == 1
