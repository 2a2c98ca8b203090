"""`skfake predict`: which of many files are fakes, a row each."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated, NamedTuple
from warnings import catch_warnings, simplefilter

import typer

import skfake
from skfake.cli.errors import one_line
from skfake.cli.lists import STDIN, read_list
from skfake.cli.options import (
    Device,
    Force,
    InferencePrecision,
    Model,
    PosLabels,
    Stability,
)
from skfake.cli.outputs import check_new_file
from skfake.cli.row_writer import Format, RowWriter, open_output
from skfake.cli.tally import Tally
from skfake.progress import Progress, is_watched

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
    stability: Stability = False,
    batch_size: Annotated[
        int, typer.Option(help="Images to compute together, at most.", min=1)
    ] = 128,
    device: Device = None,
    inference_precision: InferencePrecision = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Threads that open files. Without it, one a processor.", min=1
        ),
    ] = None,
) -> None:
    """Tell which images are fakes: a row for each, in the order of the paths.

    The columns are path, probability (that it is a fake; or score, where the detector
    has no probabilities), label, agreement (with --stability, or of a detector that is
    a StableClassifier), seconds (to open it and to compute) and error (why there is no
    answer). Where an image has none, the others go on, and the exit code is 1. The last
    line, on stderr, counts them all.
    """
    with one_line(X="PATH"):
        if output is not None:
            check_new_file(output, force=force)
        asked = check_paths(paths or [], files_from, null=null)
        from skfake.screening.opening import open_images
        from skfake.screening.paths import require_images

        passed_over: Counter[str] = Counter()
        found = require_images(asked.find(passed_over))
        # Files are read while the libraries of the detector are loaded.
        with open_images(found, batch_size=batch_size, n_jobs=jobs or -1) as batches:
            from skfake.screening.labelling import Labeller

            watched = is_watched() and not (output is None and sys.stdout.isatty())
            progress = CountedProgress(asked) if watched else None
            detector = skfake.load_detector(
                model, device=device, inference_precision=inference_precision
            )
            labeller = Labeller(
                detector,
                pos_label=pos_label or None,
                threshold=threshold,
                stability=stability,
            )
            tally = write_rows(labeller, batches, output, format, progress)
    print(tally.describe(passed_over), file=sys.stderr)
    if tally.n_without:
        raise typer.Exit(1)


class Asked(NamedTuple):
    """Paths that were named, and lists of more."""

    named: list[str]
    lists: list[str]
    null: bool

    def find(self, passed_over: Counter[str] | None = None) -> Iterator[Found]:
        """Images that they lead to."""
        from skfake.screening.paths import find_images, find_listed

        listed = (
            find_listed(read_list(name, null=self.null), passed_over)
            for name in self.lists
        )
        return chain(find_images(self.named, passed_over), *listed)

    def can_be_counted(self) -> bool:
        """Whether they can be gone through twice."""
        return all(Path(name).is_file() for name in self.lists)


def check_paths(paths: list[str], files_from: str | None, *, null: bool) -> Asked:
    """What the arguments name, if it is anything."""
    lists = [path for path in paths if path == STDIN]
    lists += [] if files_from is None else [files_from]
    named = [path for path in paths if path != STDIN]
    if not lists and not named:
        raise ValueError("PATH must name images; got none. Name a file or a folder.")
    if lists.count(STDIN) > 1:
        raise ValueError("PATH must name the pipe once; got - twice.")
    if null and not lists:
        raise ValueError("--null must go with --files-from, or - for PATH; got none.")
    if files_from not in (None, STDIN) and not Path(files_from).exists():
        raise FileNotFoundError(
            f"--files-from must be a file; got {files_from!r}, which does not exist."
        )
    if files_from is not None and Path(files_from).is_dir():
        raise IsADirectoryError(
            f"--files-from must be a file; got {files_from!r}, a folder."
        )
    return Asked(named, lists, null)


class CountedProgress(Progress):
    """Progress whose total is counted meanwhile, where that can be."""

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        if asked.can_be_counted():
            Thread(target=self._count, args=(asked,), daemon=True).start()

    def _count(self, asked: Asked) -> None:
        self.total = sum(1 for _ in asked.find())


def write_rows(
    labeller: Labeller,
    batches: Iterator[list[Opened]],
    output: Path | None,
    format: Format,
    progress: Progress | None,
) -> Tally:
    """Write the rows of each batch as they come, and count them."""
    from skfake.screening.screen import make_rows, row_type

    tally = Tally(labeller)
    with catch_warnings(), open_output(output) as stream, progress or nullcontext():
        # A detector's would stand between the rows.
        simplefilter("ignore", UserWarning)
        columns = row_type(labeller)._fields
        writer = RowWriter(stream, format=format, columns=columns)
        for batch in batches:
            rows = make_rows(labeller, batch)
            writer.write(rows)
            tally.add(rows, batch)
            if progress is not None:
                progress.note = tally.describe_failures()
                progress.advance(len(rows))
    return tally
