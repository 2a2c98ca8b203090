import io

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from skfake.images import check_images, is_rows, load_images
from tests.images.samples import RGB, save


def encoded(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def paths(tmp_path):
    return [str(save(image, tmp_path / f"{i}.png")) for i, image in enumerate(RGB)]


COLUMNS = {
    "paths": lambda paths: paths,
    "bytes": lambda _: [encoded(image) for image in RGB],
    "Pillow's": lambda _: [Image.fromarray(image) for image in RGB],
    "arrays": lambda _: list(RGB),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_and_frames_of_one_column_hold_images(name, paths):
    items = COLUMNS[name](paths)
    column = pd.Series(items, dtype=object, index=[7, 8, 9], name="image")
    table = np.empty((3, 1), object)
    table[:, 0] = items
    for X in (column, column.to_frame(), column.to_numpy(), table):
        assert not is_rows(X)
        assert np.array_equal(load_images(check_images(X)), RGB)


@pytest.mark.parametrize("name", ["paths", "bytes"])
def test_columns_of_arrow_hold_images(name, paths):
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    array = pa.array(COLUMNS[name](paths))
    frame = pa.table({"image": array}).to_pandas(types_mapper=pd.ArrowDtype)
    for X in (array, pa.chunked_array([array]), frame["image"], frame):
        assert np.array_equal(load_images(check_images(X)), RGB)


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_and_frames_of_polars_hold_images(name, paths):
    pl = pytest.importorskip("polars", reason="polars is not installed")
    dtype = pl.Object if name in ("Pillow's", "arrays") else None
    column = pl.Series("image", COLUMNS[name](paths), dtype=dtype)
    for X in (column, column.to_frame()):
        assert not is_rows(X)
        assert np.array_equal(load_images(check_images(X)), RGB)


def test_frames_of_numbers_are_rows():
    rows = RGB.reshape(3, -1)
    for X in (pd.DataFrame(rows), pd.DataFrame(rows[:, :1]), torch.from_numpy(rows)):
        assert is_rows(X)


def test_a_frame_of_several_columns_is_refused_with_their_names(paths):
    X = pd.DataFrame({"label": 0, "path": paths})
    assert not is_rows(X)
    with pytest.raises(TypeError, match=r'label, path\. Use .* as X\[\["path"\]\]'):
        check_images(X)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_path_that_is_missing_in_a_column_is_named_by_its_position(paths, missing):
    frame = pd.DataFrame({"path": [missing, *paths]}, dtype=object)
    for X in (frame, frame["path"]):
        with pytest.raises(TypeError, match=r"X\[0\] must be a path, .*; got "):
            check_images(X)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((2, 3, 5, 6), (2, 5, 6, 3)),
        ((2, 1, 5, 6), (2, 5, 6, 1)),
        ((2, 5, 6, 3), (2, 5, 6, 3)),
        ((2, 3, 5, 3), (2, 5, 3, 3)),
        ((2, 5, 6), (2, 5, 6, 1)),
        ((2, 12), (2, 2, 2, 3)),
    ],
)
def test_channels_of_a_tensor_come_first_where_they_can(shape, expected):
    tensor = torch.zeros(shape, requires_grad=True)
    assert check_images(tensor).shape == expected
    if len(shape) > 2:
        assert check_images(list(tensor))[0].shape == expected[1:]


def test_a_tensor_of_bfloat16_of_another_library_is_read():
    types = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed")
    X = (RGB / 255).astype(types.bfloat16)
    assert np.array_equal(check_images(X), RGB)
    assert np.array_equal(check_images(list(X)), list(RGB))


def test_one_path_is_refused_in_few_words():
    with pytest.raises(TypeError, match=r"got one path, 'a+\.\.\.\. Use") as caught:
        check_images("a" * 10_000)
    assert len(str(caught.value)) < 500


def test_long_names_of_files_are_cut_off():
    with pytest.raises(FileNotFoundError, match=r"aaa\.\.\.: there is no") as caught:
        check_images(["a" * 10_000] * 20)
    assert len(str(caught.value)) < 10_000
