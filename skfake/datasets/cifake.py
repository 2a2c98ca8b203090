"""CIFAKE: 60,000 photographs of CIFAR-10 and 60,000 images of Stable Diffusion."""

import hashlib
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch
from sklearn.utils.validation import check_memory

from skfake.datasets._archives import list_files, read_files
from skfake.datasets._bunch import TARGET_NAMES, bunch_or_pair, read_description
from skfake.datasets.duplicates import find_duplicates
from skfake.images.decoding import decode_file, quiet
from skfake.scikit_learn import StrOptions, validate_params

HANDLE = "birdy654/cifake-real-and-ai-generated-synthetic-images"
URL = f"https://www.kaggle.com/datasets/{HANDLE}"
# Of the 120,000 published files, as `cifake_fingerprint` computes it.
FINGERPRINT = "ea9f7d74b64f6b14d969c95be945064fb1148ca73b17916bedcbde515b36baee"
SPLITS = ("train", "test")
SHAPE = (32, 32, 3)
# After any folders. A file's name has no separator, drive, control character or leading
# dot and at most 63 characters, of four bytes each, so that the part in brackets is a
# harmless relative path on every system.
LAYOUT = re.compile(
    r"(?:^|/)((?:train|test)/(?:REAL|FAKE)/(?!\.)[^/\\:\0-\x1f]{1,59}\.jpg)$", re.ASCII
)


CONSTRAINTS: dict[str, Any] = {
    "source": [str, os.PathLike],
    "split": [StrOptions(set(SPLITS))],
    "data_home": [str, os.PathLike, None],
    "drop_leaks": ["boolean"],
    "unpack_to": [str, os.PathLike, None],
    "download_if_missing": ["boolean"],
    # `check_memory` says what it takes.
    "memory": "no_validation",
    "return_X_y": ["boolean"],
}


