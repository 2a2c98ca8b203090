"""Images whose only trace of fakery sits in a known quarter, and detectors of it."""

import numpy as np
from scipy.ndimage import gaussian_filter

from skfake import (
    Augmentation,
    CNNDetector,
    CompactDetector,
    DenseNetDetector,
    EncoderDetector,
    ResidualDetector,
    ResNetDetector,
    SVMDetector,
    VGGDetector,
)

SIDE = 32

TINY = {
    "batch_size": 16,
    "label_smoothing": 0.0,
    "validation_fraction": None,
    "precision": "float32",
    "device": "cpu",
    "random_state": 0,
}
# The quarters stay where they are in training.
WHOLE = Augmentation(crop=None, flip=False)
# Muon takes more steps than there are.
DEEP = {"max_epochs": 3, "optimizer": "adamw", "lr": 1e-3, "augment": WHOLE, **TINY}

DETECTORS = {
    "SVM": SVMDetector(engine="scikit-learn"),
    "CNN": CNNDetector(max_epochs=6, **TINY),
    "Compact": CompactDetector(max_epochs=3, n_filters=(8, 16), augment=WHOLE, **TINY),
    "Residual": ResidualDetector(
        image_size=SIDE, max_epochs=3, n_filters=(8, 16), augment=WHOLE, **TINY
    ),
    # Random weights see chequers, too.
    "Encoder": EncoderDetector(
        encoder="shufflenet_v2_x0_5",
        weights=None,
        layer="stage2",
        image_size=SIDE,
        device="cpu",
    ),
    "ResNet": ResNetDetector(depth=18, weights=None, **DEEP),
    "VGG": VGGDetector(depth=11, weights=None, **{**DEEP, "max_epochs": 4}),
    "DenseNet": DenseNetDetector(weights=None, **DEEP),
}


def make_quarters(n, seed, amplitude=60):
    """Blurred noise; a chequered quarter in each second image, which is fake.

    Returns images, labels and which quarter it is, row by row; -1 where there is none.
    """
    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.normal(size=(n, SIDE, SIDE, 3)), (0, 2, 2, 0))
    X = 128 + 35 * noise / noise.std() + rng.normal(0, 4, (n, SIDE, SIDE, 3))
    y = np.arange(n) % 2
    quarters = np.where(y == 1, rng.integers(4, size=n), -1)
    half = SIDE // 2
    # Fields of two pixels: a central difference, as HOG takes it, sees none of one.
    chequered = (np.indices((half, half)) // 2).sum(axis=0) % 2
    for image, quarter in zip(X, quarters, strict=True):
        if quarter >= 0:
            row, column = divmod(quarter, 2)
            part = image[row * half :, column * half :][:half, :half]
            part += amplitude * (2 * chequered[..., None] - 1)
    return X.clip(0, 255).astype(np.uint8), y, quarters


def brightest_quarter(maps):
    """Quarter of each map, row by row, that holds most of it."""
    n, side = maps.shape[:2]
    half = side // 2
    sums = maps.reshape(n, 2, half, 2, half).sum(axis=(2, 4))
    return sums.reshape(n, 4).argmax(axis=1)
