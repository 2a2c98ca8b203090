"""Save fitted detectors to one file each, and load them from there."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from zipfile import ZipFile

import skops.io
from sklearn.utils.validation import check_is_fitted

import skfake
from skfake.persistence._archive import (
    FIRST,
    Damaged,
    add,
    check_and_open,
    create,
    pack,
    read,
)
from skfake.persistence._computing import move, set_precision
from skfake.persistence._facts import fill_card
from skfake.persistence._schema import (
    canonize,
    check,
    check_array,
    drop,
    read_json,
    to_json,
    trusted_types,
)
from skfake.persistence.card import ModelCard
from skfake.persistence.shipped import find_file

FORMAT = 2
SCHEMA = "schema.json"
FINGERPRINTS = "fingerprints_"


def save_detector(
    detector: Any,
    path: str | os.PathLike,
    *,
    card: ModelCard | None = None,
    fingerprints: bool = True,
) -> None:
    """Save a fitted detector, without any code, to one file.

    The file holds parameters and versions as JSON, networks as safetensors and other
    arrays as numpy writes them. A file that was there before stays whole or is replaced
    by a whole one. The same detector and card, at the same second, make the same bytes.

    Parameters
    ----------
    detector : classifier or transformer
        A fitted estimator of skfake, or one of scikit-learn around it, such as a
        pipeline. `callbacks`, `checkpoint` and the optimiser's memory are left out.

    path : path
        Where to, by custom with the ending `.skfake`. What is there is replaced.

    card : ModelCard, default=None
        What its users should know. What follows from the detector is filled in.

    fingerprints : bool, default=True
        Whether to keep `fingerprints_`, eight bytes for each training image, by which
        its users are told when they evaluate it on images that it was trained on. They
        give no picture away, but who has an image can say whether it was trained on.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the detector is not fitted.
    TypeError
        If it is no estimator.
    ValueError
        If a part of it can't be written without code, such as a function, or a class
        that is neither scikit-learn's nor ours.
    OSError
        If the file can't be written.

    See Also
    --------
    load_detector : Load what was saved.
    read_model_card : Read the card alone.

    Notes
    -----
    A detector answers as before, to the bit, on the machine that it was saved on.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from skfake import SVMDetector, load_detector, save_detector
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=100, return_X_y=True, random_state=0)
    >>> with TemporaryDirectory() as folder:
    ...     save_detector(SVMDetector().fit(X, y), f"{folder}/svm.skfake")
    ...     loaded = load_detector(f"{folder}/svm.skfake")
    >>> loaded.predict(X[:3])
    array([0, 0, 0])
    """
    if not hasattr(detector, "get_params") or isinstance(detector, type):
        came = detector.__name__ if isinstance(detector, type) else repr(detector)
        raise TypeError(f"detector must be a fitted estimator; got {came[:200]}.")
    check_is_fitted(detector)
    with create(Path(path)) as archive, TemporaryFile() as stream:
        # On the disk, since networks are large.
        _dump(detector, stream)
        with ZipFile(stream) as source:
            tree, names = _read_dump(source, () if fingerprints else (FINGERPRINTS,))
            card = fill_card(card or ModelCard(), detector, tree)
            manifest = {"format": FORMAT, "skfake": skfake.__version__}
            add(archive, FIRST, to_json({**manifest, "card": card.to_dict()}))
            add(archive, SCHEMA, to_json(tree))
            for old, new in names.items():
                add(archive, new, source.read(old))


def load_detector(
    path: str | os.PathLike,
    *,
    device: str | None = None,
    inference_precision: str | None = None,
) -> Any:
    """Load a detector that `save_detector` wrote, or one that comes with skfake.

    Nothing in the file is executed.

    Classes are looked up in one table, of skfake's and scikit-learn's estimators. A
    network goes to the device that its detector's `device` names, or to the CPU where
    that is not there.

    Parameters
    ----------
    path : path, or {"cifake", "cifake-robust"}
        A file, or the name of a detector that comes with skfake where there is no file
        of that name: a `CompactDetector` that was trained on CIFAKE, and one that was
        trained on damaged images of it too. They know such images alone.

    device : str, default=None
        Where its networks are to compute, in place of what their own `device` says.

    inference_precision : {"float32", "bfloat16"}, default=None
        With what arithmetic its networks are to predict, in place of what their own
        `inference_precision` says.

    Returns
    -------
    estimator
        Fitted.

    Raises
    ------
    OSError
        If there is no such file, or it can't be read.
    ValueError
        If it is no such file, was cut short or changed, is of another format, or
        holds anything else than a detector of known classes; or if `device` is not
        there, or `inference_precision` is named for a detector without a network of
        skfake's.

    See Also
    --------
    read_model_card : What a detector was trained on, and what it can't do.
    skfake.persistence.fetch_detector : Load a detector from the Hugging Face Hub.

    Examples
    --------
    Of a file, see `save_detector`.

    >>> from skfake import load_detector
    >>> from skfake.datasets import make_images
    >>> load_detector("cifake").predict(make_images(2, random_state=0).data).shape
    (2,)
    """
    with _opened(path) as (archive, _):
        schema = read_json(read(archive, SCHEMA), SCHEMA)
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        check(schema, sizes)
        for name in sizes:
            if name.endswith(".npy"):
                check_array(archive, name)
        source: Any = archive.fp
        source.seek(0)
        detector = _rebuild(lambda: skops.io.load(source, trusted=trusted_types()))
    if not hasattr(detector, "get_params") or isinstance(detector, type):
        raise _refuse(path, f"with an object of type {type(detector).__name__}")
    if device is not None:
        move(detector, device)
    if inference_precision is not None:
        set_precision(detector, inference_precision)
    return detector


def read_model_card(path: str | os.PathLike) -> ModelCard:
    """Read the model card of a saved detector, and nothing else of it.

    Parameters
    ----------
    path : path, or {"cifake", "cifake-robust"}
        A file that `save_detector` wrote, or the name of a detector that comes with
        skfake.

    Returns
    -------
    ModelCard

    Raises
    ------
    OSError
        If there is no such file, or it can't be read.
    ValueError
        If it is no such file, was cut short or changed, or is of another format.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from skfake import ModelCard, SVMDetector, read_model_card, save_detector
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=100, return_X_y=True, random_state=0)
    >>> detector = SVMDetector().fit(X, y)
    >>> card = ModelCard(data="100 simulated images", license="CC0-1.0")
    >>> with TemporaryDirectory() as folder:
    ...     save_detector(detector, f"{folder}/svm.skfake", card=card)
    ...     found = read_model_card(f"{folder}/svm.skfake")
    >>> found.license
    'CC0-1.0'
    """
    with _opened(path) as (_, manifest):
        return _rebuild(lambda: ModelCard.from_dict(manifest["card"]))


def _dump(detector: Any, stream: BinaryIO) -> None:
    try:
        skops.io.dump(detector, stream)
    # What it can't write raises errors of many kinds.
    except Exception as error:
        raise _cannot_save(str(error)) from error


def _read_dump(
    source: ZipFile, left_out: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Tree of what `_dump` wrote, and for each of its files the member's name."""
    described = json.loads(source.read(SCHEMA))
    for name in left_out:
        drop(described, name)
    tree, names = canonize(described)
    check(tree, {new: source.getinfo(old).file_size for old, new in names.items()})
    # skops looks for types in the tree alone.
    blank = pack({SCHEMA: to_json(tree), **dict.fromkeys(names.values(), b"")})
    strange = set(skops.io.get_untrusted_types(data=blank)) - set(trusted_types())
    if strange:
        raise _cannot_save(", ".join(sorted(strange)))
    return tree, names


