from .neyman_pearson import NeymanPearsonClassifier
from .selective import SelectiveClassifier
from .stable import StableClassifier

__all__ = ["NeymanPearsonClassifier", "SelectiveClassifier", "StableClassifier"]
