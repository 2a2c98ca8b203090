import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skfake.displays import ReliabilityDisplay
from skfake.metrics import expected_calibration_error
from tests.displays.instances import (
    legend_of,
    predictions_of,
    predictions_of_several_classes,
)


def probabilities_of(names=("SVM", "CNN"), n_folds=1):
    predictions = predictions_of(names, n_folds)
    return predictions.assign(score=1 / (1 + np.exp(-predictions["score"])))


def distance_from_diagonal(prob_pred, prob_true, n_images):
    return np.average(np.abs(prob_pred - prob_true), weights=n_images)


@pytest.mark.parametrize("n_bins", [4, 15])
def test_the_distance_from_the_diagonal_is_the_error_that_the_legend_says(n_bins):
    predictions = probabilities_of(["SVM"])
    display = ReliabilityDisplay.from_predictions(
        predictions, classes=[0, 1], n_bins=n_bins
    )
    error = expected_calibration_error(
        predictions["target"], predictions["score"], n_bins=n_bins
    )
    assert distance_from_diagonal(*display.curves["SVM"]) == pytest.approx(error)
    assert display.calibration_error == {"SVM": [pytest.approx(error)]}
    assert legend_of(display)[0] == f"SVM (ECE {error:.3f})"


def test_points_are_larger_where_there_are_more_images():
    predictions = pd.DataFrame(
        {"detector": "SVM", "target": [0, 1, 1, 1], "score": [0.1, 0.9, 0.9, 0.9]}
    )
    display = ReliabilityDisplay.from_predictions(predictions, classes=[0, 1])
    points = display.ax_.collections[0]
    assert points.get_offsets().tolist() == [[0.1, 0.0], [0.9, 1.0]]
    assert points.get_sizes()[1] == 3 * points.get_sizes()[0]


def test_folds_share_a_curve_and_each_has_an_error():
    predictions = probabilities_of(n_folds=3)
    display = ReliabilityDisplay.from_predictions(predictions, classes=[0, 1])
    assert display.curves["CNN"][2].sum() == 90
    errors = [
        expected_calibration_error(part["target"], part["score"])
        for _, part in predictions[predictions["detector"] == "CNN"].groupby("fold")
    ]
    assert display.calibration_error["CNN"] == pytest.approx(errors)
    spread = f"{np.mean(errors):.3f} ± {np.std(errors, ddof=1):.3f}"
    assert legend_of(display)[1] == f"CNN (ECE {spread})"


def test_several_classes_are_taken_one_against_the_rest():
    predictions, classes, scores = predictions_of_several_classes()
    display = ReliabilityDisplay.from_predictions(predictions, classes=classes)
    target = predictions["target"].to_numpy()
    errors = [
        expected_calibration_error(target == c, s)
        for c, s in zip(classes, scores.T, strict=True)
    ]
    assert display.calibration_error["CNN"] == [pytest.approx(np.mean(errors))]
    prob_pred, _, n_images = display.curves["CNN"]
    assert n_images.sum() == scores.size
    assert np.average(prob_pred, weights=n_images) == pytest.approx(1 / 3)


def test_scores_that_are_no_probabilities_have_no_curve():
    predictions = probabilities_of(n_folds=2)
    predictions.loc[predictions["detector"] == "SVM", "score"] -= 0.5
    display = ReliabilityDisplay.from_predictions(predictions, classes=[0, 1])
    assert list(display.curves) == ["CNN"]


def test_folds_without_a_class_are_left_out():
    predictions = probabilities_of(n_folds=2)
    predictions = predictions[(predictions["fold"] == 0) | (predictions["target"] == 1)]
    display = ReliabilityDisplay.from_predictions(predictions, classes=[0, 1])
    assert display.curves["SVM"][2].sum() == 30


def test_the_lesser_label_may_be_the_positive_one():
    predictions = probabilities_of(["SVM"])
    turned = predictions.assign(target=1 - predictions["target"])
    display = ReliabilityDisplay.from_predictions(predictions, classes=[0, 1])
    other = ReliabilityDisplay.from_predictions(
        turned, classes=[0, 1], pos_label=0, target_names=["REAL", "FAKE"]
    )
    assert np.array_equal(display.curves["SVM"], other.curves["SVM"])
    assert "(REAL)" in other.ax_.get_xlabel()


def test_no_probabilities_leave_the_diagonal():
    display = ReliabilityDisplay.from_predictions(predictions_of(), classes=[0, 1])
    assert legend_of(display) == ["perfectly calibrated (ECE 0.000)"]


def test_curves_are_plotted_where_asked():
    _, ax = plt.subplots()
    display = ReliabilityDisplay.from_predictions(
        probabilities_of(), classes=[0, 1], ax=ax
    )
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


def test_predictions_without_scores_are_refused():
    predictions = probabilities_of().drop(columns="score")
    with pytest.raises(ValueError, match="must hold the column score"):
        ReliabilityDisplay.from_predictions(predictions, classes=[0, 1])
