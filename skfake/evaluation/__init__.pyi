from .comparison import Comparison, compare_detectors
from .displays import ConfusionMatricesDisplay, RocCurvesDisplay
from .scorers import (
    detection_scorers,
    equal_error_rate,
    expected_calibration_error,
    tpr_at_fpr,
)

__all__ = [
    "Comparison",
    "ConfusionMatricesDisplay",
    "RocCurvesDisplay",
    "compare_detectors",
    "detection_scorers",
    "equal_error_rate",
    "expected_calibration_error",
    "tpr_at_fpr",
]
