"""The displays that a comparison makes of itself."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from skfake import CNNDetector, SVMDetector, compare_detectors


@pytest.fixture(scope="module")
def comparison(stripes):
    X, y = stripes
    rows = X.reshape(len(X), -1) / 255
    detectors = {
        "too small": SVMDetector(image_size=4),
        "regression": LogisticRegression(),
        "distances": LinearSVC(),
        "chance": DummyClassifier(),
        "CNN": CNNDetector(max_epochs=2, image_size=16, random_state=0),
    }
    return compare_detectors(detectors, rows, y, cv=2, target_names=["across", "down"])


def test_average_precisions_are_those_of_the_folds(comparison):
    display = comparison.precision_recall_curves()
    assert list(display.curves) == ["regression", "distances", "chance", "CNN"]
    folds = comparison.folds.set_index("detector")["average_precision"]
    for name, found in display.average_precision.items():
        assert found == pytest.approx(folds[name].to_numpy())
    assert display.positive == "down"


def test_calibration_errors_are_those_of_the_folds_of_probabilities(comparison):
    display = comparison.reliability()
    assert list(display.curves) == ["regression", "chance", "CNN"]
    folds = comparison.folds.set_index("detector")["expected_calibration_error"]
    for name, found in display.calibration_error.items():
        assert found == pytest.approx(folds[name].to_numpy())


def test_distances_from_0_to_1_are_no_probabilities(comparison):
    predictions = comparison.predictions.copy()
    predictions.loc[predictions["detector"] == "distances", "score"] = 0.5
    changed = replace(comparison, predictions=predictions)
    assert "distances" not in changed.reliability().curves


def test_training_curves_are_those_of_the_networks(comparison):
    display = comparison.training_curves(metric="loss")
    assert list(display.histories) == ["CNN"]
    assert len(display.histories["CNN"]) == 2
    assert display.metric == "loss"


@pytest.mark.parametrize(
    "method", ["precision_recall_curves", "reliability", "training_curves"]
)
def test_plots_go_where_asked(comparison, method):
    _, ax = plt.subplots()
    assert getattr(comparison, method)(ax).ax_ is ax


def test_a_detector_has_one_colour_in_all_displays(comparison):
    displays = [
        comparison.roc_curves(),
        comparison.precision_recall_curves(),
        comparison.reliability(),
        comparison.training_curves(),
    ]
    for display in displays:
        legend = display.ax_.get_legend()
        pairs = zip(legend.get_texts(), legend.get_lines(), strict=True)
        colours = {
            text.get_text().split(" (")[0]: line.get_color() for text, line in pairs
        }
        assert colours["CNN"] == "C4"


def test_no_network_has_no_training_curves():
    X = np.random.default_rng(0).normal(size=(20, 16))
    comparison = compare_detectors(
        {"chance": DummyClassifier()}, X, np.arange(20) % 2, cv=2
    )
    with pytest.raises(ValueError, match="at least one with a history_"):
        comparison.training_curves()
