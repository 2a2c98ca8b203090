"""The model card that travels inside a saved detector."""

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from skfake.labels import NAMES, name_labels

LIMITS = (
    "An answer is a probability under the images that the detector was trained on, and "
    "no proof. It may fail on generators, subjects, sizes and compressions that were "
    "not among them; the prevalence of fakes in what is screened changes what an alarm "
    "is worth. Don't accuse anyone by it."
)


@dataclass(frozen=True)
class ModelCard:
    """What one should know of a detector before using it [1]_.

    Its maker writes the first five fields; the others are filled in by
    `save_detector`.

    Parameters
    ----------
    title : str, default=""
        Name of the detector.

    data : str, default=""
        What it was trained and tested on.

    metrics : dict of str to float, default={}
        What was measured, such as a row of a comparison's table.

    limits : str
        What it can't do. By default, what holds for all detectors.

    license : str, default=""
        Terms of use, of the weights it began with too.

    date : str, default=""
        When it was saved: ISO 8601, UTC.

    detector : str, default=""
        Class of the detector.

    params : dict, default={}
        Its parameters, those of nested estimators too, as text where JSON has no type
        for them.

    classes : list, default=[]
        Labels that it answers with.

    fakes : list, default=[]
        Those of them that mean fake; none where nothing says which.

    images : str, default=""
        Sizes of the training images, and what they were resized to.

    n_weights : int, default=0
        Numbers that its networks have learned.

    versions : dict of str to str, default={}
        Of skfake, Python and the libraries that it was fitted or saved with.

    References
    ----------
    .. [1] M. Mitchell et al., "Model cards for model reporting", FAccT 2019.

    Examples
    --------
    >>> from skfake import ModelCard
    >>> card = ModelCard(title="Screening", metrics={"accuracy": 0.98})
    >>> print(card.to_markdown().splitlines()[0])
    # Screening
    """

    title: str = ""
    data: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    limits: str = LIMITS
    license: str = ""
    date: str = ""
    detector: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    classes: list[Any] = field(default_factory=list)
    fakes: list[Any] = field(default_factory=list)
    images: str = ""
    n_weights: int = 0
    versions: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Fields by their names, in types that JSON has.

        Returns
        -------
        dict
        """
        card = asdict(self)
        # JSON has no number for a metric that is not defined.
        card["metrics"] = {
            str(name): _number(value) for name, value in self.metrics.items()
        }
        return json.loads(json.dumps(card, default=str, allow_nan=False))

    @classmethod
    def from_dict(cls, card: Any) -> Self:
        """Card of a dict that `to_dict` made; of other keys it takes no notice.

        Parameters
        ----------
        card : dict
            Fields by their names.

        Returns
        -------
        ModelCard

        Raises
        ------
        TypeError
            If a field has another type than it should have.
        """
        if not isinstance(card, dict):
            raise TypeError(f"card must be a dict; got {type(card).__name__}.")
        blank = asdict(cls())
        known = {f.name: card[f.name] for f in fields(cls) if f.name in card}
        for name, value in known.items():
            if type(value) is not type(blank[name]):
                raise TypeError(
                    f"{name} of a card must be of type {type(blank[name]).__name__}; "
                    f"got {type(value).__name__}."
                )
        return cls(**known)

    def to_markdown(self) -> str:
        """Card as a page of Markdown.

        Returns
        -------
        str
        """
        parts = [f"# {self.title or self.detector or 'Detector'}"]
        facts = {
            "Detector": self.detector,
            "Classes": ", ".join(self._name_classes()),
            "Fake": ", ".join(map(str, self.fakes)),
            "Images": self.images,
            "Weights": f"{self.n_weights:,}" if self.n_weights else "",
            "Saved": self.date,
            "License": self.license,
        }
        parts.append(_list(facts))
        parts += [f"## Data\n\n{self.data}" if self.data else ""]
        if self.metrics:
            shown = {name: _show(value) for name, value in self.metrics.items()}
            parts.append(f"## Metrics\n\n{_list(shown)}")
        parts.append(f"## Limits\n\n{self.limits}" if self.limits else "")
        for title, values in (("Parameters", self.params), ("Versions", self.versions)):
            if values:
                shown = {name: f"`{value}`" for name, value in values.items()}
                parts.append(f"## {title}\n\n{_list(shown)}")
        return "\n\n".join(part for part in parts if part) + "\n"

    def _name_classes(self) -> list[str]:
        """Labels, those that are numbers with what they mean."""
        if not self.fakes or name_labels(self.classes) != list(NAMES):
            return [str(label) for label in self.classes]
        return [
            f"{label} ({NAMES[int(label in self.fakes)]})" for label in self.classes
        ]


def _list(values: dict[str, str]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in values.items() if value)


def _number(value: Any) -> Any:
    # numpy's numbers have `item`; all else is written as it is.
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _show(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
