from .comparison import Comparison, compare_detectors
from .displays import ConfusionMatricesDisplay, RocCurvesDisplay

__all__ = [
    "Comparison",
    "ConfusionMatricesDisplay",
    "RocCurvesDisplay",
    "compare_detectors",
]
