"""What X is: four forms of images, brought to pixels.

`check_images` looks at X as a whole and opens no file; `load_images` gives the
pixels, resized and in gray where that is asked for. Everything above this package
sees images as these two leave them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
