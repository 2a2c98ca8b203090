"""What a file does to pixels is what skfake does to them, to the byte."""

import numpy as np
import PIL
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skfake.images import load_images
from skfake.images.crops import crop_five, enlarge
from skfake.persistence._pixels import pixels_model

onnxruntime = pytest.importorskip("onnxruntime", reason="it comes with the extra onnx")
SIDES = st.integers(1, 70)
# Pillow from 13 on resizes tall images as the file does, columns first. Before, half a
# level may be rounded the other way.
COLUMNS_FIRST = int(PIL.__version__.partition(".")[0]) >= 13
# Of red, green and blue, in 1/10,000 of a level.
LUMINANCE = np.array([2125, 7154, 721])


def run(images, image_size, **options):
    session = onnxruntime.InferenceSession(
        pixels_model(image_size=image_size, **options).SerializeToString(),
        providers=["CPUExecutionProvider"],
    )
    return session.run(None, {"images": images})[0].transpose(0, 2, 3, 1)


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 3), SIDES, SIDES),
    size=st.integers(1, 40),
    grayscale=st.booleans(),
    seed=st.integers(0, 100),
)
def test_pixels_are_those_of_load_images(shape, size, grayscale, seed):
    images = np.random.default_rng(seed).integers(256, size=(*shape, 3), dtype=np.uint8)
    images[images @ LUMINANCE % 10_000 == 5000] = 0
    found = run(images, size, grayscale=grayscale)
    wanted = load_images(images, image_size=size, grayscale=grayscale)
    assert found.shape == wanted.shape
    tall = shape[1] > size and shape[1] - size > 2 * (shape[2] - size)
    assert np.abs(found - wanted).max() <= (1 if tall and not COLUMNS_FIRST else 0)


@pytest.mark.parametrize("shape", [(500, 400), (400, 1000), (1000, 120)])
def test_large_images_are_resized_as_by_pillow(shape):
    images = np.random.default_rng(0).integers(256, size=(1, *shape, 3), dtype=np.uint8)
    found = run(images, 224)
    assert np.abs(found - load_images(images, image_size=224)).max() <= 1
    differ = np.mean(found != load_images(images, image_size=224))
    assert differ < (0.1 if COLUMNS_FIRST else 0.3)


def test_colours_between_two_grays_are_off_by_one_level_at_most():
    levels = np.arange(256, dtype=np.uint8)
    reds = levels[::5]
    colours = np.stack(np.meshgrid(reds, levels, levels, indexing="ij"), axis=-1)
    halves = colours @ LUMINANCE % 10_000 == 5000
    images = colours[halves].reshape(-1, 1, 1, 3)
    assert len(images) > 100
    found = run(images, 1, grayscale=True)
    wanted = load_images(images, image_size=1, grayscale=True)
    assert np.abs(found - wanted).max() <= 1
    assert np.mean(found == wanted) > 0.5


@settings(max_examples=60, deadline=None)
@given(shape=st.tuples(SIDES, SIDES), size=st.integers(1, 60), grayscale=st.booleans())
def test_squares_are_cut_and_continued_as_by_load_images(shape, size, grayscale):
    images = np.random.default_rng(0).integers(256, size=(2, *shape, 3), dtype=np.uint8)
    images[images @ LUMINANCE % 10_000 == 5000] = 0
    options = {"resize": False, "grayscale": grayscale}
    found = run(images, size, **options)
    assert np.array_equal(found, load_images(images, image_size=size, **options))


@settings(max_examples=60, deadline=None)
@given(shape=st.tuples(SIDES, SIDES), size=st.integers(1, 60))
def test_small_images_are_enlarged_as_for_encoders(shape, size):
    images = np.random.default_rng(0).integers(256, size=(2, *shape, 3), dtype=np.uint8)
    found = run(images, size, resize=False, enlarge=True, n_crops=5)
    squares = np.array([crop_five(enlarge(image, size), size) for image in images])
    assert np.array_equal(found, np.concatenate(squares.swapaxes(0, 1), axis=-1))
