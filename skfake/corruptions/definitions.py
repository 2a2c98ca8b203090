"""Which corruptions there are, and how strong they are; what they do is beside this."""

from dataclasses import dataclass
from math import inf
from numbers import Real
from typing import Literal

Strength = float | tuple[float, float] | Literal["random"]


@dataclass(frozen=True)
class Corruption:
    """One way to damage an image, and by how much.

    Parameters
    ----------
    unit : str
        What the strength is, in words.

    strengths : tuple of float
        The five degrees, from mild to severe.

    low, high : float
        Least and greatest strength that there can be.

    neutral : float, default=None
        The strength that changes nothing. None where there is no such strength.

    is_codec : bool, default=False
        Whether images are written as a file and read again, which a CPU does.
    """

    unit: str
    strengths: tuple[float, ...]
    low: float
    high: float
    neutral: float | None = None
    is_codec: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest of the five degrees."""
        return min(self.strengths), max(self.strengths)


QUALITIES = (90, 75, 50, 30, 10)
SHARES = (0.9, 0.8, 0.7, 0.6, 0.5)
PIXELS, LEVELS = "standard deviation in pixels", "standard deviation in levels of 256"
SIDE, ADDED = "fraction of the side", "fraction of the range added"
LEFT, CHANGE = "fraction left", "greatest change of a factor"


#: Names of the corruptions, and each as a :class:`Corruption`.
CORRUPTIONS = {
    "jpeg": Corruption("quality", QUALITIES, 1, 100, is_codec=True),
    "webp": Corruption("quality", QUALITIES, 1, 100, is_codec=True),
    "blur": Corruption(PIXELS, (0.5, 1.0, 1.5, 2.0, 3.0), 0, inf, 0),
    "noise": Corruption(LEVELS, (2, 5, 10, 20, 40), 0, inf, 0),
    "rescale": Corruption(SIDE, (0.9, 0.75, 0.5, 0.35, 0.25), 0.001, 8, 1),
    "crop": Corruption(SIDE, SHARES, 0.001, 1, 1),
    "center_crop": Corruption(SIDE, SHARES, 0.001, 1, 1),
    "brightness": Corruption(ADDED, (0.1, 0.2, 0.3, 0.4, 0.5), -1, 1, 0),
    "contrast": Corruption(LEFT, (0.75, 0.5, 0.4, 0.3, 0.15), 0, inf, 1),
    "color_jitter": Corruption(CHANGE, (0.1, 0.2, 0.3, 0.4, 0.5), 0, 1, 0),
}

#: Named mixes to train with, from between whose strengths each image draws: all
#: corruptions from mild to severe; and what befalls an image on the web.
MIXES: dict[str, dict[str, Strength]] = {
    "all": {name: of.ends for name, of in CORRUPTIONS.items()},
    "robust": {
        "jpeg": (25, 95),
        "webp": (30, 95),
        "blur": (0.4, 2.2),
        "rescale": (0.2, 0.7),
        "noise": (3, 30),
        "crop": (0.7, 1),
        "color_jitter": (0, 0.4),
    },
}


def check_strength(corruption: str, strength: Strength) -> None:
    """Refuse a strength that a corruption can't have."""
    if isinstance(strength, str) and strength == "random":
        return
    of = CORRUPTIONS[corruption]
    ends = strength if isinstance(strength, tuple) else (strength, strength)
    are_two = len(ends) == 2 and all(isinstance(end, Real) for end in ends)
    if not are_two or not of.low <= ends[0] <= ends[1] <= of.high:
        raise ValueError(
            f"strength must be a number from {of.low} to {of.high}, the {of.unit} of "
            f"{corruption!r}, or a pair (low, high) of such; got {strength!r}."
        )
