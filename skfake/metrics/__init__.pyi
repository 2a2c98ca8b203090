from .detection import (
    detection_scorers,
    equal_error_rate,
    expected_calibration_error,
    tpr_at_fpr,
)
from .generators import tabulate_generators
from .predictions import find_confident_mistakes
from .significance import corrected_t_test, holm, mcnemar_test, seeds_t_test

__all__ = [
    "corrected_t_test",
    "detection_scorers",
    "equal_error_rate",
    "expected_calibration_error",
    "find_confident_mistakes",
    "holm",
    "mcnemar_test",
    "seeds_t_test",
    "tabulate_generators",
    "tpr_at_fpr",
]
