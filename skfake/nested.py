"""The fitted estimators that another one is made of."""

from collections.abc import Iterator
from typing import Any

# Names of what is fitted inside an estimator, alone or in a list.
ALONE = (
    "best_estimator_",
    "estimator_",
    "final_estimator_",
    "estimator",
    "features_",
)
SEVERAL = ("calibrated_classifiers_", "estimators_")


def list_inside(detector: Any) -> list[Any]:
    """Estimators directly inside a fitted one, of a pipeline the last step first."""
    steps = [step for _, step in getattr(detector, "steps", [])]
    several = [part for name in SEVERAL for part in getattr(detector, name, [])]
    alone = [getattr(detector, name) for name in ALONE if hasattr(detector, name)]
    inside = [*steps[::-1], *several, *alone]
    return [part for part in inside if part is not None and not isinstance(part, str)]


def walk_nested(detector: Any) -> Iterator[Any]:
    """A fitted estimator, and all that are inside of it."""
    yield detector
    for part in list_inside(detector):
        yield from walk_nested(part)
