import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skfake.evaluation import ConfusionMatricesDisplay
from tests.evaluation.displays.instances import predictions_of


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
