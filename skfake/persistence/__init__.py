"""Save fitted detectors, load them without running what is in a file, export them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
