"""Which cells of an image a support vector machine's score comes from."""

from typing import Any

import numpy as np
from skimage.feature import hog

from skfake.detectors import SVMDetector
from skfake.images import load_images
from skfake.scoring import class_scores, score_method
from skfake.validation import validate_images


def cell_maps(detector: SVMDetector, X: Any, codes: np.ndarray) -> np.ndarray:
    """Maps of a support vector machine on histograms of gradients."""
    features = detector.features_.transform(validate_images(detector, X, reset=False))
    cells = cell_of_each_feature(detector)
    n_side = detector.image_size // detector.pixels_per_cell
    scores = _score_classes(detector, features, codes)
    falls = []
    for cell in range(n_side**2):
        # Features are standardised: their means are zero.
        occluded = np.where(cells == cell, 0, features)
        falls.append(scores - _score_classes(detector, occluded, codes))
    maps = np.stack(falls, axis=1).reshape(-1, n_side, n_side).astype(np.float32)
    for axis in (1, 2):
        maps = maps.repeat(detector.pixels_per_cell, axis=axis)
    rest = detector.image_size % detector.pixels_per_cell
    return np.pad(maps, ((0, 0), (0, rest), (0, rest)))


def cell_of_each_feature(detector: SVMDetector) -> np.ndarray:
    """Which cell of the image each feature is of."""
    n_side = detector.image_size // detector.pixels_per_cell
    side = detector.cells_per_block
    first, within = np.arange(n_side - side + 1), np.arange(side)
    rows = np.add.outer(first, within)
    # Block row, block column, row in the block, column in the block.
    cells = rows[:, None, :, None] * n_side + rows[None, :, None, :]
    return cells.ravel().repeat(detector.orientations)


def hog_pictures(detector: SVMDetector, X: Any) -> np.ndarray:
    """Pictures of the histograms: in each cell a stroke along each orientation."""
    images = validate_images(detector, X, reset=False)
    pixels = load_images(images, image_size=detector.image_size, grayscale=True)
    cell, block = detector.pixels_per_cell, detector.cells_per_block
    pictures = [
        hog(
            image.astype(np.float64),
            orientations=detector.orientations,
            pixels_per_cell=(cell, cell),
            cells_per_block=(block, block),
            visualize=True,
        )[1]
        for image in pixels[..., 0]
    ]
    return np.stack(pictures)


def _score_classes(
    detector: SVMDetector, features: np.ndarray, codes: np.ndarray
) -> np.ndarray:
    """Scores (n,) of classes: distances, or logarithms of the odds or probabilities."""
    scores = class_scores(detector.svc_, features)
    if score_method(detector.svc_) == "predict_proba":
        # A sigmoid far out gives 0, whose logarithm would be infinite.
        scores = np.log(np.maximum(scores, np.finfo(float).tiny))
        if len(detector.classes_) == 2:
            scores = scores - scores[:, ::-1]
    return scores[np.arange(len(scores)), codes]
