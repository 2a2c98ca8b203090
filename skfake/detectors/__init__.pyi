from .cnn import CNNDetector
from .compact import CompactDetector
from .pretrained import DenseNetDetector, ResNetDetector, VGGDetector
from .svm import SVMDetector
from .tiled import TiledDetector

__all__ = [
    "CNNDetector",
    "CompactDetector",
    "DenseNetDetector",
    "ResNetDetector",
    "SVMDetector",
    "TiledDetector",
    "VGGDetector",
]
