"""Every public detector, in settings small enough for tests."""

from skfake import (
    Augmentation,
    CNNDetector,
    CompactDetector,
    DenseNetDetector,
    EncoderDetector,
    ResidualDetector,
    ResNetDetector,
    SVMDetector,
    TiledDetector,
    VGGDetector,
)

# What networks with nothing but a few small images learn by.
TINY = {
    "max_epochs": 6,
    "batch_size": 8,
    "label_smoothing": 0.0,
    "device": "cpu",
    "random_state": 0,
}
# Shifted stripes would be other stripes.
WHOLE = {"augment": Augmentation(crop=None), **TINY}

DETECTORS = {
    "SVM": SVMDetector(engine="scikit-learn"),
    "SVM with probabilities": SVMDetector(engine="scikit-learn", probability=True),
    "CNN": CNNDetector(image_size=16, lr=0.005, **TINY),
    "Compact": CompactDetector(image_size=16, n_filters=(8, 16), **WHOLE),
    "ResNet": ResNetDetector(image_size=16, depth=18, **WHOLE),
    "VGG": VGGDetector(depth=11, **WHOLE),
    # Muon takes more steps than there are, and longer ones.
    "DenseNet": DenseNetDetector(image_size=29, optimizer="adamw", lr=1e-3, **WHOLE),
    # Squares that are cut anywhere may be all between two stripes.
    "Residual": ResidualDetector(image_size=16, n_filters=(8, 16), **WHOLE),
    # The smallest network of torchvision; random weights see stripes, too.
    "Encoder": EncoderDetector(
        encoder="shufflenet_v2_x0_5",
        weights=None,
        layer="stage2",
        image_size=32,
        keep_weights=True,
        device="cpu",
    ),
    # Its tiles are so few pixels that the rounding of their grays would show.
    "tiled SVM": TiledDetector(
        SVMDetector(
            image_size=8,
            orientations=4,
            pixels_per_cell=4,
            cells_per_block=2,
            engine="scikit-learn",
        ),
        max_tiles=3,
        random_state=0,
    ),
    "tiled Compact": TiledDetector(
        CompactDetector(image_size=8, n_filters=(8, 16), **WHOLE),
        max_tiles=2,
        random_state=0,
    ),
}
