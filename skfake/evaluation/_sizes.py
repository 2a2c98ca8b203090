"""From which size to which the images of a detector were brought."""

from collections.abc import Iterable, Iterator
from typing import Any

from skfake.evaluation._runs import Run
from skfake.nested import walk_nested
from skfake.training_images import describe_resizing


def describe_sizes(runs: Iterable[Run]) -> dict[str, str]:
    """What was resized, in words, by the names of the detectors that resize."""
    found: dict[str, str] = {}
    for name, sized in _list_sized(runs):
        said = describe_resizing(sized.image_sizes_, sized.image_size)
        if said is not None:
            found.setdefault(name, said)
    return found


def find_resizing(runs: Iterable[Run]) -> list[Any]:
    """A fitted detector for each size that images were brought to."""
    return list({d.image_size: d for _, d in _list_sized(runs)}.values())


def _list_sized(runs: Iterable[Run]) -> Iterator[tuple[str, Any]]:
    """Names and detectors that know the sizes of their images, and look at one."""
    for run in runs:
        sized = _find_sized(run.detector)
        if getattr(sized, "image_size", None) is not None:
            yield run.name, sized


def _find_sized(detector: Any) -> Any:
    """The detector, or the one inside it, that knows the sizes of its images."""
    parts = walk_nested(detector)
    return next((part for part in parts if hasattr(part, "image_sizes_")), None)
