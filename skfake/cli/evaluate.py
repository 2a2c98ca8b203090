"""`skfake evaluate`: what a saved detector gets right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from warnings import catch_warnings, simplefilter

import typer

import skfake
from skfake.cli import options
from skfake.cli.errors import one_line
from skfake.cli.outputs import (
    finish,
    prepare_report,
    print_comparison,
    require_metrics,
)
from skfake.cli.sources import (
    Images,
    as_part,
    describe_rest,
    load_test,
    load_train,
    match_classes,
    which_fake,
)

if TYPE_CHECKING:
    from skfake import Comparison
    from skfake.evaluation import Robustness


def evaluate(
    model: options.Model,
    source: options.Source,
    test: Annotated[
        bool,
        typer.Option(
            "--test",
            help="Take the test images of SOURCE or nothing: without it, all images "
            "are taken where SOURCE has no test images of its own.",
        ),
    ] = False,
    limit: options.Limit = None,
    skip_unreadable: options.SkipUnreadable = False,
    pos_label: options.ClassLabels = None,
    device: options.Device = None,
    corruptions: options.Corruptions = None,
    without_leaks: options.WithoutLeaks = False,
    output: options.ReportFolder = None,
    force: options.ForceReport = False,
    seed: options.Seed = 0,
) -> None:
    """Print what a saved detector gets right on images whose labels are known.

    Images that it was trained on show nothing: where SOURCE has a test part, it is
    tested on that part alone.
    """
    with one_line():
        prepare_report(output, force=force)
        images = load_labelled(source, test_only=test, pos_label=pos_label)
        detector = skfake.load_detector(model, device=device)
        labelled, fake = label_as(detector, images, pos_label)
        labelled = labelled.draw(limit, seed)
        settings = {"seed": seed, "fake": fake, "skip_unreadable": skip_unreadable}
        comparison = evaluate_images(detector, model.stem, labelled, **settings)
        require_metrics(comparison, model.stem)
        comparison = finish(comparison, without_leaks=without_leaks)
        robustness = None
        if corruptions is not None:
            robustness = evaluate_damaged(
                detector, model.stem, labelled, corruptions, **settings
            )
    print_comparison(comparison, output, robustness)


def load_labelled(
    source: Path, *, test_only: bool, pos_label: Sequence[str] | None
) -> Images:
    """Test images of a source, or all where it has no parts."""
    tested = load_test(source, pos_label)
    title = f"Images of {source}"
    if tested is None and test_only:
        raise ValueError(
            f"--test must come with a SOURCE that has test images; got {str(source)!r},"
            " which has none."
        )
    if tested is None:
        tested = load_train(source, pos_label)
    else:
        title = f"Test images of {source}"
    names = [str(name) for name in tested.target_names]
    return Images(title, names, as_part(tested), None, describe_rest(tested))


def label_as(
    detector: Any, images: Images, pos_label: Sequence[str] | None
) -> tuple[Images, Any]:
    """The same images, with the labels that a detector answers with.

    Beside them is the one that means fake, where the user says it and it is one.
    """
    import numpy as np

    from skfake.labels import name_labels, read_pos_label

    classes = np.asarray(detector.classes_)
    known, learned = name_labels(classes), read_pos_label(detector)
    fakes = which_fake(images.target_names, pos_label)
    is_fake = None if learned is None else np.isin(classes, learned)
    codes = match_classes(images.target_names, known, is_fake, fakes)
    if codes is None or len(set(codes.tolist())) < len(known):
        folded = [name.casefold() for name in known]
        names = images.target_names
        strange = [name for name in names if name.casefold() not in folded]
        came = f"the class {strange[0]!r}" if strange else ", ".join(names)
        raise ValueError(
            "SOURCE must have images of the classes of the detector, "
            f"{', '.join(folded)}, each of them; got {came}."
        )
    labelled = images.train._replace(y=classes[codes[images.train.y]])
    shown = known
    if len(codes) == len(known):
        shown = [images.target_names[place] for place in np.argsort(codes)]
    said = np.unique(codes[fakes]) if pos_label and fakes is not None else codes[:0]
    fake = classes[said].tolist()[0] if len(said) == 1 and len(known) == 2 else None
    return images._replace(train=labelled, target_names=shown), fake


def evaluate_images(
    detector: Any, name: str, images: Images, **settings: Any
) -> Comparison:
    """Evaluate a detector on labelled images, with a line on stderr."""
    comparison = _evaluate(
        partial(skfake.evaluate_detectors, generators=images.train.generators),
        detector,
        name,
        images,
        **settings,
    )
    return replace(comparison, title=f"{images.title}.")


def evaluate_damaged(
    detector: Any, name: str, images: Images, suite: str, **settings: Any
) -> Robustness:
    """Evaluate a detector on the same images damaged, with lines on stderr."""
    from skfake.evaluation import evaluate_robustness

    damaged = partial(evaluate_robustness, corruptions=str(suite))
    return replace(_evaluate(damaged, detector, name, images, **settings), warnings=[])


def _evaluate(
    function: Callable[..., Any],
    detector: Any,
    name: str,
    images: Images,
    *,
    seed: int,
    fake: Any,
    skip_unreadable: bool,
) -> Any:
    with catch_warnings():
        # They are printed with the table.
        simplefilter("ignore", UserWarning)
        return function(
            {name: detector},
            images.train.X,
            images.train.y,
            pos_label=fake,
            target_names=images.target_names,
            skip_unreadable=skip_unreadable,
            random_state=seed,
            verbose=1,
        )
