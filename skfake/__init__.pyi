from .detectors import CNNDetector, SVMDetector
from .evaluation import Comparison, compare_detectors
from .features import HOGTransformer

__version__: str

__all__ = [
    "CNNDetector",
    "Comparison",
    "HOGTransformer",
    "SVMDetector",
    "compare_detectors",
]
