import io
import struct
import zlib

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from skfake.images import (
    check_images,
    is_rows,
    load_images,
    read_image,
    resize_images,
    squarest_shape,
    to_float,
)

rng = np.random.default_rng(0)
RGB = rng.integers(0, 256, size=(3, 8, 10, 3), dtype=np.uint8)


def save(image, path, **options):
    Image.fromarray(image).save(path, **options)
    return path


# The forms of X


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
    assert np.array_equal(check_images(RGB.tolist()), to_float(RGB))


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
        ({"a": 1}, "got dict"),
        ([{"a": 1}], "got list of dict"),
        (np.array([{"a": 1}]), "got ndarray of dict"),
        ([Image.new("RGB", (4, 4))], r"Use \[np.asarray"),
        ([RGB[0], "a.png"], r"X\[1\] must be an array"),
        (np.array([["a.png"]]), r"Use X.ravel\(\) for a column of paths"),
        (np.zeros((1, 4, 4), dtype=complex), "dtype complex128"),
        (np.zeros((1, 4, 4), dtype="datetime64[s]"), "dtype datetime64"),
    ],
)
def test_what_is_no_image_is_refused(X, message):
    with pytest.raises(TypeError, match=message):
        check_images(X)


def test_every_item_after_a_path_must_be_a_path(tmp_path):
    path = save(RGB[0], tmp_path / "a.png")
    with pytest.raises(TypeError, match=r"X\[1\] must be a path as X\[0\] is"):
        check_images([path, RGB[0]])


def test_a_missing_file_is_named_before_any_is_opened(tmp_path):
    path = save(RGB[0], tmp_path / "a.png")
    with pytest.raises(FileNotFoundError, match=r"X\[1\].*b.png', no file"):
        check_images([path, tmp_path / "b.png"])
    with pytest.raises(FileNotFoundError, match=r"X\[0\].*a folder"):
        check_images([tmp_path])
    with pytest.raises(FileNotFoundError, match=r"b.png', no file"):
        read_image(tmp_path / "b.png")


def truncated(png):
    return png[: len(png) // 2]


def with_broken_header(png):
    return png[:40] + bytes(8) + png[48:]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda _: b"", "it is empty"),
        (lambda _: b"no image", "it has no format that Pillow knows"),
        (truncated, "truncated"),
        (with_broken_header, "it has no format that Pillow knows"),
    ],
)
def test_a_broken_file_is_named_with_the_reason(tmp_path, damage, reason):
    noise = rng.integers(0, 256, size=(64, 64, 3), dtype=np.uint8)
    path = save(noise, tmp_path / "broken.png")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"got the file '.*broken\.png': .*{reason}"):
        load_images(check_images([path]))


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused_with_a_value_error(data):
    for prefix in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"):
        try:
            image = read_image(io.BytesIO(prefix + data), name="x")
        except ValueError as refusal:
            named = "'x'" in str(refusal)
            assert named
        else:
            assert image.dtype == np.uint8


def png(width, height, bits, colour, lines=b""):
    """Write a PNG that Pillow would not write: of any size, of 16-bit colours."""

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


# Pillow warns of the smaller one alone; outside of tests that would stop nothing.
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_000, 100_000])
def test_a_decompression_bomb_is_refused_from_its_header(side):
    file = io.BytesIO(png(side, side, 8, 0))
    with pytest.raises(ValueError, match=r"limit against decompression bombs.*'bomb'"):
        read_image(file, name="bomb")


# Pixels


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


def test_bytes_and_their_floats_agree_to_the_rounding_of_two_passes():
    as_floats = load_images(check_images(RGB / 255), image_size=6)
    as_bytes = load_images(check_images(RGB), image_size=6)
    assert np.allclose(as_floats, to_float(as_bytes), atol=1.01 / 255)


def test_integers_are_read_on_the_scale_of_bytes():
    assert np.allclose(check_images(RGB.astype(int)), to_float(RGB))


def test_floats_are_taken_as_they_come():
    X = rng.normal(scale=100, size=(2, 4, 4, 3))
    assert np.allclose(check_images(X), X)


def test_transparency_shows_white():
    clear, opaque = [10, 20, 30, 0], [10, 20, 30, 255]
    image = np.array([[clear, opaque]], dtype=np.uint8)
    expected = [[[255, 255, 255], [10, 20, 30]]]
    assert check_images(image[np.newaxis]).tolist() == [expected]
    half = check_images(np.array([[[[0.0, 0.5, 1.0, 0.5]]]]))
    assert np.allclose(half, [0.5, 0.75, 1.0])


def test_a_transparent_colour_of_a_palette_shows_white(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([200, 0, 0, 0, 200, 0])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "p.png", transparency=1)
    assert read_image(tmp_path / "p.png").tolist() == [[[200, 0, 0], [255] * 3]]


def test_palettes_become_colours(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([200, 0, 0, 0, 200, 0])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "p.png")
    assert read_image(tmp_path / "p.png").tolist() == [[[200, 0, 0], [0, 200, 0]]]


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (2, 2), (0, 255, 255, 0)).save(tmp_path / "c.tif")
    assert read_image(tmp_path / "c.tif")[0, 0].tolist() == [255, 0, 0]


def test_gray_with_alpha_shows_white(tmp_path):
    Image.new("LA", (2, 2), (10, 0)).save(tmp_path / "la.png")
    assert (read_image(tmp_path / "la.png") == 255).all()


def test_exif_rotation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn by 90 degrees clockwise to view.
    path = save(RGB[0], tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_image(path), np.rot90(RGB[0], -1))


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    path = tmp_path / "a.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert read_image(path)[0, 0].tolist() == [255, 0, 0]


def test_an_image_of_floats_is_refused(tmp_path):
    path = save(np.zeros((4, 4), np.float32), tmp_path / "f.tif")
    with pytest.raises(ValueError, match="the mode F is not one of 8 or 16 bits"):
        read_image(path)


# Resizing and gray


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


def test_bytes_beside_floats_become_floats():
    mixed = load_images(check_images([RGB[0], RGB[1] / 255]))
    assert mixed.dtype == np.float32
    assert np.allclose(mixed, to_float(RGB[:2]))


@given(st.integers(1, 5000))
def test_the_squarest_shape_holds_every_value(n_features):
    height, width, channels = squarest_shape(n_features)
    assert height * width * channels == n_features
    assert height <= width
