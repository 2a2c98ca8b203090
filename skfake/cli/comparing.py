"""What `fit` and `compare` share: detectors that suit images, and their table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import skfake
from skfake.cli.detectors import Settings, set_everywhere, tile
from skfake.cli.sizes import (
    choose_square,
    choose_view,
    describe_square,
    describe_view,
    measure_some,
)
from skfake.cli.sources import Images, Part, which_fake

if TYPE_CHECKING:
    from skfake import Comparison


def suit_images(
    detectors: dict[str, Any],
    images: Images,
    settings: Settings,
    pos_label: Sequence[str] | None,
) -> tuple[dict[str, Any], Images, Any]:
    """Detectors that look at images as suits these; the images as labelled; the fakes.

    Whatever was chosen for the user is said on stderr.
    """
    sizes = measure_some(images.train.X)
    view = choose_view(sizes, tiles=settings.tiles, image_size=settings.image_size)
    resized = {n: d for n, d in detectors.items() if getattr(d, "resize", True)}
    said = [images.remark, describe_view(sizes, view) if resized else ""]
    set_everywhere(resized, image_size=view.image_size)
    for name, detector in detectors.items():
        if name in resized:
            continue
        side = detector.image_size
        if settings.tiles and isinstance(side, str):
            side = view.image_size
        detector.set_params(image_size=choose_square(sizes, side))
        if not settings.tiles:
            said.append(describe_square(sizes, detector.image_size))
    images = name_classes(images)
    fakes = find_fakes(images, pos_label)
    if fakes is None:
        said.append(
            f"Nothing says which of {', '.join(images.target_names)} means fake; "
            "--pos-label does."
        )
    elif pos_label:
        set_everywhere(detectors, pos_label=fakes)
    # What sees full resolution without tiles is given them where the user says so.
    tiled = detectors if settings.tiles else resized if view.tiles else {}
    detectors |= {name: tile(detector) for name, detector in tiled.items()}
    for line in dict.fromkeys(filter(None, said)):
        print(line, file=sys.stderr)
    return detectors, images, fakes


def name_classes(images: Images) -> Images:
    """The same images with the names of classes for labels, but for real and fake."""
    import numpy as np

    from skfake.datasets.folder import TARGET_NAMES

    if images.target_names == list(TARGET_NAMES):
        return images
    names = np.array(images.target_names)

    def name(part: Part) -> Part:
        return part._replace(y=names[part.y])

    test = None if images.test is None else name(images.test)
    return images._replace(train=name(images.train), test=test)


def find_fakes(images: Images, pos_label: Sequence[str] | None) -> Any:
    """Label, or list of labels, that means fake; None where nothing says it."""
    from skfake.datasets.folder import TARGET_NAMES

    names = images.target_names
    if names == list(TARGET_NAMES):
        return 1
    found = which_fake(names, pos_label)
    if found is None:
        return None
    fakes = [name for name, fake in zip(names, found, strict=True) if fake]
    return fakes[0] if len(fakes) == 1 else fakes


def compare_images(
    detectors: dict[str, Any],
    images: Images,
    *,
    seed: int,
    fakes: Any = None,
    cv: Any = None,
    skip_unreadable: bool = False,
) -> Comparison:
    """Compare detectors on images, with a line on stderr for each fit."""
    test = images.test
    tested = images.train if test is None else test
    with catch_warnings():
        # They are printed with the table.
        simplefilter("ignore", UserWarning)
        comparison = skfake.compare_detectors(
            detectors,
            images.train.X,
            images.train.y,
            cv=cv,
            test=None if test is None else (test.X, test.y),
            pos_label=fakes if len(images.target_names) == 2 else None,
            target_names=images.target_names,
            generators=tested.generators,
            skip_unreadable=skip_unreadable,
            random_state=seed,
            verbose=1,
        )
    return replace(comparison, title=f"{images.title}.")
