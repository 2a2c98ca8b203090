import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from skfake.datasets import find_duplicates

CODES = st.lists(st.integers(0, 3), min_size=1, max_size=12)


def images_of(codes):
    """Images that are equal where their codes are."""
    codes = np.array(codes, dtype=np.uint8)
    return np.broadcast_to(codes[:, None, None, None], (len(codes), 4, 5, 3)).copy()


@given(CODES)
def test_every_pair_of_equal_images_is_found_once_in_order(codes):
    pairs = [
        [i, j]
        for i in range(len(codes))
        for j in range(i + 1, len(codes))
        if codes[i] == codes[j]
    ]
    assert find_duplicates(images_of(codes)).tolist() == pairs


@given(CODES, CODES)
def test_pairs_between_two_sets_count_in_each(codes, others):
    pairs = [
        [i, j]
        for i, code in enumerate(codes)
        for j, other in enumerate(others)
        if code == other
    ]
    found = find_duplicates(images_of(codes), images_of(others))
    assert found.tolist() == pairs


def test_no_duplicates_make_an_empty_array_that_indexes():
    found = find_duplicates(images_of([0, 1]))
    assert found.shape == (0, 2)
    assert images_of([0, 1])[found[:, 0]].shape == (0, 4, 5, 3)


def test_one_changed_value_makes_another_image():
    images = images_of([7, 7])
    images[1, 3, 4, 2] += 1
    assert len(find_duplicates(images)) == 0


def test_equal_bytes_in_another_shape_are_another_image():
    wide, tall = np.zeros((2, 8, 3), np.uint8), np.zeros((8, 2, 3), np.uint8)
    assert find_duplicates([wide, tall, wide]).tolist() == [[0, 2]]


def test_memory_layout_does_not_matter():
    images = np.random.default_rng(0).integers(0, 255, (3, 6, 6, 3), dtype=np.uint8)
    columnwise = [np.asfortranarray(image) for image in images]
    assert find_duplicates(columnwise, images).tolist() == [[0, 0], [1, 1], [2, 2]]
    turned = images[:, ::-1]
    assert len(find_duplicates(turned, turned.copy())) == 3


def test_paths_and_arrays_give_the_same_answer(tmp_path):
    images = images_of([3, 1, 3])
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    assert find_duplicates(paths).tolist() == [[0, 2]]
    assert find_duplicates(images[1:], paths).tolist() == [[0, 1], [1, 0], [1, 2]]


def test_a_gray_image_equals_its_copy_in_colours_and_in_floats():
    gray = np.arange(16, dtype=np.uint8).reshape(1, 4, 4) * 16
    colours = np.repeat(gray[..., np.newaxis], 3, axis=-1)
    assert find_duplicates(gray, colours).tolist() == [[0, 0]]
    assert find_duplicates(gray, colours / 255).tolist() == [[0, 0]]


def test_flattened_images_are_compared_too():
    rows = images_of([3, 1, 3]).reshape(3, -1)
    assert find_duplicates(rows).tolist() == [[0, 2]]


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match="channels last"):
        find_duplicates(np.zeros((5, 3, 8, 8), np.uint8))


@pytest.mark.cifake
def test_cifake_has_1336_pairs_and_378_leaked_test_images(cifake_train, cifake_test):
    leaks = find_duplicates(cifake_test.data, cifake_train.data)
    assert len(np.unique(leaks[:, 0])) == 378
    assert cifake_test.target[leaks[:, 0]].all()
    everything = np.concatenate([cifake_train.data, cifake_test.data])
    assert len(find_duplicates(everything)) == 1336
