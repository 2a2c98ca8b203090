from .cnn import CNNDetector
from .compact import CompactDetector
from .encoder import EncoderDetector
from .kernel_machine import KernelMachine
from .pretrained import DenseNetDetector, ResNetDetector, VGGDetector
from .residual import ResidualDetector
from .svm import SVMDetector
from .tiled import TiledDetector

__all__ = [
    "CNNDetector",
    "CompactDetector",
    "DenseNetDetector",
    "EncoderDetector",
    "KernelMachine",
    "ResNetDetector",
    "ResidualDetector",
    "SVMDetector",
    "TiledDetector",
    "VGGDetector",
]
