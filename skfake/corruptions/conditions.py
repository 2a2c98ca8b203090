"""Under which conditions images are tested: corruptions in a row, and suites of them.

Like the definitions, it needs no torch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from skfake.corruptions.definitions import CORRUPTIONS, check_strength

# A corruption and its strength.
Step = tuple[str, float]


@dataclass(frozen=True)
class Condition:
    """A corruption of a strength, after what was done to an image before."""

    corruption: str
    strength: float
    before: tuple[Step, ...] = ()

    @property
    def name(self) -> str:
        """What differs from the condition in more than a strength: "crop 0.8, jpeg"."""
        return ", ".join([*(_write(step) for step in self.before), self.corruption])

    @property
    def steps(self) -> tuple[Step, ...]:
        """All that is done, the first of it first."""
        return *self.before, (self.corruption, self.strength)


# How far a platform reduces what is uploaded: a little, or to half of the side.
_SHARED, _REDUCED = ("rescale", 0.75), ("rescale", 0.5)
_QUALITIES = (90, 70, 50, 30)
# Strengths of the middle, in the order in which images meet them.
_MIDDLE: tuple[Step, ...] = (
    ("center_crop", 0.8),
    ("color_jitter", 0.2),
    ("blur", 1),
    ("noise", 12.75),
    ("rescale", 0.5),
    ("jpeg", 70),
)


#: Named sets of conditions, each as `evaluate_robustness` takes them.
SUITES: dict[str, dict[Any, Sequence[float]]] = {
    # Five degrees of each, in the manner of arXiv:1903.12261.
    "common": {name: of.strengths for name, of in CORRUPTIONS.items()},
    # Of TikTok TechJam 2026, track 5: noise is given there as a part of the range.
    "techjam": {
        "jpeg": _QUALITIES,
        "blur": (0.5, 1, 2),
        "rescale": (0.5, 0.25),
        "noise": (5.1, 12.75, 25.5),
        "color_jitter": (0.2,),
        "center_crop": (0.8,),
    },
    # Each two of the contest's, at a strength in the middle.
    "pairs": {
        (first, last): (strength,)
        for number, first in enumerate(_MIDDLE)
        for last, strength in _MIDDLE[number + 1 :]
    },
    # What a platform does to an upload: it resizes, and then compresses.
    "platform": {
        (step, form): qualities
        for form, qualities in (("jpeg", _QUALITIES), ("webp", (75,)))
        for step in (_SHARED, _REDUCED)
    },
}


def list_conditions(
    corruptions: dict[Any, Sequence[float]] | Sequence[Any] | str,
) -> list[Condition]:
    """Conditions as a user writes them, checked, each of them once."""
    if isinstance(corruptions, str):
        if corruptions not in SUITES:
            raise ValueError(
                f"corruptions must be one of {list(SUITES)}, or hold names of "
                f"corruptions; got {corruptions!r}."
            )
        corruptions = SUITES[corruptions]
    if not corruptions:
        raise ValueError(
            f"corruptions must hold names of {list(CORRUPTIONS)}; got none."
        )
    # In a dict for its order, where a set has none.
    return list(dict.fromkeys(_read_all(corruptions)))


def unit_of(name: str) -> str:
    """What the strengths of conditions of a name are, in words."""
    return CORRUPTIONS[name.rsplit(", ")[-1]].unit


def _read_all(
    corruptions: dict[Any, Sequence[float]] | Sequence[Any],
) -> Iterator[Condition]:
    for key in corruptions:
        *before, name = key if isinstance(key, tuple) else (key,)
        _check_name(name)
        for step in before:
            _check_step(step)
        given = corruptions[key] if isinstance(corruptions, dict) else None
        strengths = CORRUPTIONS[name].strengths if given is None else given
        if not isinstance(strengths, Sequence) or len(strengths) == 0:
            raise ValueError(
                f"corruptions[{key!r}] must hold strengths; got "
                f"{'none' if isinstance(strengths, Sequence) else repr(strengths)}."
            )
        for strength in strengths:
            _check_strength(name, strength)
            yield Condition(name, float(strength), tuple(before))


def _check_name(name: Any) -> None:
    if name not in CORRUPTIONS:
        raise ValueError(
            f"corruptions must hold names of {list(CORRUPTIONS)}; got {name!r}."
        )


def _check_step(step: Any) -> None:
    if not isinstance(step, tuple) or len(step) != 2:
        raise ValueError(
            "corruptions must hold pairs (name, strength) of what comes before the "
            f"last name; got {step!r}."
        )
    _check_name(step[0])
    _check_strength(*step)


def _check_strength(name: str, strength: Any) -> None:
    """Refuse what is not one strength, such as a pair to draw from."""
    if not isinstance(strength, Real):
        raise ValueError(f"strengths of {name!r} must be numbers; got {strength!r}.")
    check_strength(name, float(strength))


def _write(step: Step) -> str:
    name, strength = step
    return f"{name} {strength:g}"
