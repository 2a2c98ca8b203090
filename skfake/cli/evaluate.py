"""`skfake evaluate`: what a saved detector gets right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import skfake
from skfake.cli.errors import one_line
from skfake.cli.options import Limit, Model, ReportFolder, Seed, Source
from skfake.cli.outputs import prepare_output, print_comparison, require_metrics
from skfake.cli.sources import Images, limit_images, load_test, load_train

if TYPE_CHECKING:
    from skfake import Comparison


def evaluate(
    model: Model,
    source: Source,
    test: Annotated[
        bool,
        typer.Option(
            "--test",
            help="Take the test images of SOURCE or nothing: without it, all images "
            "are taken where SOURCE has no test images of its own.",
        ),
    ] = False,
    limit: Limit = None,
    seed: Seed = 0,
    output: ReportFolder = None,
) -> None:
    """Print what a saved detector gets right on images whose labels are known.

    Images that it was trained on show nothing: where SOURCE has a test part, it is
    tested on that part alone.
    """
    with one_line():
        prepare_output(output)
        images = load_labelled(source, test_only=test)
        detector = skfake.load_detector(model)
        labelled = label_as(detector.classes_, images)
        drawn = limit_images(labelled, limit, seed)
        comparison = evaluate_images(detector, model.stem, drawn, seed)
        require_metrics(comparison, model.stem)
    print_comparison(comparison, output)


def load_labelled(source: Path, *, test_only: bool) -> Images:
    """Test images of a source, or all where it has no parts."""
    tested = load_test(source)
    title = f"Images of {source}"
    if tested is None and test_only:
        raise ValueError(
            f"--test must come with a SOURCE that has test images; got {str(source)!r},"
            " which has none."
        )
    if tested is None:
        tested = load_train(source)
    else:
        title = f"Test images of {source}"
    names = [str(name) for name in tested.target_names]
    return Images(title, tested.data, tested.target, names, None)


def label_as(classes: Any, images: Images) -> Images:
    """The same images, with the labels that a detector answers with."""
    import numpy as np

    from skfake.labels import name_labels

    classes = np.asarray(classes)
    known = [name.casefold() for name in name_labels(classes)]
    names = [name.casefold() for name in images.target_names]
    strange = [name for name in images.target_names if name.casefold() not in known]
    if strange or len(names) != len(known):
        came = f"the class {strange[0]!r}" if strange else ", ".join(names)
        raise ValueError(
            f"SOURCE must have images of the classes of the detector, "
            f"{', '.join(known)}, each of them; got {came}."
        )
    codes = np.array([known.index(name) for name in names])
    shown = [images.target_names[place] for place in np.argsort(codes)]
    return images._replace(y=classes[codes[images.y]], target_names=shown)


def evaluate_images(detector: Any, name: str, images: Images, seed: int) -> Comparison:
    """Evaluate a detector on labelled images, with a line on stderr."""
    from skfake.labels import read_pos_label

    two = len(images.target_names) == 2
    comparison = skfake.evaluate_detectors(
        {name: detector},
        images.X,
        images.y,
        pos_label=read_pos_label(detector) if two else None,
        target_names=images.target_names,
        random_state=seed,
        verbose=1,
    )
    return replace(comparison, title=f"{images.title}.")
