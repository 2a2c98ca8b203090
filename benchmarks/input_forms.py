"""Which form of X gives which result: the table of the manual, made by running it.

    python benchmarks/input_forms.py

fits an `SVMDetector` to bytes, brings the same images to it in every form that people
have, and writes to `docs/input_forms.csv` whether the answers are the same, bit by bit,
or what the error says. `tests/test_input_forms.py` sees that the table is up to date.
"""

from __future__ import annotations

import csv
import io
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

TABLE = Path(__file__).parents[1] / "docs" / "input_forms.csv"
HEADER = ("X", "As code", "Result")
SAME = "the same answers"
Maker = Callable[[np.ndarray, list[str]], Any]


def to_table(forms: dict[str, tuple[str, Maker]]) -> list[tuple[str, str, str]]:
    """Rows of the table: a name, what was written, and the result."""
    from skfake import SVMDetector
    from skfake.datasets import make_images

    images, y = make_images(n_samples=40, return_X_y=True, random_state=0)
    detector = SVMDetector(engine="scikit-learn").fit(images, y)
    expected = detector.decision_function(images)
    rows = []
    with TemporaryDirectory() as folder:
        paths = [str(Path(folder, f"{i}.png")) for i in range(len(images))]
        for path, image in zip(paths, images, strict=True):
            Image.fromarray(image).save(path)
        for name, (code, make) in forms.items():
            X = make(images, paths)
            result = try_form(detector, X, expected).replace(folder, "photos")
            rows.append((name, f"``{code}``", result))
    return rows


def try_form(detector: Any, X: Any, expected: np.ndarray) -> str:
    """What a fitted detector says of the same images in another form."""
    try:
        with warnings.catch_warnings():
            # scikit-learn's word on columns that have names.
            warnings.filterwarnings("ignore", "X has feature names, but")
            answers = detector.decision_function(X)
    except (TypeError, ValueError) as error:
        return str(error).splitlines()[0]
    return SAME if np.array_equal(answers, expected) else "other answers"


