import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import auc, average_precision_score, roc_auc_score

from skfake.displays import PrecisionRecallCurvesDisplay, RocCurvesDisplay
from tests.displays.instances import (
    legend_of,
    predictions_of,
    predictions_of_several_classes,
)

DISPLAYS = [RocCurvesDisplay, PrecisionRecallCurvesDisplay]


def areas_of(display):
    return getattr(display, "roc_auc", None) or display.average_precision


def area_in_steps(recall, precision):
    """From the greatest recall down, each precision holds until the next recall."""
    return np.sum(-np.diff(recall) * precision[:-1])


def test_a_roc_curve_encloses_the_area_that_its_legend_says():
    predictions = predictions_of(["SVM"])
    display = RocCurvesDisplay.from_predictions(predictions, classes=[0, 1])
    area = roc_auc_score(predictions["target"], predictions["score"])
    assert auc(*display.curves["SVM"][0]) == pytest.approx(area)
    assert legend_of(display) == [f"SVM (AUC {area:.3f})", "chance (AUC 0.500)"]


def test_steps_of_precision_enclose_the_area_that_the_legend_says():
    predictions = predictions_of(["SVM"])
    display = PrecisionRecallCurvesDisplay.from_predictions(predictions, classes=[0, 1])
    area = average_precision_score(predictions["target"], predictions["score"])
    assert area_in_steps(*display.curves["SVM"][0]) == pytest.approx(area)
    assert legend_of(display) == [f"SVM (AP {area:.3f})", "chance (AP 0.500)"]
    assert display.ax_.get_lines()[0].get_drawstyle() == "steps-post"


def test_the_precision_of_chance_is_the_share_of_the_positives():
    predictions = predictions_of(["SVM"])
    few = predictions.drop(predictions.index[predictions["target"] == 1][:10])
    display = PrecisionRecallCurvesDisplay.from_predictions(few, classes=[0, 1])
    assert display.prevalence == pytest.approx(5 / 20)
    assert display.ax_.get_lines()[-1].get_ydata() == pytest.approx([0.25, 0.25])
    assert legend_of(display)[-1] == "chance (AP 0.250)"


@pytest.mark.parametrize("display_class", DISPLAYS)
def test_folds_share_a_colour_and_an_entry_of_the_legend(display_class):
    predictions = predictions_of(n_folds=3)
    display = display_class.from_predictions(predictions, classes=[0, 1])
    colours = [line.get_color() for line in display.ax_.get_lines()]
    assert colours == ["C0"] * 3 + ["C1"] * 3 + ["gray"]
    areas = areas_of(display)["CNN"]
    shown = f"{np.mean(areas):.3f} ± {np.std(areas, ddof=1):.3f})"
    assert legend_of(display)[1].startswith("CNN (A")
    assert legend_of(display)[1].endswith(shown)
    assert len(legend_of(display)) == 3


@pytest.mark.parametrize("display_class", DISPLAYS)
def test_each_fold_of_each_seed_has_a_curve(display_class):
    predictions = predictions_of(["SVM"], n_folds=2).assign(seed=0)
    other = predictions_of(["SVM"], n_folds=2, seed=1).assign(seed=1)
    predictions = pd.concat([predictions, other])
    display = display_class.from_predictions(predictions, classes=[0, 1])
    assert len(set(areas_of(display)["SVM"])) == 4
    assert len(display.ax_.get_lines()) == 5


@pytest.mark.parametrize("display_class", DISPLAYS)
def test_a_table_without_folds_is_one_fold(display_class):
    predictions = predictions_of(n_folds=1)
    with_fold = display_class.from_predictions(predictions, classes=[0, 1])
    predictions = predictions.drop(columns="fold")
    without = display_class.from_predictions(predictions, classes=[0, 1])
    assert areas_of(without) == areas_of(with_fold)


@pytest.mark.parametrize("display_class", DISPLAYS)
def test_axes_name_the_positive_class(display_class):
    display = display_class.from_predictions(
        predictions_of(), classes=[0, 1], pos_label=0, target_names=["REAL", "FAKE"]
    )
    assert "(REAL)" in display.ax_.get_xlabel()
    assert "(REAL)" in display.ax_.get_ylabel()


