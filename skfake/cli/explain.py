"""`skfake explain`: which parts of an image speak for its label."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import skfake
from skfake.cli.errors import MISTAKES, one_line, to_line
from skfake.cli.options import Device, Force, Model
from skfake.cli.outputs import check_new_file, plot_to_files, prepare_folder
from skfake.files import show_path


def explain(
    model: Model,
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            help="File for the picture of one image, with the ending of its format, "
            "such as .png; or folder for pictures of any number, made if there is none."
        ),
    ],
    label: Annotated[
        str | None,
        typer.Option(
            help="Label to explain. Without it, the one that the detector predicts is "
            "explained."
        ),
    ] = None,
    device: Device = None,
    force: Force = False,
) -> None:
    """Draw which parts of images speak for the label that a detector gives them."""
    from skfake.labels import find_label

    with one_line():
        plot_to_files()
        pictures = name_pictures(images, output, force=force)
        detector = skfake.load_detector(model, device=device)
        explained = None if label is None else find_label(detector.classes_, label)
    failed = False
    for image, picture in zip(images, pictures, strict=True):
        try:
            draw(detector, image, explained, picture)
        # The other images are explained all the same.
        except MISTAKES as error:
            named = "IMAGE" if str(image) in str(error) else str(image)
            print(f"skfake: {to_line(error, X=named)}", file=sys.stderr)
            failed = True
        else:
            print(show_path(picture))
    if failed:
        raise typer.Exit(1)


def name_pictures(images: list[Path], output: Path, *, force: bool) -> list[Path]:
    """Where the picture of each image goes."""
    if output.suffix and not output.is_dir():
        if len(images) > 1:
            raise ValueError(
                f"--output must be a folder for {len(images)} images; got "
                f"{str(output)!r}, a file."
            )
        pictures = [output]
    else:
        pictures = []
        for image in images:
            picture, number = output / f"{image.stem}.png", 1
            while picture in pictures:
                number += 1
                picture = output / f"{image.stem}-{number}.png"
            pictures.append(picture)
        prepare_folder(output)
    for picture in pictures:
        check_new_file(picture, force=force)
    return pictures


def draw(detector: Any, image: Path, label: Any, picture: Path) -> None:
    """Write the picture that explains what a detector says of an image."""
    from skfake.explanation import ExplanationDisplay
    from skfake.labels import name_labels

    pyplot = plot_to_files()
    names = name_labels(detector.classes_)
    display = ExplanationDisplay.from_estimator(
        detector, [str(image)], label=label, target_names=names
    )
    figure: Any = display.figure_
    figure.savefig(picture)
    pyplot.close(figure)