@validate_params(CONSTRAINTS, prefer_skip_nested_validation=True)
def load_cifake(
    source: str | os.PathLike,
    *,
    split: str = "train",
    drop_leaks: bool = False,
    unpack_to: str | os.PathLike | None = None,
    memory: Any = None,
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load CIFAKE [1]_ from a copy on your disk.

    The images are CIFAR-10's [2]_ photographs (REAL) and images that Stable Diffusion
    1.4 drew of the same ten classes (FAKE). They come in the same order from any
    source, FAKE before REAL, each sorted by file name: shuffle before you take a part.

    Parameters
    ----------
    source : str or path-like
        A folder, a .zip or a .tar (also .tar.gz, .tar.bz2, .tar.xz) that holds
        `train/REAL`, `train/FAKE`, `test/REAL` and `test/FAKE` with JPEG files, at any
        depth. Archives are read without unpacking.

    split : {"train", "test"}, default="train"
        Which of the two published parts to load.

    drop_leaks : bool, default=False
        Leave out the test images whose pixels are in the training part too: 378 of
        the 10,000 fake ones. It has no effect on `split="train"`.

    unpack_to : str or path-like, default=None
        A folder to unpack the images of an archive to, for programs that read folders.
        It appears when it is complete. If it exists already, it is read in place of the
        archive.

    memory : str or object with the joblib.Memory interface, default=None
        Folder in which decoded images are kept, 307 MB of the training part, so that
        the next call takes no time to decode the same files. As of scikit-learn's
        pipelines, what lies there is trusted. With None nothing is kept.

    return_X_y : bool, default=False
        If True, return `(data, target)` instead of a `Bunch`.

    Returns
    -------
    Bunch
        With the entries

        data : uint8 array of shape (n, 32, 32, 3)
            100,000 images of the training part or 20,000 of the test part.
        target : int array of shape (n,)
            1 for fake, 0 for real.
        target_names : array of shape (2,)
            "REAL" and "FAKE", in the order of the labels.
        filenames : array of str of shape (n,)
            Published path of each image, such as "train/FAKE/1000 (10).jpg".
        DESCR : str
            Source, licence and known flaws of the data set.

    (data, target) : tuple of arrays, with `return_X_y=True`

    Raises
    ------
    FileNotFoundError
        If there is no such source.
    ValueError
        If the source is no readable archive, lacks the layout, holds a file twice,
        or holds an image of another size.
    OSError
        If `unpack_to` can't be written.

    See Also
    --------
    fetch_cifake : Download the data set.
    find_duplicates : The search behind `drop_leaks`.

    References
    ----------
    .. [1] J. J. Bird and A. Lotfi, "CIFAKE: Image Classification and Explainable
       Identification of AI-Generated Synthetic Images", arXiv:2303.14126, 2023.
    .. [2] A. Krizhevsky and G. Hinton, "Learning Multiple Layers of Features from
       Tiny Images", University of Toronto, 2009.

    Examples
    --------
    Two images in the layout of CIFAKE:

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> from skfake.datasets import load_cifake, make_images
    >>> images, _ = make_images(n_samples=2, return_X_y=True, random_state=0)
    >>> with TemporaryDirectory() as folder:
    ...     for image, name in zip(images, ["REAL", "FAKE"]):
    ...         Path(folder, "train", name).mkdir(parents=True)
    ...         Image.fromarray(image).save(Path(folder, "train", name, "0001.jpg"))
    ...     X, y = load_cifake(folder, return_X_y=True)
    >>> X.shape, y
    ((2, 32, 32, 3), array([1, 0]))
    """
    folder = Path(source)
    if unpack_to is not None:
        folder = _unpack(folder, Path(unpack_to))
    read = check_memory(memory).cache(_load_split)
    stamp = None if memory is None else _stamp_files(folder)
    filenames, images = read(folder, split, drop_leaks, stamp)
    fake = [filename.split("/")[1] == TARGET_NAMES[1] for filename in filenames]
    return bunch_or_pair(
        images,
        np.array(fake).astype(int),
        return_X_y=return_X_y,
        target_names=np.array(TARGET_NAMES),
        filenames=filenames,
        DESCR=read_description("cifake"),
    )


@validate_params(CONSTRAINTS, prefer_skip_nested_validation=True)
def fetch_cifake(
    *,
    split: str = "train",
    data_home: str | os.PathLike | None = None,
    drop_leaks: bool = False,
    download_if_missing: bool = True,
    memory: Any = None,
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load CIFAKE, downloaded from its publisher the first time.

    The download comes from Kaggle by the package `kagglehub`, is compared with the
    fingerprint of the published files, and is kept as one file of 125 MB.

    Parameters
    ----------
    split : {"train", "test"}, default="train"
        Which of the two published parts to load.

    data_home : str or path-like, default=None
        Folder to keep the download in, under `cifake`. With None it is that of
        :func:`sklearn.datasets.get_data_home`.

    drop_leaks : bool, default=False
        Leave out the test images that are in the training part too.

    download_if_missing : bool, default=True
        If False, raise an error where the data set has not been downloaded before.

    memory : str or object with the joblib.Memory interface, default=None
        Folder in which decoded images are kept, as of `load_cifake`.

    return_X_y : bool, default=False
        If True, return `(data, target)` instead of a `Bunch`.

    Returns
    -------
    Bunch or (data, target)
        As `load_cifake` returns them.

    Raises
    ------
    ImportError
        If `kagglehub` is needed and not installed.
    OSError
        If the download fails, is not what was published (nothing is kept then) or is
        missing with `download_if_missing=False`.

    See Also
    --------
    load_cifake : Load a copy that you have.

    Examples
    --------
    The first call downloads::

        from skfake.datasets import fetch_cifake
        X, y = fetch_cifake(return_X_y=True)
        X_test, y_test = fetch_cifake(split="test", drop_leaks=True, return_X_y=True)
    """
    archive = Path(get_data_home(data_home), "cifake", "cifake.zip")
    if not archive.exists():
        if not download_if_missing:
            raise OSError(
                f"download_if_missing must be True the first time; got False, and "
                f"{str(archive)!r} does not exist."
            )
        _download(archive)
    return load_cifake(
        archive,
        split=split,
        drop_leaks=drop_leaks,
        memory=memory,
        return_X_y=return_X_y,
    )


@validate_params(CONSTRAINTS, prefer_skip_nested_validation=True)
def cifake_fingerprint(source: str | os.PathLike) -> str:
    """Fingerprint of a copy of CIFAKE: equal for equal files, however they are packed.

    It is the SHA-256 over a line `<SHA-256 of the file>  <split>/<CLASS>/<name>` for
    each file, sorted by path. Published with a result it says what data were used.

    Parameters
    ----------
    source : str or path-like
        The copy, in any form that `load_cifake` reads.

    Returns
    -------
    str
        64 hexadecimal digits; of the published files,
        "ea9f7d74b64f6b14d969c95be945064fb1148ca73b17916bedcbde515b36baee".

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skfake.datasets import cifake_fingerprint
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "test", "REAL").mkdir(parents=True)
    ...     _ = Path(folder, "test", "REAL", "0001.jpg").write_bytes(b"any bytes")
    ...     cifake_fingerprint(folder)[:8]
    '714b3f96'
    """
    files = _read_layout(Path(source), SPLITS)
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in files}
    lines = "".join(f"{digests[path]}  {path}\n" for path in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


def _read_layout(source: Path, splits: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Give the path below the leading folders, and the bytes, of each file."""
    seen = set()
    for path, content in read_files(source, partial(_choose, splits=splits)):
        if path in seen:
            raise ValueError(
                f"source must hold each file of CIFAKE once; got {str(source)!r} with "
                f"{path!r} in two places. Pass the folder or archive of one copy."
            )
        seen.add(path)
        yield path, content


def _choose(name: str, splits: Iterable[str]) -> str | None:
    """Path below the leading folders of a file of the splits; None of all others."""
    found = LAYOUT.search(name)
    prefixes = tuple(f"{split}/" for split in splits)
    return found[1] if found and found[1].startswith(prefixes) else None


def _load_split(
    source: Path, split: str, drop_leaks: bool, stamp: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Paths and pixels; the stamp is of the files, whose change asks for them anew."""
    if drop_leaks and split == "test":
        return _load_without_leaks(source)
    return _load_images(source, [split])


def _stamp_files(source: Path) -> str:
    """What changes when a file of the source does: by names, sizes and times."""
    files = [source]
    if source.is_dir():
        listed = list_files(source, partial(_choose, splits=SPLITS))
        files = sorted(file for _, file in listed)
    stamp = hashlib.sha256()
    for file in files:
        # What is no source is refused where it is read.
        if file.exists():
            state = file.stat()
            stamp.update(os.fsencode(file))
            stamp.update(f" {state.st_size} {state.st_mtime_ns}\n".encode())
    return stamp.hexdigest()


def _load_images(source: Path, splits: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """Paths and pixels of the splits, sorted by path."""
    with quiet():
        images = {
            path: _decode(content, f"{source}/{path}")
            for path, content in _read_layout(source, splits)
        }
    for split in splits:
        for name in TARGET_NAMES:
            if not any(path.startswith(f"{split}/{name}/") for path in images):
                raise ValueError(
                    f"source must hold {split}/REAL and {split}/FAKE with .jpg files; "
                    f"got {str(source)!r} without {split}/{name}. Pass the folder or "
                    "archive that holds train and test, or see load_image_folder for "
                    "other layouts."
                )
    paths = sorted(images)
    return np.array(paths), np.stack([images[path] for path in paths])


def _decode(content: bytes, name: str) -> np.ndarray:
    image = decode_file(content, name=name)
    if image.shape != SHAPE:
        height, width, _ = image.shape
        raise ValueError(
            f"source must hold images of 32x32 pixels, as CIFAKE does; got {name!r} of "
            f"{width}x{height}. Use load_image_folder for images of other sizes."
        )
    return image


def _load_without_leaks(source: Path) -> tuple[np.ndarray, np.ndarray]:
    """Paths and pixels of the test images that are not in the training part."""
    paths, images = _load_images(source, SPLITS)
    # "test" sorts before "train": both parts are views.
    n_test = sum(path.startswith("test/") for path in paths)
    leaked = find_duplicates(images[:n_test], images[n_test:])[:, 0]
    kept = np.setdiff1d(np.arange(n_test), leaked)
    return paths[kept], images[kept]


def _unpack(source: Path, folder: Path) -> Path:
    """Write the layout's files of an archive to a folder, unless it is there."""
    if source.is_dir():
        raise ValueError(
            f"source must be an archive where unpack_to is given; got the folder "
            f"{str(source)!r}. Leave unpack_to out to read it where it is."
        )
    if folder.is_file():
        raise ValueError(f"unpack_to must be a folder; got the file {str(folder)!r}.")
    if folder.is_dir():
        if any(folder.iterdir()):
            return folder
        # Windows does not rename onto a folder, even an empty one.
        folder.rmdir()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as beside:
        unpacked = Path(beside, folder.name)
        unpacked.mkdir()
        for path, content in _read_layout(source, SPLITS):
            file = unpacked / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        unpacked.rename(folder)
    return folder


def _download(archive: Path) -> None:
    """Download CIFAKE, check it and pack it into a zip that appears when complete."""
    try:
        import kagglehub
    except ImportError as error:
        raise ImportError(
            "kagglehub must be installed to download CIFAKE; got no such package. "
            'Use pip install "skfake[kaggle]", or download it by hand from '
            f"{URL} and use load_cifake(source)."
        ) from error
    archive.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=archive.parent) as beside:
        folder, packed = Path(beside, "download"), Path(beside, archive.name)
        try:
            folder = Path(kagglehub.dataset_download(HANDLE, output_dir=str(folder)))
        # kagglehub has no common class for what a network or Kaggle may answer.
        except Exception as error:
            raise OSError(
                f"{URL} must be within reach; got {type(error).__name__}: {error}. "
                "Download it by hand and use load_cifake(source)."
            ) from error
        found = cifake_fingerprint(folder)
        if found != FINGERPRINT:
            raise OSError(
                f"CIFAKE's fingerprint must be {FINGERPRINT}; got {found} for what "
                f"{URL} offers now. Nothing was kept. If you want these other files, "
                "download them by hand and use load_cifake(source)."
            )
        # Stored, not deflated: JPEG does not shrink.
        with zipfile.ZipFile(packed, "w") as files:
            for path, content in _read_layout(folder, SPLITS):
                files.writestr(path, content)
        packed.replace(archive)
