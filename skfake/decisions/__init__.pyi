from .neyman_pearson import NeymanPearsonClassifier
from .selective import SelectiveClassifier

__all__ = ["NeymanPearsonClassifier", "SelectiveClassifier"]
