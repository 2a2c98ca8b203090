"""Find what separates the classes of a data set, besides the pictures."""

import os
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, effective_n_jobs
from PIL import Image
from PIL.JpegImagePlugin import get_sampling
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import check_consistent_length, column_or_1d

from skfake.images import (
    check_images,
    load_image,
    naming_unreadable,
    to_float,
)
from skfake.images.items import resolve_item
from skfake.labels import find_classes
from skfake.scikit_learn import validate_params

N_FOLDS = 5
STANDARD_ERRORS = 3  # beyond chance, from which on a property is reported
CATEGORIES = ("format", "mode", "subsampling", "metadata")
SUBSAMPLINGS = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}  # Pillow's numbers
METADATA = {"comment", "exif", "icc_profile", "photoshop", "xmp"}
BLOCK = 8  # side of a block of JPEG in pixels
HALF_LEVEL = 0.5 / 255  # keeps the logarithm of no step finite


@validate_params(
    {
        "y": ["array-like"],
        "target_names": ["array-like", None],
        "n_jobs": [Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def find_confounders(
    X: Any,
    y: Any,
    *,
    target_names: Sequence[str] | None = None,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Find what separates the classes of a data set, besides the pictures.

    In many data sets of generated images the real ones are JPEG files of many sizes
    and the fakes PNG files of one size. A detector learns that difference, scores
    high, and knows nothing about generators [1]_. Look at this table before you
    train: each row is a property that has nothing to do with what an image shows,
    with how well it alone predicts the class.

    Parameters
    ----------
    X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
        Images, or any other form of them that skfake takes. Paths show most: arrays
        keep of their files the size and what JPEG left in the pixels. Files are opened
        one at a time.

    y : array-like of shape (n,)
        Labels of two or more classes, at least two images of each.

    target_names : sequence of str of length n_classes, default=None
        Names of the classes, in the order of the sorted labels. With None, the labels.

    n_jobs : int, default=None
        Threads that open files.

    Returns
    -------
    DataFrame
        A row for each property, the most accurate first, with the columns

        balanced_accuracy : float
            Of a decision tree of at most three levels that sees the property alone, in
            five-fold cross-validation. Chance is 1 / n_classes.
        finding : str
            A sentence on how the classes differ. Empty where the accuracy is within
            three standard errors of chance, so that the difference may be luck.

    Raises
    ------
    ValueError
        If y holds fewer than two classes or one image of a class, if its length is
        not that of X, if `target_names` does not fit, or if a file can't be read.

    See Also
    --------
    find_duplicates : Find images that are equal, pixel by pixel.

    Notes
    -----
    The properties are

    - of all images: `width`, `height`, `aspect` (width by height), `mode` (gray, RGB,
      and for files Pillow's names) and `blockiness`;
    - of files: `format`, `bytes_per_pixel`, `metadata` (kinds that are there: EXIF,
      ICC profile, XMP, comments, texts of PNG), `quality` of JPEG and its chroma
      `subsampling`.

    `quality` is the number from 1 to 100 at which the Independent JPEG Group's library,
    and so Pillow, writes the most similar table of quantisation.

    `blockiness` compares the steps between pixels that meet at the borders of JPEG's
    blocks of 8 x 8 with those that meet elsewhere, after [2]_: the mean logarithm of
    the one, less that of the other. A step is a difference of third order, which is
    zero for smooth shading. It is about 0 where the pixels never went through JPEG,
    grows as the quality falls, and is lost when an image is resized. The up-sampling in
    a generator leaves a grid too, as in the fakes of `make_images`: where `format` and
    `quality` do not differ, this may be what a detector is to find.

    A property that separates the classes need not be what a detector uses: save both
    classes in one format, at one quality and size, and see whether the scores stay.

    References
    ----------
    .. [1] P. Grommelt, L. Weiss, F.-J. Pfreundt and J. Keuper, "Fake or JPEG?
       Revealing Common Biases in Generated Image Detection Datasets",
       arXiv:2403.17608, 2024.
    .. [2] Z. Fan and R. L. de Queiroz, "Identification of Bitmap Compression History:
       JPEG Detection and Quantizer Estimation", IEEE Transactions on Image
       Processing 12(2), 2003.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> from skfake.datasets import find_confounders, make_images
    >>> images, y = make_images(n_samples=40, return_X_y=True, random_state=0)
    >>> with TemporaryDirectory() as folder:
    ...     X = [Path(folder, f"{i}.{['jpg', 'png'][y[i]]}") for i in range(40)]
    ...     for image, path in zip(images, X):
    ...         Image.fromarray(image).save(path)
    ...     found = find_confounders(X, y, target_names=["REAL", "FAKE"])
    >>> found.loc["format", "finding"]
    'format alone gives a balanced accuracy of 100%: REAL has JPEG in 100%, FAKE has
    PNG in 100%.'
    >>> float(found.loc["width", "balanced_accuracy"])
    0.5
    """
    images = check_images(X)
    check_consistent_length(images, y)
    codes, names = _encode(column_or_1d(y), target_names)
    threads = Parallel(n_jobs=effective_n_jobs(n_jobs), prefer="threads")
    with naming_unreadable(images, n_jobs=n_jobs):
        described = threads(delayed(_describe)(image) for image in images)
    properties = pd.DataFrame(described)
    counts = np.bincount(codes)
    # A guess is right for one in k images of each class.
    chance = 1 / len(names)
    error = chance * np.sqrt(chance * (1 - chance) * (1 / counts).sum())
    rows = {}
    for name, values in properties.items():
        accuracy = _accuracy(values, codes, min(N_FOLDS, counts.min()))
        is_found = accuracy > chance + STANDARD_ERRORS * error
        finding = _sentence(values, codes, names, accuracy) if is_found else ""
        rows[name] = {"balanced_accuracy": accuracy, "finding": finding}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="property")
    return table.sort_values("balanced_accuracy", ascending=False, kind="stable")


def _encode(
    y: np.ndarray, target_names: Sequence[str] | None
) -> tuple[np.ndarray, list[str]]:
    """Codes of the labels, and the names of the classes."""
    labels, codes = find_classes(y)
    counts = np.bincount(codes)
    if counts.min() < 2:
        raise ValueError(
            "y must hold at least two images of each class; got one of "
            f"{labels[counts.argmin()].item()!r}."
        )
    names = labels.tolist() if target_names is None else list(target_names)
    if len(names) != len(labels):
        raise ValueError(
            f"target_names must hold a name for each of the {len(labels)} classes of "
            f"y; got {len(names)}."
        )
    return codes, [str(name) for name in names]


def _describe(image: Any) -> dict[str, Any]:
    """Properties of one item of a checked X."""
    pixels = load_image(image)
    height, width, n_channels = pixels.shape
    found: dict[str, Any] = {"width": width, "height": height, "aspect": width / height}
    source = resolve_item(image)
    if isinstance(source, np.ndarray):
        found["mode"] = "gray" if n_channels == 1 else "RGB"
    elif isinstance(source, Image.Image):
        found |= _describe_file(source) if source.format else {"mode": source.mode}
    else:
        encoded = isinstance(source, bytes)
        n_bytes = len(source) if encoded else os.path.getsize(source)
        found["bytes_per_pixel"] = n_bytes / (width * height)
        with Image.open(BytesIO(source) if encoded else source) as file:
            found |= _describe_file(file)
    return found | {"blockiness": _blockiness(pixels)}


def _describe_file(file: Any) -> dict[str, Any]:
    tables = getattr(file, "quantization", {})
    kinds = METADATA.intersection(file.info)
    if file.format == "PNG" and any(
        isinstance(text, str) for name, text in file.info.items() if name not in kinds
    ):
        kinds.add("text")
    return {
        "format": file.format,
        "mode": file.mode,
        "quality": _jpeg_quality(tables[0]) if 0 in tables else np.nan,
        "subsampling": SUBSAMPLINGS.get(get_sampling(file), "none"),
        "metadata": " and ".join(sorted(kinds)) or "none",
    }


def _jpeg_quality(table: Sequence[int]) -> int:
    return 1 + int(np.abs(_standard_tables() - np.array(table)).sum(axis=1).argmin())


@cache
def _standard_tables() -> np.ndarray:
    """Tables of luminance at the qualities 1 to 100: int array (100, 64)."""
    tables = []
    for quality in range(1, 101):
        file = BytesIO()
        Image.new("L", (1, 1)).save(file, "JPEG", quality=quality)
        with Image.open(file) as image:
            tables.append(image.quantization[0])  # type: ignore[attr-defined]
    return np.array(tables)


def _blockiness(pixels: np.ndarray) -> float:
    """Mean logarithm of the steps at the borders of blocks, less that of others."""
    gray = to_float(pixels).mean(axis=-1)
    found = []
    for plane in (gray, gray.T):
        steps = np.log(np.abs(np.diff(plane, n=3, axis=0)) + HALF_LEVEL).mean(axis=1)
        # A step is between the second and the third of four pixels.
        at_border = np.arange(2, len(steps) + 2) % BLOCK == 0
        if at_border.any():
            found.append(steps[at_border].mean() - steps[~at_border].mean())
    return float(np.mean(found)) if found else 0.0


def _accuracy(values: pd.Series, codes: np.ndarray, n_folds: int) -> float:
    """Balanced accuracy of a small tree that sees one property."""
    features = values.to_frame()
    if values.name in CATEGORIES:
        features = pd.get_dummies(features)
    else:
        # Trees of scikit-learn before 1.8 take what is missing for a constant.
        features["missing"] = values.isna()
    tree = DecisionTreeClassifier(max_depth=3, class_weight="balanced", random_state=0)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=0)
    predicted = cross_val_predict(tree, features.to_numpy(float), codes, cv=folds)
    return float(balanced_accuracy_score(codes, predicted))


def _sentence(
    values: pd.Series, codes: np.ndarray, names: list[str], accuracy: float
) -> str:
    describe = _describe_category if values.name in CATEGORIES else _describe_number
    parts = [describe(name, values[codes == code]) for code, name in enumerate(names)]
    return (
        f"{values.name} alone gives a balanced accuracy of {accuracy:.0%}: "
        f"{', '.join(parts)}."
    )


def _describe_category(name: str, values: pd.Series) -> str:
    fractions = values.value_counts(normalize=True)
    return f"{name} has {fractions.index[0]} in {fractions.iloc[0]:.0%}"


def _describe_number(name: str, values: pd.Series) -> str:
    if values.isna().all():
        return f"{name} has none"
    low, middle, high = (
        np.format_float_positional(value, precision=3, trim="-")
        for value in values.quantile([0.05, 0.5, 0.95])
    )
    return f"{name} has {middle} (nine in ten from {low} to {high})"
