"""`skfake evaluate`: what a saved detector gets right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import skfake
from skfake.cli.compare import print_comparison
from skfake.cli.errors import one_line
from skfake.cli.options import Limit, Model, ReportFolder, Seed, Source
from skfake.cli.outputs import prepare_output
from skfake.cli.sources import Images, limit_images, load_test, load_train

if TYPE_CHECKING:
    import numpy as np

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
    """Print what a saved detector gets right on images whose labels are known."""
    with one_line():
        if output is not None:
            prepare_output(output)
        images = load_labelled(source, test_only=test)
        detector = skfake.load_detector(model)
        labelled = label_as(detector.classes_, images)
        comparison = judge(detector, model.stem, limit_images(labelled, limit, seed))
        if comparison.errors:
            raise ValueError(comparison.errors[model.stem])
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


def label_as(classes: np.ndarray, images: Images) -> Images:
    """The same images, with the labels that a detector answers with."""
    import numpy as np

    from skfake.cli.answers import name_labels

    classes = np.asarray(classes)
    called = [name.casefold() for name in name_labels(classes)]
    names = [name.casefold() for name in images.target_names]
    strange = [
        name
        for name, folded in zip(images.target_names, names, strict=True)
        if folded not in called
    ]
    if strange or len(names) != len(called):
        came = f"the class {strange[0]!r}" if strange else ", ".join(names)
        raise ValueError(
            f"SOURCE must have images of the classes of the detector, "
            f"{', '.join(called)}, each of them; got {came}."
        )
    codes = np.array([called.index(name) for name in names])
    shown = [images.target_names[place] for place in np.argsort(codes)]
    return images._replace(y=classes[codes[images.y]], target_names=shown)


def judge(detector: Any, name: str, images: Images) -> Comparison:
    """Comparison of one detector, that is fitted already."""
    import numpy as np
    from sklearn.frozen import FrozenEstimator

    comparison = skfake.compare_detectors(
        {name: FrozenEstimator(detector)},
        images.X,
        images.y,
        test=(images.X, images.y),
        pos_label=find_positive(np.unique(images.y)),
        target_names=images.target_names,
        # Against themselves, all images would seem to leak.
        check_data=False,
        verbose=1,
    )
    counts = comparison.settings["n_images_by_class"]
    return replace(
        comparison,
        title=f"{images.title}.",
        table=comparison.table.assign(fit_seconds=np.nan),
        folds=comparison.folds.assign(fit_seconds=np.nan),
        # Nothing was trained.
        settings=comparison.settings
        | {"n_images": None, "n_images_by_class": {"test": counts["test"]}},
    )


def find_positive(classes: np.ndarray) -> Any:
    """Label whose metrics are told, of two."""
    named = [label for label in classes if str(label).casefold() == "fake"]
    return named[0] if named and len(classes) == 2 else None
