from .compare import compare_detectors
from .comparison import Comparison
from .evaluate import evaluate_detectors
from .generators import GeneratorComparison, compare_generators
from .robustness import Robustness, evaluate_robustness
from .splitters import LeaveOneGeneratorOut

__all__ = [
    "Comparison",
    "GeneratorComparison",
    "LeaveOneGeneratorOut",
    "Robustness",
    "compare_detectors",
    "compare_generators",
    "evaluate_detectors",
    "evaluate_robustness",
]
