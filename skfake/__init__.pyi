from .detectors import (
    CNNDetector,
    CompactDetector,
    DenseNetDetector,
    ResNetDetector,
    SVMDetector,
    VGGDetector,
)
from .evaluation import Comparison, compare_detectors
from .features import HOGTransformer
from .paper import paper_detectors

__version__: str

__all__ = [
    "CNNDetector",
    "CompactDetector",
    "Comparison",
    "DenseNetDetector",
    "HOGTransformer",
    "ResNetDetector",
    "SVMDetector",
    "VGGDetector",
    "compare_detectors",
    "paper_detectors",
]
