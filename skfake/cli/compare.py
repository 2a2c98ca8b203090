"""`skfake compare`: several detectors on the same images, in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from skfake.cli import options
from skfake.cli.across import compare_across, print_across
from skfake.cli.comparing import compare_images, suit_images
from skfake.cli.detectors import DETECTORS, Settings, make_detectors
from skfake.cli.errors import one_line
from skfake.cli.outputs import finish, prepare_report, print_comparison
from skfake.cli.sources import Images, load_images

# Those that take a minute or less for the simulated images of a first try.
DEFAULT_DETECTORS = ("SVM", "CNN", "Compact")
LEFT_OUT = "--leave-one-generator-out"
ACROSS = "--across-generators"


def compare(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="SOURCE",
            help=f"Images: {options.LAYOUTS} Without SOURCE, images are simulated.",
        ),
    ] = None,
    test: options.TestSource = None,
    cv: Annotated[
        int | None,
        options.option(
            options.OF_IMAGES,
            help="Number of cross-validation folds of the training images, in place of "
            "test images.",
            min=2,
        ),
    ] = None,
    leave_one_generator_out: Annotated[
        bool,
        options.option(
            options.OF_GENERATORS,
            LEFT_OUT,
            help="Test on the fakes of each generator in turn, and train on those of "
            "all others. SOURCE must be generator/class/file.",
        ),
    ] = False,
    across_generators: Annotated[
        bool,
        options.option(
            options.OF_GENERATORS,
            ACROSS,
            help="Train on each generator alone, and test on all of them. SOURCE must "
            "be generator/class/file.",
        ),
    ] = False,
    limit: options.Limit = None,
    skip_unreadable: options.SkipUnreadable = False,
    pos_label: options.ClassLabels = None,
    detectors: Annotated[
        str,
        options.option(
            options.OF_DETECTORS,
            help=f"Names, with commas between them, of {', '.join(DETECTORS)}.",
        ),
    ] = ",".join(DEFAULT_DETECTORS),
    tiles: options.Tiles = None,
    image_size: options.ImageSize = None,
    epochs: options.Epochs = None,
    encoder: options.Encoder = None,
    weights: options.Weights = None,
    augmentation: options.Augment = None,
    robust: options.Robust = False,
    checkpoint: options.CheckpointFolder = None,
    device: options.Device = None,
    without_leaks: options.WithoutLeaks = False,
    output: options.ReportFolder = None,
    force: options.ForceReport = False,
    seed: options.Seed = 0,
) -> None:
    """Fit detectors to the same images and print a table of what they get right."""
    settings = Settings(
        seed=seed,
        tiles=tiles,
        image_size=image_size,
        epochs=epochs,
        encoder=encoder,
        weights=weights,
        augmentation=augmentation,
        robust=robust,
        checkpoint=checkpoint,
        device=device,
    )
    with one_line():
        chosen = make_detectors(detectors, settings)
        prepare_report(output, force=force)
        plans = {
            "--cv": cv is not None,
            LEFT_OUT: leave_one_generator_out,
            ACROSS: across_generators,
        }
        folds = choose_plan(plans)
        images = load_images(source, test, seed, folds=folds, pos_label=pos_label)
        if folds in (LEFT_OUT, ACROSS):
            require_generators(images, folds)
        images = images.draw(limit, seed)
        chosen, images, fakes = suit_images(chosen, images, settings, pos_label)
        how: dict[str, Any] = {
            "seed": seed,
            "fakes": fakes,
            "skip_unreadable": skip_unreadable,
        }
        found: Any
        if across_generators:
            found = compare_across(chosen, images, **how)
        else:
            cv_splits = draw_splits(images, cv, folds, fakes, seed)
            found = compare_images(chosen, images, cv=cv_splits, **how)
            found = finish(found, without_leaks=without_leaks)
    if across_generators:
        print_across(found, output)
    else:
        print_comparison(found, output)
    if found.errors:
        raise typer.Exit(1)


def choose_plan(plans: dict[str, bool]) -> str | None:
    """The option that says how images are split, if one does."""
    asked = [option for option, is_asked in plans.items() if is_asked]
    if len(asked) > 1:
        raise ValueError(f"{asked[1]} must come without {asked[0]}; got both.")
    return asked[0] if asked else None


def require_generators(images: Images, option: str) -> None:
    """Refuse images without generators."""
    if images.train.generators is None:
        raise ValueError(
            f"{option} must go with a SOURCE of generator/class/file; got "
            f"{images.title!r}."
        )


def draw_splits(
    images: Images, cv: int | None, plan: str | None, fakes: Any, seed: int
) -> Any:
    """Folds of the training images; None where test images are apart."""
    from sklearn.model_selection import StratifiedKFold

    from skfake.evaluation import LeaveOneGeneratorOut

    if cv is not None:
        return StratifiedKFold(cv, shuffle=True, random_state=seed)
    if plan != LEFT_OUT:
        return None
    splitter = LeaveOneGeneratorOut(pos_label=fakes, random_state=seed)
    return list(splitter.split(*images.train))
