import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import auc, roc_auc_score

from skfake.evaluation import ConfusionMatricesDisplay, RocCurvesDisplay


def predictions_of(names=("SVM", "CNN"), n_folds=1, seed=0):
    rng = np.random.default_rng(seed)
    tables = []
    for name in names:
        for fold in range(n_folds):
            target = np.arange(30) % 2
            score = rng.normal(size=30) + target
            table = {"detector": name, "fold": fold, "target": target, "score": score}
            tables.append(
                pd.DataFrame(table).assign(prediction=(score > 0.5).astype(int))
            )
    return pd.concat(tables, ignore_index=True)


def legend_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


# ROC curves


def test_a_roc_curve_encloses_the_area_that_its_legend_says():
    predictions = predictions_of(["SVM"])
    display = RocCurvesDisplay.from_predictions(predictions, classes=[0, 1])
    area = roc_auc_score(predictions["target"], predictions["score"])
    assert auc(*display.curves["SVM"][0]) == pytest.approx(area)
    assert legend_of(display) == [f"SVM (AUC {area:.3f})", "chance (AUC 0.500)"]


def test_folds_share_a_colour_and_an_entry_of_the_legend():
    predictions = predictions_of(n_folds=3)
    display = RocCurvesDisplay.from_predictions(predictions, classes=[0, 1])
    colours = [line.get_color() for line in display.ax_.get_lines()]
    assert colours == ["C0"] * 3 + ["C1"] * 3 + ["gray"]
    areas = display.roc_auc["CNN"]
    label = f"CNN (AUC {np.mean(areas):.3f} ± {np.std(areas, ddof=1):.3f})"
    assert legend_of(display)[1] == label


def test_axes_name_the_positive_class():
    display = RocCurvesDisplay.from_predictions(
        predictions_of(), classes=[0, 1], pos_label=0, target_names=["REAL", "FAKE"]
    )
    assert "(REAL)" in display.ax_.get_xlabel()


def test_the_lesser_label_may_be_the_positive_one():
    predictions = predictions_of(["SVM"])
    turned = predictions.assign(score=-predictions["score"])
    areas = [
        RocCurvesDisplay.from_predictions(
            table, classes=[0, 1], pos_label=label
        ).roc_auc
        for table, label in [(predictions, 1), (turned, 0)]
    ]
    assert areas[0]["SVM"] == pytest.approx(areas[1]["SVM"])


def test_detectors_without_scores_and_folds_without_a_class_have_no_curve():
    predictions = predictions_of(n_folds=2)
    predictions.loc[predictions["detector"] == "SVM", "score"] = np.nan
    predictions = predictions[(predictions["fold"] == 0) | (predictions["target"] == 1)]
    display = RocCurvesDisplay.from_predictions(predictions, classes=[0, 1])
    assert list(display.curves) == ["CNN"]
    assert len(display.curves["CNN"]) == 1


def test_the_curve_of_several_classes_encloses_the_mean_of_their_areas():
    rng = np.random.default_rng(0)
    classes = np.array(["real", "gan", "diffusion"])
    target = rng.choice(classes, size=400)
    classes = np.sort(classes)
    scores = rng.normal(size=(400, 3)) + (target[:, None] == classes)
    table = {"detector": "CNN", "fold": 0, "target": target}
    table |= {
        f"score_{name}": column for name, column in zip(classes, scores.T, strict=True)
    }
    display = RocCurvesDisplay.from_predictions(pd.DataFrame(table), classes=classes)
    areas = [
        roc_auc_score(target == c, s) for c, s in zip(classes, scores.T, strict=True)
    ]
    assert display.roc_auc["CNN"] == [pytest.approx(np.mean(areas))]
    assert auc(*display.curves["CNN"][0]) == pytest.approx(np.mean(areas), abs=2e-3)


def test_curves_are_plotted_where_asked():
    _, ax = plt.subplots()
    display = RocCurvesDisplay.from_predictions(predictions_of(), classes=[0, 1], ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


# Confusion matrices


def test_confusion_matrices_count_actual_in_rows_and_predicted_in_columns():
    predictions = pd.DataFrame(
        {
            "detector": "SVM",
            "fold": [0, 0, 0, 1, 1],
            "target": [0, 0, 0, 1, 1],
            "prediction": [0, 1, 1, 1, 0],
        }
    )
    display = ConfusionMatricesDisplay.from_predictions(predictions, classes=[0, 1])
    assert display.matrices["SVM"].tolist() == [[1, 2], [1, 1]]


def test_normalized_matrices_are_shares_of_the_actual_class():
    display = ConfusionMatricesDisplay.from_predictions(
        predictions_of(), classes=[0, 1], normalize="true"
    )
    assert display.matrices["SVM"].sum(axis=1) == pytest.approx([1, 1])
    assert all(text.get_text().endswith("%") for text in display.axes_[0].texts)


def test_every_detector_has_a_plot_with_its_name_and_the_names_of_the_classes():
    display = ConfusionMatricesDisplay.from_predictions(
        predictions_of(["A", "B", "C", "D"]),
        classes=[0, 1],
        target_names=["REAL", "FAKE"],
    )
    assert [ax.get_title() for ax in display.axes_] == ["A", "B", "C", "D"]
    assert len(display.figure_.axes) == 4
    ticks = [tick.get_text() for tick in display.axes_[3].get_yticklabels()]
    assert ticks == ["REAL", "FAKE"]


def test_matrices_are_plotted_where_asked():
    _, axes = plt.subplots(2, 1)
    display = ConfusionMatricesDisplay.from_predictions(
        predictions_of(), classes=[0, 1], axes=axes
    )
    assert list(display.axes_) == list(axes)


def test_axes_must_be_as_many_as_detectors():
    display = ConfusionMatricesDisplay(
        matrices={"SVM": np.eye(2, dtype=int)}, display_labels=["a", "b"]
    )
    _, axes = plt.subplots(1, 2)
    with pytest.raises(
        ValueError, match="axes must be one for each of 1 detectors; got 2"
    ):
        display.plot(axes)


def test_no_detector_makes_no_plot():
    display = ConfusionMatricesDisplay(matrices={}, display_labels=["a", "b"])
    with pytest.raises(ValueError, match="at least one detector; got none"):
        display.plot()


def test_a_missing_matplotlib_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    display = RocCurvesDisplay(curves={}, roc_auc={})
    with pytest.raises(ImportError, match=r'pip install "skfake\[plot\]"'):
        display.plot()
