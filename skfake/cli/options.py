"""Arguments and options that several subcommands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LAYOUTS = (
    "CIFAKE (a folder, .zip or .tar), a folder of class/file or generator/class/file, "
    "or a folder of train and test with class/file in each."
)

Model = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL", help="A detector that `skfake fit` or save_detector saved."
    ),
]
Source = Annotated[
    Path, typer.Argument(metavar="SOURCE", help=f"Images and their labels: {LAYOUTS}")
]
Limit = Annotated[
    int | None,
    typer.Option(
        help="Use at most so many training images, and as many test images.",
        min=2,
        show_default=False,
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
    typer.Option(
        help="Folder to write tables and plots to; made if there is none.",
        show_default=False,
    ),
]
PosLabels = Annotated[
    list[str] | None,
    typer.Option(
        help="The label that means fake, where it is neither called fake nor 1 of 0 "
        "and 1. Given several times, any of them means fake.",
        show_default=False,
    ),
]
