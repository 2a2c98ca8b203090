from .cnn import CNNDetector
from .compact import CompactDetector
from .densenet import DenseNetDetector
from .resnet import ResNetDetector
from .svm import SVMDetector
from .tiled import TiledDetector
from .vgg import VGGDetector

__all__ = [
    "CNNDetector",
    "CompactDetector",
    "DenseNetDetector",
    "ResNetDetector",
    "SVMDetector",
    "TiledDetector",
    "VGGDetector",
]
