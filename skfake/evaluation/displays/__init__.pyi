from ._drawing import import_pyplot
from .confusion import ConfusionMatricesDisplay, count_confusions
from .curves import PrecisionRecallCurvesDisplay, RocCurvesDisplay

__all__ = [
    "ConfusionMatricesDisplay",
    "PrecisionRecallCurvesDisplay",
    "RocCurvesDisplay",
    "count_confusions",
    "import_pyplot",
]
