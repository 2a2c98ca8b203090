"""See that results can be written, before hours are spent on them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory


def prepare_output(folder: Path) -> None:
    """See that tables and plots can be written to a folder."""
    from skfake.plotting import import_pyplot

    # Files need no screen, and a server may have none.
    import_pyplot().switch_backend("agg")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix="."):
        pass


def check_new_file(path: Path, *, force: bool) -> None:
    """See that a file can be written."""
    said = f"got {str(path)!r}"
    if path.is_dir():
        raise IsADirectoryError(f"--output must be a file; {said}, a folder.")
    if path.is_file() and not force:
        raise FileExistsError(
            f"--output must be a new file; {said}, which exists. Use --force to "
            "replace it."
        )
    if path.exists() and not path.is_file():
        return  # A terminal or a pipe, which is written to as it is.
    try:
        with TemporaryDirectory(dir=path.parent, prefix="."):
            pass
    except OSError as error:
        raise type(error)(
            f"--output must be in a folder that can be written to; {said}: "
            f"{error.strerror}."
        ) from error
