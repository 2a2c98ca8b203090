"""What all tests share."""

import os
import sys

# Read when scipy is first imported; scikit-learn's array API checks want it.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
os.environ.setdefault("MPLBACKEND", "agg")

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings
from sklearn.base import clone

# A machine with other work is slow at times; pytest's timeout ends what hangs.
settings.register_profile("skfake", deadline=None)
settings.load_profile("skfake")

# The networks of the tests are too small to gain by threads, which would wait for
# each other at every step where the machine has other work.
torch.set_num_threads(1)

BESIDE = Path(__file__).parents[2] / "shared"
SHARED = Path(os.environ.get("SKFAKE_SHARED", BESIDE))


@pytest.fixture(scope="session")
def cifake_path():
    """Path of the archive that holds all of CIFAKE."""
    path = SHARED / "data" / "cifake.tar.gz"
    if not path.exists():
        pytest.skip(f"CIFAKE is not at {path}; SKFAKE_SHARED names its folder.")
    return path


@pytest.fixture(scope="session")
def weights_folder():
    """Folder of the files that were learned on ImageNet."""
    folder = SHARED / "weights"
    if not folder.exists():
        pytest.skip(f"No weights are at {folder}; SKFAKE_SHARED names its folder.")
    return folder


@pytest.fixture(scope="session")
def stripes():
    """Forty RGB images of 16 pixels, striped across (0) or down (1), and their y."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = rng.integers(0, 60, size=(40, 16, 16, 3), dtype=np.uint8)
    X[y == 0, ::4] += 150
    X[y == 1, :, ::4] += 150
    return X, y


@pytest.fixture(scope="session")
def fitted_detector(stripes):
    """Detectors of tests/detectors/instances.py, each fitted to stripes once.

    They are shared: a test that fits or changes one takes a clone.
    """
    from tests.detectors.instances import DETECTORS

    @cache
    def fitted(name):
        return clone(DETECTORS[name]).fit(*stripes)

    return fitted


@pytest.fixture(autouse=True)
def _untouched_global_random_state():
    """A test starts from the same global generator, whatever ran before."""
    np.random.seed(0)


@pytest.fixture(autouse=True)
def _no_open_figures():
    """A test leaves no figure open."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
