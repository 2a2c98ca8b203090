"""Read a folder of images whose subfolders say what is real and what is fake."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.utils import Bunch

from skfake.datasets._bunch import TARGET_NAMES, bunch_or_pair
from skfake.images import find_unreadable
from skfake.images.decoding import readable_formats
from skfake.labels import FAKES, REALS, guess_fakes, plain_name
from skfake.scikit_learn import validate_params

LAYOUTS = "class/file or generator/class/file"
# Endings of photographs that phones take, which Pillow reads with a plugin.
HEIF = (".heic", ".heif")


@validate_params(
    {
        "path": [str, os.PathLike],
        "pos_label": [str, list, tuple, set, None],
        "skip_unreadable": ["boolean"],
        "n_jobs": [Integral, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_image_folder(
    path: str | os.PathLike,
    *,
    pos_label: str | Sequence[str] | None = None,
    skip_unreadable: bool = False,
    n_jobs: int | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """List the images of a folder, with the labels that its subfolders give them.

    Images lie as `class/file`, or as `generator/class/file` where there are several
    data sets. No image is opened here, unless `skip_unreadable` asks for it: `data`
    holds paths, which detectors take.

    Parameters
    ----------
    path : str or path-like
        The folder.

    pos_label : str or sequence of str, default=None
        Names of the class folders that hold fakes; all others are taken as real.
        With None, class folders are known by usual names: fake, 1_fake, ai,
        ai_generated, artificial, deepfake, generated, synthesized and synthetic hold
        fakes; real, 0_real, authentic, camera, genuine, human, natural, nature,
        original, photo, photos and photographs do not. If one has another name, each
        class folder is a class of its own.

    skip_unreadable : bool, default=False
        Open every image now, and leave out those that can't be decoded.

    n_jobs : int, default=None
        Threads that open images for `skip_unreadable`, as in scikit-learn.

    return_X_y : bool, default=False
        If True, return `(data, target)` instead of a `Bunch`.

    Returns
    -------
    Bunch
        With the entries

        data : array of str of shape (n,)
            Paths of the images, sorted by generator, class and file.
        target : int array of shape (n,)
            1 for fake, 0 for real; or else the position of the class in `target_names`.
        target_names : array of str of shape (n_classes,)
            "REAL" and "FAKE", or else the sorted names of the class folders.
        generators : array of str of shape (n,)
            The generator's folder of each image; only for `generator/class/file`.
        passed_over : dict of str to int
            Endings of the files that are no images by their names, in lower case, and
            how many there are of each.
        unreadable : dict of str to str
            Paths of the images that `skip_unreadable` left out, and why.
        DESCR : str
            What was found.

    (data, target) : tuple of arrays, with `return_X_y=True`

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If the folder holds no image, images in another layout, or one class only, or if
        `pos_label` does not fit its folders.

    Notes
    -----
    Class folders whose names differ in upper and lower case alone are one class. Hidden
    files and folders are passed over, and files without the extension of a format in
    `skfake.images.FORMATS` are counted. Links to folders are followed.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> from skfake.datasets import load_image_folder, make_images
    >>> images = make_images(n_samples=4, random_state=0)
    >>> with TemporaryDirectory() as folder:
    ...     for i, (image, code) in enumerate(zip(images.data, images.target)):
    ...         subfolder = Path(folder, ["real", "midjourney"][code])
    ...         subfolder.mkdir(exist_ok=True)
    ...         Image.fromarray(image).save(subfolder / f"{i}.png")
    ...     X, y = load_image_folder(folder, pos_label="midjourney", return_X_y=True)
    >>> y
    array([1, 1, 0, 0])
    """
    root = Path(path)
    if not root.is_dir():
        raise FileNotFoundError(
            f"path must be a folder; got {str(root)!r}, "
            f"{'a file' if root.is_file() else 'which does not exist'}."
        )
    passed_over: Counter[str] = Counter()
    images = _list_images(root, passed_over)
    data = np.array([str(root.joinpath(*parts)) for parts in images])
    unreadable: dict[str, str] = {}
    if skip_unreadable:
        reasons = find_unreadable(data, n_jobs=n_jobs)
        unreadable = {str(data[row]): reason for row, reason in reasons.items()}
        data = np.delete(data, list(reasons))
        images = [parts for row, parts in enumerate(images) if row not in reasons]
    target, target_names = _label([parts[-2] for parts in images], pos_label)
    facts = {"target_names": target_names}
    if images and len(images[0]) == 3:
        facts["generators"] = np.array([parts[0] for parts in images])
    found = _count_classes(target, target_names)
    said = [f"{len(images)} images of the folder {str(root)!r}: {found}."]
    if unreadable:
        said.append(f"{len(unreadable)} that can't be read are left out.")
    said.append(describe_passed_over(passed_over))
    return bunch_or_pair(
        data,
        target,
        return_X_y=return_X_y,
        **facts,
        passed_over=dict(sorted(passed_over.items())),
        unreadable=unreadable,
        DESCR=" ".join(said).rstrip(),
    )


def _count_classes(target: np.ndarray, target_names: np.ndarray) -> str:
    counts = np.bincount(target, minlength=len(target_names))
    return ", ".join(
        f"{count} {name} ({code})"
        for code, (count, name) in enumerate(zip(counts, target_names, strict=True))
    )


def describe_passed_over(passed_over: Mapping[str, int]) -> str:
    """Which files are no images by their names, in sentences."""
    if not passed_over:
        return ""
    counts = [
        f"{n} {ending or 'without an ending'}"
        for ending, n in Counter(passed_over).most_common()
    ]
    said = f"Passed over by their names: {', '.join(counts)}."
    if any(ending in passed_over for ending in HEIF):
        said += ' To read .heic, run pip install "skfake[heif]".'
    return said


def image_extensions() -> set[str]:
    """Endings of the files that Pillow reads."""
    formats = readable_formats()
    extensions = Image.registered_extensions().items()
    return {extension for extension, name in extensions if name in formats}


def _list_images(root: Path, passed_over: Counter[str]) -> list[tuple[str, ...]]:
    """Relative paths of all images, in parts: (class, file), or a generator before."""
    images = sorted(_walk(root, (), image_extensions(), passed_over))
    if not images:
        came = (
            f"path must hold images as {LAYOUTS}; got {str(root)!r}, without a file "
            f"that has the extension of an image. {describe_passed_over(passed_over)}"
        )
        raise ValueError(came.rstrip())
    shallow, deep = min(images, key=len), max(images, key=len)
    if len(shallow) != len(deep):
        raise ValueError(
            f"path must hold images as {LAYOUTS}, all in one of these ways; got both "
            f"{'/'.join(shallow)!r} and {'/'.join(deep)!r} in {str(root)!r}."
        )
    return images


def _walk(
    folder: str | Path,
    parts: tuple[str, ...],
    extensions: set[str],
    passed_over: Counter[str],
) -> Iterator[tuple[str, ...]]:
    with os.scandir(folder) as scanned:
        entries = [entry for entry in scanned if not entry.name.startswith(".")]
    for entry in entries:
        inner = (*parts, entry.name)
        if entry.is_dir():
            yield from _walk(entry.path, inner, extensions, passed_over)
            continue
        ending = os.path.splitext(entry.name)[1].lower()
        if ending not in extensions:
            passed_over[ending] += 1
        else:
            # Raised at the first, so that a link to a folder above can't trap us.
            if len(inner) not in (2, 3):
                cure = f"Pass a folder further in, such as {inner[0]!r}."
                if len(inner) == 1:
                    cure = "Pass the folder above, or make a folder for each class."
                raise ValueError(
                    f"path must hold images as {LAYOUTS}; got {'/'.join(inner)!r}. "
                    + cure
                )
            yield inner


def _label(
    folders: list[str], pos_label: str | Sequence[str] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of images in class folders of these names, and the labels' names."""
    names, codes = _merge_cases(folders)
    if len(names) < 2:
        came = f"one, {str(names[0])!r}" if len(names) else "none with a readable image"
        raise ValueError(f"path must hold at least two class folders; got {came}.")
    if pos_label is not None:
        positive = _find_folders(names, pos_label)
    else:
        plain = {plain_name(name) for name in names}
        known = guess_fakes(names)
        if known is None or not plain <= REALS | FAKES:
            return codes, names
        positive = known
    return positive.astype(int)[codes], np.array(TARGET_NAMES)


def _merge_cases(folders: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Names of classes, sorted, one for all of its spellings, and the code of each."""
    first: dict[str, str] = {}
    for name in sorted(set(folders)):
        first.setdefault(name.casefold(), name)
    merged = [first[name.casefold()] for name in folders]
    return np.unique(np.array(merged, dtype=str), return_inverse=True)


def _find_folders(names: np.ndarray, pos_label: str | Sequence[str]) -> np.ndarray:
    """Which classes the user names, in whatever case."""
    wanted = {pos_label} if isinstance(pos_label, str) else set(pos_label)
    folded = {str(name).casefold() for name in wanted}
    positive = np.array([name.casefold() in folded for name in names.tolist()])
    if positive.sum() != len(folded) or positive.all() or not positive.any():
        raise ValueError(
            f"pos_label must name some, and not all, of the class folders "
            f"{', '.join(names)}; got {pos_label!r}."
        )
    return positive
