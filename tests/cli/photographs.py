"""A folder as people have them: files of many formats and sizes, some broken."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.ExifTags import Base

from skfake.datasets import make_images

# Squares of 128 pixels, the largest of make_images, that a file is put together from.
LAYOUTS = ((2, 2), (1, 2), (2, 3), (4, 3))
SQUARE = 128
N_SQUARES = 480
# Generators, of make_images, whose images lie in a folder each.
GENERATORS = ("bilinear", "transposed")


def as_jpeg(image: Image.Image, path: Path, **options) -> None:
    image.save(path, "JPEG", quality=90, **options)


def as_turned_jpeg(image: Image.Image, path: Path) -> None:
    """As a phone does it that was held upright."""
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    as_jpeg(image.transpose(Image.Transpose.ROTATE_90), path, exif=exif)


# Endings, and how files with them are written.
WRITERS = {
    "plain.jpg": as_jpeg,
    "progressive.JPG": lambda image, path: as_jpeg(image, path, progressive=True),
    "upright.jpeg": as_turned_jpeg,
    "print.jpg": lambda image, path: as_jpeg(image.convert("CMYK"), path),
    "gray.jpg": lambda image, path: as_jpeg(image.convert("L"), path),
    "shot.png": lambda image, path: image.save(path),
    "layer.png": lambda image, path: image.convert("RGBA").save(path),
    "palette.png": lambda image, path: image.convert("P").save(path),
    "web.webp": lambda image, path: image.save(path, quality=90),
    "scan.tif": lambda image, path: image.save(path),
    "old.bmp": lambda image, path: image.save(path),
    "still.gif": lambda image, path: image.save(path),
}


@dataclass
class Photographs:
    """What was written."""

    root: Path
    readable: list[Path] = field(default_factory=list)
    broken: list[Path] = field(default_factory=list)
    passed_over: list[Path] = field(default_factory=list)


def write_photographs(root: Path, n: int = 400, seed: int = 0) -> Photographs:
    """Write photographs and fakes as `generator/class/file`, and some other files."""
    written = Photographs(root)
    suffixes = list(WRITERS)
    images = make_images(N_SQUARES, image_size=SQUARE, random_state=seed)
    squares = [images.data[images.target == code] for code in (0, 1)]
    rng = np.random.default_rng(seed)
    for number in range(n):
        code, suffix = number % 2, suffixes[number // 2 % len(suffixes)]
        folder = root / GENERATORS[number // 4 % 2] / ("real", "fake")[code]
        folder.mkdir(parents=True, exist_ok=True)
        rows, columns = LAYOUTS[number // 2 % len(LAYOUTS)]
        drawn = rng.choice(squares[code], (rows, columns), replace=False)
        # Not all are multiples of eight.
        pixels = np.concatenate(np.concatenate(drawn, axis=1), axis=1)[number % 5 :]
        path = folder / f"IMG_{number:04}_{suffix}"
        WRITERS[suffix](Image.fromarray(pixels), path)
        written.readable.append(path)
    _break_some(written)
    _add_others(written)
    return written


def _break_some(written: Photographs) -> None:
    whole = written.readable[0].read_bytes()
    contents = {
        "empty.jpg": b"",
        "cut short.jpg": whole[: len(whole) // 3],
        "page.jpg": b"<!doctype html><title>404 Not Found</title>",
        "noise.png": np.random.default_rng(0).bytes(3000),
        "cut short.webp": next(
            p for p in written.readable if p.suffix == ".webp"
        ).read_bytes()[:200],
    }
    folders = sorted({path.parent for path in written.readable})
    for i, (name, content) in enumerate(contents.items()):
        path = folders[i % len(folders)] / name
        path.write_bytes(content)
        written.broken.append(path)


def _add_others(written: Photographs) -> None:
    folder = written.readable[0].parent
    for name in ("notes.txt", "clip.mp4", "clip 2.mp4", ".DS_Store"):
        (folder / name).write_bytes(b"what else lies in a folder")
    written.passed_over = [folder / n for n in ("notes.txt", "clip.mp4", "clip 2.mp4")]
