from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from skfake.datasets import find_duplicates, make_images, near_duplicates
from skfake.datasets.near_duplicates import find_near_duplicates

# Patches of sky are all noise once they are compressed: contents that JPEG keeps.
IMAGES = make_images(60, image_size=48, return_X_y=True, random_state=0)[0]
IMAGES = IMAGES[IMAGES.mean(axis=-1).std(axis=(1, 2)) > 10]


def encoded(image, file_format, quality):
    file = BytesIO()
    Image.fromarray(image).save(file, file_format, quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def resized(image, width, height):
    return np.asarray(Image.fromarray(image).resize((width, height)))


CHANGES = {
    "smaller": lambda image: resized(image, 24, 24),
    "larger": lambda image: resized(image, 130, 130),
    "stretched": lambda image: resized(image, 60, 48),
    "JPEG 95": lambda image: encoded(image, "JPEG", 95),
    "JPEG 30": lambda image: encoded(image, "JPEG", 30),
    "WebP": lambda image: encoded(image, "WebP", 50),
    "darker": lambda image: image // 5 * 4,
    "brighter": lambda image: image // 2 + 100,
    "gray": lambda image: image.mean(axis=-1).astype(np.uint8),
    "floats": lambda image: image / 255,
    "mirrored": lambda image: image[:, ::-1],
    "mirrored and more": lambda image: encoded(
        resized(image, 96, 96)[:, ::-1], "JPEG", 50
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_each_changed_copy_is_found_and_nothing_else(kind):
    copies = [CHANGES[kind](image) for image in IMAGES]
    found = find_near_duplicates(copies, IMAGES)
    assert found.tolist() == [[i, i] for i in range(len(IMAGES))]


def test_other_pictures_are_no_near_duplicates():
    assert find_near_duplicates(IMAGES).shape == (0, 2)


def test_mirrored_copies_are_left_out_without_flips():
    copies = [IMAGES[0, :, ::-1], IMAGES[1]]
    assert find_near_duplicates(copies, IMAGES, flips=False).tolist() == [[1, 1]]


def test_pictures_upside_down_are_other_pictures():
    assert len(find_near_duplicates(IMAGES[:, ::-1], IMAGES)) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=12))
def test_every_pair_of_one_picture_is_found_once_in_order(choices):
    codes = [code for code, _ in choices]
    images = np.stack([IMAGES[c][:, :: -1 if m else 1] for c, m in choices])
    found, distances = find_near_duplicates(images, return_distance=True)
    assert found.tolist() == [
        [i, j]
        for i in range(len(codes))
        for j in range(i + 1, len(codes))
        if codes[i] == codes[j]
    ]
    assert (distances < 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.9), st.booleans(), st.integers(1, 9))
def test_the_blocks_of_the_search_do_not_matter(seed, threshold, flips, size):
    X = np.random.default_rng(seed).random((20, 32, 32))
    settings = {"threshold": threshold, "flips": flips, "return_distance": True}
    within, between = (
        find_near_duplicates(X, **settings),
        find_near_duplicates(X[:12], X[5:], **settings),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_duplicates, "BLOCK", size)
        patch.setattr(near_duplicates, "BATCH_PAIRS", size)
        patch.setattr(near_duplicates, "BATCH_VALUES", 32 * 32 * size)
        for expected, found in [
            (within, find_near_duplicates(X, **settings)),
            (between, find_near_duplicates(X[:12], X[5:], **settings)),
        ]:
            np.testing.assert_array_equal(found[0], expected[0])
            np.testing.assert_allclose(found[1], expected[1], atol=1e-6)
    both = {(i, j + 5) for i, j in between[0].tolist() if i < j + 5 and i < 12}
    assert both == {(i, j) for i, j in within[0].tolist() if i < 12 and j >= 5}


@given(st.floats(0.2, 5), st.floats(-3, 3))
def test_brightness_and_contrast_do_not_count(gain, shift):
    X = IMAGES[:5] / 255
    pairs, distances = find_near_duplicates(X * gain + shift, X, return_distance=True)
    assert pairs.tolist() == [[i, i] for i in range(5)]
    # They are rounded to bytes, of which a fifth is few.
    assert (distances < 2e-3).all()


