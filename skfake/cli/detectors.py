"""Detectors by the names that they have on the command line."""

import sys
from typing import Any

import skfake

# Names on the command line, of classes of skfake that are imported when needed.
DETECTORS = ("SVM", "CNN", "ResNet", "VGG", "DenseNet", "Compact")


def make_detectors(
    names: str, seed: int, *, option: str = "--detectors"
) -> dict[str, Any]:
    """Detectors that a list of names asks for."""
    known = {name.lower(): name for name in DETECTORS}
    settings = {"n_jobs": -1, "random_state": seed, "verbose": int(sys.stderr.isatty())}
    detectors = {}
    for name in names.split(","):
        if name.strip().lower() not in known:
            raise ValueError(
                f"{option} must be among {', '.join(DETECTORS)}; got {name.strip()!r}."
            )
        name = known[name.strip().lower()]
        detector = getattr(skfake, f"{name}Detector")()
        taken = settings.keys() & detector.get_params().keys()
        detectors[name] = detector.set_params(**{key: settings[key] for key in taken})
    return detectors
