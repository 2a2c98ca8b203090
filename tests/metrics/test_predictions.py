import numpy as np
import pandas as pd
import pytest

from skfake.metrics import find_confident_mistakes
from skfake.metrics.predictions import check_predictions, score_columns, split_runs


def table_of(target, prediction, score, **columns):
    table = {"detector": "SVM", "fold": 0, "image": np.arange(len(target))}
    table |= {"target": target, "prediction": prediction, "score": score}
    return pd.DataFrame(table | columns)


def test_runs_are_those_of_a_detector_a_seed_and_a_fold_in_order():
    table = pd.DataFrame(
        {
            "detector": ["b", "b", "a", "b", "a"],
            "seed": [1, 1, None, 0, None],
            "fold": [0, 1, 0, 0, 0],
        }
    )
    found = [(name, part.index.tolist()) for name, part in split_runs(table)]
    assert found == [("b", [0]), ("b", [1]), ("a", [2, 4]), ("b", [3])]


def test_scores_of_several_classes_are_a_column_each():
    table = pd.DataFrame({"score_a": [1, 2], "x": [0, 0], "score_b": [3, 4]})
    assert score_columns(table).tolist() == [[1, 3], [2, 4]]


# The images that a detector gets most wrong


def test_those_that_were_called_wrong_with_the_greatest_probability_come_first():
    table = table_of([0, 0, 1, 1, 0], [0, 1, 0, 1, 1], [0.3, 0.7, 0.05, 0.99, 0.9])
    found = find_confident_mistakes(table, classes=[0, 1])
    assert found["image"].tolist() == [2, 4, 1]
    assert found["score"].tolist() == pytest.approx([0.95, 0.9, 0.7])


def test_scores_on_another_scale_are_turned_about_zero():
    table = table_of([0, 1, 1], [1, 0, 0], [1.5, -0.5, -4.0])
    found = find_confident_mistakes(table, classes=[0, 1])
    assert found["image"].tolist() == [2, 0, 1]
    assert found["score"].tolist() == [4.0, 1.5, 0.5]


def test_each_detector_has_its_own_scale_and_its_own_images_in_order():
    probable = table_of([0, 1], [1, 0], [0.7, 0.2], detector="Z")
    decided = table_of([0, 1], [1, 0], [0.7, -3.0], detector="A")
    found = find_confident_mistakes(pd.concat([probable, decided]), classes=[0, 1])
    assert found["detector"].tolist() == ["Z", "Z", "A", "A"]
    assert found["image"].tolist() == [1, 0, 1, 0]
    assert found["score"].tolist() == pytest.approx([0.8, 0.7, 3.0, 0.7])


def test_the_positive_label_is_the_one_that_the_scores_speak_of():
    table = table_of([0, 1, 1], [1, 0, 0], [0.4, 0.9, 0.8])
    found = find_confident_mistakes(table, classes=[0, 1], pos_label=0)
    assert found["image"].tolist() == [1, 2, 0]
    assert found["score"].tolist() == pytest.approx([0.9, 0.8, 0.6])


def test_of_several_classes_the_score_is_that_of_the_predicted_one():
    table = pd.DataFrame(
        {
            "detector": "CNN",
            "image": [7, 8, 9],
            "target": ["a", "b", "c"],
            "prediction": ["b", "c", "c"],
            "score_A": [0.1, 0.1, 0.1],
            "score_B": [0.6, 0.2, 0.0],
            "score_C": [0.3, 0.7, 0.9],
        }
    )
    found = find_confident_mistakes(table, classes=["a", "b", "c"])
    assert found["image"].tolist() == [8, 7]
    assert found["score"].tolist() == [0.7, 0.6]


def test_without_scores_images_come_in_their_order():
    table = table_of([0, 0, 1, 1], [1, 0, 0, 0], np.nan)
    found = find_confident_mistakes(table, classes=[0, 1], n_images=2)
    assert found["image"].tolist() == [0, 2]
    assert found["score"].isna().all()


def test_an_image_counts_once_where_it_was_worst():
    first = table_of([0, 0], [1, 1], [0.6, 0.7], seed=0)
    second = table_of([0, 0], [1, 1], [0.9, 0.5], seed=1)
    found = find_confident_mistakes(pd.concat([first, second]), classes=[0, 1])
    assert found[["image", "seed"]].to_numpy().tolist() == [[0, 1], [1, 0]]


def test_at_most_so_many_of_each_detector_are_found():
    tables = [table_of([0] * 5, [1] * 5, 0.7, detector=name) for name in "AB"]
    found = find_confident_mistakes(pd.concat(tables), classes=[0, 1], n_images=3)
    assert found["detector"].tolist() == ["A"] * 3 + ["B"] * 3


def test_who_errs_never_has_no_image():
    table = table_of([0, 1], [0, 1], [0.1, 0.9])
    assert find_confident_mistakes(table, classes=[0, 1]).empty
    assert find_confident_mistakes(table.head(0), classes=[0, 1]).empty


# What is refused


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": ["image"]}, "got no 'image'"),
        ({"columns": ["prediction"]}, "got no 'prediction'"),
        ({"columns": ["score"]}, "column score, that of the positive one"),
    ],
)
def test_tables_that_lack_a_column_are_refused(change, message):
    table = table_of([0, 1], [1, 0], [0.7, 0.2]).drop(**change)
    with pytest.raises(ValueError, match=message):
        find_confident_mistakes(table, classes=[0, 1])


def test_labels_that_are_no_classes_are_refused():
    table = table_of([0, 1], [1, 5], [0.7, 0.2])
    with pytest.raises(ValueError, match=r"of classes, \[0, 1\]; got .*5.* prediction"):
        find_confident_mistakes(table, classes=[0, 1])


def test_several_classes_need_a_score_each():
    table = table_of([0, 1], [1, 0], [0.7, 0.2])
    with pytest.raises(ValueError, match="score_<class> for each of 3 classes"):
        find_confident_mistakes(table, classes=[0, 1, 2])


def test_no_number_of_images_is_refused():
    table = table_of([0, 1], [1, 0], [0.7, 0.2])
    with pytest.raises(
        ValueError, match="'n_images' parameter of find_confident_mistakes"
    ):
        find_confident_mistakes(table, classes=[0, 1], n_images=0)


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match=r"must be a DataFrame, .* got a list"):
        check_predictions([0, 1], [0, 1], ["target"])
