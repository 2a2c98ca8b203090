import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from skfake.images import check_images, load_images, read_image
from tests.images.samples import png, rng, save


def test_transparency_shows_white():
    clear, opaque = [10, 20, 30, 0], [10, 20, 30, 255]
    image = np.array([[clear, opaque]], dtype=np.uint8)
    expected = [[[255, 255, 255], [10, 20, 30]]]
    assert check_images(image[np.newaxis]).tolist() == [expected]
    half = np.array([[[[0.0, 0.5, 1.0, 0.5]]]])
    assert check_images(half).tolist() == [[[[127, 191, 255]]]]
    # Of numbers on no known scale, white is 1.
    negative = np.array([[[[-2.0, 0.5, 1.0, 0.5]]]])
    assert np.allclose(check_images(negative), [-0.5, 0.75, 1.0])


@given(
    arrays(
        np.uint8,
        st.tuples(
            st.just(2), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 4])
        ),
    )
)
def test_arrays_and_their_png_files_give_the_same_pixels(X):
    files = []
    for image in X:
        file = io.BytesIO()
        Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(
            file, "png"
        )
        files.append(file)
    for options in ({}, {"image_size": 5}, {"image_size": 5, "grayscale": True}):
        expected = load_images(check_images(X), **options)
        pixels = np.stack([read_image(file) for file in files])
        assert np.array_equal(load_images(pixels, **options), expected)


@pytest.mark.parametrize("dtype", [np.uint16, bool])
def test_arrays_of_16_bits_and_of_1_bit_give_the_pixels_of_their_files(dtype, tmp_path):
    image = rng.integers(0, np.iinfo(dtype).max if dtype == np.uint16 else 2, (9, 7))
    image = image.astype(dtype)
    path = save(image, tmp_path / "image.png")
    expected = load_images(check_images(image[np.newaxis]))
    assert np.array_equal(load_images(check_images([path])), expected)


def test_arrays_of_16_bit_colours_give_the_pixels_of_their_files():
    image = rng.integers(0, 2**16, size=(5, 4, 3), dtype=np.uint16)
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in image)
    pixels = read_image(io.BytesIO(png(4, 5, 16, 2, lines)))
    assert np.array_equal(check_images(image[np.newaxis])[0], pixels)
