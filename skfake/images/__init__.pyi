from .checking import check_images, is_rows, squarest_shape
from .colours import to_float
from .decoding import FORMATS, FileRows, open_rows, read_image
from .loading import load_image, load_images, resize_images

__all__ = [
    "FORMATS",
    "FileRows",
    "check_images",
    "is_rows",
    "load_image",
    "load_images",
    "open_rows",
    "read_image",
    "resize_images",
    "squarest_shape",
    "to_float",
]
