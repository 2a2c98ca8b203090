"""Files that are valid, and what makes strange files of them: for benchmarks/fuzz.py.

A mutation is drawn by a numpy generator, so that a seed tells every file again.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n"
# Numbers that counts, sizes and offsets break at.
EDGES = (0, 1, 2, 127, 128, 255, 256, 32767, 65535, 60_000, 2**31 - 1, 2**31, 2**32 - 1)
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "tar.gz": lambda content: gzip.compress(content, mtime=0),
    "tar.bz2": bz2.compress,
    "tar.xz": lzma.compress,
}
Rng = np.random.Generator


# Valid images


def image_files() -> dict[str, bytes]:
    """Small files of every format, and of every way to write it, by their names."""
    rng = np.random.default_rng(0)
    rgb = Image.fromarray(rng.integers(0, 256, (24, 20, 3), dtype=np.uint8))
    rgba = rgb.copy()
    rgba.putalpha(128)
    gray, palette, cmyk = rgb.convert("L"), rgb.convert("P"), rgb.convert("CMYK")
    sixteen = Image.fromarray(rng.integers(0, 2**16, (24, 20), dtype=np.uint16))
    turned = Image.Exif()
    turned[0x0112] = 6
    film = {"save_all": True, "append_images": [rgb.rotate(90), rgb.rotate(180)]}
    writers: dict[str, tuple[Image.Image, str, dict[str, Any]]] = {
        "jpeg": (rgb, "JPEG", {}),
        "jpeg progressive": (
            rgb,
            "JPEG",
            {"progressive": True, "restart_marker_rows": 1},
        ),
        "jpeg gray": (gray, "JPEG", {"comment": b"a word"}),
        "jpeg cmyk": (cmyk, "JPEG", {}),
        "jpeg turned": (rgb, "JPEG", {"exif": turned}),
        "jpeg of several": (rgb, "MPO", film),
        "png": (rgb, "PNG", {}),
        "png palette": (palette, "PNG", {"transparency": 3}),
        "png 16-bit": (sixteen, "PNG", {}),
        "png alpha": (rgba, "PNG", {}),
        "png gray alpha": (gray.convert("LA"), "PNG", {}),
        "png 1-bit": (rgb.convert("1"), "PNG", {}),
        "png turned": (rgb, "PNG", {"exif": turned}),
        "apng": (rgb, "PNG", film),
        "webp": (rgb, "WEBP", {}),
        "webp lossless": (rgba, "WEBP", {"lossless": True}),
        "webp film": (rgb, "WEBP", film),
        "gif": (palette, "GIF", {}),
        "gif film": (palette, "GIF", {**film, "transparency": 2, "disposal": 2}),
        "bmp": (rgb, "BMP", {}),
        "bmp palette": (palette, "BMP", {}),
        "bmp alpha": (rgba, "BMP", {}),
        "tiff": (rgb, "TIFF", {}),
        "tiff lzw": (rgb, "TIFF", {"compression": "tiff_lzw"}),
        "tiff deflate": (gray, "TIFF", {"compression": "tiff_adobe_deflate"}),
        "tiff packbits": (palette, "TIFF", {"compression": "packbits"}),
        "tiff jpeg": (rgb, "TIFF", {"compression": "jpeg"}),
        "tiff fax": (rgb.convert("1"), "TIFF", {"compression": "group4"}),
        "tiff of pages": (rgb, "TIFF", film),
        "tiff cmyk": (cmyk, "TIFF", {}),
        "tiff 16-bit": (sixteen, "TIFF", {}),
        "tiff turned": (rgb, "TIFF", {"exif": turned}),
        "bigtiff": (rgb, "TIFF", {"big_tiff": True}),
        "jpeg 2000": (rgb, "JPEG2000", {}),
        "ppm": (rgb, "PPM", {}),
        "pgm": (sixteen, "PPM", {}),
        "tga": (rgb, "TGA", {"compression": "tga_rle"}),
        "avif": (rgb, "AVIF", {}),
    }
    Image.init()
    files = {}
    for name, (image, form, options) in writers.items():
        if form in Image.SAVE:
            file = io.BytesIO()
            # Copies, since Pillow leaves settings of one format behind for the next.
            if frames := options.get("append_images"):
                options = {**options, "append_images": [f.copy() for f in frames]}
            image.copy().save(file, form, **options)
            files[name] = file.getvalue()
    lines = [b"\0" + bytes(row) for row in np.asarray(rgb).reshape(24, -1)]
    files["png interlaced"] = png(
        b"".join(adam7(np.asarray(rgb))), 20, 24, 2, interlaced=1
    )
    files["png 16-bit colours"] = png(
        b"".join(line + line[1:] for line in lines), 20, 24, 2, bits=16
    )
    files["tiff tiled"] = tiled_tiff(np.asarray(gray)[:16, :16])
    return files


def png(
    lines: bytes,
    width: int,
    height: int,
    colour: int,
    *,
    bits: int = 8,
    interlaced: int = 0,
) -> bytes:
    """PNG of lines that are not yet compressed."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return PNG + b"".join(png_chunk(*part) for part in parts)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Chunk of a PNG with its length and its checksum."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def adam7(image: np.ndarray) -> Iterable[bytes]:
    """Lines of the seven passes in which an interlaced PNG holds an image."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2))
    for top, left, down, across in (*passes, (0, 1, 2, 2), (1, 0, 2, 1)):
        for line in image[top::down, left::across]:
            yield b"\0" + line.tobytes()


def tiled_tiff(image: np.ndarray) -> bytes:
    """TIFF of one gray tile, which Pillow reads but does not write."""
    side = len(image)
    tags = ((256, side), (257, side), (258, 8), (259, 1), (262, 1), (277, 1))
    tags = (*tags, (322, side), (323, side), (324, 8 + 2 + 10 * 12 + 4), (325, side**2))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 8) + directory + image.tobytes()


# Mutations


def mutate(rng: Rng, content: bytes, others: list[bytes]) -> bytes:
    """Change a file in one to eight places."""
    changed = bytearray(content)
    for _ in range(min(8, rng.geometric(0.4))):
        CHANGES[rng.integers(len(CHANGES))](rng, changed, others)
    return bytes(changed)


def _place(rng: Rng, content: bytearray) -> int:
    """Somewhere, and half the time near the beginning, where headers are."""
    end = len(content) if rng.random() < 0.5 else min(len(content), 64)
    return int(rng.integers(end + 1))


def _length(rng: Rng) -> int:
    return int(2 ** rng.uniform(0, 9))


def _flip_bits(rng: Rng, content: bytearray, _: Any) -> None:
    for place in rng.integers(len(content), size=rng.integers(1, 5)) if content else ():
        content[place] ^= 1 << int(rng.integers(8))


def _set_bytes(rng: Rng, content: bytearray, _: Any) -> None:
    place, length = _place(rng, content), min(4, _length(rng))
    content[place : place + length] = rng.bytes(length)


def _set_number(rng: Rng, content: bytearray, _: Any) -> None:
    place = _place(rng, content)
    form = str(rng.choice(["<H", ">H", "<I", ">I"]))
    number = int(rng.choice(EDGES)) + int(rng.integers(-1, 2))
    size = struct.calcsize(form)
    content[place : place + size] = struct.pack(form, number % 256**size)


def _cut_off(rng: Rng, content: bytearray, _: Any) -> None:
    del content[int(rng.integers(len(content) + 1)) :]


def _cut_out(rng: Rng, content: bytearray, _: Any) -> None:
    place = _place(rng, content)
    del content[place : place + _length(rng)]


def _repeat(rng: Rng, content: bytearray, _: Any) -> None:
    place = _place(rng, content)
    content[place:place] = content[place : place + _length(rng)]


def _insert(rng: Rng, content: bytearray, _: Any) -> None:
    place = _place(rng, content)
    content[place:place] = rng.bytes(_length(rng))


def _splice(rng: Rng, content: bytearray, others: list[bytes]) -> None:
    other = others[rng.integers(len(others))]
    start = int(rng.integers(len(other) + 1))
    content[_place(rng, content) :] = other[start:]


CHANGES = (
    _flip_bits,
    _set_bytes,
    _set_number,
    _set_number,
    _cut_off,
    _cut_out,
    _repeat,
    _insert,
    _splice,
)


# Strange images, archives, folders and models


def strange_image(rng: Rng, files: list[bytes]) -> bytes:
    """An image that was changed, its checksums mended half the time."""
    content = mutate(rng, files[rng.integers(len(files))], files)
    if content.startswith(PNG) and rng.random() < 0.5:
        content = with_png_checksums(content)
    return content


def with_png_checksums(content: bytes) -> bytes:
    """PNG whose chunks have the checksums that they should have."""
    mended, place = [PNG], len(PNG)
    while place + 8 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        kind = content[place + 4 : place + 8]
        chunk = content[place + 8 : place + 8 + length]
        check = struct.pack(">I", zlib.crc32(kind + chunk))
        mended.append(content[place : place + 8] + chunk + check)
        place += 12 + length
    return b"".join(mended)


def archive_files() -> dict[str, bytes]:
    """CIFAKE's layout with an image or two a class, packed in every way."""
    members = list(_cifake_members())
    packed = {kind: pack_tar(members, kind) for kind in PACKERS}
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        packed[f"zip {method}"] = pack_zip(members, method)
    return packed


