"""Data sets of real and generated images: load, fetch, read, simulate."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
