import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfake import CNNDetector, SVMDetector
from skfake.displays import TrainingCurvesDisplay
from tests.displays.instances import legend_of

HISTORY = {
    "train_accuracy": [0.6, 0.8, 0.9],
    "train_loss": [0.7, 0.5, 0.2],
    "valid_accuracy": [0.5, 0.7, 0.8],
    "valid_loss": [0.8, 0.6, 0.5],
    "seconds": [1.0, 1.0, 1.0],
}


class Trained:
    """What a detector with a network shows of itself."""

    def __init__(self, history):
        self.history_ = history


def lines_of(display):
    """Style and points of the lines that have any."""
    return [
        (line.get_linestyle(), line.get_color(), line.get_xydata().tolist())
        for line in display.ax_.get_lines()
        if len(line.get_xdata())
    ]


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_training_is_solid_and_what_was_held_out_is_dashed(metric):
    detectors = {"CNN": Trained(HISTORY)}
    display = TrainingCurvesDisplay.from_detectors(detectors, metric=metric)
    expected = [
        (line, "C0", [list(p) for p in enumerate(HISTORY[f"{subset}_{metric}"], 1)])
        for subset, line in [("train", "-"), ("valid", "--")]
    ]
    assert lines_of(display) == expected
    assert legend_of(display) == ["CNN", "training images", "images held out"]
    assert display.ax_.get_ylabel().lower() == metric


def test_a_fitted_detector_has_a_point_an_epoch(stripes):
    detector = CNNDetector(max_epochs=2, random_state=0).fit(*stripes)
    display = TrainingCurvesDisplay.from_detectors({"CNN": detector})
    (_, _, points), *_ = lines_of(display)
    assert points == [
        list(p) for p in enumerate(detector.history_["train_accuracy"], 1)
    ]


def test_pipelines_and_searches_show_what_is_inside(stripes):
    rows = FunctionTransformer()
    network = CNNDetector(max_epochs=1, random_state=0)
    pipeline = make_pipeline(rows, network)
    search = GridSearchCV(pipeline, {"cnndetector__lr": [0.01]}, cv=2).fit(*stripes)
    display = TrainingCurvesDisplay.from_detectors({"search": search})
    found = search.best_estimator_[-1].history_
    assert display.histories == {"search": [found]}


def test_folds_share_a_colour_and_an_entry_of_the_legend():
    detectors = {"A": [Trained(HISTORY)] * 3, "B": [Trained(HISTORY), None]}
    display = TrainingCurvesDisplay.from_detectors(detectors)
    colours = [colour for _, colour, _ in lines_of(display)]
    assert colours == ["C0"] * 6 + ["C1"] * 2
    assert legend_of(display)[:2] == ["A", "B"]
    assert len(legend_of(display)) == 4


def test_without_held_out_images_nothing_is_dashed():
    history = {"train_accuracy": [0.6, 0.8], "train_loss": [0.7, 0.5]}
    display = TrainingCurvesDisplay.from_detectors({"CNN": Trained(history)})
    assert [style for style, _, _ in lines_of(display)] == ["-"]
    assert legend_of(display) == ["CNN", "training images"]


@pytest.mark.parametrize("n_epochs", [1, 2, 3, 7, 40])
def test_epochs_are_whole_numbers(n_epochs):
    history = {"train_accuracy": np.linspace(0, 1, n_epochs)}
    display = TrainingCurvesDisplay.from_detectors({"CNN": Trained(history)})
    display.figure_.canvas.draw()
    low, high = display.ax_.get_xlim()
    ticks = [tick for tick in display.ax_.get_xticks() if low <= tick <= high]
    assert ticks
    assert all(tick == int(tick) for tick in ticks)


def test_one_epoch_is_a_point():
    history = {"train_accuracy": [0.6]}
    display = TrainingCurvesDisplay.from_detectors({"CNN": Trained(history)})
    assert [line.get_marker() for line in display.ax_.get_lines()][1] == "."


def test_curves_are_plotted_where_asked():
    _, ax = plt.subplots()
    display = TrainingCurvesDisplay.from_detectors({"CNN": Trained(HISTORY)}, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


@pytest.mark.parametrize("detectors", [{}, {"SVM": SVMDetector()}, {"SVM": [None]}])
def test_no_history_is_refused(detectors):
    with pytest.raises(ValueError, match=r"at least one with a history_, .* got none"):
        TrainingCurvesDisplay.from_detectors(detectors)


def test_histories_of_other_kinds_are_left_alone():
    detectors = {"CNN": Trained(HISTORY), "other": Trained([{"epoch": 1}])}
    assert list(TrainingCurvesDisplay.from_detectors(detectors).histories) == ["CNN"]


def test_a_strange_metric_is_refused():
    with pytest.raises(ValueError, match=r"metric must be one of .* got 'recall'"):
        TrainingCurvesDisplay.from_detectors({"CNN": Trained(HISTORY)}, metric="recall")
