import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from skfake.images import (
    UnreadableImages,
    check_images,
    fingerprint_images,
    load_images,
    map_images,
    resize_images,
)
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


@pytest.mark.parametrize("n_jobs", [None, 1, 3, -1])
def test_threads_keep_the_order_and_name_all_broken_files(tmp_path, n_jobs):
    paths = [tmp_path / f"{i}.png" for i in range(40)]
    for i, path in enumerate(paths):
        Image.fromarray(np.full((2, 2, 3), i, np.uint8)).save(path)
    loaded = load_images(check_images(paths), n_jobs=n_jobs)
    assert loaded[:, 0, 0, 0].tolist() == list(range(40))
    for i in (30, 12):
        paths[i].write_text("no image")
    with pytest.raises(UnreadableImages, match=r"12\.png.*30\.png") as caught:
        load_images(check_images(paths), n_jobs=n_jobs)
    assert list(caught.value.reasons) == [12, 30]


def test_no_jobs_are_refused():
    with pytest.raises(ValueError, match="n_jobs"):
        load_images([RGB[0]], n_jobs=0)


@pytest.mark.parametrize("n_jobs", [None, 3])
def test_a_function_is_applied_to_every_image_in_order(tmp_path, n_jobs):
    paths = [tmp_path / f"{i}.png" for i in range(40)]
    for i, path in enumerate(paths):
        Image.fromarray(np.full((2, 3 + i % 2, 3), i, np.uint8)).save(path)
    X = [*paths, np.full((5, 5), 40, np.uint8)]
    found = map_images(lambda image: (image.max(), image.shape), check_images(X))
    assert list(found)[:3] == [(0, (2, 3, 3)), (1, (2, 4, 3)), (2, (2, 3, 3))]
    greatest = map_images(np.max, check_images(X), n_jobs=n_jobs)
    assert next(greatest) == 0
    assert list(greatest) == list(range(1, 41))
    assert list(map_images(np.max, RGB)) == RGB.max(axis=(1, 2, 3)).tolist()


def test_fingerprints_are_equal_where_the_pixels_are(tmp_path):
    gray = RGB[0, ..., :1]
    path = tmp_path / "a.png"
    Image.fromarray(RGB[0]).save(path)
    X = [RGB[0], RGB[0] / 255, path, RGB[1], gray, np.repeat(gray, 3, axis=-1)]
    found = fingerprint_images(check_images(X), n_jobs=2)
    assert found.dtype == np.uint64
    first = [found.tolist().index(number) for number in found]
    assert first == [0, 0, 0, 3, 4, 4]
    turned = RGB[:1].transpose(0, 2, 1, 3)
    assert fingerprint_images(turned) != fingerprint_images(RGB[:1])


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_a_function_of_images_takes_more_of_each(n_jobs):
    images = [np.full((2, 2, 3), value, np.uint8) for value in range(30)]
    added = map_images(
        lambda image, more, sign: int(image[0, 0, 0]) + sign * more,
        images,
        range(30),
        [1] * 29 + [-1],
        n_jobs=n_jobs,
    )
    assert list(added) == [*range(0, 58, 2), 0]
