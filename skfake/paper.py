"""The detectors of the study, arXiv:2401.07358, in its own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skfake.detectors import (
    CNNDetector,
    DenseNetDetector,
    ResNetDetector,
    SVMDetector,
    VGGDetector,
)
from skfake.training.augmentation import Augmentation

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

# The study has no epochs or batch size for its pretrained networks: its curves show
# ten epochs or so, and its CNN has batches of 64.
FINE_TUNING: dict[str, Any] = {
    "weights": "imagenet",
    "image_size": 32,
    "label_smoothing": 0.0,
    "max_epochs": 10,
    "batch_size": 64,
    "optimizer": "adam",
    "lr": 0.001,
    "schedule": "steps",
    "weight_decay": 0.0,
    "validation_fraction": None,
}


def paper_detectors() -> dict[str, ClassifierMixin]:
    """Detectors of the study [1]_, unfitted, in its own settings.

    Returns
    -------
    dict
        "SVM", "CNN", "ResNet", "VGGNet" and "DenseNet", in the study's order. Set what
        it leaves open, such as `device` and `random_state`, by `set_params`.

    Notes
    -----
    What the study does not say, or what can't work as written, is settled so: HOG and
    SVC have the defaults of scikit-image and scikit-learn, which give the study's
    metrics. Its 24-pixel crops pass no VGG and no DenseNet, whose crops have 32
    pixels here. VGG has 16 layers and DenseNet 121. The pretrained networks are
    trained for 10 epochs in batches of 64. Nothing is held out of the training images.

    References
    ----------
    .. [1] "Harnessing Machine Learning for Discerning AI-Generated Synthetic Images",
       arXiv:2401.07358.

    Examples
    --------
    >>> from skfake import paper_detectors
    >>> for name, detector in paper_detectors().items():
    ...     print(name, type(detector).__name__)
    SVM SVMDetector
    CNN CNNDetector
    ResNet ResNetDetector
    VGGNet VGGDetector
    DenseNet DenseNetDetector
    """
    return {
        "SVM": SVMDetector(image_size=32, C=1.0, gamma="scale"),
        "CNN": CNNDetector(
            image_size=32,
            grayscale=True,
            n_filters=32,
            batch_norm=True,
            dropout=0.5,
            optimizer="adam",
            lr=0.01,
            schedule=None,
            weight_decay=0.0,
            max_epochs=25,
            batch_size=64,
            validation_fraction=None,
        ),
        "ResNet": ResNetDetector(
            depth=50, augment=_resized_crops(crop_size=24), **FINE_TUNING
        ),
        "VGGNet": VGGDetector(
            depth=16,
            batch_norm=False,
            n_hidden=4096,
            augment=_resized_crops(),
            **FINE_TUNING,
        ),
        "DenseNet": DenseNetDetector(
            depth=121, augment=_resized_crops(), **FINE_TUNING
        ),
    }


def _resized_crops(crop_size: int | None = None) -> Augmentation:
    return Augmentation(crop="resized", crop_size=crop_size, average_flips=False)
