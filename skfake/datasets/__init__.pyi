from .cifake import cifake_fingerprint, fetch_cifake, load_cifake
from .duplicates import find_duplicates
from .folder import load_image_folder
from .simulated import make_images

__all__ = [
    "cifake_fingerprint",
    "fetch_cifake",
    "find_duplicates",
    "load_cifake",
    "load_image_folder",
    "make_images",
]
