"""CIFAKE, loaded once for all tests of data sets."""

import pytest

from skfake.datasets import load_cifake
from tests.tracing import untraced


@pytest.fixture(scope="session")
def cifake_train(cifake_path):
    with untraced():
        return load_cifake(cifake_path)


@pytest.fixture(scope="session")
def cifake_test(cifake_path):
    with untraced():
        return load_cifake(cifake_path, split="test")
