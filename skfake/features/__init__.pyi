from .dct import DCTTransformer
from .encoder import EncoderTransformer
from .hog import HOGTransformer
from .residual import ResidualTransformer
from .spectrum import SpectrumTransformer

__all__ = [
    "DCTTransformer",
    "EncoderTransformer",
    "HOGTransformer",
    "ResidualTransformer",
    "SpectrumTransformer",
]
