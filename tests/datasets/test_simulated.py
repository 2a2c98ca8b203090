import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfake import HOGTransformer
from skfake.datasets import make_images, simulated


@pytest.fixture(scope="module")
def images():
    return make_images(random_state=0)


@settings(max_examples=20, deadline=None)
@given(n_samples=st.integers(2, 12), image_size=st.integers(8, 64))
@example(n_samples=20, image_size=128)
@example(n_samples=513, image_size=8)
def test_any_number_and_size_can_be_had(n_samples, image_size):
    X, y = make_images(
        n_samples, image_size=image_size, return_X_y=True, random_state=0
    )
    assert X.shape == (n_samples, image_size, image_size, 3)
    assert X.dtype == np.uint8
    assert y.sum() == n_samples // 2


def test_the_same_seed_gives_the_same_bytes():
    first, again, other = (
        make_images(700, random_state=seed) for seed in (3, np.random.RandomState(3), 4)
    )
    for name in ("data", "target", "generators"):
        np.testing.assert_array_equal(first[name], again[name])
    assert (first.data != other.data).any()


def test_no_seed_gives_other_images_each_time():
    assert (make_images(4).data != make_images(4).data).any()


def test_numpys_global_state_is_left_alone():
    before = np.random.get_state()[1].copy()
    make_images(10, random_state=0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_the_bunch_says_that_fakes_are_simulated(images):
    assert "SIMULATED" in images.DESCR
    assert images.target_names.tolist() == ["REAL", "FAKE"]


def test_the_pair_holds_what_the_bunch_holds(images):
    X, y = make_images(return_X_y=True, random_state=0)
    np.testing.assert_array_equal(X, images.data)
    np.testing.assert_array_equal(y, images.target)


def test_images_are_shuffled(images):
    assert 0.4 < images.target[:500].mean() < 0.6


def test_every_generator_has_real_and_fake_images(images):
    names, counts = np.unique(images.generators, return_counts=True)
    assert names.tolist() == ["bilinear", "nearest", "transposed"]
    assert counts.min() > 500
    for name in names:
        assert 0.4 < images.target[images.generators == name].mean() < 0.6


def test_fakes_lack_fine_detail(images):
    spectra = np.abs(np.fft.fft2(images.data.mean(axis=-1)))
    finest = spectra[:, 12:20, 12:20].mean(axis=(1, 2))
    smooth = images.generators == "bilinear"
    real, fake = (finest[smooth & (images.target == code)].mean() for code in (0, 1))
    assert fake < real / 2


def test_a_checkerboard_tells_transposed_convolutions(images):
    gray = images.data.mean(axis=-1)
    steps = np.abs(gray[:, ::2].mean(axis=(1, 2)) - gray[:, 1::2].mean(axis=(1, 2)))
    transposed = images.generators == "transposed"
    assert np.median(steps[transposed & (images.target == 1)]) > 5 * np.median(
        steps[images.target == 0]
    )


def test_a_fake_keeps_the_brightness_of_the_patch_it_is_made_from(images):
    real, fake = (
        simulated._draw_images(
            np.random.RandomState(0), np.full(2000, code), images.generators, 32
        )
        for code in (0, 1)
    )
    changes = (fake - real).mean(axis=(1, 2, 3))
    # What remains is a bright patch whose checkerboard is cut off at 255.
    assert np.median(np.abs(changes)) < 0.2
    assert abs(changes.mean()) < 0.5


def test_colour_and_contrast_do_not_tell_the_classes(images):
    statistics = np.hstack(
        [images.data.mean(axis=(1, 2)), images.data.std(axis=(1, 2))]
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    assert cross_val_score(model, statistics, images.target).mean() < 0.6


def test_hog_is_right_about_three_times_in_four(images):
    model = make_pipeline(HOGTransformer(), StandardScaler(), SVC())
    model.fit(images.data[:1600], images.target[:1600])
    assert 0.68 < model.score(images.data[1600:], images.target[1600:]) < 0.82


def test_no_network_is_asked_for():
    code = (
        "import socket\n"
        "def refuse(*args, **kwargs): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from skfake.datasets import make_images, simulated\n"
        "make_images(2)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_data_sets_imports_no_heavy_package():
    code = (
        "import sys, skfake.datasets\n"
        "heavy = {'numpy', 'sklearn', 'skimage', 'torch', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_samples", 1), ("image_size", 7), ("image_size", 129), ("random_state", "a")],
)
def test_wrong_parameters_get_scikit_learns_words(name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of make_images must"):
        make_images(**{name: value})
