"""`skfake predict`: which of many files are fakes, a row each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from warnings import catch_warnings, simplefilter

import typer

import skfake
from skfake.cli.errors import one_line
from skfake.cli.lists import STDIN, read_list
from skfake.cli.options import Force, Model, PosLabels
from skfake.cli.outputs import check_new_file
from skfake.cli.progress import is_watched, show_progress
from skfake.cli.row_writer import Format, RowWriter, open_output

if TYPE_CHECKING:
    from skfake.screening.labelling import Labeller
    from skfake.screening.opening import Opened
    from skfake.screening.paths import Found


def predict(
    model: Model,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...",
            help="Image files, folders of them at any depth, patterns such as "
            "'photos/**/*.jpg', or - for paths that come in by a pipe, one a line.",
        ),
    ] = None,
    files_from: Annotated[
        str | None,
        typer.Option(
            help="File with more paths, one a line; - is what comes in by a pipe."
        ),
    ] = None,
    null: Annotated[
        bool,
        typer.Option(
            "--null",
            "-0",
            help="Listed paths end in a zero byte, as those of find -print0, and not "
            "in a line break.",
        ),
    ] = False,
    format: Annotated[
        Format, typer.Option(help="A table with commas, or an object of JSON a line.")
    ] = Format.csv,
    output: Annotated[
        Path | None,
        typer.Option(help="File to write to. Without it, rows go to stdout."),
    ] = None,
    force: Force = False,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Call an image fake from this probability on, or this score where the "
            "detector has no probabilities. Without it the detector decides."
        ),
    ] = None,
    pos_label: PosLabels = None,
    batch_size: Annotated[
        int, typer.Option(help="Images to compute together, at most.", min=1)
    ] = 128,
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Threads that open files. Without it, one a processor.", min=1
        ),
    ] = None,
) -> None:
    """Tell which images are fakes: a row for each, in the order of the paths.

    The columns are path, probability (that it is a fake; or score, where the detector
    has no probabilities), label, seconds (to open it and to compute) and error (why
    there is no answer). Where an image has none, the others go on, and the exit code
    is 1.
    """
    with one_line():
        if output is not None:
            check_new_file(output, force=force)
        found = find_paths(paths or [], files_from, null=null)
        from skfake.screening.opening import open_images

        # Files are read while the libraries of the detector are loaded.
        with open_images(found, batch_size=batch_size, n_jobs=jobs or -1) as batches:
            from skfake.screening.labelling import Labeller

            detector = skfake.load_detector(model)
            labeller = Labeller(
                detector, pos_label=pos_label or None, threshold=threshold
            )
            n_failed = write_rows(labeller, batches, output, format)
    if n_failed:
        raise typer.Exit(1)


def find_paths(
    paths: list[str], files_from: str | None, *, null: bool
) -> Iterator[Found]:
    """Images that the arguments lead to, if there are any."""
    from skfake.screening.paths import find_images, find_listed, require_images

    lists = [path for path in paths if path == STDIN]
    lists += [] if files_from is None else [files_from]
    named = [path for path in paths if path != STDIN]
    if not lists and not named:
        raise ValueError("PATH must name images; got none. Name a file or a folder.")
    if lists.count(STDIN) > 1:
        raise ValueError("PATH must name the pipe once; got - twice.")
    if null and not lists:
        raise ValueError("--null must go with --files-from, or - for PATH; got none.")
    listed = (find_listed(read_list(name, null=null)) for name in lists)
    return require_images(chain(find_images(named), *listed))


def write_rows(
    labeller: Labeller,
    batches: Iterator[list[Opened]],
    output: Path | None,
    format: Format,
) -> int:
    """Write the rows of each batch as they come; return how many have no answer."""
    from skfake.screening.screen import make_rows, row_type

    shown = is_watched(writes_to_stdout=output is None)
    n_failed = 0
    with (
        catch_warnings(),
        open_output(output) as stream,
        show_progress(shown=shown) as advance,
    ):
        # A detector's would stand between the rows.
        simplefilter("ignore", UserWarning)
        columns = row_type(labeller)._fields
        writer = RowWriter(stream, format=format, columns=columns)
        for batch in batches:
            rows = make_rows(labeller, batch)
            writer.write(rows)
            n_without = sum(row.error is not None for row in rows)
            n_failed += n_without
            advance(len(rows), n_without)
    return n_failed
