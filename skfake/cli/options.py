"""Arguments and options that several subcommands have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from skfake.cli.errors import UsageError
from skfake.persistence.shipped import find_file, list_shipped

LAYOUTS = (
    "CIFAKE (a folder, .zip or .tar), a folder of class/file or generator/class/file, "
    "or a folder of train and test with class/file in each."
)
# How the options of a long help are grouped.
OF_IMAGES, OF_GENERATORS = "Images", "Generators"
OF_DETECTORS, OF_RESULTS = "Detectors", "Results"


class Suite(StrEnum):
    """Names of `skfake.corruptions.SUITES`, here too to be parsed without torch."""

    COMMON = "common"
    TECHJAM = "techjam"
    PAIRS = "pairs"
    PLATFORM = "platform"


class Precision(StrEnum):
    """Arithmetic that networks can predict with."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


def check_model(path: Path) -> Path:
    """Refuse a path that leads to no file, before the libraries are loaded."""
    found = find_file(path)
    if found.exists() and not found.is_dir():
        return path
    came = "a folder" if path.is_dir() else "which does not exist"
    raise UsageError(
        f"MODEL must be a file, or one of {', '.join(list_shipped())}; got "
        f"{str(path)!r}, {came}."
    )


def option(panel: str, *names: str, **described: Any) -> Any:
    """An option in a group of the help."""
    return typer.Option(*names, rich_help_panel=panel, **described)


Model = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A detector that `skfake fit` or save_detector saved, or the name of one "
        f"that comes with skfake: {', '.join(list_shipped())}.",
        callback=check_model,
    ),
]
Source = Annotated[
    Path, typer.Argument(metavar="SOURCE", help=f"Images and their labels: {LAYOUTS}")
]
Seed = Annotated[
    int, typer.Option(help="Seed of all that is random.", min=0, max=2**32 - 1)
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace what is there of that name.")
]

# Images

TestSource = Annotated[
    Path | None,
    option(
        OF_IMAGES,
        "--test",
        help="Test images, laid out as SOURCE may be. Without it they are those of "
        "SOURCE or, if it has none, a fifth of its images.",
    ),
]
Limit = Annotated[
    int | None,
    option(
        OF_IMAGES,
        help="Use at most so many training images, and as many test images.",
        min=2,
    ),
]
SkipUnreadable = Annotated[
    bool,
    option(
        OF_IMAGES,
        "--skip-unreadable",
        help="Go on without the images that can't be read, and count them.",
    ),
]
ClassLabels = Annotated[
    list[str] | None,
    option(
        OF_IMAGES,
        "--pos-label",
        help="The class folder that holds fakes, where its name does not say so. Given "
        "several times, all of them do.",
    ),
]
WithoutLeaks = Annotated[
    bool,
    option(
        OF_RESULTS,
        "--without-leaks",
        help="Leave the test images of which training has a copy out of the table.",
    ),
]

# Detectors

Tiles = Annotated[
    bool | None,
    option(
        OF_DETECTORS,
        "--tiles/--no-tiles",
        help="Judge images at full resolution, in tiles of --image-size (64 without "
        "it), or resize them. Without either, photographs are judged in tiles: images "
        "most of which have sides of 128 or more. Residual and Encoder resize none.",
        show_default=False,
    ),
]
ImageSize = Annotated[
    int | None,
    option(
        OF_DETECTORS,
        help="Side in pixels that images are resized to, or of tiles, or of the square "
        "that Residual and Encoder cut. Without it, photographs are resized to 128 and "
        "smaller images to 32.",
        min=1,
    ),
]
Epochs = Annotated[
    int | None,
    option(
        OF_DETECTORS,
        help="How often a network goes through the training images.",
        min=1,
    ),
]
Encoder = Annotated[
    str | None,
    option(
        OF_DETECTORS,
        help="Network of the Encoder: a name of torchvision, timm:NAME or "
        "transformers:NAME. Without it, resnet50.",
    ),
]
Weights = Annotated[
    str | None,
    option(
        OF_DETECTORS,
        help='Weights to begin with: "imagenet" or a file. Of the Encoder, without it, '
        "those that its library has.",
    ),
]
Augment = Annotated[
    bool | None,
    option(
        OF_DETECTORS,
        "--augmentation/--no-augmentation",
        help="Whether networks are trained on images that are shifted, mirrored and "
        "the like. Without either, as is best for each.",
    ),
]
Robust = Annotated[
    bool,
    option(
        OF_DETECTORS,
        "--robust/--no-robust",
        help="Train networks on images that are compressed, resized, blurred and the "
        "like at random, so that they judge such images too. It takes longer, and "
        "costs a little accuracy on images that nobody has touched.",
    ),
]
CheckpointFolder = Annotated[
    Path | None,
    option(
        OF_DETECTORS,
        "--checkpoint",
        help="Folder to keep trainings in, epoch by epoch; the same command goes on "
        "from there.",
    ),
]
Device = Annotated[
    str | None,
    option(
        OF_DETECTORS,
        help="Where to compute, as torch calls it: cpu, cuda, cuda:1, mps.",
    ),
]
InferencePrecision = Annotated[
    Precision | None,
    option(
        OF_DETECTORS,
        help="Arithmetic of a network's predictions: bfloat16 is faster on CPUs with "
        "AMX, and moves doubtful probabilities a little.",
    ),
]

# Results

ReportFolder = Annotated[
    Path | None,
    option(
        OF_RESULTS,
        "--output",
        help="Folder to write tables and plots to; made if there is none.",
    ),
]
ForceReport = Annotated[
    bool,
    option(OF_RESULTS, "--force", help="Replace an earlier report in that folder."),
]

Corruptions = Annotated[
    Suite | None,
    typer.Option(
        help="Also say what it gets right on images that are damaged: in the common "
        "ways by five degrees, as the contest TechJam 2026 damages them, in pairs of "
        "ways, or as platforms do, which resize and then compress.",
    ),
]

# What a saved detector answers

PosLabels = Annotated[
    list[str] | None,
    typer.Option(
        help="The label that means fake, where the detector does not know. Given "
        "several times, any of them means fake."
    ),
]
Stability = Annotated[
    bool,
    typer.Option(
        "--stability",
        help="Also label each image after it is mildly compressed, resized and "
        "blurred, and write which fraction of these views has its label. It takes six "
        "times as long.",
    ),
]
