import sys

import matplotlib.pyplot as plt
import pytest

from skfake.evaluation import PrecisionRecallCurvesDisplay, RocCurvesDisplay
from tests.evaluation.displays.instances import predictions_of

EMPTY = {
    "roc": RocCurvesDisplay(curves={}, roc_auc={}),
    "precision_recall": PrecisionRecallCurvesDisplay(curves={}, average_precision={}),
}


@pytest.mark.parametrize("display", EMPTY.values(), ids=EMPTY)
def test_a_missing_matplotlib_is_named_with_what_installs_it(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "skfake\[plot\]"'):
        display.plot()


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