@pytest.mark.parametrize("display_class", DISPLAYS)
def test_the_lesser_label_may_be_the_positive_one(display_class):
    predictions = predictions_of(["SVM"])
    turned = predictions.assign(
        score=-predictions["score"], target=1 - predictions["target"]
    )
    turned = turned.assign(score=predictions["score"])
    areas = [
        areas_of(display_class.from_predictions(table, classes=[0, 1], pos_label=label))
        for table, label in [(predictions, 1), (turned, 0)]
    ]
    assert areas[0]["SVM"] == pytest.approx(areas[1]["SVM"])


@pytest.mark.parametrize("display_class", DISPLAYS)
def test_detectors_without_scores_and_folds_without_a_class_have_no_curve(
    display_class,
):
    predictions = predictions_of(n_folds=2)
    predictions.loc[predictions["detector"] == "SVM", "score"] = np.nan
    predictions = predictions[(predictions["fold"] == 0) | (predictions["target"] == 1)]
    display = display_class.from_predictions(predictions, classes=[0, 1])
    assert list(display.curves) == ["CNN"]
    assert len(display.curves["CNN"]) == 1


@pytest.mark.parametrize("display_class", DISPLAYS)
def test_a_detector_keeps_its_colour_when_others_have_no_curve(display_class):
    predictions = predictions_of()
    predictions.loc[predictions["detector"] == "SVM", "score"] = np.nan
    options = [{}, {"colors": {"CNN": "red"}}]
    displays = [
        display_class.from_predictions(predictions, classes=[0, 1], **option)
        for option in options
    ]
    colours = [display.ax_.get_lines()[0].get_color() for display in displays]
    assert colours == ["C1", "red"]


@pytest.mark.parametrize("display_class", DISPLAYS)
def test_no_predictions_make_no_curve(display_class):
    nothing = predictions_of().head(0)
    display = display_class.from_predictions(nothing, classes=[0, 1])
    assert display.curves == {}


def test_the_roc_curve_of_several_classes_encloses_the_mean_of_their_areas():
    predictions, classes, scores = predictions_of_several_classes()
    display = RocCurvesDisplay.from_predictions(predictions, classes=classes)
    target = predictions["target"].to_numpy()
    areas = [
        roc_auc_score(target == c, s) for c, s in zip(classes, scores.T, strict=True)
    ]
    assert display.roc_auc["CNN"] == [pytest.approx(np.mean(areas))]
    assert auc(*display.curves["CNN"][0]) == pytest.approx(np.mean(areas), abs=2e-3)


def test_precisions_of_several_classes_enclose_the_mean_of_their_areas():
    predictions, classes, scores = predictions_of_several_classes()
    display = PrecisionRecallCurvesDisplay.from_predictions(
        predictions, classes=classes
    )
    target = predictions["target"].to_numpy()
    areas = [
        average_precision_score(target == c, s)
        for c, s in zip(classes, scores.T, strict=True)
    ]
    assert display.average_precision["CNN"] == [pytest.approx(np.mean(areas))]
    found = area_in_steps(*display.curves["CNN"][0])
    assert found == pytest.approx(np.mean(areas), abs=2e-3)
    assert display.prevalence == pytest.approx(1 / 3)
    assert "each class against the rest" in display.ax_.get_xlabel()


@pytest.mark.parametrize("display_class", DISPLAYS)
def test_curves_are_plotted_where_asked(display_class):
    _, ax = plt.subplots()
    display = display_class.from_predictions(predictions_of(), classes=[0, 1], ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


@pytest.mark.parametrize("display_class", DISPLAYS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.drop(columns="target"), "got no 'target'"),
        (lambda p: p.drop(columns="score"), "must hold the column score"),
        (lambda p: p.replace({"target": {1: 2}}), r"of classes, \[0, 1\]; got .*2"),
    ],
)
def test_predictions_that_say_too_little_are_refused(display_class, change, message):
    with pytest.raises(ValueError, match=message):
        display_class.from_predictions(change(predictions_of()), classes=[0, 1])


@pytest.mark.parametrize("display_class", DISPLAYS)
def test_a_strange_positive_label_is_refused(display_class):
    with pytest.raises(ValueError, match=r"pos_label must be one of .*; got 'FAKE'"):
        display_class.from_predictions(
            predictions_of(), classes=[0, 1], pos_label="FAKE"
        )