def encoded(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def pandas(name: str) -> Any:
    import pandas

    return getattr(pandas, name)


def polars(name: str) -> Any:
    import polars

    return getattr(polars, name)


def tensor(images: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(images.transpose(0, 3, 1, 2).copy())


def torch_data_set(images: np.ndarray) -> Any:
    from torch.utils.data import Dataset

    class Photographs(Dataset):
        def __len__(self) -> int:
            return len(images)

        def __getitem__(self, i: int) -> tuple[Image.Image, int]:
            return Image.fromarray(images[i]), 0

    return Photographs()


def tensor_data_set(images: np.ndarray) -> Any:
    import torch
    from torch.utils.data import TensorDataset

    return TensorDataset(tensor(images) / 255, torch.zeros(len(images)))


def hugging_face(images: np.ndarray) -> Any:
    from datasets import Dataset

    return Dataset.from_dict({"image": [Image.fromarray(image) for image in images]})


def undecoded(images: np.ndarray) -> Any:
    from datasets import Image as Feature

    return hugging_face(images).cast_column("image", Feature(decode=False))


def pictures(images: np.ndarray) -> list[Image.Image]:
    return [Image.fromarray(image) for image in images]


def series_of(items: list) -> Any:
    return pandas("Series")(items, dtype=object)


ARRAYS: dict[str, tuple[str, Maker]] = {
    "bytes (n, H, W, C)": ("X", lambda X, _: X),
    "list of arrays": ("list(X)", lambda X, _: list(X)),
    "array of objects": ("pd.Series(list(X))", lambda X, _: series_of(list(X))),
    "nested lists": ("X.tolist()", lambda X, _: X.tolist()),
    "64-bit integers": ("X.astype(int)", lambda X, _: X.astype(int)),
    "floats of 0 to 255": (
        "X.astype(np.float32)",
        lambda X, _: X.astype(np.float32),
    ),
    "floats of 0 to 1": ("X / 255", lambda X, _: X / 255),
    "half floats": (
        "(X / 255).astype(np.float16)",
        lambda X, _: (X / 255).astype(np.float16),
    ),
    "16 bits": (
        "X.astype(np.uint16) * 257",
        lambda X, _: X.astype(np.uint16) * np.uint16(257),
    ),
    "opaque RGBA": (
        "np.insert(X, 3, 255, axis=3)",
        lambda X, _: np.insert(X, 3, 255, axis=3),
    ),
    "flattened images": (
        "X.reshape(n, -1)",
        lambda X, _: X.reshape(len(X), -1),
    ),
    "data frame of pixels": (
        "pd.DataFrame(X.reshape(n, -1))",
        lambda X, _: pandas("DataFrame")(X.reshape(len(X), -1)),
    ),
    "polars frame of pixels": (
        "pl.DataFrame(X.reshape(n, -1))",
        lambda X, _: polars("DataFrame")(X.reshape(len(X), -1)),
    ),
}
TENSORS: dict[str, tuple[str, Maker]] = {
    "tensor (n, C, H, W)": ("torch_X", lambda X, _: tensor(X)),
    "tensor (n, H, W, C)": (
        "torch_X.permute(0, 2, 3, 1)",
        lambda X, _: tensor(X).permute(0, 2, 3, 1),
    ),
    "tensor of 0 to 1 with a gradient": (
        "(torch_X / 255).requires_grad_()",
        lambda X, _: (tensor(X) / 255).requires_grad_(),
    ),
    "tensor of bfloat16": (
        "(torch_X / 255).bfloat16()",
        lambda X, _: (tensor(X) / 255).bfloat16(),
    ),
    "list of tensors (C, H, W)": ("list(torch_X)", lambda X, _: list(tensor(X))),
    "data set of (image, label)": (
        "ImageFolder(folder)",
        lambda X, _: torch_data_set(X),
    ),
    "data set of tensors": (
        "TensorDataset(torch_X / 255, torch_y)",
        lambda X, _: tensor_data_set(X),
    ),
}
FILES: dict[str, tuple[str, Maker]] = {
    "paths": ("paths", lambda _, paths: paths),
    "paths of pathlib": (
        "[Path(path) for path in paths]",
        lambda _, paths: [Path(path) for path in paths],
    ),
    "array of paths": ("np.array(paths)", lambda _, paths: np.array(paths)),
    "column of paths": (
        'df["path"]',
        lambda _, paths: pandas("Series")(paths, name="path"),
    ),
    "data frame of one column": (
        'df[["path"]]',
        lambda _, paths: pandas("DataFrame")({"path": paths}),
    ),
    "polars column of paths": (
        'pl_df["path"]',
        lambda _, paths: polars("Series")(paths),
    ),
    "polars frame of one column": (
        'pl_df[["path"]]',
        lambda _, paths: polars("DataFrame")({"path": paths}),
    ),
    "encoded bytes": (
        "[path.read_bytes() for path in paths]",
        lambda X, _: [encoded(image) for image in X],
    ),
    "column of encoded bytes": (
        'df["content"]',
        lambda X, _: series_of([encoded(image) for image in X]),
    ),
    "polars column of encoded bytes": (
        'pl_df["content"]',
        lambda X, _: polars("Series")([encoded(image) for image in X]),
    ),
    "files in memory": (
        "[io.BytesIO(content), ...]",
        lambda X, _: [io.BytesIO(encoded(image)) for image in X],
    ),
}
PICTURES: dict[str, tuple[str, Maker]] = {
    "images of Pillow": (
        "[Image.open(path) for path in paths]",
        lambda X, _: pictures(X),
    ),
    "column of images of Pillow": (
        'df["image"]',
        lambda X, _: series_of(pictures(X)),
    ),
    "Hugging Face's column": (
        'ds["image"]',
        lambda X, _: hugging_face(X)["image"],
    ),
    "Hugging Face's column, not decoded": (
        'ds.cast_column("image", Image(decode=False))["image"]',
        lambda X, _: undecoded(X)["image"],
    ),
    "list of dicts with bytes or path": (
        '[{"bytes": None, "path": path}, ...]',
        lambda _, paths: [{"bytes": None, "path": path} for path in paths],
    ),
    "several of these together": (
        "[X[0], paths[1], ...]",
        lambda X, paths: [X[0], paths[1], *pictures(X[2:])],
    ),
}
REFUSED: dict[str, tuple[str, Maker]] = {
    "array (n, C, H, W)": (
        "X.transpose(0, 3, 1, 2)",
        lambda X, _: X.transpose(0, 3, 1, 2),
    ),
    "one image": ("X[0]", lambda X, _: X[0]),
    "one path": ("paths[0]", lambda _, paths: paths[0]),
    "a folder": ("[folder]", lambda _, paths: [str(Path(paths[0]).parent)]),
    "floats of -1 to 1": ("X / 127.5 - 1", lambda X, _: X / 127.5 - 1),
    "normalised floats": (
        "(X / 255 - mean) / std",
        lambda X, _: (X / 255 - 0.45) / 0.225,
    ),
    "integers above 255": (
        "X.astype(int) * 257",
        lambda X, _: X.astype(int) * 257,
    ),
    "bytes as 16 bits": (
        "X.astype(np.uint16)",
        lambda X, _: X.astype(np.uint16),
    ),
    "data frame of several columns": (
        'df[["path", "label"]]',
        lambda _, paths: pandas("DataFrame")({"path": paths, "label": 0}),
    ),
    "Hugging Face's data set": ("ds", lambda X, _: hugging_face(X)),
    "one number for each": ("y", lambda X, _: np.arange(len(X)) % 2),
}
FORMS = {**ARRAYS, **TENSORS, **FILES, **PICTURES, **REFUSED}


def main() -> int:
    """Make the table, and write it."""
    rows = to_table(FORMS)
    with open(TABLE, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *rows])
    for row in rows:
        print(*row, sep=" | ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
