import json
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from skfake import compare_detectors
from skfake.report import text

RNG = np.random.default_rng(0)
Y = np.arange(200) % 2
X = RNG.normal(size=(200, 16)) + 0.3 * Y[:, None]
TEST = (X[:20] + RNG.normal(size=(20, 16)), Y[:20])
NAMES = ["REAL", "FAKE"]


class Broken(DummyClassifier):
    def fit(self, X, y):
        raise OSError("<no> luck\nand more")


DETECTORS = {"<logistic>": LogisticRegression(), "chance": DummyClassifier()}


@pytest.fixture(scope="module")
def by_cv():
    return compare_detectors(DETECTORS, X, Y, cv=4, target_names=NAMES)


@pytest.fixture(scope="module")
def by_test():
    return compare_detectors(
        DETECTORS | {"broken": Broken()}, X, Y, test=TEST, target_names=NAMES
    )


def test_text_says_how_the_figures_came_about(by_cv, by_test):
    assert str(by_cv).startswith(
        "200 images in 4 folds; metrics in %, mean ± standard deviation over the folds."
    )
    assert "Precision, recall, F1 and AP (average precision) are those of FAKE." in str(
        by_cv
    )
    assert str(by_test).startswith(
        "Trained on 200 images, tested on 20; metrics in %, accuracy with 95% "
        "intervals."
    )
    assert repr(by_cv) == str(by_cv)


def test_a_title_heads_the_table_and_is_saved(by_test, tmp_path):
    titled = replace(by_test, title="Simulated <images>.")
    assert str(titled) == f"Simulated <images>.\n{by_test}"
    assert "<p>Simulated &lt;images&gt;." in titled._repr_html_()
    titled.save(tmp_path)
    found = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert found["title"] == "Simulated <images>."


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["ai", "camera"], "ai (fake)"),
        (["camera", "midjourney"], "midjourney (fake)"),
        (["fake", "real"], "fake"),
        (["cat", "dog"], "dog"),
    ],
)
def test_the_class_that_means_fake_is_positive_and_said_to_be(names, said, tmp_path):
    found = compare_detectors(
        DETECTORS, X, np.array(names)[Y], test=(TEST[0], np.array(names)[TEST[1]])
    )
    line = f"Precision, recall, F1 and AP (average precision) are those of {said}."
    assert line in str(found)
    assert line in found._repr_html_()
    assert found.pos_label == said.split()[0]
    ax = found.roc_curves().ax_
    assert ax.get_ylabel() == f"True positive rate\n({said})"
    found.save(tmp_path)
    assert line in (tmp_path / "report.html").read_text(encoding="utf-8")
    kept = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    fakes = [said.split()[0]] if said != "dog" else []
    assert (kept["pos_label"], kept["settings"]["fakes"]) == (said.split()[0], fakes)


def test_a_label_that_is_given_as_positive_means_fake():
    y = np.array(["cat", "dog"])[Y]
    found = compare_detectors(DETECTORS, X, y, cv=2, pos_label="cat")
    assert "are those of cat (fake)." in str(found)


def test_text_shows_percents_with_their_spread(by_cv):
    row = by_cv.table.loc["<logistic>"]
    shown = f"{100 * row['roc_auc']:.1f} ± {100 * row['roc_auc_std']:.1f}"
    line = next(line for line in str(by_cv).splitlines() if "<logistic>" in line)
    assert shown in line


def test_text_fits_a_terminal_and_is_aligned(by_cv, by_test):
    for comparison in (by_cv, by_test):
        lines = str(comparison).splitlines()
        assert max(map(len, lines)) <= 100
        assert len({len(line) for line in lines[3:6]}) == 1


def test_errors_stand_below_the_table_in_one_line_each(by_test):
    *_, row, blank, _, _, error = str(by_test).splitlines()
    assert row.split() == ["broken", *["-"] * 8]
    assert blank == ""
    assert error == "broken failed: OSError: <no> luck"


def test_several_classes_are_shown_without_a_positive_one():
    y = np.array(["real", "gan", "diffusion"])[np.arange(200) % 3]
    text = str(compare_detectors(DETECTORS, X, y, cv=2))
    assert "balanced accuracy" in text
    assert "precision" not in text.lower()


def test_notebooks_show_html_with_everything_escaped():
    comparison = compare_detectors(
        DETECTORS | {"broken": Broken()}, X, Y, test=TEST, target_names=["<R>", "<F>"]
    )
    html = comparison._repr_html_()
    assert "<table" in html
    assert "&lt;logistic&gt;" in html
    assert "OSError: &lt;no&gt; luck" in html
    assert "those of &lt;F&gt;." in html
    assert "<logistic>" not in html


