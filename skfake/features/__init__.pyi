from .dct import DCTTransformer
from .hog import HOGTransformer
from .residual import ResidualTransformer
from .spectrum import SpectrumTransformer

__all__ = [
    "DCTTransformer",
    "HOGTransformer",
    "ResidualTransformer",
    "SpectrumTransformer",
]
