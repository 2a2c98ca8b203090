"""Detectors trained on one generator and tested on each, for `skfake compare`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from skfake.cli.errors import say_options
from skfake.cli.outputs import plot_to_files
from skfake.cli.sources import Images

if TYPE_CHECKING:
    from skfake.evaluation import GeneratorComparison


def compare_across(
    detectors: dict[str, Any],
    images: Images,
    *,
    seed: int,
    fakes: Any,
    skip_unreadable: bool,
) -> GeneratorComparison:
    """Compare detectors on every pair of generators, with a line for each fit."""
    from skfake.evaluation import compare_generators

    with catch_warnings():
        # They are printed with the table.
        simplefilter("ignore", UserWarning)
        found = compare_generators(
            detectors,
            images.train.X,
            images.train.y,
            images.train.generators,
            pos_label=fakes,
            target_names=images.target_names,
            skip_unreadable=skip_unreadable,
            random_state=seed,
            verbose=1,
        )
    return replace(found, warnings=[say_options(text) for text in found.warnings])


def print_across(found: GeneratorComparison, output: Path | None) -> None:
    """Print the matrices, and write tables and the plot where a folder is named."""
    print(found)
    if output is None:
        return
    pyplot = plot_to_files()
    found.table.to_csv(output / "table.csv", index=False)
    found.predictions.to_csv(output / "predictions.csv", index=False)
    # Detectors without scores have no ROC-AUC.
    if found.table[found.metric].notna().any():
        figure: Any = found.plot().figure_
        figure.savefig(output / "generators.png", dpi=150)
        pyplot.close(figure)
    print(f"Tables and the plot are in {output}.", file=sys.stderr)
