"""`skfake fit`: train one detector and save it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import skfake
from skfake.cli import options
from skfake.cli.comparing import compare_images, suit_images
from skfake.cli.detectors import DETECTORS, Settings, make_detectors
from skfake.cli.errors import one_line
from skfake.cli.outputs import check_new_model, finish, require_metrics
from skfake.cli.sources import load_images

if TYPE_CHECKING:
    from skfake import Comparison, ModelCard

SECONDS = ("fit_seconds", "predict_seconds")


def fit(
    source: options.Source,
    output: Annotated[
        Path,
        options.option(
            options.OF_RESULTS, help="File to save the detector to: NAME.skfake."
        ),
    ],
    test: options.TestSource = None,
    limit: options.Limit = None,
    skip_unreadable: options.SkipUnreadable = False,
    pos_label: options.ClassLabels = None,
    detector: Annotated[
        str,
        options.option(options.OF_DETECTORS, help=f"One of {', '.join(DETECTORS)}."),
    ] = "Compact",
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
    license: Annotated[
        str,
        options.option(options.OF_RESULTS, help="Terms of use, for the model card."),
    ] = "",
    fingerprints: Annotated[
        bool,
        options.option(
            options.OF_RESULTS,
            "--fingerprints/--no-fingerprints",
            help="Whether the file keeps fingerprints of the training images, by which "
            "users are told that they ask for images that it was trained on.",
        ),
    ] = True,
    force: options.Force = False,
    seed: options.Seed = 0,
) -> None:
    """Train a detector, print what it gets right on test images, and save it.

    The file holds a model card with these metrics; `skfake info` shows it.
    """
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
        check_new_model(output, force=force)
        made = make_detectors(detector, settings, option="--detector")
        if len(made) > 1:
            raise ValueError(f"--detector must be one detector; got {detector!r}.")
        images = load_images(source, test, seed, pos_label=pos_label)
        images = images.draw(limit, seed)
        made, images, fakes = suit_images(made, images, settings, pos_label)
        comparison = compare_images(
            made, images, seed=seed, fakes=fakes, skip_unreadable=skip_unreadable
        )
        (name,) = made
        require_metrics(comparison, name)
        comparison = finish(comparison, without_leaks=without_leaks)
        fitted = without_local_settings(comparison.detectors[name])
        card = write_card(comparison, name, license)
        skfake.save_detector(fitted, output, card=card, fingerprints=fingerprints)
    print(comparison)
    print(f"The detector is in {output}.", file=sys.stderr)


def without_local_settings(detector: Any) -> Any:
    """A detector without the settings that belong to this machine and this fit."""
    local = {"callbacks": None, "checkpoint": None, "verbose": 0}
    # Of tiles, what was fitted is another one than what is a parameter.
    for part in (detector, getattr(detector, "estimator_", None)):
        if part is None:
            continue
        names = [n for n in part.get_params() if n.rpartition("__")[2] in local]
        part.set_params(**{name: local[name.rpartition("__")[2]] for name in names})
    return detector


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
    if len(comparison.unreadable):
        data.append(f"{len(comparison.unreadable)} that can't be read are left out.")
    return skfake.ModelCard(
        title=f"{name} detector",
        data=" ".join(data),
        metrics={str(metric): float(value) for metric, value in row.to_dict().items()},
        license=license,
    )
