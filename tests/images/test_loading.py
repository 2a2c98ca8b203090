import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from skfake.images import check_images, load_images, resize_images, to_float
from tests.images.samples import RGB


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_resizing_is_antialiased(dtype):
    stripes = np.zeros((1, 64, 64, 1), dtype)
    stripes[:, :, ::2] = 200
    small = resize_images(stripes, 8)
    assert small.dtype == dtype
    assert np.ptp(small.astype(float)) < 60
    assert abs(small.mean() - 100) < 10


@given(st.integers(0, 255), st.integers(1, 12), st.integers(1, 12))
def test_one_colour_stays_that_colour(value, height, size):
    X = np.full((1, height, 7, 3), value, np.uint8)
    assert (load_images(X, image_size=size, grayscale=True) == value).all()


def test_resizing_to_the_same_size_copies_nothing():
    X = np.zeros((2, 8, 8, 3), np.uint8)
    assert load_images(X, image_size=8) is X


def test_images_of_different_sizes_need_an_image_size():
    with pytest.raises(ValueError, match="images of one size"):
        load_images(check_images([RGB[0], RGB[1, :5]]))


def test_bytes_and_their_floats_agree_to_the_rounding_of_two_passes():
    as_floats = load_images(check_images(RGB / 255), image_size=6)
    as_bytes = load_images(check_images(RGB), image_size=6)
    assert np.allclose(as_floats, to_float(as_bytes), atol=1.01 / 255)


@pytest.mark.parametrize("n_jobs", [None, 1, 3, -1])
def test_threads_keep_the_order_and_name_a_broken_file(tmp_path, n_jobs):
    paths = [tmp_path / f"{i}.png" for i in range(40)]
    for i, path in enumerate(paths):
        Image.fromarray(np.full((2, 2, 3), i, np.uint8)).save(path)
    loaded = load_images(check_images(paths), n_jobs=n_jobs)
    assert loaded[:, 0, 0, 0].tolist() == list(range(40))
    for i in (30, 12):
        paths[i].write_text("no image")
    with pytest.raises(ValueError, match=r"12\.png"):
        load_images(check_images(paths), n_jobs=n_jobs)


def test_no_jobs_are_refused():
    with pytest.raises(ValueError, match="n_jobs"):
        load_images([RGB[0]], n_jobs=0)
