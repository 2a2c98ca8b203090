import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage.feature import hog

import skfake.features.hog
from skfake import HOGTransformer

rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 200, size=(5, 32, 32), dtype=np.uint8)


@pytest.mark.filterwarnings("ignore:X should be on a known scale:UserWarning")
@pytest.mark.parametrize("images", [IMAGES, IMAGES * np.float32(1.7) - 30])
@pytest.mark.parametrize("parameters", [(9, 8, 3), (4, 5, 2), (5, 7, 1), (12, 16, 2)])
def test_features_are_scikit_image_s(images, parameters):
    orientations, pixels, cells = parameters
    expected = [
        hog(image.astype(float), orientations, (pixels, pixels), (cells, cells))
        for image in images
    ]
    transformer = HOGTransformer(
        orientations=orientations, pixels_per_cell=pixels, cells_per_block=cells
    )
    assert np.allclose(transformer.fit_transform(images), expected, atol=1e-6)


@given(st.integers(0, 55))
def test_hog_does_not_see_brightness(added):
    transformer = HOGTransformer()
    brighter = transformer.transform(IMAGES + np.uint8(added))
    assert np.allclose(brighter, transformer.transform(IMAGES), atol=1e-5)


def test_hog_sees_a_turned_image():
    transformer = HOGTransformer()
    turned = transformer.transform(IMAGES.transpose(0, 2, 1))
    assert not np.allclose(turned, transformer.transform(IMAGES), atol=0.1)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"image_size": 64},
        {"image_size": 33},
        {"orientations": 4, "cells_per_block": 2},
        {"pixels_per_cell": 4, "cells_per_block": 1},
    ],
)
def test_the_number_of_features_is_known_beforehand(parameters):
    transformer = HOGTransformer(**parameters).fit(IMAGES)
    names = transformer.get_feature_names_out()
    assert transformer.transform(IMAGES).shape == (5, len(names))
    assert names[0] == "hogtransformer0"


def test_processes_change_nothing_but_the_time():
    many = np.tile(IMAGES, (120, 1, 1))
    one, two = HOGTransformer(n_jobs=1), HOGTransformer(n_jobs=2)
    assert np.array_equal(one.transform(many), two.transform(many))


def test_processes_find_files_after_a_change_of_folder(tmp_path, monkeypatch):
    paths = [f"{i:03}.png" for i in range(300)]
    for path in paths:
        Image.fromarray(IMAGES[0]).save(tmp_path / path)
    transformer = HOGTransformer(n_jobs=2)
    transformer.transform(np.tile(IMAGES, (120, 1, 1)))  # The workers start here.
    monkeypatch.chdir(tmp_path)
    assert transformer.transform(paths).shape == (300, 324)


def test_files_are_opened_a_batch_at_a_time(tmp_path, monkeypatch):
    path = tmp_path / "image.png"
    Image.fromarray(IMAGES[0]).save(path)
    sizes = []

    def load(images, **options):
        sizes.append(len(images))
        return load_images(images, **options)

    load_images = skfake.features.hog.load_images
    monkeypatch.setattr(skfake.features.hog, "load_images", load)
    features = HOGTransformer().fit_transform([path] * 600)
    assert len(features) == 600
    assert max(sizes) <= 256


def test_a_block_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match=r"image_size must be at least .*24 pixels"):
        HOGTransformer(image_size=16).fit(IMAGES)


def test_parameters_are_checked():
    with pytest.raises(ValueError, match="The 'orientations' parameter"):
        HOGTransformer(orientations=0).fit(IMAGES)
