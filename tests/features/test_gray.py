"""What the transformers of gray centres see, and what they don't."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import fft
from scipy.ndimage import gaussian_filter, median_filter

from skfake.features import DCTTransformer, ResidualTransformer, SpectrumTransformer

rng = np.random.default_rng(0)
NOISE = rng.integers(30, 200, size=(96, 64), dtype=np.uint8)
GRAY_CENTRES = pytest.mark.parametrize(
    "kind", [DCTTransformer, ResidualTransformer, SpectrumTransformer]
)


def describe(transformer, *images):
    return transformer.fit_transform([image[..., np.newaxis] for image in images])


def named(transformer, image):
    (features,) = describe(transformer, image)
    return dict(zip(transformer.get_feature_names_out(), features, strict=True))


@GRAY_CENTRES
@given(added=st.integers(0, 55))
def test_brightness_is_not_seen(kind, added):
    dark, bright = describe(kind(), NOISE, NOISE + np.uint8(added))
    assert np.allclose(dark, bright)


@GRAY_CENTRES
def test_blur_is_seen(kind):
    blurred = gaussian_filter(NOISE, 0.6)
    sharp, soft = describe(kind(), NOISE, blurred)
    assert not np.allclose(sharp, soft, atol=0.1)


@GRAY_CENTRES
def test_a_gray_image_has_the_features_of_its_colours(kind):
    colours = np.repeat(NOISE[..., np.newaxis], 3, axis=-1)
    (of_colours,), (of_gray,) = kind().fit_transform([colours]), describe(kind(), NOISE)
    assert np.array_equal(of_colours, of_gray)


@GRAY_CENTRES
def test_of_a_photograph_the_centre_is_seen_on_the_grid_of_jpeg(kind):
    large = np.zeros((100, 90), np.uint8)
    # Eight pixels of 18 and of 13 above and to the left of it: 16 and 8.
    large[16 : 16 + 64, 8 : 8 + 64] = NOISE[:64]
    large = large[: 64 + 36, : 64 + 26]
    cropped, itself = (describe(kind(crop_size=64), of) for of in (large, NOISE[:64]))
    assert np.array_equal(cropped, itself)
    assert not np.array_equal(describe(kind(crop_size=None), large), itself)


@GRAY_CENTRES
def test_a_crop_of_less_than_a_block_is_refused(kind):
    with pytest.raises(ValueError, match="The 'crop_size' parameter"):
        describe(kind(crop_size=7), NOISE)


# The spectrum


@pytest.mark.parametrize("ring", [2, 8, 15])
def test_waves_of_one_ring_have_their_power_there(ring):
    radius = np.hypot(fft.fftfreq(256)[:, np.newaxis], fft.rfftfreq(256))
    inside = (radius / np.sqrt(0.5) * 16).astype(int) == ring
    waves = fft.irfft2(inside * np.exp(2j * np.pi * rng.random(inside.shape)))
    image = (128 + 30 * waves / waves.std()).clip(0, 255).astype(np.uint8)
    (powers,) = describe(SpectrumTransformer(n_rings=16), image)
    assert powers.argmax() == ring
    assert (
        powers[ring] > 2 + np.delete(powers, [ring - 1, ring, min(ring + 1, 15)]).max()
    )


def test_white_noise_has_equal_power_at_all_frequencies():
    noise = rng.normal(128, 10, size=(512, 512)).astype(np.uint8)
    (powers,) = describe(SpectrumTransformer(), noise)
    assert np.ptp(powers[1:-1]) < 0.3


# The cosine transforms


def test_the_size_of_a_frequency_is_that_of_the_blocks_coefficients():
    blocks = NOISE.reshape(12, 8, 8, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    waves = np.array([fft.dctn(block.astype(float), norm="ortho") for block in blocks])
    features = named(DCTTransformer(), NOISE)
    sizes = np.abs(waves[:, 2, 5])
    assert np.isclose(features["log_size_2_5"], np.log(sizes.mean()), atol=1e-3)
    ratio = np.sqrt((sizes**2).mean()) / sizes.mean()
    assert np.isclose(features["log_spread_2_5"], np.log(ratio), atol=1e-3)


def test_one_wave_has_one_frequency():
    image = np.tile(128 + 100 * np.cos(np.pi * (np.arange(64) + 0.5) * 3 / 8), (64, 1))
    features = named(DCTTransformer(), image.astype(np.uint8))
    sizes = {name: size for name, size in features.items() if "size" in name}
    assert max(sizes, key=sizes.get) == "log_size_0_3"


# The residual


def test_frequencies_of_each_filter_add_up_to_one():
    filters = ("median", "neighbour", "square")
    (features,) = describe(ResidualTransformer(filters=filters), NOISE)
    assert np.allclose((features.reshape(3, -1) ** 2).sum(axis=1), 1)


@pytest.mark.parametrize("filters", [("median",), ("neighbour",), ("square",)])
def test_mirror_images_turned_images_and_negatives_are_the_same(filters):
    transformer = ResidualTransformer(filters=filters)
    same = describe(
        transformer, NOISE, NOISE[:, ::-1], NOISE[::-1], NOISE.T, 255 - NOISE
    )
    assert np.allclose(same, same[0])


def test_a_flat_image_has_no_residual():
    features = named(ResidualTransformer(order=2), np.full((16, 16), 77, np.uint8))
    assert {name for name, value in features.items() if value} == {
        "median_0_0",
        "neighbour_0_0",
        "square_0_0",
    }


def test_runs_of_one_are_how_often_each_residual_occurs():
    residual = NOISE.astype(int) - median_filter(NOISE, 3, mode="nearest")
    size = np.minimum(np.abs(residual), 2)
    features = named(ResidualTransformer(filters=("median",), order=1), NOISE)
    expected = np.sqrt(np.bincount(size.ravel()) / size.size)
    assert np.allclose([features[f"median_{-k}"] for k in range(3)], expected)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"filters": ()}, "filters must be a tuple of some of 'median'"),
        ({"filters": "median"}, "got 'median'"),
        ({"filters": ("mean",)}, "got \\('mean',\\)"),
        ({"filters": ("square", "square")}, "each at most once"),
        ({"order": 6, "threshold": 5}, "at most 100,000 runs; got 1,771,561"),
        ({"order": 7}, "The 'order' parameter"),
        ({"threshold": 0}, "The 'threshold' parameter"),
    ],
)
def test_parameters_are_checked(parameters, words):
    with pytest.raises(ValueError, match=words):
        ResidualTransformer(**parameters).fit(NOISE[np.newaxis])
