import numpy as np
import pytest
from PIL import Image

from skfake.images.thumbnails import make_thumbnails

RNG = np.random.default_rng(0)


def test_small_images_stay_as_they_are():
    images = RNG.integers(0, 256, size=(4, 20, 30, 3), dtype=np.uint8)
    found = make_thumbnails(images, [3, 1])
    assert list(found) == [3, 1]
    assert np.array_equal(found[3], images[3])


def test_large_images_keep_their_proportions_and_their_mean():
    images = RNG.integers(0, 256, size=(1, 400, 200, 3), dtype=np.uint8)
    (found,) = make_thumbnails(images, [0], side=100).values()
    assert found.shape == (100, 50, 3)
    assert found.mean() == pytest.approx(images.mean(), abs=1)


def test_only_what_is_asked_for_is_opened(tmp_path):
    paths = [tmp_path / "notes.png", tmp_path / "black.png"]
    paths[0].write_text("no pixels")
    Image.new("L", (5, 4)).save(paths[1])
    assert make_thumbnails(paths, [1])[1].shape == (4, 5, 3)
    with pytest.raises(ValueError, match=r"notes\.png"):
        make_thumbnails(paths, [0])


@pytest.mark.parametrize(
    ("least", "greatest", "bytes_"),
    [(0, 1, (0, 255)), (0.2, 0.6, (51, 153)), (-1, 1, (0, 255)), (0, 255, (0, 255))],
)
def test_floats_become_bytes_and_are_scaled_only_where_they_must(
    least, greatest, bytes_
):
    image = np.linspace(least, greatest, 64).reshape(1, 8, 8).astype(np.float32)
    (found,) = make_thumbnails(image, [0]).values()
    assert found.dtype == np.uint8
    assert (found.min(), found.max()) == bytes_


def test_a_dict_holds_images_of_any_kind_by_their_positions():
    images = {7: np.zeros((5, 4)), 2: np.full((6, 3, 4), 255, dtype=np.uint8)}
    found = make_thumbnails(images, [2, 7])
    assert {i: image.shape for i, image in found.items()} == {
        2: (6, 3, 3),
        7: (5, 4, 3),
    }


def test_nothing_asked_for_is_nothing():
    assert make_thumbnails({}, []) == {}
    assert make_thumbnails(np.zeros((2, 4, 4)), []) == {}


@pytest.mark.parametrize("images", [np.zeros((2, 4, 4)), {0: np.zeros((4, 4))}])
def test_a_position_without_an_image_is_refused(images):
    with pytest.raises(
        ValueError, match=r"images must hold one for each .* none for 5"
    ):
        make_thumbnails(images, [0, 5])
