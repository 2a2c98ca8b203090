from .detectors import (
    CNNDetector,
    CompactDetector,
    DenseNetDetector,
    EncoderDetector,
    ResidualDetector,
    ResNetDetector,
    SVMDetector,
    TiledDetector,
    VGGDetector,
)
from .evaluation import Comparison, compare_detectors, evaluate_detectors
from .features import HOGTransformer
from .paper import paper_detectors
from .persistence import (
    ModelCard,
    export_onnx,
    load_detector,
    read_model_card,
    save_detector,
)
from .training.augmentation import Augmentation
from .training.cores import FreeCores

__version__: str

__all__ = [
    "Augmentation",
    "CNNDetector",
    "CompactDetector",
    "Comparison",
    "DenseNetDetector",
    "EncoderDetector",
    "FreeCores",
    "HOGTransformer",
    "ModelCard",
    "ResNetDetector",
    "ResidualDetector",
    "SVMDetector",
    "TiledDetector",
    "VGGDetector",
    "compare_detectors",
    "evaluate_detectors",
    "export_onnx",
    "load_detector",
    "paper_detectors",
    "read_model_card",
    "save_detector",
]
