import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skfake.images import (
    UnreadableImages,
    check_images,
    find_unreadable,
    fingerprint_images,
    load_images,
    map_images,
    measure_images,
    naming_unreadable,
    read_image,
)
from tests.images.samples import RGB, save


@pytest.fixture
def paths(tmp_path):
    """Forty files, of which the fourth and the thirtieth can't be read."""
    paths = [str(save(RGB[i % 3], tmp_path / f"{i}.png")) for i in range(40)]
    Path(paths[3]).write_bytes(b"")
    Path(paths[29]).write_bytes(Path(paths[29]).read_bytes()[:60])
    return paths


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_all_files_that_can_not_be_read_are_found(paths, n_jobs):
    os.remove(paths[7])
    X = [*paths, RGB[0], b"no image", Image.fromarray(RGB[0])]
    found = find_unreadable(X, n_jobs=n_jobs)
    assert list(found) == [3, 7, 29, 41]
    assert found[3] == "it is empty"
    assert found[7] == "there is no such file"
    assert "truncated" in found[29] or "broken" in found[29]
    assert found[41] == "it has no format that is read"


@pytest.mark.parametrize("X", [RGB, RGB.reshape(3, -1), RGB / 255, list(RGB)])
def test_arrays_can_always_be_read(X):
    assert find_unreadable(X) == {}


@pytest.mark.parametrize(
    "read",
    [load_images, lambda X: list(map_images(np.mean, X)), fingerprint_images],
    ids=["load", "map", "fingerprint"],
)
def test_the_error_names_all_and_keeps_the_reasons(paths, read):
    with pytest.raises(UnreadableImages, match=r"got 2 of 40 that can't") as caught:
        read(check_images(paths))
    assert caught.value.reasons == find_unreadable(paths)
    for path in (paths[3], paths[29]):
        assert f"{path!r}: " in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.reasons) == (str(caught.value), caught.value.reasons)


def test_many_are_counted_after_the_first_twenty(tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(30)]
    with pytest.raises(FileNotFoundError, match=r"30 of 30 .* 10 more\.$") as caught:
        check_images(paths)
    assert "19.png" in str(caught.value)
    assert "20.png" not in str(caught.value)
    assert len(caught.value.reasons) == 30


def test_a_part_that_can_not_be_read_names_all_of_the_whole(paths):
    images = check_images(paths)
    with pytest.raises(UnreadableImages) as caught, naming_unreadable(images):
        load_images(images[:10])
    assert list(caught.value.reasons) == [3, 29]


def test_where_all_can_be_read_the_first_error_stays(paths):
    error = UnreadableImages("X must be there; got no answer.")
    good = check_images(paths[:3])
    with (
        pytest.raises(UnreadableImages, match="got no answer"),
        naming_unreadable(good),
    ):
        raise error


def test_a_file_that_is_gone_is_a_missing_one_wherever_it_is_read(paths):
    os.remove(paths[0])
    for read in (read_image, lambda path: measure_images([path])):
        with pytest.raises(FileNotFoundError, match=r"0\.png': there is no such file"):
            read(paths[0])


def test_a_header_that_can_not_be_read_is_named(paths):
    with pytest.raises(UnreadableImages, match=r"3\.png': it is empty"):
        measure_images(check_images(paths))
