"""Where results go: seen to be writable before hours are spent on them."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skfake import Comparison


def plot_to_files() -> Any:
    """Matplotlib's pyplot, without a screen: a server may have none."""
    from skfake.plotting import import_pyplot

    pyplot = import_pyplot()
    pyplot.switch_backend("agg")
    return pyplot


def prepare_output(folder: Path | None) -> None:
    """See that tables and plots can be written to a folder, if one is named."""
    if folder is None:
        return
    plot_to_files()
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


def require_metrics(comparison: Comparison, name: str) -> None:
    """Raise what a detector failed with."""
    if name in comparison.errors:
        raise ValueError(comparison.errors[name].removeprefix("ValueError: "))


def print_comparison(comparison: Comparison, output: Path | None) -> None:
    """Print a table, and write all of it where a folder is named."""
    print(comparison)
    if output is not None:
        comparison.save(output)
        print(f"Tables and plots are in {output}.", file=sys.stderr)
