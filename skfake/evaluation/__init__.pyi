from .compare import compare_detectors
from .comparison import Comparison
from .displays import (
    ConfusionMatricesDisplay,
    MostWrongDisplay,
    PrecisionRecallCurvesDisplay,
    ReliabilityDisplay,
    RobustnessCurvesDisplay,
    RocCurvesDisplay,
    TrainingCurvesDisplay,
)
from .generators import tabulate_generators
from .predictions import most_wrong
from .robustness import Robustness, evaluate_robustness
from .scorers import (
    detection_scorers,
    equal_error_rate,
    expected_calibration_error,
    tpr_at_fpr,
)
from .splitters import LeaveOneGeneratorOut
from .statistics import corrected_t_test, holm, mcnemar_test, seeds_t_test

__all__ = [
    "Comparison",
    "ConfusionMatricesDisplay",
    "LeaveOneGeneratorOut",
    "MostWrongDisplay",
    "PrecisionRecallCurvesDisplay",
    "ReliabilityDisplay",
    "Robustness",
    "RobustnessCurvesDisplay",
    "RocCurvesDisplay",
    "TrainingCurvesDisplay",
    "compare_detectors",
    "corrected_t_test",
    "detection_scorers",
    "equal_error_rate",
    "evaluate_robustness",
    "expected_calibration_error",
    "holm",
    "mcnemar_test",
    "most_wrong",
    "seeds_t_test",
    "tabulate_generators",
    "tpr_at_fpr",
]
