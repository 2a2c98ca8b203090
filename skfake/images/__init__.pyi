from .checking import check_images, squarest_shape
from .colours import to_float
from .decoding import FORMATS, read_image
from .errors import UnreadableImages
from .forms import is_rows
from .items import load_image, measure_images, open_rows
from .loading import fingerprint_images, load_images, map_images, resize_images
from .rows import FileRows
from .unreadable import find_unreadable, naming_unreadable

__all__ = [
    "FORMATS",
    "FileRows",
    "UnreadableImages",
    "check_images",
    "find_unreadable",
    "fingerprint_images",
    "is_rows",
    "load_image",
    "load_images",
    "map_images",
    "measure_images",
    "naming_unreadable",
    "open_rows",
    "read_image",
    "resize_images",
    "squarest_shape",
    "to_float",
]
