from .confusion import ConfusionMatricesDisplay
from .curves import PrecisionRecallCurvesDisplay, RocCurvesDisplay
from .generators import GeneratorMatricesDisplay
from .mistakes import ConfidentMistakesDisplay
from .reliability import ReliabilityDisplay
from .robustness import RobustnessCurvesDisplay
from .training import TrainingCurvesDisplay

__all__ = [
    "ConfidentMistakesDisplay",
    "ConfusionMatricesDisplay",
    "GeneratorMatricesDisplay",
    "PrecisionRecallCurvesDisplay",
    "ReliabilityDisplay",
    "RobustnessCurvesDisplay",
    "RocCurvesDisplay",
    "TrainingCurvesDisplay",
]
