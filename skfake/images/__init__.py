"""What X is: four input formats, checked by `check_images`, read by `load_images`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
