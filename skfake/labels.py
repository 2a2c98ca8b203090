"""What y is: labels, their codes, and which of them is positive."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets

from skfake.images.arrays import read_array
from skfake.images.wording import cut_off, shorten
from skfake.nested import walk_nested
from skfake.scikit_learn import is_pandas_na

# What two labels mean that are numbers, in the data sets of skfake.
NAMES = ("real", "fake")
NUMBERS = (["0", "1"], ["0.0", "1.0"], ["False", "True"])
# Names of classes that are known, in lower case with "_" between words. "0_real" and
# "1_fake" are ForenSynths', "nature" and "ai" GenImage's.
REALS = frozenset(
    {
        "0_real",
        "authentic",
        "camera",
        "genuine",
        "human",
        "natural",
        "nature",
        "original",
        "photo",
        "photograph",
        "photographs",
        "photos",
        "real",
    }
)
FAKES = frozenset(
    {
        "1_fake",
        "ai",
        "ai_generated",
        "artificial",
        "deepfake",
        "fake",
        "generated",
        "synthesized",
        "synthetic",
    }
)


def check_labels(y: Any) -> Any:
    """Refuse labels that scikit-learn would misread or has no words for."""
    # Columns of data frames are scikit-learn's to read.
    if hasattr(y, "__array__") and not hasattr(y, "iloc"):
        y = read_array(y, "y", "an array of labels")
        y = y.astype(object) if y.dtype.kind == "T" else y
    if getattr(y, "ndim", 0) > 2:
        raise ValueError(
            "y must hold a label for each image; got an array of shape "
            f"{tuple(y.shape)}. If X and y are swapped, use fit(X, y)."
        )
    kind = getattr(getattr(y, "dtype", None), "kind", None)
    if kind in ("m", "M") and np.isnat(y).any():
        raise ValueError(
            "y must hold a label for each image; got NaT. Leave out the images that "
            "have no label."
        )
    if kind not in ("O", "S") and not isinstance(y, list | tuple):
        return y
    labels = y if isinstance(y, list | tuple) else list(np.asarray(y).flat)
    if any(isinstance(label, bytes) for label in labels):
        raise TypeError(
            "y must hold text or numbers; got bytes. Use [label.decode() for label in "
            "y]."
        )
    if any(label is None or is_pandas_na(label) for label in labels):
        raise ValueError(
            "y must hold a label for each image; got None or NA. Leave out the images "
            "that have no label."
        )
    if 0 < sum(isinstance(label, str) for label in labels) < len(labels):
        kinds = sorted({type(label).__name__ for label in labels})
        raise TypeError(
            f"y must hold labels of one kind; got {' and '.join(kinds)}. Make them all "
            "text or all numbers."
        )
    return y


def encode_labels(estimator: BaseEstimator, y: np.ndarray) -> np.ndarray:
    """Learn `classes_` from checked labels and return their codes."""
    estimator.classes_, codes = find_classes(y)
    return codes


def find_classes(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Classes of checked labels, and the code of each label."""
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            "y must hold at least two classes; got one class, "
            f"{shorten(classes.tolist()[0])}, in {len(y)} images."
        )
    _check_case(classes)
    return classes, codes


def _check_case(classes: np.ndarray) -> None:
    """Refuse labels that are one class to whoever wrote them."""
    first: dict[str, str] = {}
    for label in classes.tolist():
        if not isinstance(label, str):
            continue
        same = first.setdefault(label.casefold(), label)
        if same != label:
            raise ValueError(
                "y must hold labels that differ in more than upper and lower case; got "
                f"{shorten(same)} and {shorten(label)}. Use [label.lower() for label "
                "in y]."
            )


def encode_known_labels(
    classes: np.ndarray, y: np.ndarray, *, whole: bool = False
) -> np.ndarray:
    """Codes of labels whose classes are known already."""
    check_classification_targets(y)
    came = np.unique(y)
    if not np.isin(came, classes).all() or (whole and len(came) < len(classes)):
        raise ValueError(
            "y must hold the classes that were learned before, "
            f"{shorten(classes.tolist())}; got {shorten(came.tolist())}."
        )
    return np.searchsorted(classes, y)