def _cifake_members() -> Iterable[tuple[str, bytes]]:
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for label in ("REAL", "FAKE"):
            for number in range(2):
                file = io.BytesIO()
                pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(file, "jpeg", quality=10)
                yield f"{split}/{label}/{number:04}.jpg", file.getvalue()


def pack_zip(members: list[tuple[str, bytes]], method: int) -> bytes:
    """Zip of names and contents."""
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", method) as archive:
        # A name may come twice, on purpose.
        warnings.simplefilter("ignore")
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            archive.writestr(info, content)
    return file.getvalue()


def pack_tar(members: list[tuple[str, bytes]], kind: str) -> bytes:
    """Tar of names and contents, packed once more."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return PACKERS[kind](file.getvalue())


def strange_archive(rng: Rng, files: list[bytes]) -> bytes:
    """An archive that was changed, from outside, inside, or in what it holds."""
    way = rng.random()
    if way < 0.4:
        return mutate(rng, files[rng.integers(len(files))], files)
    members = strange_members(rng, list(_cifake_members()))
    kind = str(rng.choice([*PACKERS, "zip"]))
    if kind == "zip":
        method = int(rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, 12, 14]))
        return pack_zip(members, method)
    content = pack_tar(members, "tar")
    # Checksums of the packing then hold, and the tar's own reader is reached.
    return PACKERS[kind](mutate(rng, content, [content]) if way < 0.7 else content)


def strange_members(
    rng: Rng, members: list[tuple[str, bytes]]
) -> list[tuple[str, bytes]]:
    """Names and contents of which a few were changed, doubled or left out."""
    contents = [content for _, content in members]
    for _ in range(rng.integers(1, 4)):
        place = int(rng.integers(len(members)))
        name, content = members[place]
        change = rng.integers(5)
        if change == 0:
            members.append((name, content))
        elif change == 1 and len(members) > 1:
            del members[place]
        elif change == 2:
            members[place] = (strange_name(rng, name), content)
        else:
            members[place] = (name, mutate(rng, content, contents))
    return members


def strange_name(rng: Rng, name: str) -> str:
    """A path that was changed: no null byte, which no archive's writer takes."""
    changed = mutate(
        rng, name.encode(), [b"../../x", b"/etc/x.jpg", b"C:\\x", b"a" * 300]
    )
    return changed.decode(errors="replace").replace("\0", "0")[:2000] or "x"


