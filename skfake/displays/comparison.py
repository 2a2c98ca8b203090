"""The displays of a comparison's data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from skfake.displays.confusion import ConfusionMatricesDisplay
from skfake.displays.curves import PrecisionRecallCurvesDisplay, RocCurvesDisplay
from skfake.displays.mistakes import ConfidentMistakesDisplay
from skfake.displays.reliability import ReliabilityDisplay
from skfake.displays.training import TrainingCurvesDisplay
from skfake.results.comparison import (
    N_MISTAKES,
    ComparisonResult,
    whole_predictions,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Curves = TypeVar(
    "Curves", RocCurvesDisplay, PrecisionRecallCurvesDisplay, ReliabilityDisplay
)


def plot_curves(
    display: type[Curves], found: ComparisonResult, ax: Axes | None = None
) -> Curves:
    """Curves of all detectors that did not fail; reliability needs probabilities."""
    predictions, folds = whole_predictions(found), found.folds
    if display is ReliabilityDisplay:
        probable = folds.loc[folds["expected_calibration_error"].notna(), "detector"]
        predictions = predictions[predictions["detector"].isin(probable)]
    return display.from_predictions(
        predictions,
        classes=found.classes,
        pos_label=found.pos_label,
        target_names=found.target_names,
        colors=_assign_colors(found),
        ax=ax,
    )


def plot_training_curves(
    found: ComparisonResult, ax: Axes | None = None, *, metric: str = "accuracy"
) -> TrainingCurvesDisplay:
    """Training curves of all detectors that did not fail and have a history."""
    whole = {k: v for k, v in found.detectors.items() if k not in found.errors}
    return TrainingCurvesDisplay.from_detectors(
        whole, metric=metric, colors=_assign_colors(found), ax=ax
    )


def plot_confident_mistakes(
    found: ComparisonResult, ax: Axes | None = None, *, n_images: int = N_MISTAKES
) -> ConfidentMistakesDisplay:
    """Confident mistakes of all detectors that did not fail, as thumbnails."""
    return ConfidentMistakesDisplay.from_predictions(
        whole_predictions(found),
        found.thumbnails,
        classes=found.classes,
        pos_label=found.pos_label,
        target_names=found.target_names,
        n_images=n_images,
        ax=ax,
    )


def plot_confusion_matrices(
    found: ComparisonResult,
    axes: np.ndarray | Sequence[Axes] | None = None,
    *,
    normalize: str | None = None,
) -> ConfusionMatricesDisplay:
    """Confusion matrices of all detectors that did not fail."""
    return ConfusionMatricesDisplay.from_predictions(
        whole_predictions(found),
        classes=found.classes,
        target_names=found.target_names,
        normalize=normalize,
        axes=axes,
    )


def _assign_colors(found: ComparisonResult) -> dict[str, str]:
    """A detector has the same colour in all displays, whichever are left out."""
    return {str(name): f"C{place}" for place, name in enumerate(found.table.index)}
