from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from skfake import compare_detectors
from skfake.datasets import load_image_folder
from skfake.evaluation import GeneratorComparison, compare_generators

RNG = np.random.default_rng(0)
NAMES = ["flux", "glide", "sdxl"]
# Reals and fakes of each; fakes of a generator are shifted in a direction of its own.
Y = np.tile([0, 1], 90)
GENERATORS = np.repeat(NAMES, 60)
SHIFTS = 4 * np.eye(3, 16).repeat(60, axis=0)
X = RNG.normal(size=(180, 16)) + SHIFTS * Y[:, None]
SHARED = np.where(Y, GENERATORS, None)
LOGISTIC = {"logistic": LogisticRegression()}


class Recorder(ClassifierMixin, BaseEstimator):
    """Remember what `fit` was given; predict the first class."""

    def fit(self, X, y):
        self.seen_, self.labels_ = X, y
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class Broken(DummyClassifier):
    def predict(self, X):
        raise OSError("no luck")


def find_rows(images):
    """Positions in X of rows of X."""
    return [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in images]


@pytest.fixture(scope="module")
def found():
    detectors = LOGISTIC | {"broken": Broken()}
    return compare_generators(
        detectors, X, Y, GENERATORS, random_state=0, n_resamples=50
    )


@pytest.mark.parametrize("own", [True, False])
def test_a_test_image_is_never_trained_on_and_a_generator_trains_on_its_own(own):
    generators = GENERATORS if own else SHARED
    found = compare_generators(
        {"it": Recorder()}, X, Y, generators, random_state=0, n_resamples=0
    )
    assert isinstance(found, GeneratorComparison)
    assert found.settings["own_reals"] == own
    tested = set(found.predictions["image"])
    assert len(tested) == 54
    trained_reals = []
    for name, detector in found.detectors["it"].items():
        rows = find_rows(detector.seen_)
        assert not tested & set(rows)
        fakes = [row for row in rows if Y[row]]
        assert set(GENERATORS[fakes]) == {name}
        reals = {row for row in rows if not Y[row]}
        trained_reals.append(reals)
        assert set(GENERATORS[list(reals)]) == ({name} if own else set(NAMES))
    if not own:
        assert trained_reals[0] == trained_reals[1] == trained_reals[2]
    assert set(found.table["n_fakes"]) == {9}
    assert set(found.table["n_reals"]) == {9 if own else 27}


def test_each_pair_of_generators_has_the_metrics_of_its_images(found):
    assert len(found.table) == 2 * 9
    matrix = found.matrices["logistic"]
    assert list(matrix.index) == list(matrix.columns) == NAMES
    table = found.predictions.query("detector == 'logistic' and trained_on == 'glide'")
    for name in NAMES:
        part = table[table["generator"] == name]
        area = roc_auc_score(part["target"], part["score"])
        assert matrix.loc["glide", name] == pytest.approx(area)
    row = found.table.set_index(["detector", "trained_on", "tested_on"])
    row = row.loc["logistic", "glide", "sdxl"]
    assert row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"]
    # What was trained on is known best.
    assert (matrix.to_numpy().argmax(axis=1) == range(3)).all()


def test_the_mean_over_others_leaves_out_what_was_trained_on(found):
    matrix, summary = found.matrices["logistic"], found.summary.loc["logistic"]
    expected = matrix.loc["flux", ["glide", "sdxl"]].mean()
    assert summary.loc["flux", "others"] == pytest.approx(expected)
    assert found.summary.loc["broken"].isna().all(axis=None)


def test_text_notebook_and_section_show_the_matrices(found, tmp_path):
    text = str(found)
    assert "roc_auc in %" in text
    assert "30% are for testing alone" in text
    assert "1 means fake." in text
    shown = f"{100 * found.matrices['logistic'].loc['flux', 'glide']:.1f}"
    line = next(line for line in text.splitlines() if line.startswith("flux"))
    assert line.split()[2] == shown
    assert text.count("no luck") == 1
    assert "broken failed: in 3 of 3 folds: OSError: no luck" in text
    assert shown in found._repr_html_()
    section = found.to_section()
    assert shown in section
    assert section.count("<svg") == 1
    comparison = compare_detectors(LOGISTIC, X, Y, cv=2, check_data=False)
    comparison.to_html(tmp_path / "page.html", sections={"Generators": section})
    assert shown in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_another_metric_is_another_matrix(found):
    other = replace(found, metric="accuracy")
    values = found.table.query("detector == 'logistic'")["accuracy"]
    assert other.matrices["logistic"].to_numpy().ravel().tolist() == values.tolist()
    assert list(other.plot().matrices) == ["logistic"]


def test_a_seed_gives_the_same_split_and_metrics_twice():
    first, second = (
        compare_generators(LOGISTIC, X, Y, GENERATORS, random_state=3, n_resamples=9)
        for _ in range(2)
    )
    metrics = [name for name in first.table if not name.endswith("seconds")]
    pd.testing.assert_frame_equal(first.table[metrics], second.table[metrics])


def test_folders_of_generators_are_compared_with_their_own_reals(tmp_path, capfd):
    for number, (name, label) in enumerate(zip(GENERATORS, Y, strict=True)):
        path = tmp_path / name / ["camera", "ai"][label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = RNG.integers(0, 256, size=(8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    path.write_bytes(b"no image")
    images = load_image_folder(tmp_path)
    found = compare_generators(
        {"it": DummyClassifier()},
        images.data,
        images.target,
        images.generators,
        target_names=images.target_names,
        skip_unreadable=True,
        test_size=0.5,
        n_resamples=0,
        verbose=1,
    )
    assert found.settings["own_reals"]
    assert found.unreadable["path"].tolist() == [str(path)]
    assert "1 of 180 images can't be read and are left out." in str(found)
    assert found.predictions["path"].str.startswith(str(tmp_path)).all()
    assert "it, trained on glide (fit 2 of 3): fitted in" in capfd.readouterr().err


def test_a_copy_of_a_real_image_in_another_folder_is_told():
    images = X.copy()
    reals = np.flatnonzero(Y == 0)
    images[reals] = images[reals[0]]
    with pytest.warns(UserWarning, match="have a copy among their training images"):
        found = compare_generators(
            {"it": DummyClassifier()}, images, Y, GENERATORS, n_resamples=0
        )
    assert len(found.leaks)
    assert "without_leaks" not in found.warnings[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"generators": np.where(Y, "one", "")}, r"two generators of fakes; got \['on"),
        ({"generators": GENERATORS[1:]}, "one for each test image; got 179 for 180"),
        ({"generators": np.full(180, None)}, "must name the generator of each fake"),
        ({"y": np.arange(180) % 3}, "y must hold labels of two classes; got 3"),
        ({"metric": "luck"}, "metric must be one of .* got 'luck'"),
        (
            {"generators": np.where(np.arange(180) == 1, "rare", SHARED)},
            "two fakes each, to train on and to test on; got one of 'rare'",
        ),
        (
            {
                "generators": np.where(np.isin(np.arange(180), [1, 3]), "rare", SHARED),
                "test_size": 0.05,
            },
            "enough fakes and reals .* among .* for 'rare'. Leave it out",
        ),
    ],
)
def test_what_can_not_be_split_is_refused(change, message):
    arguments = {"X": X, "y": Y, "generators": GENERATORS} | change
    with pytest.raises(ValueError, match=message):
        compare_generators({"it": DummyClassifier()}, random_state=0, **arguments)