def test_distances_grow_with_the_change_and_keep_to_the_threshold():
    copies = [encoded(IMAGES[0], "JPEG", quality) for quality in (95, 60, 20, 5)]
    settings = {"threshold": 0.3, "return_distance": True}
    _, distances = find_near_duplicates(copies, IMAGES[:1], **settings)
    assert (np.diff(distances) > 0).all()
    settings["threshold"] = distances[1]
    pairs, nearest = find_near_duplicates(copies, IMAGES[:1], **settings)
    assert pairs.tolist() == [[0, 0], [1, 0]]
    np.testing.assert_array_equal(nearest, distances[:2])
    settings["threshold"] = np.nextafter(distances[1], 0)
    pairs, _ = find_near_duplicates(copies, IMAGES[:1], **settings)
    assert pairs.tolist() == [[0, 0]]


def test_equal_images_have_no_distance():
    X = np.concatenate([IMAGES, IMAGES[::-1]])
    pairs, distances = find_near_duplicates(X, threshold=0, return_distance=True)
    np.testing.assert_array_equal(pairs, find_duplicates(X))
    assert (distances == 0).all()


def test_flat_images_are_in_no_pair():
    white, gray = np.full((2, 40, 40, 3), [[[[255]]], [[[99]]]], dtype=np.uint8)
    dusty = gray.copy()
    dusty[7, 9] += 1
    X = [white, IMAGES[3], gray, white, dusty, IMAGES[3]]
    assert find_near_duplicates(X).tolist() == [[1, 5]]
    assert find_near_duplicates([white], [white, gray], threshold=1).shape == (0, 2)


def test_paths_and_arrays_give_the_same_answer(tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for path, i in zip(paths, (3, 1, 3, 2), strict=True):
        Image.fromarray(IMAGES[i]).save(path)
    assert find_near_duplicates(paths).tolist() == [[0, 2]]
    assert find_near_duplicates(IMAGES[1:3], paths).tolist() == [[0, 1], [1, 3]]


def test_flattened_images_are_compared_too():
    rows = IMAGES[[3, 1, 3]].reshape(3, -1)
    assert find_near_duplicates(rows).tolist() == [[0, 2]]


def test_processes_do_not_matter():
    copies = [CHANGES["mirrored and more"](image) for image in IMAGES[:9]]
    alone = find_near_duplicates(copies, IMAGES, return_distance=True)
    together = find_near_duplicates(copies, IMAGES, return_distance=True, n_jobs=2)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_no_image_or_no_threshold_is_refused(tmp_path):
    with pytest.raises(ValueError, match="channels last"):
        find_near_duplicates(np.zeros((5, 3, 8, 8), np.uint8))
    with pytest.raises(ValueError, match="'threshold' parameter"):
        find_near_duplicates(IMAGES, threshold=1.5)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"broken\.png"):
        find_near_duplicates([broken])


@pytest.mark.cifake
def test_all_exact_leaks_of_cifake_are_found_and_no_photograph_with_a_fake(
    cifake_train, cifake_test
):
    found = find_near_duplicates(cifake_test.data, cifake_train.data)
    exact = find_duplicates(cifake_test.data, cifake_train.data)
    assert {tuple(pair) for pair in exact} <= {tuple(pair) for pair in found}
    assert len(np.unique(exact[:, 0])) == 378
    y_test, y_train = cifake_test.target, cifake_train.target
    np.testing.assert_array_equal(y_test[found[:, 0]], y_train[found[:, 1]])


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_where_nothing_is_alike_nothing_is_found(n_jobs):
    flat = np.zeros((3, 8, 8), dtype=np.uint8)
    assert find_near_duplicates(flat, n_jobs=n_jobs).shape == (0, 2)
    noise = np.random.default_rng(0).random((3, 32, 32))
    assert find_near_duplicates(noise, n_jobs=n_jobs).shape == (0, 2)