def folder_files() -> dict[str, bytes]:
    """Images in class folders, as a zip for each layout."""
    images = image_files()
    chosen = [(name, images[name]) for name in ("jpeg", "png palette", "gif", "tiff")]
    flat = [(f"{c}/{n[:3]}.{n[:3]}", i) for c in ("real", "fake") for n, i in chosen]
    deep = [(f"gan/{name}", content) for name, content in flat]
    return {"flat": pack_zip(flat, 0), "deep": pack_zip(deep, 0)}


def strange_folder(rng: Rng, files: list[bytes]) -> bytes:
    """A zip, whole in itself, of files and paths that were changed."""
    with zipfile.ZipFile(io.BytesIO(files[rng.integers(len(files))])) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    return pack_zip(strange_members(rng, members), zipfile.ZIP_STORED)


def strange_model(rng: Rng, files: list[bytes]) -> bytes:
    """A saved detector that was changed, mostly with the digest that it should have."""
    content = files[rng.integers(len(files))]
    if rng.random() < 0.2:
        return mutate(rng, content, files)
    members = dict(unpack_zip(content))
    for _ in range(rng.integers(1, 3)):
        name = str(rng.choice(list(members)))
        if name.endswith(".json") and rng.random() < 0.8:
            members[name] = strange_json(rng, members[name])
        else:
            members[name] = mutate(rng, members[name], list(members.values()))
    return sign_model(members)


