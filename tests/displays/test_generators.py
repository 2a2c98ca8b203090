import numpy as np
import pandas as pd
import pytest

from skfake.displays import GeneratorMatricesDisplay

NAMES = ["glide", "biggan"]


def table_of(name="SVM", values=(0.99, 0.6, 0.7, np.nan)):
    pairs = [(trained, tested) for trained in NAMES for tested in NAMES]
    table = pd.DataFrame(pairs, columns=["trained_on", "tested_on"])
    return table.assign(detector=name, roc_auc=values, accuracy=0.5)


def test_rows_are_trained_on_and_columns_tested_on_in_the_order_of_the_table():
    display = GeneratorMatricesDisplay.from_table(table_of())
    matrix = display.matrices["SVM"]
    assert list(matrix.index) == list(matrix.columns) == NAMES
    assert matrix.loc["glide", "biggan"] == 0.6
    (ax,) = display.axes_
    assert [text.get_text() for text in ax.texts] == ["99", "60", "70", "-"]
    assert [label.get_text() for label in ax.get_yticklabels()] == NAMES
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("Trained on", "Tested on")


def test_each_detector_has_a_plot_and_another_metric_may_be_shown():
    table = pd.concat([table_of(), table_of("CNN"), table_of("bad", np.nan)])
    display = GeneratorMatricesDisplay.from_table(table)
    assert list(display.matrices) == ["SVM", "CNN"]
    by_accuracy = GeneratorMatricesDisplay.from_table(table, metric="accuracy")
    assert len(by_accuracy.axes_) == 3
    assert by_accuracy.axes_[0].texts[0].get_text() == "50"


def test_numbers_contrast_with_their_cells():
    display = GeneratorMatricesDisplay.from_table(table_of(values=(1.0, 0.0, 0.4, 0.6)))
    image = display.axes_[0].get_images()[0]
    for text, value in zip(display.axes_[0].texts, (1.0, 0.0, 0.4, 0.6), strict=True):
        background, ink = image.cmap(value), text.get_color()
        assert abs(np.mean(background[:3]) - np.mean(ink[:3])) > 0.25


def test_where_no_detector_has_the_metric_there_is_nothing_to_plot():
    with pytest.raises(ValueError, match="at least one detector; got none"):
        GeneratorMatricesDisplay.from_table(table_of(values=np.nan))
