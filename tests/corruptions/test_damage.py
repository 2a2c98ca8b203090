from io import BytesIO

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.metrics import peak_signal_noise_ratio

import skfake.corruptions.damage
from skfake.corruptions import CORRUPTIONS, CorruptionTransformer, corrupt
from skfake.corruptions._functions import FUNCTIONS
from tests.corruptions.images import GRAY, IMAGES, SIZE

EACH = pytest.mark.parametrize("name", CORRUPTIONS)
# The battery's numbers are on no scale of images.
FREE = pytest.mark.filterwarnings("ignore:X should be on a known scale:UserWarning")
NEUTRAL = {name: c.neutral for name, c in CORRUPTIONS.items() if c.neutral is not None}


def strongest(name):
    return CORRUPTIONS[name].strengths[-1]


def written_by_pillow(image, form, quality):
    file = BytesIO()
    Image.fromarray(image).save(file, form, quality=quality)
    return np.asarray(Image.open(file).convert("RGB" if image.ndim == 3 else "L"))


# What each corruption does


@EACH
@pytest.mark.parametrize("images", [IMAGES, GRAY, IMAGES[:, :7, :1], IMAGES[:, :1, :1]])
def test_shape_and_type_stay_and_the_input_is_not_written_to(name, images):
    before = images.copy()
    for strength in CORRUPTIONS[name].strengths:
        corrupted = corrupt(images, name, strength)
        assert corrupted.shape == images.shape
        assert corrupted.dtype == np.uint8
    assert np.array_equal(images, before)


@EACH
def test_damage_grows_with_each_strength(name):
    ratios = [
        np.mean(
            [
                peak_signal_noise_ratio(*pair)
                for pair in zip(IMAGES, corrupt(IMAGES, name, strength), strict=True)
            ]
        )
        for strength in CORRUPTIONS[name].strengths
    ]
    assert len(ratios) == 5
    assert (np.diff(ratios) < 0).all()


@pytest.mark.parametrize("name", NEUTRAL)
@pytest.mark.parametrize("images", [IMAGES, GRAY, (3 * IMAGES / 255 - 1).astype("f4")])
def test_nothing_changes_at_the_neutral_strength(name, images):
    assert np.array_equal(corrupt(images, name, NEUTRAL[name]), images)


@pytest.mark.parametrize("name", NEUTRAL)
def test_functions_themselves_change_nothing_at_the_neutral_strength(name):
    strengths = torch.full((len(IMAGES),), float(NEUTRAL[name]))
    images = torch.from_numpy(IMAGES)
    same = FUNCTIONS[name](images, strengths, torch.Generator())
    assert torch.equal(same, images)


@pytest.mark.parametrize("quality", CORRUPTIONS["jpeg"].strengths)
@pytest.mark.parametrize(("name", "form"), [("jpeg", "JPEG"), ("webp", "WEBP")])
@pytest.mark.parametrize("images", [IMAGES, GRAY])
def test_files_are_those_of_pillow(images, name, form, quality):
    expected = [written_by_pillow(image, form, quality) for image in images]
    assert np.array_equal(corrupt(images, name, quality), expected)


def test_the_blur_is_scipy_s_and_leaves_channels_apart():
    expected = [gaussian_filter(channel.astype(float), 1.5) for channel in IMAGES[0].T]
    blurred = corrupt(IMAGES[:1], "blur", 1.5)[0].T
    assert np.abs(blurred - np.array(expected)).max() <= 0.51
    only_red = IMAGES[:1] * np.array([1, 0, 0], dtype=np.uint8)
    assert not corrupt(only_red, "blur", 3)[..., 1:].any()


def test_noise_has_the_standard_deviation_that_was_asked_for():
    gray = np.full((4, 64, 64, 3), 128, dtype=np.uint8)
    noise = corrupt(gray, "noise", 10) - 128.0
    assert noise.std() == pytest.approx(10, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=0.3)


def test_noise_does_not_wrap_at_black_and_white():
    for value in (0, 255):
        flat = np.full((1, 16, 16), value, dtype=np.uint8)
        assert np.abs(corrupt(flat, "noise", 5) - float(value)).max() < 50


def test_rescaling_leaves_what_a_small_image_holds():
    checkerboard = np.indices((SIZE, SIZE)).sum(0) % 2 * np.uint8(255)
    rescaled = corrupt(checkerboard[np.newaxis].astype(np.uint8), "rescale", 0.5)
    assert rescaled.std() < 20


def test_rescaling_first_to_a_larger_image_changes_little():
    changes = [
        np.abs(corrupt(GRAY, "rescale", share) - GRAY.astype(int)).mean()
        for share in (2, 0.5)
    ]
    assert 0 < changes[0] < changes[1] / 2


