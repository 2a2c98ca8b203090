"""Displays of several detectors side by side, in scikit-learn's manner."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
