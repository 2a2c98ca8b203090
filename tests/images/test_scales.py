import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skfake.images import check_images, load_images
from skfake.images.checking import learn_images
from skfake.images.scales import advise_scale
from tests.images.samples import RGB, rng

BYTES = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
# The same images on every scale that is known.
SCALES = {
    "int16": BYTES.astype(np.int16),
    "int64": BYTES.astype(np.int64),
    "uint64": BYTES.astype(np.uint64),
    "16 bits": BYTES.astype(np.uint16) * np.uint16(257),
    "16 bits, big-endian": (BYTES.astype(np.uint16) * np.uint16(257)).astype(">u2"),
    "half floats of bytes": BYTES.astype(np.float16),
    "floats of bytes": BYTES.astype(np.float32),
    "doubles of bytes": BYTES.astype(np.float64),
    "bytes, resized": BYTES + np.where(BYTES > 200, 0.4, -0.4),
    "half floats": (BYTES / 255).astype(np.float16),
    "floats": (BYTES / 255).astype(np.float32),
    "doubles": BYTES / 255,
    "long doubles": (BYTES / 255).astype(np.longdouble),
    "big-endian floats": (BYTES / 255).astype(">f4"),
    "floats, resized": BYTES / 255 + np.where(BYTES > 100, 1e-3, -1e-3),
    "tensor": torch.from_numpy(BYTES / 255),
    "tensor of bfloat16": torch.from_numpy(BYTES / 255).bfloat16(),
    "tensor of bfloat16 bytes": torch.from_numpy(BYTES).bfloat16(),
    "nested lists": (BYTES / 255).tolist(),
}
FREE = {
    "negative": RGB / 127.5 - 1,
    "normalised": (RGB / 255 - 0.45) / 0.225,
    "small": 3.0 * RGB / 255,
    "large": RGB * 4.0,
    "integers": RGB.astype(int) * 257,
    "negative integers": RGB.astype(int) - 128,
}


@pytest.mark.parametrize("name", SCALES)
@pytest.mark.parametrize("learned", ["nothing", None])
def test_every_known_scale_gives_the_same_bytes(name, learned):
    for X in (SCALES[name], list(SCALES[name])):
        if name == "nested lists":
            X = SCALES[name]
        images, numbers = learn_images(X, learned=learned)
        assert numbers is None
        assert np.array_equal(load_images(images), load_images(check_images(BYTES)))


def test_booleans_are_black_and_white():
    assert np.array_equal(check_images(BYTES > 9)[..., 0], (BYTES > 9) * np.uint8(255))


@given(st.integers(1, 255), st.booleans())
def test_every_batch_of_a_known_scale_is_judged_like_the_whole(greatest, enlarged):
    dark = BYTES[greatest >= BYTES].reshape(1, 1, -1)
    X = dark.astype(np.float32) if greatest > 1 and enlarged else dark / 255
    images, _ = learn_images(X, learned=None)
    assert np.array_equal(images[..., 0], dark)


def test_dark_bytes_in_floats_are_bytes_where_all_are_whole():
    dark = RGB // 8
    images, numbers = learn_images(dark.astype(np.float32))
    assert numbers is None
    assert np.array_equal(images, dark)


def test_all_images_of_a_list_have_one_scale():
    dark = np.full((4, 4), 1.0)
    images = check_images([dark, np.full((4, 4), 200.0)])
    assert [image.max() for image in images] == [1, 200]


def test_transparent_images_are_laid_on_white_on_every_scale():
    rgba = rng.integers(0, 256, (2, 5, 5, 4), dtype=np.uint8)
    expected = check_images(rgba)
    for X in (rgba / 255, rgba.astype(float), rgba.astype(int), list(rgba / 255)):
        assert np.array_equal(check_images(X), expected)


# Numbers on no known scale


@pytest.mark.parametrize("name", FREE)
def test_numbers_on_no_known_scale_stay_as_they_come(name):
    X = FREE[name]
    for form in (X, list(X)):
        images, (least, greatest) = learn_images(form)
        assert np.array_equal(images, X.astype(np.float32))
        assert images[0].dtype == np.float32
        assert (least, greatest) == (X.min(), X.max())


# Numbers up to 3 may be the bytes of dark images.
@pytest.mark.parametrize("name", sorted(set(FREE) - {"small"}))
def test_where_bytes_were_learned_other_numbers_are_refused(name):
    with pytest.raises(ValueError, match="as the training images did; got numbers f"):
        learn_images(FREE[name], learned=None)


def test_floats_that_resizing_enlarged_are_refused_and_not_taken_for_black():
    X = RGB / 255 * 1.2
    with pytest.raises(ValueError, match=r"Use X\.clip\(0, 1\) where 1 is white"):
        learn_images(X, learned=None)
    clipped, _ = learn_images(X.clip(0, 1), learned=None)
    assert clipped.max() == 255
    # Whole numbers are those of a dark image of bytes.
    assert learn_images(np.full((1, 4, 4), 2.0), learned=None)[0].max() == 2


def test_where_other_numbers_were_learned_bytes_are_refused(tmp_path):
    learned = (-1.0, 1.0)
    (images, numbers) = learn_images(FREE["negative"][:1] * 2, learned=learned)
    assert numbers == learned
    assert images.dtype == np.float32
    for X in (RGB, RGB > 0, [RGB[0]], FREE["negative"] * 4, FREE["integers"]):
        with pytest.raises(ValueError, match=r"training images, -1 to 1; got (by|nu)"):
            learn_images(X, learned=learned)


def test_bytes_beside_numbers_on_no_known_scale_are_refused():
    with pytest.raises(ValueError, match="got bytes beside numbers from -1 to 1"):
        check_images([RGB[0], np.linspace(-1, 1, 16).reshape(4, 4)])


def test_bytes_in_16_bits_are_refused_and_not_taken_for_black():
    with pytest.raises(ValueError, match=r"got 200 at most.*Use X.astype\(np.uint8\)"):
        check_images(np.full((1, 4, 4), 200, np.uint16))
    assert not check_images(np.zeros((1, 4, 4), np.uint16)).any()


@pytest.mark.parametrize("name", FREE)
def test_the_cure_gives_a_known_scale(name):
    X = FREE[name]
    advice = advise_scale((X.min(), X.max()), X.dtype.kind == "f")
    cure = re.match(r"Use (.*?)( where .*)?\.$", advice)
    if cure is None:
        assert "Undo" in advice
        return
    assert learn_images(eval(cure[1], {"X": X, "np": np}))[1] is None


def test_numbers_beyond_a_million_are_refused_by_position():
    for beyond in (2e6, -2e6, 10**7):
        with pytest.raises(ValueError, match=r"X\[1\] must hold numbers from -1,000,0"):
            check_images([RGB[0], np.full((4, 4), beyond)])