def test_a_crop_enlarges_a_window_of_the_image():
    ramp = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (1, SIZE, 1))
    cropped = corrupt(ramp, "crop", 0.5)[0].astype(int)
    spread = cropped[0, -1] - cropped[0, 0]
    assert spread == pytest.approx(120, abs=15)
    assert (np.diff(cropped, axis=1) >= 0).all()


def test_windows_of_different_images_lie_in_different_places():
    ramps = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (8, SIZE, 1))
    ramps += np.arange(8, dtype=np.uint8)[:, None, None]
    first = corrupt(ramps, "crop", 0.5)[:, 0, 0].astype(int) - np.arange(8)
    assert np.ptp(first) > 20


def test_brightness_adds_and_subtracts_a_share_of_the_range():
    middle = (IMAGES // 4 + 96).astype(np.uint8)
    assert np.array_equal(corrupt(middle, "brightness", 0.2), middle + 51)
    assert np.array_equal(corrupt(middle, "brightness", -0.2), middle - 51)
    assert (corrupt(IMAGES, "brightness", 1) == 255).all()


def test_contrast_keeps_the_mean_and_shrinks_the_spread():
    weak = corrupt(IMAGES, "contrast", 0.5)
    axes = (1, 2)
    assert np.allclose(weak.mean(axes), IMAGES.mean(axes), atol=0.5)
    assert np.allclose(weak.std(axes), IMAGES.std(axes) / 2, atol=0.5)


# Chance


@EACH
@given(seed=st.integers(0, 2**31 - 1), order=st.permutations(range(len(IMAGES))))
@settings(max_examples=5, deadline=None)
def test_an_image_is_damaged_alike_in_any_order_and_company(name, seed, order):
    options = {"corruption": name, "strength": "random", "random_state": seed}
    corrupted = corrupt(IMAGES, **options)
    assert np.array_equal(corrupt(IMAGES[order], **options), corrupted[order])
    assert np.array_equal(corrupt(IMAGES[3:4], **options), corrupted[3:4])


@pytest.mark.parametrize("name", ["noise", "crop"])
def test_another_seed_gives_another_draw(name):
    first, again, other = (
        corrupt(IMAGES, name, strongest(name), random_state=seed) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert (first != other).any(axis=(1, 2, 3)).all()


def test_different_images_get_different_noise():
    pair = np.full((2, 16, 16), 128, dtype=np.uint8)
    pair[1, 0, 0] += 1
    first, second = corrupt(pair, "noise", 10)
    assert (first != second).mean() > 0.5


def test_stronger_noise_is_weaker_noise_enlarged():
    gray = np.full((1, 16, 16), 128, dtype=np.uint8)
    weak, strong = (corrupt(gray, "noise", s) - 128.0 for s in (10, 30))
    assert np.abs(strong - 3 * weak).max() <= 2


def test_without_a_seed_draws_differ_and_a_generator_moves_on():
    rng = np.random.RandomState(0)
    for seed in (None, rng):
        pair = [corrupt(IMAGES, "noise", 10, random_state=seed) for _ in range(2)]
        assert not np.array_equal(*pair)


def test_the_global_generator_is_not_touched():
    before = np.random.get_state()[1].copy()
    corrupt(IMAGES, "noise", 10)
    assert np.array_equal(np.random.get_state()[1], before)


def test_random_strengths_are_those_of_the_table():
    flat = np.arange(200, dtype=np.uint8).repeat(16).reshape(200, 4, 4) // 2
    added = np.unique(corrupt(flat, "brightness", "random") - flat.astype(int))
    expected = np.rint(255 * np.array(CORRUPTIONS["brightness"].strengths))
    assert np.array_equal(added, expected)


def test_a_pair_of_strengths_is_drawn_from_between():
    flat = np.arange(200, dtype=np.uint8).repeat(16).reshape(200, 4, 4) // 2
    added = corrupt(flat, "brightness", (0.1, 0.3))[:, 0, 0] - flat[:, 0, 0].astype(int)
    assert (added.min(), added.max()) == (pytest.approx(26, 4), pytest.approx(76, 4))
    assert len(np.unique(added)) > 30


def test_processes_change_nothing_but_the_time():
    one, two = (corrupt(IMAGES, "noise", 10, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert np.array_equal(one, two)


@pytest.mark.parametrize(("n_processes", "sizes"), [(1, [6, 4]), (3, [4, 4, 2])])
def test_all_processes_get_a_share_of_the_images(monkeypatch, n_processes, sizes):
    monkeypatch.setattr(skfake.corruptions.damage, "BATCH", 6)
    monkeypatch.setattr(
        skfake.corruptions.damage, "effective_n_jobs", lambda _: n_processes
    )
    seen = []

    def corrupt_batch(images, *options):
        seen.append(len(images))
        return list(images)

    monkeypatch.setattr(skfake.corruptions.damage, "_corrupt_batch", corrupt_batch)
    corrupt(IMAGES, "noise", 10)
    assert seen == sizes


# All forms of X


@EACH
def test_paths_and_arrays_and_floats_give_the_same_images(name, tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(len(IMAGES))]
    for path, image in zip(paths, IMAGES, strict=True):
        Image.fromarray(image).save(path)
    expected = corrupt(IMAGES, name, "random")
    rows = IMAGES.reshape(len(IMAGES), -1)
    for X in (paths, np.array(paths, dtype=str), list(IMAGES), torch.tensor(IMAGES)):
        assert np.array_equal(corrupt(X, name, "random"), expected)
    for X in (rows, rows.astype(int), rows.tolist()):
        corrupted = corrupt(X, name, "random")
        assert corrupted.dtype == np.uint8
        assert np.array_equal(corrupted, expected.reshape(rows.shape))
    for white in (1, 255):
        floats = corrupt(IMAGES * (white / 255), name, "random")
        assert floats.dtype == np.float32
        assert np.array_equal(floats, expected / np.float32(255 / white))


def test_a_data_frame_keeps_its_columns_and_its_index():
    rows = pd.DataFrame(GRAY.reshape(len(GRAY), -1)).add_prefix("pixel")[3:]
    corrupted = corrupt(rows, "noise", 10)
    expected = corrupt(GRAY[3:], "noise", 10).reshape(rows.shape)
    assert corrupted.equals(pd.DataFrame(expected, rows.index, rows.columns))


def test_images_of_different_sizes_become_a_list():
    images = [IMAGES[0], IMAGES[1, :10], GRAY[2]]
    corrupted = corrupt(images, "jpeg", 50)
    assert isinstance(corrupted, list)
    assert [image.shape for image in corrupted] == [
        (SIZE, SIZE, 3),
        (10, SIZE, 3),
        (SIZE, SIZE, 1),
    ]
    assert np.array_equal(corrupted[0], corrupt(IMAGES, "jpeg", 50)[0])


def test_dark_images_and_lists_keep_the_scale_of_their_floats():
    dark = (IMAGES // 4).astype(np.float32)
    expected = corrupt(IMAGES // 4, "noise", 5)
    assert np.array_equal(corrupt(dark, "noise", 5), expected)
    ragged = corrupt([dark[0] / 255, dark[1, :10] / 255], "noise", 5)
    assert ragged[0].dtype == np.float32
    assert np.array_equal(ragged[0], expected[0] / np.float32(255))


def test_flattened_images_are_of_the_shape_that_is_told():
    wide = IMAGES[:, :12]
    rows = wide.reshape(len(wide), -1)
    corrupted = corrupt(rows, "blur", 2, image_shape=(12, SIZE, 3))
    assert np.array_equal(corrupted.reshape(wide.shape), corrupt(wide, "blur", 2))


def test_numbers_on_no_known_scale_are_cut_off_at_black_and_white():
    wild = np.linspace(-1, 2, 64).reshape(1, 8, 8)
    corrupted = corrupt(wild, "brightness", 0.1)
    assert corrupted.dtype == np.float32
    assert (corrupted.min(), corrupted.max()) == (pytest.approx(0.1, abs=2e-3), 1)


# What is refused


@pytest.mark.parametrize(
    ("name", "strength"),
    [
        ("jpeg", 0),
        ("webp", 101),
        ("blur", -1),
        ("noise", float("nan")),
        ("rescale", 0),
        ("crop", 1.1),
        ("brightness", (-2, 0)),
        ("contrast", (1, 0)),
        ("noise", (1, 2, 3)),
        ("noise", (1, "random")),
    ],
)
def test_a_strength_out_of_bounds_is_refused(name, strength):
    bounds = rf"from {CORRUPTIONS[name].low} to {CORRUPTIONS[name].high}"
    match = rf"strength must be a number {bounds}.*'{name}'.*; got .*\.$"
    with pytest.raises(ValueError, match=match):
        corrupt(IMAGES, name, strength)
    transformer = CorruptionTransformer(corruption=name, strength=strength)
    with pytest.raises(ValueError, match=match):
        transformer.fit(IMAGES)


def test_an_unknown_corruption_is_refused():
    with pytest.raises(ValueError, match="The 'corruption' parameter of corrupt"):
        corrupt(IMAGES, "rain", 1)
    with pytest.raises(ValueError, match="The 'corruption' parameter of Corruption"):
        CorruptionTransformer(corruption="rain").fit(IMAGES)


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"broken\.png"):
        corrupt([path], "jpeg", 50)
