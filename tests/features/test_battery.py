"""What holds for every transformer to features: scikit-learn's checks, and ours."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import skfake.features
from skfake.datasets import make_images
from tests.features.instances import TRANSFORMERS

# The battery's numbers are on no scale of images.
FREE = pytest.mark.filterwarnings("ignore:X should be on a known scale:UserWarning")
EACH = pytest.mark.parametrize("name", TRANSFORMERS)
rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, size=(6, 24, 40, 3), dtype=np.uint8)


@FREE
@parametrize_with_checks(list(TRANSFORMERS.values()))
def test_transformers_pass_every_check_of_scikit_learn(estimator, check):
    check(estimator)


def test_no_public_transformer_escapes_the_checks():
    checked = {type(transformer).__name__ for transformer in TRANSFORMERS.values()}
    assert checked == set(skfake.features.__all__)


@EACH
def test_every_feature_has_a_name_of_its_own(name):
    transformer = clone(TRANSFORMERS[name]).fit(IMAGES)
    names = transformer.get_feature_names_out()
    assert transformer.transform(IMAGES).shape == (6, len(names))
    assert len(set(names)) == len(names)


@EACH
def test_frames_have_the_names_as_columns(name):
    transformer = clone(TRANSFORMERS[name]).set_output(transform="pandas")
    frame = transformer.fit_transform(IMAGES)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame) == list(transformer.get_feature_names_out())


@EACH
def test_an_image_has_its_features_whatever_stands_beside_it(name):
    transformer = clone(TRANSFORMERS[name]).fit(IMAGES)
    together = transformer.transform(IMAGES)
    alone = np.concatenate([transformer.transform(IMAGES[[i]]) for i in range(6)])
    assert np.array_equal(together, alone)


@EACH
def test_processes_change_nothing_but_the_time(name):
    many = np.concatenate([IMAGES] * 30)
    one = clone(TRANSFORMERS[name]).set_params(n_jobs=1)
    two = clone(TRANSFORMERS[name]).set_params(n_jobs=2)
    assert np.array_equal(one.fit_transform(many), two.fit_transform(many))


@EACH
def test_images_of_every_size_have_finite_features(name):
    sizes = [(1, 1), (1, 50), (9, 3), (8, 8), (17, 31)]
    images = [rng.integers(0, 256, size=(*of, 3), dtype=np.uint8) for of in sizes]
    images += [np.full((12, 12, 3), level, np.uint8) for level in (0, 255)]
    features = clone(TRANSFORMERS[name]).fit_transform(images)
    assert np.isfinite(features).all()


@EACH
def test_files_have_the_features_of_their_pixels(name, tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(6)]
    for path, image in zip(paths, IMAGES, strict=True):
        Image.fromarray(image).save(path)
    transformer = clone(TRANSFORMERS[name])
    assert np.array_equal(
        transformer.fit_transform(paths), transformer.transform(IMAGES)
    )


def test_all_together_tell_simulated_fakes_from_real_images():
    X, y = make_images(n_samples=200, return_X_y=True, random_state=0)
    detector = make_pipeline(
        make_union(*map(clone, TRANSFORMERS.values())),
        StandardScaler(),
        LogisticRegression(),
    )
    assert detector.fit(X[:120], y[:120]).score(X[120:], y[120:]) > 0.8
