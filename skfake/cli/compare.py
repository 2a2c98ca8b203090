"""`skfake compare`: several detectors on the same images, in one table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from warnings import catch_warnings, simplefilter

import typer

import skfake
from skfake.cli.detectors import DETECTORS, make_detectors
from skfake.cli.errors import one_line
from skfake.cli.options import LAYOUTS, Limit, ReportFolder, Seed, TestSource
from skfake.cli.outputs import prepare_output, print_comparison
from skfake.cli.sources import Images, limit_images, load_images

if TYPE_CHECKING:
    from skfake import Comparison

# Those that take a minute or less for the simulated images of a first try.
DEFAULT_DETECTORS = ("SVM", "CNN", "Compact")


def compare(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="SOURCE",
            help=f"Images: {LAYOUTS} Without SOURCE, images are simulated.",
        ),
    ] = None,
    test: TestSource = None,
    cv: Annotated[
        int | None,
        typer.Option(
            help="Number of cross-validation folds of the training images, in place of "
            "test images.",
            min=2,
        ),
    ] = None,
    detectors: Annotated[
        str,
        typer.Option(
            help=f"Names, with commas between them, of {', '.join(DETECTORS)}."
        ),
    ] = ",".join(DEFAULT_DETECTORS),
    limit: Limit = None,
    seed: Seed = 0,
    output: ReportFolder = None,
) -> None:
    """Fit detectors to the same images and print a table of what they get right."""
    with one_line():
        chosen = make_detectors(detectors, seed)
        prepare_output(output)
        images = limit_images(load_images(source, test, cv, seed), limit, seed)
        comparison = compare_images(chosen, images, cv, seed)
    print_comparison(comparison, output)
    if comparison.errors:
        raise typer.Exit(1)


def compare_images(
    detectors: dict[str, Any], images: Images, cv: int | None, seed: int
) -> Comparison:
    """Compare detectors on images, with a line on stderr for each fit."""
    from sklearn.model_selection import StratifiedKFold

    folds = None
    if cv is not None:
        folds = StratifiedKFold(cv, shuffle=True, random_state=seed)
    with catch_warnings():
        # They are printed with the table.
        simplefilter("ignore", UserWarning)
        comparison = skfake.compare_detectors(
            detectors,
            images.X,
            images.y,
            cv=folds,
            test=images.test,
            target_names=images.target_names,
            random_state=seed,
            verbose=1,
        )
    return replace(comparison, title=f"{images.title}.")
