"""From which size to which the images of a detector were brought."""

from collections.abc import Iterable, Iterator
from typing import Any

from skfake.evaluation._runs import Run
from skfake.training_images import describe_resizing, find_side, find_sized


def describe_sizes(runs: Iterable[Run]) -> dict[str, str]:
    """What was resized, in words, by the names of the detectors that resize."""
    found: dict[str, str] = {}
    for name, sized, side in _list_sized(runs):
        said = describe_resizing(sized.image_sizes_, side)
        if said is not None:
            found.setdefault(name, said)
    return found


def find_resizing(runs: Iterable[Run]) -> list[Any]:
    """A fitted detector for each size that images were brought to."""
    return list({side: sized for _, sized, side in _list_sized(runs)}.values())


def _list_sized(runs: Iterable[Run]) -> Iterator[tuple[str, Any, int]]:
    """Names of detectors that resize, what of them knows its images, and the side."""
    for run in runs:
        sized = find_sized(run.detector)
        side = None if sized is None else find_side(sized)
        if side is not None:
            yield run.name, sized, side
