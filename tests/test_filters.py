import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from skfake.filters import median_filter


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_it_is_the_median_of_the_nine_around_each(image):
    expected = ndimage.median_filter(image, size=3, mode="nearest")
    padded = np.pad(image, 1, mode="edge")
    assert np.array_equal(median_filter(np, padded), expected)
    of_torch = median_filter(torch, torch.from_numpy(padded))
    assert np.array_equal(of_torch.numpy(), expected)


@given(st.integers(0, 2), st.integers(1, 4))
def test_axes_before_the_last_two_are_images_of_their_own(n, n_channels):
    images = np.random.default_rng(0).random((n, n_channels, 6, 5))
    found = median_filter(np, images)
    assert found.shape == (n, n_channels, 4, 3)
    for image, of_one in zip(images, found, strict=True):
        assert np.array_equal(median_filter(np, image), of_one)
