from .cnn import CNNDetector
from .svm import SVMDetector

__all__ = ["CNNDetector", "SVMDetector"]
