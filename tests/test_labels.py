"""Which labels mean fake, what labels are called, and which one a word means."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skfake.labels import (
    check_pos_label,
    find_classes,
    find_label,
    find_pos_labels,
    guess_fakes,
    learn_pos_label,
    name_labels,
    read_pos_label,
)


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        ([0, 1], ["real", "fake"]),
        ([0.0, 1.0], ["real", "fake"]),
        ([False, True], ["real", "fake"]),
        ([1, 2], ["1", "2"]),
        ([0, 1, 2], ["0", "1", "2"]),
        (["dog", "sd"], ["dog", "sd"]),
    ],
)
def test_only_two_numbers_have_names_of_their_own(classes, names):
    assert name_labels(np.array(classes)) == names


@pytest.mark.parametrize(
    ("names", "fakes"),
    [
        (["real", "fake"], ["fake"]),
        (["FAKE", "photo"], ["FAKE"]),
        (["ai", "camera"], ["ai"]),
        (["AI-generated", "holiday"], ["AI-generated"]),
        (["midjourney", "real", "sd"], ["midjourney", "sd"]),
        (["fake", "midjourney", "real"], ["fake", "midjourney"]),
        (["Fake", "a", "b"], ["Fake"]),
        (["dog", "sd"], None),
        (["FAKE", "ai"], None),
        (["photo", "real"], None),
    ],
)
def test_names_that_are_known_say_which_classes_are_fake(names, fakes):
    found = guess_fakes(names)
    assert found is None if fakes is None else list(np.array(names)[found]) == fakes


def test_the_positive_one_of_two_classes_is_the_fake_one():
    assert check_pos_label(None, ["fake", "real"]) == "fake"
    assert check_pos_label(None, ["ai", "camera"]) == "ai"
    assert check_pos_label(None, [0, 1]) == 1
    assert check_pos_label(None, [0, 1], ["ai", "camera"]) == 0
    assert check_pos_label(None, ["a", "b"]) == "b"
    assert check_pos_label("real", ["fake", "real"]) == "real"
    assert check_pos_label(None, ["a", "fake", "real"]) is None


def test_a_detector_remembers_which_labels_mean_fake():
    assert learn_pos_label([0, 1]) == 1
    assert learn_pos_label(["dalle", "real", "sd"]) == ["dalle", "sd"]
    assert learn_pos_label(["a", "b"]) is None
    assert learn_pos_label(["a", "b"], "a") == "a"


def test_the_label_that_means_fake_is_found_inside_of_other_estimators():
    class Fitted:
        pos_label_ = "a"

    class Search:
        best_estimator_ = make_pipeline("passthrough", Fitted())

    assert read_pos_label(Search()) == "a"
    assert read_pos_label(object()) is None


def test_labels_that_differ_in_case_alone_are_refused():
    with pytest.raises(ValueError, match=r"got 'FAKE' and 'fake'\. Use "):
        find_classes(np.array(["FAKE", "fake", "real"]))


@pytest.mark.parametrize("wanted", [1, 1.0, "1", "fake", np.int64(1), True])
def test_a_label_is_meant_by_itself_its_text_or_its_name(wanted):
    assert find_label(np.array([0, 1]), wanted) == 1


def test_another_word_is_refused_with_the_labels_there_are():
    with pytest.raises(ValueError, match=r"^label must be .* real, fake; got 'dog'\.$"):
        find_label([0, 1], "dog")


@pytest.mark.parametrize(
    ("pos_label", "positive"),
    [
        ("sd", [False, True, False]),
        (["sd", "vqgan"], [False, True, True]),
        (("photo",), [True, False, False]),
        (np.array(["vqgan"]), [False, False, True]),
    ],
)
def test_one_or_several_labels_are_positive(pos_label, positive):
    classes = np.array(["photo", "sd", "vqgan"])
    assert find_pos_labels(classes, pos_label).tolist() == positive


def test_without_a_label_the_one_called_fake_is_positive():
    assert find_pos_labels(np.array(["FAKE", "photo"])).tolist() == [True, False]
    with pytest.raises(ValueError, match="must say which of the labels"):
        find_pos_labels(np.array(["a", "b"]))


@pytest.mark.parametrize("pos_label", [[], [0, 1]])
def test_none_or_all_can_not_be_positive(pos_label):
    with pytest.raises(ValueError, match="and not all; got"):
        find_pos_labels(np.array([0, 1]), pos_label)
