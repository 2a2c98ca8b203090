import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from skfake.images import (
    UnreadableImages,
    check_images,
    is_rows,
    load_images,
    squarest_shape,
)
from tests.images.samples import RGB, save


def test_gray_images_get_a_channel_axis():
    assert check_images(RGB[..., 0]).shape == (3, 8, 10, 1)


def test_colour_images_come_back_as_they_are():
    assert check_images(RGB) is RGB


def test_flat_rows_become_the_squarest_images():
    assert check_images(np.zeros((2, 3072))).shape == (2, 32, 32, 3)


def test_image_shape_names_the_shape_of_flat_rows():
    assert check_images(np.zeros((2, 60)), image_shape=(5, 12)).shape == (2, 5, 12, 1)
    flat = RGB.reshape(3, -1)
    assert np.array_equal(check_images(flat, image_shape=(8, 10, 3)), RGB)


def test_image_shape_must_fit_the_rows():
    with pytest.raises(ValueError, match=r"as many values as X has features, 60; got"):
        check_images(np.zeros((2, 60)), image_shape=(5, 5))


@given(st.integers(1, 5000))
def test_the_squarest_shape_holds_every_value(n_features):
    height, width, channels = squarest_shape(n_features)
    assert height * width * channels == n_features
    assert height <= width


@pytest.mark.parametrize("container", [list, tuple, np.array, pd.Series])
def test_paths_come_in_any_sequence(tmp_path, container):
    paths = [str(save(image, tmp_path / f"{i}.png")) for i, image in enumerate(RGB)]
    assert np.array_equal(load_images(check_images(container(paths))), RGB)


def test_a_series_is_read_by_position_whatever_its_index(tmp_path):
    paths = [save(image, tmp_path / f"{i}.png") for i, image in enumerate(RGB)]
    series = pd.Series(paths, index=[7, 8, 9])
    assert check_images(series) == paths


def test_arrays_of_different_sizes_come_in_a_list():
    images = [RGB[0], RGB[1, :5], RGB[2, :, :, 0]]
    shapes = [image.shape for image in check_images(images)]
    assert shapes == [(8, 10, 3), (5, 10, 3), (8, 10, 1)]
    assert load_images(check_images(images), image_size=4).shape == (3, 4, 4, 3)


def test_object_arrays_of_images_are_read_as_lists():
    images = np.empty(2, dtype=object)
    images[:] = [RGB[0], RGB[1, :5]]
    assert len(check_images(images)) == 2


def test_nested_lists_are_images():
    assert np.array_equal(check_images(RGB.tolist()), RGB)


def test_tensors_are_images():
    assert np.array_equal(check_images(torch.from_numpy(RGB)), RGB)


@pytest.mark.parametrize(
    ("X", "rows"),
    [
        (np.zeros((3, 4)), True),
        ([[1, 2], [3, 4]], True),
        (pd.DataFrame({"a": [1.0]}), True),
        (np.zeros(3), True),
        ([np.zeros(4), np.zeros(4)], True),
        (np.zeros((3, 4, 4)), False),
        ([np.zeros((4, 4))], False),
        (["a.png"], False),
        (np.array(["a.png"]), False),
        (pd.Series(["a.png"]), False),
    ],
)
def test_rows_are_told_from_images(X, rows):
    assert is_rows(X) is rows


# The refusals


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((32, 3, 64, 64)), r"got shape \(32, 3, 64, 64\). Use X.transpose"),
        (np.zeros((2, 8, 8, 2)), "C must be 1, 3 or 4"),
        (np.zeros((2, 2, 8, 8, 3)), "got 5 dimensions"),
        (np.zeros((8, 8, 3)), r"looks like one colour image. Use X\[np.newaxis\]"),
        (np.zeros((0, 8, 8, 3)), "must hold at least one image"),
        (np.zeros((2, 0, 8, 3)), "must hold at least one image"),
        ([], "must hold at least one image; got an empty list"),
        (np.full((1, 4, 4), np.nan), "contains NaN"),
        (np.full((1, 4, 4), np.inf), "contains infinity"),
        ([RGB[0], np.full((4, 4), np.nan)], r"X\[1\] must hold finite numbers"),
        ([[[1, 2], [3]]], "lists whose lengths differ"),
    ],
)
def test_shapes_and_numbers_that_no_image_has_are_refused(X, message):
    with pytest.raises(ValueError, match=message):
        check_images(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (None, "got None"),
        ("folder", r"got one path, 'folder'. Use \[path\]"),
        ({"a": 1}, "got dict. Use one of its values"),
        ([{"a": 1}], r"X\[0\] must be a path, .*; got dict\."),
        ([{"image": 1}], r"got dict. Use \[row\[.image.\] for row in X\]"),
        (np.array([{"a": 1}]), r"X\[0\] must be a path, .*; got dict"),
        (Image.new("RGB", (4, 4)), r"got one Image. Use \[X\] for one image"),
        (b"content", r"got one bytes. Use \[X\] for one image"),
        ([RGB[0], None], r"X\[1\] must be a path, .*; got None"),
        ([RGB[0], float("nan")], r"X\[1\] must be .*; got float"),
        ([RGB[0], RGB[0].astype(object)], r"X\[1\] must be an array of numbers"),
        (np.array([["a.png", "b.png"]]), r"got ndarray of shape \(1, 2\)"),
        (np.array([b"a.png"]), r"drops zeros at the end. Use a list of bytes"),
        (np.arange(400), r"got a 1-dimensional ndarray of 400 int64\.$"),
        (np.zeros((1, 4, 4), dtype=complex), "dtype complex128"),
        (np.zeros((1, 4, 4), dtype="datetime64[s]"), "dtype datetime64"),
    ],
)
def test_what_is_no_image_is_refused(X, message):
    with pytest.raises(TypeError, match=message):
        check_images(X)


def test_all_missing_files_are_named_at_once(tmp_path):
    paths = [save(RGB[0], tmp_path / "a.png"), tmp_path / "b.png", tmp_path]
    expected = r"2 of 3 .*'.*b\.png': there is no such file; '.*': it is a folder, "
    with pytest.raises(FileNotFoundError, match=expected) as caught:
        check_images(paths)
    assert list(caught.value.reasons) == [1, 2]


def test_missing_files_are_named_with_others_that_can_not_be_read(tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "empty.png"]
    paths[1].touch()
    with pytest.raises(UnreadableImages) as caught:
        check_images(paths)
    assert not isinstance(caught.value, FileNotFoundError)
    assert caught.value.reasons == {0: "there is no such file", 1: "it is empty"}
