import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from skfake.displays import ConfusionMatricesDisplay
from tests.displays.instances import predictions_of


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


def test_numbers_can_be_read_on_their_cells():
    # The second matrix has no cell that is dark on the scale of both.
    display = ConfusionMatricesDisplay(
        matrices={"A": np.array([[90, 10], [0, 100]]), "B": np.full((2, 2), 30)},
        display_labels=["a", "b"],
    ).plot()
    for ax in display.axes_:
        image = ax.get_images()[0]
        cells = image.get_array().ravel()
        for text, value in zip(ax.texts, cells, strict=True):
            cell = np.mean(image.cmap(image.norm(value))[:3])
            ink = np.mean(to_rgb(text.get_color()))
            assert abs(cell - ink) > 0.3


@pytest.mark.parametrize("n_classes", [2, 3, 9])
@pytest.mark.parametrize("n_detectors", [1, 2, 5])
def test_titles_and_labels_do_not_meet_or_leave_the_figure(n_classes, n_detectors):
    display = ConfusionMatricesDisplay(
        matrices={
            f"{i}: a detector with a rather long name": np.eye(n_classes, dtype=int)
            for i in range(n_detectors)
        },
        display_labels=[f"generator {i}" for i in range(n_classes)],
    ).plot()
    display.figure_.canvas.draw()
    boxes = [ax.get_tightbbox() for ax in display.axes_]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])
    width, height = display.figure_.bbox.size
    assert min(box.x0 for box in boxes) >= -1
    assert max(box.x1 for box in boxes) <= width + 1
    assert min(box.y0 for box in boxes) >= -1
    assert max(box.y1 for box in boxes) <= height + 1
    assert display.figure_.get_figwidth() <= 7


def test_a_table_without_predictions_is_refused():
    predictions = predictions_of().drop(columns="prediction")
    with pytest.raises(ValueError, match="got no 'prediction'"):
        ConfusionMatricesDisplay.from_predictions(predictions, classes=[0, 1])
