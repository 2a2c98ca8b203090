from .comparison import Comparison, compare_detectors
from .displays import ConfusionMatricesDisplay, RocCurvesDisplay
from .generators import tabulate_generators
from .robustness import Robustness, evaluate_robustness
from .robustness_display import RobustnessCurvesDisplay
from .scorers import (
    detection_scorers,
    equal_error_rate,
    expected_calibration_error,
    tpr_at_fpr,
)
from .splitters import LeaveOneGeneratorOut
from .statistics import corrected_t_test, holm, mcnemar_test

__all__ = [
    "Comparison",
    "ConfusionMatricesDisplay",
    "LeaveOneGeneratorOut",
    "Robustness",
    "RobustnessCurvesDisplay",
    "RocCurvesDisplay",
    "compare_detectors",
    "corrected_t_test",
    "detection_scorers",
    "equal_error_rate",
    "evaluate_robustness",
    "expected_calibration_error",
    "holm",
    "mcnemar_test",
    "tabulate_generators",
    "tpr_at_fpr",
]
