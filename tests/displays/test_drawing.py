import os
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skfake import displays
from skfake.displays import (
    ConfidentMistakesDisplay,
    ConfusionMatricesDisplay,
    GeneratorMatricesDisplay,
    PrecisionRecallCurvesDisplay,
    ReliabilityDisplay,
    RobustnessCurvesDisplay,
    RocCurvesDisplay,
    TrainingCurvesDisplay,
)
from tests.displays.instances import predictions_of

ROOT = Path(__file__).parents[2]
SHEET = {"images": {}, "display_labels": {0: "REAL", 1: "FAKE"}}
DISPLAYS = [
    RocCurvesDisplay(curves={}, roc_auc={}),
    PrecisionRecallCurvesDisplay(curves={}, average_precision={}),
    ReliabilityDisplay(curves={}, calibration_error={}),
    ConfusionMatricesDisplay(
        matrices={"SVM": np.eye(2, dtype=int)}, display_labels=["REAL", "FAKE"]
    ),
    GeneratorMatricesDisplay(
        matrices={"SVM": pd.DataFrame(np.eye(2), index=list("ab"), columns=list("ab"))},
        metric="roc_auc",
    ),
    TrainingCurvesDisplay(histories={"CNN": [{"train_accuracy": [0.5, 0.6]}]}),
    ConfidentMistakesDisplay(mistakes={"SVM": pd.DataFrame()}, **SHEET),
    RobustnessCurvesDisplay(
        curves={"blur": {"SVM": (np.arange(2), np.ones(2))}},
        clean={"SVM": 1.0},
        metric="roc_auc",
    ),
]


def name_of(display):
    return type(display).__name__


def test_no_display_escapes_these_tests():
    public = {name for name in displays.__all__ if name.endswith("Display")}
    assert {name_of(display) for display in DISPLAYS} == public


@pytest.mark.parametrize("display", DISPLAYS, ids=name_of)
def test_a_missing_matplotlib_is_named_with_what_installs_it(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "skfake\[plot\]"'):
        display.plot()


@pytest.mark.parametrize("display", DISPLAYS, ids=name_of)
def test_a_display_may_be_plotted_again(display):
    figures = [display.plot().figure_ for _ in range(2)]
    assert figures[0] is not figures[1]
    assert figures[0].get_figwidth() <= 7


def test_no_display_needs_a_screen(tmp_path):
    code = (
        "from tests.displays.test_drawing import DISPLAYS\n"
        "for number, display in enumerate(DISPLAYS):\n"
        "    display.plot().figure_.savefig(f'{number}.svg', transparent=True)"
    )
    screens = {"DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND"}
    kept = {name: value for name, value in os.environ.items() if name not in screens}
    kept["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=tmp_path, env=kept, check=True, capture_output=True)
    assert len(list(tmp_path.glob("*.svg"))) == len(DISPLAYS)


def boxes_of(ax):
    """Where the plot and its legend are in the figure, drawn."""
    ax.figure.canvas.draw()
    renderer = ax.figure.canvas.get_renderer()
    legend, labels = ax.get_legend(), ax.xaxis.get_tightbbox(renderer)
    return ax.get_window_extent(), labels, legend.get_window_extent(renderer)


@pytest.mark.parametrize("n_detectors", [1, 5])
def test_the_legend_is_below_the_plot_and_in_the_figure(n_detectors):
    names = [f"{i}: a detector with a rather long name" for i in range(n_detectors)]
    display = RocCurvesDisplay.from_predictions(
        predictions_of(names, n_folds=2), classes=[0, 1]
    )
    plot, labels, legend = boxes_of(display.ax_)
    figure = display.figure_.bbox
    assert legend.y1 <= labels.y0 <= plot.y0
    assert legend.y0 >= figure.y0
    assert legend.x0 >= figure.x0
    assert legend.x1 <= figure.x1
    assert plot.width == pytest.approx(plot.height, rel=1e-3)
    assert plot.width > 0.7 * figure.width


def test_the_legend_is_in_the_plot_where_nothing_makes_room_for_it():
    _, ax = plt.subplots()
    RocCurvesDisplay.from_predictions(predictions_of(), classes=[0, 1], ax=ax)
    plot, _, legend = boxes_of(ax)
    assert plot.x0 < legend.x0 < legend.x1 < plot.x1
    assert plot.y0 < legend.y0 < legend.y1 < plot.y1
