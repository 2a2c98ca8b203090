"""What the tests of explanations share."""

import functools

import pytest
from sklearn.base import clone

from tests.explanation.instances import DETECTORS, make_quarters


@pytest.fixture(scope="session")
def fitted():
    """Function from a name to that detector, fitted once to quarters."""
    X, y, _ = make_quarters(128, seed=0)

    @functools.cache
    def fit(name):
        return clone(DETECTORS[name]).fit(X, y)

    return fit


@pytest.fixture(scope="session")
def held_out():
    """Sixty other images, their labels and quarters."""
    return make_quarters(60, seed=1)
