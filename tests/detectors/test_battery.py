"""scikit-learn's own checks, all of them, on flattened images."""

import inspect

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

import skfake
from skfake import (
    CNNDetector,
    CompactDetector,
    DenseNetDetector,
    EncoderDetector,
    HOGTransformer,
    ResidualDetector,
    ResNetDetector,
    SVMDetector,
    TiledDetector,
    VGGDetector,
)
from tests.detectors.instances import DETECTORS
from tests.tracing import untraced

# The images of the battery are of two pixels, side by side: mirrored, a class becomes
# the other.
AS_THEY_ARE = {"augment": None}
# Few steps must do for hundreds of fits.
FAST = {**AS_THEY_ARE, "max_epochs": 2, "validation_fraction": None, "device": "cpu"}
# The battery's numbers are on no scale of images.
FREE = pytest.mark.filterwarnings("ignore:X should be on a known scale:UserWarning")
ESTIMATORS = [
    HOGTransformer(),
    SVMDetector(engine="scikit-learn"),
    # Probabilities are another machine around it.
    SVMDetector(engine="scikit-learn", probability=True),
    CNNDetector(image_size=8, max_epochs=6, batch_size=16, lr=0.005, device="cpu"),
    CompactDetector(
        **AS_THEY_ARE,
        image_size=8,
        n_filters=(8, 16),
        max_epochs=3,
        batch_size=16,
        device="cpu",
    ),
    ResidualDetector(
        **AS_THEY_ARE,
        image_size=8,
        n_filters=(8, 16),
        max_epochs=3,
        batch_size=16,
        device="cpu",
    ),
    ResNetDetector(
        **{**FAST, "max_epochs": 3}, image_size=8, depth=18, batch_size=32, lr=0.003
    ),
    VGGDetector(**FAST, depth=11, batch_size=32, lr=0.001),
    DenseNetDetector(**FAST, image_size=29, batch_size=16, optimizer="adamw", lr=0.002),
    EncoderDetector(
        encoder="shufflenet_v2_x0_5",
        weights=None,
        layer="stage2",
        image_size=32,
        device="cpu",
    ),
    # It has the scores that its detector has.
    TiledDetector(SVMDetector(engine="scikit-learn")),
    TiledDetector(
        SVMDetector(engine="scikit-learn", probability=True), tile_size=2, overlap=0.5
    ),
]


@FREE
@parametrize_with_checks(ESTIMATORS)
def test_estimators_pass_every_check_of_scikit_learn(estimator, check):
    with untraced():
        check(estimator)


@FREE
@parametrize_with_checks([SVMDetector(engine="scikit-learn-intelex", probability=True)])
def test_the_fast_engine_passes_every_check_of_scikit_learn(estimator, check):
    pytest.importorskip("sklearnex", reason="scikit-learn-intelex is not installed")
    with untraced():
        check(estimator)


def test_no_public_estimator_escapes_the_checks():
    public = {getattr(skfake, name) for name in skfake.__all__}
    estimators = {
        kind
        for kind in public
        if inspect.isclass(kind)
        and issubclass(kind, BaseEstimator)
        # Parameters of others have nothing to fit.
        and hasattr(kind, "fit")
    }
    assert {type(estimator) for estimator in ESTIMATORS} == estimators
    detectors = {kind for kind in estimators if kind.__name__.endswith("Detector")}
    assert {type(detector) for detector in DETECTORS.values()} == detectors