def _rebuild(build: Callable[[], Any]) -> Any:
    """Build what a file describes; whatever fails, the file is damaged."""
    try:
        return build()
    except Damaged:
        raise
    # A description can be wrong in every way that there is.
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        raise Damaged(
            f"which can't be rebuilt ({type(error).__name__}: {text})"
        ) from error


@contextmanager
def _opened(path: str | os.PathLike) -> Iterator[tuple[ZipFile, dict[str, Any]]]:
    """Open a saved detector; whatever is wrong with it becomes one sentence."""
    try:
        with check_and_open(find_file(path)) as archive:
            manifest = read_json(read(archive, FIRST), FIRST)
            if not isinstance(manifest, dict) or not isinstance(
                manifest.get("format"), int
            ):
                raise Damaged("which does not say its format")
            if manifest["format"] != FORMAT:
                writer = f"skfake {str(manifest.get('skfake'))[:20]}"
                newer = "Upgrade skfake."
                older = "Fit the detector again, and save it by this skfake."
                raise ValueError(
                    f"path must be a file of format {FORMAT}, which skfake "
                    f"{skfake.__version__} reads; got {os.fspath(path)!r} of format "
                    f"{manifest['format']}, which {writer} wrote. "
                    f"{newer if manifest['format'] > FORMAT else older}"
                )
            yield archive, manifest
    except Damaged as error:
        raise _refuse(path, str(error)) from error


def _refuse(path: str | os.PathLike, what: str) -> ValueError:
    return ValueError(
        f"path must be a file that save_detector wrote, whole and as it was; got "
        f"{os.fspath(path)!r}, {what}. Copy or download it again."
    )


def _cannot_save(what: str) -> ValueError:
    return ValueError(
        "detector must consist of scikit-learn's and skfake's own classes, without "
        f"functions or objects of others; got one with {what[:300]}. Of a search, save "
        "best_estimator_."
    )
