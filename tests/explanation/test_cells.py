"""A map of cells, against what is known of histograms and of linear kernels."""

import numpy as np
import pytest

from skfake import SVMDetector
from skfake.explanation import saliency_maps
from skfake.explanation._cells import cell_of_each_feature, hog_pictures


def svm(**parameters):
    return SVMDetector(engine="scikit-learn", **parameters)


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"pixels_per_cell": 4, "cells_per_block": 2},
        {"image_size": 21, "pixels_per_cell": 5, "cells_per_block": 1},
        {"orientations": 4, "cells_per_block": 4},
    ],
)
def test_an_edge_within_a_cell_is_seen_by_its_features_alone(geometry):
    detector = svm(**geometry)
    cells = cell_of_each_feature(detector)
    size, side = detector.image_size, detector.pixels_per_cell
    n_side = size // side
    for cell in range(n_side**2):
        row, column = divmod(cell, n_side)
        image = np.zeros((1, size, size), np.uint8)
        image[0, row * side + side // 2, column * side + side // 2] = 255
        features = detector._make_hog().fit_transform(image)[0]
        assert features.any()
        assert set(cells[features > 0]) == {cell}


def test_with_a_linear_kernel_cells_add_up_to_the_score(held_out):
    X, y, _ = held_out
    detector = svm(kernel="linear").fit(X, y)
    found = saliency_maps(detector, X, label=1)[:, ::8, ::8].sum(axis=(1, 2))
    expected = detector.decision_function(X) - detector.svc_.intercept_
    assert np.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("kernel", ["rbf", "poly", "sigmoid"])
@pytest.mark.parametrize("probability", [False, True])
def test_every_kernel_has_maps(held_out, kernel, probability):
    X, y, _ = held_out
    detector = svm(kernel=kernel, probability=probability).fit(X, y)
    maps = saliency_maps(detector, X[:3], label=1)
    assert maps.shape == (3, 32, 32)
    assert np.abs(maps).max() > 0


def test_each_pixel_has_the_value_of_its_cell_and_those_of_none_zero(held_out):
    X, y, _ = held_out
    detector = svm(image_size=35).fit(X, y)
    maps = saliency_maps(detector, X[:2])
    assert maps.shape == (2, 35, 35)
    assert (maps[:, 32:] == 0).all()
    assert (maps[:, :, 32:] == 0).all()
    assert (maps[:, :8, 8:16] == maps[:, :1, 8:9]).all()


def test_pictures_of_histograms_are_bright_at_the_edges(held_out):
    X, y, quarters = held_out
    detector = svm().fit(X, y)
    pictures = hog_pictures(detector, X[quarters == 0])
    assert pictures.shape[1:] == (32, 32)
    assert pictures[:, :16, :16].sum() > pictures[:, 16:, 16:].sum()