def test_saved_tables_read_back_as_they_were(by_cv, tmp_path):
    by_cv.save(tmp_path / "new" / "folder")
    table = pd.read_csv(tmp_path / "new" / "folder" / "table.csv", index_col=0)
    pd.testing.assert_frame_equal(table, by_cv.table)
    predictions = pd.read_csv(tmp_path / "new" / "folder" / "predictions.csv")
    pd.testing.assert_frame_equal(predictions, by_cv.predictions)


def test_saved_json_holds_tables_matrices_settings_and_versions(by_test, tmp_path):
    by_test.save(tmp_path)
    found = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert [row["detector"] for row in found["table"]] == list(by_test.table.index)
    assert found["table"][0]["roc_auc"] == pytest.approx(
        by_test.table.iloc[0]["roc_auc"], abs=1e-12
    )
    assert found["table"][2]["accuracy"] is None
    assert found["table"][2]["error"] == "OSError: <no> luck\nand more"
    matrix = found["confusion_matrices"]["<logistic>"]
    assert np.sum(matrix) == 20
    assert matrix[1][1] / np.sum(matrix[1]) == by_test.table.iloc[0]["recall_FAKE"]
    assert "broken" not in found["confusion_matrices"]
    assert (found["classes"], found["pos_label"]) == ([0, 1], 1)
    assert found["settings"]["detectors"]["chance"] == "DummyClassifier()"
    assert {"skfake", "scikit-learn", "numpy", "python"} <= set(found["versions"])
    assert found["machine"]["n_cpus"] >= 1


def test_saving_writes_plots_and_leaves_none_open(by_cv, tmp_path):
    before = plt.get_fignums()
    by_cv.save(tmp_path)
    for name in ("roc_curves.png", "confusion_matrices.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert plt.get_fignums() == before


def test_saving_leaves_no_other_file_and_replaces_what_was_there(by_cv, tmp_path):
    (tmp_path / "table.csv").write_text("old")
    by_cv.save(tmp_path)
    by_cv.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.html",
        "table.csv",
        "predictions.csv",
        "comparison.json",
        "roc_curves.png",
        "confusion_matrices.png",
    }
    assert "old" not in (tmp_path / "table.csv").read_text()


def test_where_all_failed_there_is_nothing_to_plot(tmp_path):
    compare_detectors({"broken": Broken()}, X, Y, test=TEST).save(tmp_path)
    assert "broken" in (tmp_path / "table.csv").read_text()
    assert not (tmp_path / "roc_curves.png").exists()


@pytest.mark.parametrize(
    ("labels", "fake"), [(["real", "fake"], "fake"), ([False, True], True)]
)
def test_labels_of_any_type_can_be_saved(labels, fake, tmp_path):
    y = np.array(labels)[Y]
    compare_detectors(DETECTORS, X, y, cv=2).save(tmp_path)
    found = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert found["classes"] == sorted(labels)
    assert found["pos_label"] == fake


GENERATORS = np.where(Y, np.array(["glide", "sdxl"])[np.arange(200) // 100], "")


def test_a_table_by_generator_stands_below(tmp_path):
    found = compare_detectors(DETECTORS, X, Y, cv=4, generators=GENERATORS)
    head, *rows = str(found).split(text.GENERATORS)[1].splitlines()[1:4]
    assert " ".join(head.split()) == (
        "generator fakes <logistic> recall <logistic> ROC-AUC chance recall chance "
        "ROC-AUC"
    )
    row = found.generators.loc["<logistic>", "sdxl"]
    shown = [f"{100 * row[metric]:.1f}" for metric in ("recall", "roc_auc")]
    assert rows[1].split()[:4] == ["sdxl", "50", *shown]
    html = found._repr_html_()
    assert "&lt;logistic&gt; recall" in html
    found.save(tmp_path)
    assert "<h2>Generators</h2>" in (tmp_path / "report.html").read_text("utf-8")
    kept = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert kept["generators"][1]["generator"] == "sdxl"
    assert kept["generators"][1]["roc_auc"] == pytest.approx(row["roc_auc"])
    table = pd.read_csv(tmp_path / "predictions.csv", keep_default_na=False)
    assert table["generator"].tolist() == found.predictions["generator"].tolist()


def test_what_was_resized_is_said_once_for_all_that_did_the_same(by_cv, tmp_path):
    said = "512 x 512 pixels, resized to 32 x 32"
    sizes = {"SVM": said, "CNN": said, "VGG": said.replace("32", "224")}
    found = replace(by_cv, settings=by_cv.settings | {"image_sizes": sizes})
    assert f"SVM, CNN: {said}." in str(found)
    assert "VGG: 512 x 512 pixels, resized to 224 x 224." in str(found)
    found.save(tmp_path)
    assert f"SVM, CNN: {said}." in (tmp_path / "report.html").read_text("utf-8")
    kept = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert kept["settings"]["image_sizes"] == sizes
