"""Detectors by the names that they have on the command line, and their settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import skfake
from skfake.cli.errors import TYPED

# Names on the command line, of classes of skfake that are imported when needed.
DETECTORS = (
    "SVM",
    "CNN",
    "ResNet",
    "VGG",
    "DenseNet",
    "Compact",
    "Residual",
    "Encoder",
)
# Those whose own default is not to augment.
PLAIN = ("CNN",)
# Tiles of an image that detectors are trained on, at most.
MAX_TILES = 8


class Settings(NamedTuple):
    """What the options say of detectors; None is what was not said."""

    seed: int
    tiles: bool | None = None
    image_size: int | None = None
    epochs: int | None = None
    encoder: str | None = None
    weights: str | None = None
    augmentation: bool | None = None
    robust: bool = False
    checkpoint: Path | None = None
    device: str | None = None

    def params(self, name: str) -> dict[str, Any]:
        """Parameters of the detector of a name that the user sets."""
        given: dict[str, Any] = {
            "image_size": self.image_size,
            "max_epochs": self.epochs,
            "encoder": self.encoder,
            "weights": self.weights,
            "checkpoint": None if self.checkpoint is None else str(self.checkpoint),
            "device": self.device,
        }
        params = {key: value for key, value in given.items() if value is not None}
        if self.augmentation is False:
            params["augment"] = None
        elif self.augmentation and not self.robust:
            params["augment"] = _augment(name)
        return params


def _augment(name: str) -> Any:
    return skfake.Augmentation() if name in PLAIN else "auto"


def _make(name: str, *, robust: bool) -> Any:
    """A detector as it is, or by its recipe for damaged images, if it has one."""
    detector = getattr(skfake, f"{name}Detector")
    recipe = getattr(detector, "robust", None)
    return detector() if recipe is None or not robust else recipe()


def make_detectors(
    names: str, settings: Settings, *, option: str = "--detectors"
) -> dict[str, Any]:
    """Detectors that a list of names asks for, with the parameters that they have."""
    if settings.checkpoint is not None and settings.checkpoint.is_file():
        raise NotADirectoryError(
            f"--checkpoint must be a folder; got {str(settings.checkpoint)!r}, a file."
        )
    if settings.robust and settings.augmentation is False:
        raise ValueError(
            "--robust must come without --no-augmentation, which damages no image; got "
            "both."
        )
    known = {name.lower(): name for name in DETECTORS}
    common = {"n_jobs": -1, "random_state": settings.seed, "verbose": 1}
    detectors: dict[str, Any] = {}
    strange: set[str] = set()
    for name in names.split(","):
        if name.strip().lower() not in known:
            raise ValueError(
                f"{option} must be among {', '.join(DETECTORS)}; got {name.strip()!r}."
            )
        name = known[name.strip().lower()]
        detector = _make(name, robust=settings.robust)
        given = settings.params(name)
        params = detector.get_params()
        untaken = given.keys() - params.keys()
        strange = strange & untaken if detectors else untaken
        wanted = common | given
        detector.set_params(**{key: wanted[key] for key in wanted.keys() & params})
        if "callbacks" in params and "OMP_NUM_THREADS" not in os.environ:
            detector.set_params(callbacks=[skfake.FreeCores()])
        detectors[name] = detector
    if settings.robust and not any(hasattr(d, "robust") for d in detectors.values()):
        strange = {"robust"}
    if strange:
        option = TYPED.get(min(strange), f"--{min(strange)}")
        raise ValueError(
            f"{option} must go with another detector; got {', '.join(detectors)}."
        )
    return detectors


def tile(detector: Any) -> Any:
    """A detector that judges images by tiles of its size."""
    return skfake.TiledDetector(
        detector, max_tiles=MAX_TILES, random_state=detector.random_state
    )


def set_everywhere(detectors: dict[str, Any], **params: Any) -> None:
    """Set parameters of all detectors that have them."""
    for detector in detectors.values():
        taken = params.keys() & detector.get_params().keys()
        detector.set_params(**{key: params[key] for key in taken})
