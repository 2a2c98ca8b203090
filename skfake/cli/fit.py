"""`skfake fit`: train one detector and save it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import skfake
from skfake.cli.compare import compare_images
from skfake.cli.detectors import DETECTORS, make_detectors
from skfake.cli.errors import TYPED, one_line
from skfake.cli.options import Force, Limit, Seed, Source, TestSource
from skfake.cli.outputs import check_new_file, require_metrics
from skfake.cli.sources import Images, limit_images, load_images

if TYPE_CHECKING:
    from skfake import Comparison, ModelCard

SECONDS = ("fit_seconds", "predict_seconds")


def fit(
    source: Source,
    output: Annotated[Path, typer.Option(help="File to save the detector to.")],
    detector: Annotated[
        str, typer.Option(help=f"One of {', '.join(DETECTORS)}.")
    ] = "Compact",
    test: TestSource = None,
    limit: Limit = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="How often a network goes through the training images.", min=1
        ),
    ] = None,
    image_size: Annotated[
        int | None, typer.Option(help="Side in pixels that images are resized to.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help='Weights to begin with: "imagenet" or a file.')
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="Folder to keep a training in, epoch by epoch; the same command goes "
            "on from there."
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="Where to compute, as torch calls it: cpu, cuda, cuda:1, mps."
        ),
    ] = None,
    seed: Seed = 0,
    license: Annotated[
        str, typer.Option(help="Terms of use, for the model card.")
    ] = "",
    force: Force = False,
) -> None:
    """Train a detector, print what it gets right on test images, and save it.

    The file holds a model card with these metrics; `skfake info` shows it.
    """
    settings = {
        "max_epochs": epochs,
        "image_size": image_size,
        "weights": weights,
        "checkpoint": None if checkpoint is None else str(checkpoint),
        "device": device,
    }
    with one_line():
        check_new_file(output, force=force)
        name, unfitted = make_detector(detector, seed, settings)
        images = limit_images(load_images(source, test, None, seed), limit, seed)
        comparison = compare_images({name: unfitted}, name_classes(images), None, seed)
        require_metrics(comparison, name)
        fitted = without_local_settings(comparison.detectors[name])
        card = write_card(comparison, name, license)
        skfake.save_detector(fitted, output, card=card)
    print(comparison)
    print(f"The detector is in {output}.", file=sys.stderr)


def make_detector(name: str, seed: int, settings: dict[str, Any]) -> tuple[str, Any]:
    """A detector with the parameters that the user sets."""
    made = make_detectors(name, seed, option="--detector")
    if len(made) > 1:
        raise ValueError(f"--detector must be one detector; got {name!r}.")
    ((name, detector),) = made.items()
    given = {key: value for key, value in settings.items() if value is not None}
    strange = given.keys() - detector.get_params().keys()
    if strange:
        option = TYPED.get(min(strange), f"--{min(strange)}")
        raise ValueError(f"{option} must go with another detector; got {name}.")
    return name, detector.set_params(**given)


def name_classes(images: Images) -> Images:
    """The same images with the names of classes for labels, but for real and fake."""
    import numpy as np

    from skfake.datasets.folder import TARGET_NAMES

    if images.target_names == list(TARGET_NAMES):
        return images
    names = np.array(images.target_names)
    test = images.test and (images.test[0], names[images.test[1]])
    return images._replace(y=names[images.y], test=test)


def without_local_settings(detector: Any) -> Any:
    """A detector without the settings that belong to this machine and this fit."""
    defaults = {"checkpoint": None, "verbose": 0}
    taken = defaults.keys() & detector.get_params().keys()
    return detector.set_params(**{key: defaults[key] for key in taken})


def write_card(comparison: Comparison, name: str, license: str) -> ModelCard:
    """Model card of a detector that a comparison has fitted."""
    row = comparison.table.drop(columns=list(SECONDS)).loc[name].dropna()
    settings = comparison.settings
    data = [
        comparison.title,
        f"Trained on {settings['n_images']} images of the classes "
        f"{', '.join(comparison.target_names)}, tested on "
        f"{settings['n_test_images']}.",
        *comparison.warnings,
    ]
    return skfake.ModelCard(
        title=f"{name} detector",
        data=" ".join(data),
        metrics={str(metric): float(value) for metric, value in row.to_dict().items()},
        license=license,
    )
