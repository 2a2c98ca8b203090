"""Images, and files of them."""

import struct
import zlib

import numpy as np
from PIL import Image

rng = np.random.default_rng(0)
RGB = rng.integers(0, 256, size=(3, 8, 10, 3), dtype=np.uint8)


def save(image, path, **options):
    Image.fromarray(image).save(path, **options)
    return path


def png(width, height, bits, colour, lines=b""):
    """Write a PNG that Pillow would not write: of any size, of 16-bit colours."""

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)
