from .display import ExplanationDisplay
from .saliency import saliency_maps

__all__ = ["ExplanationDisplay", "saliency_maps"]
