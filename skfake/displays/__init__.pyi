from .confusion import ConfusionMatricesDisplay
from .curves import PrecisionRecallCurvesDisplay, RocCurvesDisplay
from .mistakes import ConfidentMistakesDisplay
from .reliability import ReliabilityDisplay
from .robustness import RobustnessCurvesDisplay
from .training import TrainingCurvesDisplay

__all__ = [
    "ConfidentMistakesDisplay",
    "ConfusionMatricesDisplay",
    "PrecisionRecallCurvesDisplay",
    "ReliabilityDisplay",
    "RobustnessCurvesDisplay",
    "RocCurvesDisplay",
    "TrainingCurvesDisplay",
]
