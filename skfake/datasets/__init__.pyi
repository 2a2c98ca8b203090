from .cifake import cifake_fingerprint, fetch_cifake, load_cifake
from .confounders import find_confounders
from .duplicates import find_duplicates
from .folder import load_image_folder
from .near_duplicates import find_near_duplicates
from .simulated import make_images

__all__ = [
    "cifake_fingerprint",
    "fetch_cifake",
    "find_confounders",
    "find_duplicates",
    "find_near_duplicates",
    "load_cifake",
    "load_image_folder",
    "make_images",
]
