"""Forms of X that are valid, and strange ones, as bytes: for benchmarks/fuzz.py.

The first bytes say which form it is, of which numbers, and what was learned before; an
image file or numbers follow.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

from benchmarks import mutations

N_HEADER, SIDE = 4, 4
DTYPES = (
    *("u1", "i1", "u2", ">u2", "i2", "i4", "u8", "i8"),
    *("f2", "f4", ">f4", "f8", "?"),
)
CHANNELS: tuple[tuple[int, ...], ...] = ((), (1,), (3,), (4,))
LEARNED: tuple[Any, ...] = ("nothing", None, (-1.0, 1.0))
RGB = np.arange(96, dtype=np.uint8).reshape(2, SIDE, SIDE, 3)

# Lists of an image file that may be strange, and others.
FILES: dict[str, Callable[[bytes, Path], Any]] = {
    "bytes": lambda content, _: [content, content],
    "bytearray": lambda content, _: [bytearray(content)],
    "files in memory": lambda content, _: [io.BytesIO(content)],
    "dicts": lambda content, _: [{"bytes": content, "path": None}],
    "column": lambda content, _: pd.Series([content, content], dtype=object),
    "frame": lambda content, _: pd.DataFrame({"image": [content, content]}),
    "mixed": lambda content, _: [RGB[0], content, RGB[1] / 255],
    "path": lambda content, folder: [write(content, folder)],
    "Pillow's": lambda content, _: [open_image(content)],
    "pairs": lambda content, _: [(open_image(content), 0)],
}
# Arrays of numbers that may be strange, in forms.
NUMBERS: dict[str, Callable[[np.ndarray], Any]] = {
    "array": lambda array: array,
    "list": list,
    "lists": lambda array: array.tolist(),
    "rows": lambda array: to_rows(array),
    "frame of rows": lambda array: pd.DataFrame(to_rows(array)),
    "tensor": lambda array: to_tensor(array),
    "list of tensors": lambda array: list(to_tensor(array)),
    "beside bytes": lambda array: [RGB[0], *array],
}
FORMS = (*FILES, *NUMBERS)


def write(content: bytes, folder: Path) -> str:
    path = folder / "image"
    path.write_bytes(content)
    return str(path)


def open_image(content: bytes) -> Image.Image | bytes:
    """Image of Pillow's, or the content that it can't open."""
    try:
        return Image.open(io.BytesIO(content))
    # Whoever opens files by Pillow gets its errors, of any class.
    except Exception:
        return content


def to_rows(array: np.ndarray) -> np.ndarray:
    return array.reshape(len(array), int(np.prod(array.shape[1:])))


def to_tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("=")))


def form_files() -> dict[str, bytes]:
    """Forms of X that are valid."""
    content = mutations.image_files()["png"]
    made = {name: header(name) + content for name in FILES}
    scales = {"u1": RGB, "i4": RGB, "f4": RGB / 255, "f8": RGB * 2.0, ">f4": RGB / 255}
    for name in NUMBERS:
        for dtype, array in scales.items():
            # 0 to 190 is the scale of bytes.
            payload = array.astype(dtype).tobytes()
            made[f"{name} {dtype.strip('>')}"] = header(name, dtype) + payload
    return made


def header(name: str, dtype: str = "u1") -> bytes:
    return bytes([FORMS.index(name), DTYPES.index(dtype), CHANNELS.index((3,)), 0])


def strange_form(rng: np.random.Generator, files: list[bytes]) -> bytes:
    """A valid form whose header, or what follows, is changed."""
    content = files[rng.integers(len(files))]
    if rng.random() < 0.5:
        start = bytes(rng.integers(256, size=N_HEADER, dtype=np.uint8))
        content = start + content[N_HEADER:]
    if rng.random() < 0.8:
        others = [file[N_HEADER:] for file in files]
        changed = mutations.mutate(rng, content[N_HEADER:], others)
        content = content[:N_HEADER] + changed
    return content


def read_strange_form(content: bytes, folder: Path) -> None:
    """Check X, and load its images."""
    from skfake.images import load_images
    from skfake.images.checking import learn_images

    numbers = content[:N_HEADER].ljust(N_HEADER, b"\0")
    choices = (FORMS, DTYPES, CHANNELS, LEARNED)
    name, dtype, channels, learned = (
        some[number % len(some)] for some, number in zip(choices, numbers, strict=True)
    )
    payload = content[N_HEADER:]
    if name in FILES:
        X = FILES[name](payload, folder)
    else:
        X = NUMBERS[name](to_array(payload, dtype, channels))
    images, _ = learn_images(X, learned=learned)
    pixels = load_images(images, image_size=SIDE)
    if pixels.dtype not in (np.uint8, np.float32) or not np.isfinite(pixels).all():
        raise AssertionError(f"pixels of {pixels.dtype}")


def to_array(payload: bytes, dtype: str, channels: tuple[int, ...]) -> np.ndarray:
    """As many images as the payload has numbers for."""
    shape = (SIDE, SIDE, *channels)
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    whole = payload[: len(payload) // n_bytes * n_bytes]
    return np.frombuffer(whole, dtype).reshape(-1, *shape)
