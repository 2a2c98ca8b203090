from ._drawing import import_pyplot
from .confusion import ConfusionMatricesDisplay, count_confusions
from .curves import PrecisionRecallCurvesDisplay, RocCurvesDisplay
from .most_wrong import MostWrongDisplay
from .reliability import ReliabilityDisplay
from .robustness import RobustnessCurvesDisplay
from .training import TrainingCurvesDisplay, read_histories

__all__ = [
    "ConfusionMatricesDisplay",
    "MostWrongDisplay",
    "PrecisionRecallCurvesDisplay",
    "ReliabilityDisplay",
    "RobustnessCurvesDisplay",
    "RocCurvesDisplay",
    "TrainingCurvesDisplay",
    "count_confusions",
    "import_pyplot",
    "read_histories",
]
