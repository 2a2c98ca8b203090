from .card import ModelCard
from .files import load_detector, read_model_card, save_detector

__all__ = ["ModelCard", "load_detector", "read_model_card", "save_detector"]
