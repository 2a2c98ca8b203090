from .compare import compare_detectors
from .comparison import Comparison
from .evaluate import evaluate_detectors
from .robustness import Robustness, evaluate_robustness
from .splitters import LeaveOneGeneratorOut

__all__ = [
    "Comparison",
    "LeaveOneGeneratorOut",
    "Robustness",
    "compare_detectors",
    "evaluate_detectors",
    "evaluate_robustness",
]
