"""Every method of a detector is computed once for the images that it is asked for.

Labels, probabilities and whether a detector is sure all come from the same pass of a
network. Each is asked of the detector itself, since only it knows how it decides (by a
threshold that was tuned, by votes), and would be a pass of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

SCORES = ("predict_proba", "decision_function")


def once(method: Callable, give: Callable = lambda answer: answer) -> Callable:
    """A method that remembers its answer to the last X."""
    last: list[Any] = []

    @wraps(method)
    def ask(X: Any, *args: Any, **params: Any) -> Any:
        if args or params:
            return method(X, *args, **params)
        if not last or last[0] is not X:
            last[:] = X, method(X)
        return give(last[1])

    return ask


def compute_once(detector: Any) -> Any:
    """Have a detector, and the estimators in it, remember their last answers."""
    for part in _parts(detector, set()):
        # Features stay the same object, so that the next step knows them again.
        if hasattr(part, "transform"):
            part.transform = once(part.transform)
        for name in SCORES:
            # Not asked of the class: it may depend on the parameters. A copy is given,
            # as scikit-learn makes probabilities of scores in their own memory.
            if hasattr(part, name):
                setattr(part, name, once(getattr(part, name), give=np.copy))
    return detector


def _parts(found: Any, seen: set[int]) -> Iterator[BaseEstimator]:
    """Estimators in an object, itself among them."""
    if id(found) in seen:
        return
    seen.add(id(found))
    if isinstance(found, dict):
        inside = list(found.values())
    elif isinstance(found, list | tuple):
        inside = list(found)
    elif isinstance(found, BaseEstimator):
        yield found
        inside = list(vars(found).values())
    elif type(found).__module__.startswith("sklearn.") and hasattr(found, "__dict__"):
        # Such as what calibration keeps its classifiers in.
        inside = list(vars(found).values())
    else:
        return
    for part in inside:
        yield from _parts(part, seen)
