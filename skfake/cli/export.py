"""`skfake export`: a saved detector as an ONNX file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

import skfake
from skfake.cli.errors import one_line
from skfake.cli.options import Force, Model
from skfake.cli.outputs import check_new_file

ONNX = ".onnx"


def export(
    model: Model,
    output: Annotated[Path, typer.Option(help="File to write: NAME.onnx.")],
    force: Force = False,
) -> None:
    """Write a saved detector as an ONNX file, which needs no Python to run.

    All that happens between bytes and probabilities is in it. Only detectors with a
    network can be exported, and not in tiles.
    """
    with one_line():
        if output.suffix.lower() != ONNX:
            raise ValueError(f"--output must end in {ONNX}; got {str(output)!r}.")
        check_new_file(output, force=force)
        skfake.export_onnx(skfake.load_detector(model), output)
    print(f"The network is in {output}.", file=sys.stderr)
