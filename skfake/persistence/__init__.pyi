from .card import ModelCard
from .files import load_detector, read_model_card, save_detector
from .hub import fetch_detector
from .onnx import export_onnx

__all__ = [
    "ModelCard",
    "export_onnx",
    "fetch_detector",
    "load_detector",
    "read_model_card",
    "save_detector",
]
