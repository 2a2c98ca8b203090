from .hog import HOGTransformer

__all__ = ["HOGTransformer"]
