"""Images damaged by degrees: compressed, blurred, noisy, resized, cropped, relit.

What is random about an image comes from a seed and from its own pixels: the same image
gets the same noise wherever it stands in X, and two corruptions draw independently.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