def sign_model(members: dict[str, bytes]) -> bytes:
    """File of a saved detector with these members, and the digest of them."""
    import hashlib

    from skfake.persistence._archive import EPOCH, LABEL, N_DIGITS

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = LABEL + b"0" * N_DIGITS
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
    signed = file.getvalue()[:-N_DIGITS]
    return signed + hashlib.sha256(signed).hexdigest().encode()


def strange_json(rng: Rng, content: bytes) -> bytes:
    """JSON of which a few values were replaced, moved or left out."""
    try:
        tree = json.loads(content)
    # It was changed before.
    except ValueError:
        return mutate(rng, content, [content])
    places = list(_places(tree))
    for _ in range(rng.integers(1, 4)):
        if not places:
            break
        holder, key = places[rng.integers(len(places))]
        other_holder, other_key = places[rng.integers(len(places))]
        try:
            if rng.random() < 0.2:
                del holder[key]
            elif rng.random() < 0.5:
                holder[key] = json.loads(json.dumps(other_holder[other_key]))
            else:
                holder[key] = STRANGE_VALUES[rng.integers(len(STRANGE_VALUES))]
        # What an earlier change took away, or made to hold itself.
        except (KeyError, IndexError, TypeError, ValueError):
            continue
    try:
        return json.dumps(tree).encode()
    except (ValueError, RecursionError):
        return content


STRANGE_VALUES = (
    *(None, True, -1, 0, 10**30, 1e308, float("nan"), "", "x" * 1000, [], {}, [[[]]]),
    *("os", "system", "builtins", "eval", "posix", "numpy", "object", "../x.npy"),
    *("sklearn.svm._classes", "SVC", "skfake.detectors.cnn", "CNNDetector", "TreeNode"),
    *(
        "FunctionNode",
        "MethodNode",
        "TypeNode",
        "ObjectNode",
        "CachedNode",
        "NdArrayNode",
    ),
)


def _places(tree: Any) -> Iterable[tuple[Any, Any]]:
    """Every place in JSON that holds a value."""
    if isinstance(tree, dict | list):
        for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
            yield tree, key
            yield from _places(tree[key])


def model_files() -> dict[str, bytes]:
    """Saved detectors of few and small parts."""
    from tempfile import TemporaryDirectory

    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from skfake import CNNDetector, HOGTransformer, SVMDetector, save_detector
    from skfake.persistence._archive import FIRST

    X = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), dtype=np.uint8)
    small = {"image_size": 8, "pixels_per_cell": 4, "cells_per_block": 1}
    detectors = {
        "svm": SVMDetector(engine="scikit-learn", **small),
        "pipeline": make_pipeline(HOGTransformer(**small), LogisticRegression()),
        "cnn": CNNDetector(image_size=8, max_epochs=1, device="cpu", random_state=0),
    }
    files = {}
    with TemporaryDirectory() as folder:
        for name, detector in detectors.items():
            path = Path(folder, name)
            save_detector(detector.fit(X, np.arange(8) % 2), path)
            members = dict(unpack_zip(path.read_bytes()))
            # The same bytes on every day.
            date = rb'("date": ?)"[^"]*"'
            members[FIRST] = re.sub(date, rb'\1"2020-01-01"', members[FIRST])
            files[name] = sign_model(members)
    return files


def unpack_zip(content: bytes) -> list[tuple[str, bytes]]:
    """Names, none of which leads out of a folder, and contents."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [
            ("/".join(p for p in name.split("/") if p.strip(".")), archive.read(name))
            for name in dict.fromkeys(archive.namelist())
        ]
