"""Where results go: seen to be writable before hours are spent on them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from skfake.cli.errors import one_line, say_options

if TYPE_CHECKING:
    from skfake import Comparison
    from skfake.evaluation import Robustness

SAVED = ".skfake"
# Endings that would say that the file is in another format.
OTHER_FORMATS = (
    *(".bin", ".ckpt", ".h5", ".hdf5", ".joblib", ".json", ".keras", ".npy", ".npz"),
    *(".onnx", ".pb", ".pickle", ".pkl", ".pmml", ".pt", ".pth", ".safetensors"),
    *(".skops", ".tar", ".tflite", ".zip"),
)
# By these an earlier report is known.
REPORT = ("comparison.json", "report.html", "table.csv")


def plot_to_files() -> Any:
    """Matplotlib's pyplot, without a screen: a server may have none."""
    from skfake.plotting import import_pyplot

    pyplot = import_pyplot()
    pyplot.switch_backend("agg")
    return pyplot


def prepare_report(folder: Path | None, *, force: bool) -> None:
    """See that tables and plots can be written to a folder, if one is named."""
    if folder is None:
        return
    plot_to_files()
    earlier = [name for name in REPORT if (folder / name).exists()]
    if earlier and not force:
        raise FileExistsError(
            f"--output must be a folder without a report; got {str(folder)!r}, which "
            f"holds {earlier[0]}. Use --force to replace it."
        )
    prepare_folder(folder)


def prepare_folder(folder: Path) -> None:
    """Make a folder, and see that it can be written to."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(
            f"--output must be a folder; got {str(folder)!r}, a file."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix="."):
            pass
    except OSError as error:
        raise OSError(
            f"--output must be a folder that can be written to; got {str(folder)!r}: "
            f"{error.strerror}."
        ) from error


def check_new_model(path: Path, *, force: bool) -> None:
    """See that a detector can be saved to a file of this name."""
    ending = path.suffix.lower()
    if ending in OTHER_FORMATS:
        cure = " Use skfake export for ONNX." if ending == ".onnx" else ""
        raise ValueError(f"--output must end in {SAVED}; got {str(path)!r}.{cure}")
    check_new_file(path, force=force)


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
        _, _, text = comparison.errors[name].partition(": ")
        raise ValueError(text or comparison.errors[name])


def finish(comparison: Comparison, *, without_leaks: bool) -> Comparison:
    """A comparison as the command shows it: in words of its options."""
    if without_leaks and len(comparison.leaks):
        comparison = comparison.without_leaks()
    warnings = [say_options(warning) for warning in comparison.warnings]
    return replace(comparison, warnings=warnings)


def print_comparison(
    comparison: Comparison, output: Path | None, robustness: Robustness | None = None
) -> None:
    """Print a table, and one of damaged images; write all where a folder is named."""
    print(comparison)
    if robustness is not None:
        print(f"\n{robustness}")
    if output is not None:
        with one_line():
            comparison.save(output, robustness=robustness)
        print(f"Tables and plots are in {output}.", file=sys.stderr)
