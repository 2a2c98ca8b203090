import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skfake.images import load_images
from skfake.images.crops import crop_at, crop_centre, fill_square

SIDES = st.integers(1, 40)
SHARES = st.floats(0, 1, exclude_max=True)


def numbered(height, width):
    """An image whose pixels say where they are."""
    return np.indices((height, width)).transpose(1, 2, 0).astype(np.uint8)


@given(SIDES, SIDES, SIDES, SHARES, SHARES)
def test_a_part_is_whole_and_lies_in_the_image(height, width, size, down, across):
    image = numbered(height, width)
    part = crop_at(image, size, (down, across))
    assert part.shape == (min(size, height), min(size, width), 2)
    top, left = part[0, 0]
    assert np.array_equal(part, image[top : top + size, left : left + size])


def test_shares_reach_all_places_alike():
    image = numbered(12, 9)
    places = [crop_at(image, 8, (s, s))[0, 0].tolist() for s in np.arange(10) / 10]
    assert [top for top, _ in places] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert [left for _, left in places] == [0] * 5 + [1] * 5


@given(SIDES, SIDES, SIDES)
def test_the_centre_keeps_to_the_blocks_of_jpeg(height, width, size):
    top, left = crop_centre(numbered(height, width), size)[0, 0].astype(int)
    for start, side in ((top, height), (left, width)):
        assert start % 8 == 0
        assert 0 <= max(side - size, 0) / 2 - start < 8


@given(SIDES, SIDES, st.integers(1, 100))
def test_small_images_are_continued_by_their_reflection(height, width, size):
    image = numbered(height, width)
    square = fill_square(image[:size, :size], size)
    assert square.shape == (size, size, 2)
    assert np.array_equal(square[:height, :width], image[:size, :size])
    if height < size and height > 1:
        assert np.array_equal(square[height], square[height - 2])


@pytest.mark.parametrize("grayscale", [False, True])
def test_images_that_are_not_resized_are_cut_alike_in_every_form(grayscale):
    images = np.random.default_rng(0).integers(256, size=(3, 30, 50, 3), dtype=np.uint8)
    options = {"image_size": 20, "resize": False, "grayscale": grayscale}
    of_array = load_images(images, **options)
    assert np.array_equal(of_array, load_images(list(images), **options))
    if not grayscale:
        assert np.array_equal(of_array, images[:, :20, 8:28])
