"""Read a folder of images whose subfolders say what is real and what is fake."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.utils import Bunch

from skfake.datasets._bunch import TARGET_NAMES, bunch_or_pair
from skfake.images import FORMATS
from skfake.labels import FAKES, REALS, plain_name
from skfake.scikit_learn import validate_params

LAYOUTS = "class/file or generator/class/file"


@validate_params(
    {
        "path": [str, os.PathLike],
        "pos_label": [str, list, tuple, set, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_image_folder(
    path: str | os.PathLike,
    *,
    pos_label: str | Sequence[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """List the images of a folder, with the labels that its subfolders give them.

    Images lie as `class/file`, or as `generator/class/file` where there are several
    data sets. No image is opened here: `data` holds paths, which detectors take.

    Parameters
    ----------
    path : str or path-like
        The folder.

    pos_label : str or sequence of str, default=None
        Names of the class folders that hold fakes; all others are taken as real.
        With None, class folders are known by usual names, in upper or lower case:
        fake, 1_fake, ai, ai_generated, generated and synthetic hold fakes; real,
        0_real, authentic, human, natural, nature, photo and photos do not. If one has
        another name, each class folder is a class of its own.

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
    Hidden files and folders, and files without the extension of a format in
    `skfake.images.FORMATS`, are passed over. Links to folders are followed.

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
    images = _list_images(root)
    target, target_names = _label([parts[-2] for parts in images], pos_label)
    facts = {"target_names": target_names}
    if len(images[0]) == 3:
        facts["generators"] = np.array([parts[0] for parts in images])
    counts = np.bincount(target, minlength=len(target_names))
    found = ", ".join(
        f"{count} {name} ({code})"
        for code, (count, name) in enumerate(zip(counts, target_names, strict=True))
    )
    return bunch_or_pair(
        np.array([str(root.joinpath(*parts)) for parts in images]),
        target,
        return_X_y=return_X_y,
        **facts,
        DESCR=f"{len(images)} images of the folder {str(root)!r}: {found}.",
    )


def image_extensions() -> set[str]:
    """Endings of the files that Pillow reads."""
    return {
        extension
        for extension, name in Image.registered_extensions().items()
        if name in FORMATS and name in Image.OPEN
    }


def _list_images(root: Path) -> list[tuple[str, ...]]:
    """Relative paths of all images, in parts: (class, file), or a generator before."""
    images = sorted(_walk(root, (), image_extensions()))
    if not images:
        raise ValueError(
            f"path must hold images as {LAYOUTS}; got {str(root)!r}, without a file "
            "that has the extension of an image."
        )
    shallow, deep = min(images, key=len), max(images, key=len)
    if len(shallow) != len(deep):
        raise ValueError(
            f"path must hold images as {LAYOUTS}, all in one of these ways; got both "
            f"{'/'.join(shallow)!r} and {'/'.join(deep)!r} in {str(root)!r}."
        )
    return images


def _walk(
    folder: str | Path, parts: tuple[str, ...], extensions: set[str]
) -> Iterator[tuple[str, ...]]:
    with os.scandir(folder) as scanned:
        entries = [entry for entry in scanned if not entry.name.startswith(".")]
    for entry in entries:
        inner = (*parts, entry.name)
        if entry.is_dir():
            yield from _walk(entry.path, inner, extensions)
        elif os.path.splitext(entry.name)[1].lower() in extensions:
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
    classes: list[str], pos_label: str | Sequence[str] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of images in class folders of these names, and the labels' names."""
    names, codes = np.unique(classes, return_inverse=True)
    if len(names) < 2:
        raise ValueError(
            f"path must hold at least two class folders; got one, {str(names[0])!r}."
        )
    if pos_label is None:
        plain = {plain_name(name) for name in names}
        if not plain <= REALS | FAKES or plain <= REALS or plain <= FAKES:
            return codes, names
        labels = np.array([int(plain_name(name) in FAKES) for name in names])
    else:
        fakes = {pos_label} if isinstance(pos_label, str) else set(pos_label)
        if not fakes or not fakes < set(names):
            raise ValueError(
                f"pos_label must name some, and not all, of the class folders "
                f"{', '.join(names)}; got {pos_label!r}."
            )
        labels = np.isin(names, list(fakes)).astype(int)
    return labels[codes], np.array(TARGET_NAMES)
