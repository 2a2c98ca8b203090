"""The form in which every data set is returned."""

from importlib.resources import files
from typing import Any

import numpy as np
from sklearn.utils import Bunch

# Position is the label: 0 for real, 1 for fake.
TARGET_NAMES = ("REAL", "FAKE")


def bunch_or_pair(
    data: np.ndarray, target: np.ndarray, *, return_X_y: bool, **facts: Any
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Data set as a `Bunch`, or as the pair X and y."""
    if return_X_y:
        return data, target
    return Bunch(data=data, target=target, **facts)


def read_description(name: str) -> str:
    """Text about a data set, from the folder `descr`."""
    text = files("skfake.datasets").joinpath("descr", f"{name}.rst")
    return text.read_text(encoding="utf-8")
