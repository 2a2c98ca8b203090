"""Saved detectors from the Hugging Face Hub."""

import hashlib
import os
from pathlib import Path
from typing import Any

from skfake.persistence.files import load_detector

N_DIGITS = 64


def fetch_detector(
    repo_id: str,
    filename: str,
    *,
    digest: str,
    revision: str | None = None,
    cache_dir: str | os.PathLike | None = None,
    device: str | None = None,
    inference_precision: str | None = None,
) -> Any:
    """Load a detector from the Hugging Face Hub, downloaded the first time.

    What comes must have the digest that the caller names, so that nobody who can change
    the repository changes the answers. Nothing in the file is executed, as by
    `load_detector`.

    Parameters
    ----------
    repo_id : str
        Owner and name of the repository, ``"owner/name"``.

    filename : str
        Path of the file in it, one that `save_detector` wrote.

    digest : str
        SHA-256 of the file, in 64 hexadecimal digits.

    revision : str, default=None
        Branch, tag or commit; None is the main branch.

    cache_dir : path of a folder, default=None
        Where downloads are kept. None is where `huggingface_hub` keeps them.

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
    ImportError
        If `huggingface_hub` is not installed: ``pip install "skfake[hub]"``.
    OSError
        If there is no network, repository or file, and no earlier download.
    ValueError
        If the file has another digest, or is none that `save_detector` wrote.

    See Also
    --------
    skfake.load_detector : Load a file, or a detector that comes with skfake.

    Examples
    --------
    ::

        from skfake.persistence import fetch_detector
        detector = fetch_detector(
            "owner/name", "photographs.skfake", digest="9f86d081884c7d65..."
        )
    """
    if len(digest) != N_DIGITS or not all(c in "0123456789abcdef" for c in digest):
        raise ValueError(
            f"digest must be a SHA-256, {N_DIGITS} hexadecimal digits; got {digest!r}."
        )
    path = _download(repo_id, filename, revision=revision, cache_dir=cache_dir)
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != digest:
        raise ValueError(
            f"digest must be that of the file; got {digest}, and {found} of "
            f"{filename!r} in {repo_id!r}. Ask its owner which is right."
        )
    return load_detector(path, device=device, inference_precision=inference_precision)


def _download(repo_id: str, filename: str, **options: Any) -> Path:
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise ImportError(
            "huggingface_hub must be installed to fetch a detector; got no such "
            'package. Run pip install "skfake[hub]".'
        ) from error
    try:
        return Path(hf_hub_download(repo_id, filename, **options))
    # No network, no such repository, a name that is none: no common class.
    except Exception as error:
        text = " ".join(str(error).split())[:200].rstrip(".")
        raise OSError(
            f"{filename!r} in {repo_id!r} must be within reach; got "
            f"{type(error).__name__}: {text}. Download it elsewhere and use "
            "load_detector(path)."
        ) from error
