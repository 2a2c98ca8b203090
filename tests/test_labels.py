"""Which labels mean fake, what labels are called, and which one a word means."""

import numpy as np
import pytest

from skfake.labels import find_fake, find_label, find_pos_labels, name_labels


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
    ("classes", "fake"),
    [
        ([0, 1], 1),
        (["FAKE", "real"], "FAKE"),
        (["Fake", "a", "b"], "Fake"),
        (["FAKE", "fake"], None),
        ([0, 1, 2], None),
        (["dog", "sd"], None),
    ],
)
def test_the_label_called_fake_is_found_if_there_is_one(classes, fake):
    assert find_fake(np.array(classes)) == fake


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
