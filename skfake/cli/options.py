"""Arguments and options that several subcommands have."""

from pathlib import Path
from typing import Annotated

import typer

from skfake.cli.errors import UsageError

LAYOUTS = (
    "CIFAKE (a folder, .zip or .tar), a folder of class/file or generator/class/file, "
    "or a folder of train and test with class/file in each."
)


def check_model(path: Path) -> Path:
    """Refuse a path that leads to no file, before the libraries are loaded."""
    if path.is_dir() or not path.exists():
        came = "a folder" if path.is_dir() else "which does not exist"
        raise UsageError(f"MODEL must be a file; got {str(path)!r}, {came}.")
    return path


Model = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A detector that `skfake fit` or save_detector saved.",
        callback=check_model,
    ),
]
Source = Annotated[
    Path, typer.Argument(metavar="SOURCE", help=f"Images and their labels: {LAYOUTS}")
]
TestSource = Annotated[
    Path | None,
    typer.Option(
        "--test",
        help="Test images, laid out as SOURCE may be. Without it they are those of "
        "SOURCE or, if it has none, a fifth of its images.",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        help="Use at most so many training images, and as many test images.", min=2
    ),
]
Seed = Annotated[
    int, typer.Option(help="Seed of all that is random.", min=0, max=2**32 - 1)
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace what is there of that name.")
]
ReportFolder = Annotated[
    Path | None,
    typer.Option(help="Folder to write tables and plots to; made if there is none."),
]
PosLabels = Annotated[
    list[str] | None,
    typer.Option(
        help="The label that means fake, where it is neither called fake nor 1 of 0 "
        "and 1. Given several times, any of them means fake."
    ),
]