def decode_scores(classes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Labels that scores speak for."""
    codes = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
    return classes[codes]


def check_pos_label(pos_label: Any, classes: Any, names: Any = None) -> Any:
    """Label of the positive one of two classes: given, called fake, or the greater."""
    labels = np.asarray(classes).tolist()
    if len(labels) > 2:
        if pos_label is not None:
            raise ValueError(
                "pos_label must be None for more than two classes; got "
                f"{shorten(pos_label)}."
            )
        return None
    if pos_label is None:
        called_fake = guess_fakes(name_labels(labels) if names is None else names)
        return labels[-1] if called_fake is None else labels[called_fake.argmax()]
    if pos_label not in labels:
        raise ValueError(
            f"pos_label must be one of the labels {shorten(labels)}; got "
            f"{shorten(pos_label)}."
        )
    return pos_label


def guess_fakes(names: Any) -> np.ndarray | None:
    """Which names of classes mean fake; None where none of them is known.

    Where some mean real, all others mean fake; else those mean fake that say so.
    """
    plain = [plain_name(name) for name in names]
    real = np.array([name in REALS for name in plain])
    fake = np.array([name in FAKES for name in plain])
    found = ~real if real.any() else fake
    return None if found.all() or not found.any() else found


def plain_name(name: Any) -> str:
    """Name of a class in lower case, with "_" between words."""
    return str(name).strip().casefold().replace("-", "_").replace(" ", "_")


def name_labels(classes: Any) -> list[str]:
    """What labels are called: 0 and 1 real and fake, others by their text."""
    names = [str(label) for label in classes]
    return list(NAMES) if names in NUMBERS else names


def find_label(classes: Any, wanted: Any, parameter: str = "label") -> Any:
    """Label that is given by itself, by its text or by what it is called."""
    classes, names = np.asarray(classes).tolist(), name_labels(classes)
    for label, name in zip(classes, names, strict=True):
        if label == wanted or str(wanted) in (str(label), name):
            return label
    raise ValueError(
        f"{parameter} must be one of the labels of the detector, "
        f"{cut_off(', '.join(names))}; got {shorten(wanted)}."
    )


def find_pos_labels(classes: Any, pos_label: Any = None) -> np.ndarray:
    """Which labels are positive: those given or, with None, those that mean fake."""
    classes, names = np.asarray(classes), cut_off(", ".join(name_labels(classes)))
    if pos_label is None:
        positive = guess_fakes(name_labels(classes))
        if positive is None:
            raise ValueError(
                f"pos_label must say which of the labels of the detector, {names}, "
                "means fake; got None."
            )
        return positive
    listed = isinstance(pos_label, list | tuple | set | np.ndarray)
    wanted = pos_label if listed else [pos_label]
    found = [find_label(classes, label, "pos_label") for label in wanted]
    positive = np.array([label in found for label in classes.tolist()])
    if positive.all() or not positive.any():
        raise ValueError(
            f"pos_label must be some of the labels of the detector, {names}, and not "
            f"all; got {shorten(pos_label)}."
        )
    return positive


def learn_pos_label(classes: Any, pos_label: Any = None) -> Any:
    """Label, or list of labels, that mean fake; None where nothing says which."""
    if pos_label is None and guess_fakes(name_labels(classes)) is None:
        return None
    found = np.asarray(classes)[find_pos_labels(classes, pos_label)].tolist()
    return found[0] if len(found) == 1 else found


def read_pos_label(detector: Any) -> Any:
    """What a fitted detector, or one inside it, has learned to mean fake."""
    learned = (getattr(part, "pos_label_", None) for part in walk_nested(detector))
    return next((label for label in learned if label is not None), None)
