"""
What a probability of 0.9 is worth
==================================

Nine of ten images that get a probability of 0.9 should be fake. Networks promise more
than that. Calibration mends it, for images like those it was done with: where fakes are
rarer, the mended probabilities are wrong again, and a line of arithmetic mends them.
"""

# %%
# Three parts: to train, to calibrate, to test. The network is trained for long on few
# images, which makes it too sure of itself.

import numpy as np

from skfake import CNNDetector
from skfake.datasets import make_images

X, y = make_images(n_samples=2400, return_X_y=True, random_state=0)
parts = np.split(np.arange(len(y)), [500, 900])
(X_train, X_held, X_test), (y_train, y_held, y_test) = (
    [values[part] for part in parts] for values in (X, y)
)
network = CNNDetector(max_epochs=20, validation_fraction=None, random_state=0)
network.fit(X_train, y_train)

# %%
# scikit-learn's `CalibratedClassifierCV` wraps it. The network is fitted and
# stays as it is; one curve is learned from the images held out.

from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

calibrated = CalibratedClassifierCV(FrozenEstimator(network)).fit(X_held, y_held)
probabilities = {
    "network": network.predict_proba(X_test)[:, 1],
    "calibrated": calibrated.predict_proba(X_test)[:, 1],
}

# %%
# A reliability diagram sets the promise against what came true. Points below the
# diagonal, on its right half, promise too much. The larger a point, the more images.

import pandas as pd

from skfake.displays import ReliabilityDisplay
from skfake.metrics import expected_calibration_error

predictions = pd.concat(
    pd.DataFrame({"detector": name, "fold": 0, "target": y_test, "score": p})
    for name, p in probabilities.items()
)
ReliabilityDisplay.from_predictions(
    predictions, classes=[0, 1], target_names=["REAL", "FAKE"], n_bins=10
)

# %%
# Calibration leaves the order of the images as it was, and so ROC-AUC. It changes what
# one may conclude from a single answer.
#
# Where fakes are rarer
# ---------------------
# Half of the images so far were fakes. Among the images that a newspaper receives they
# may be one in twenty. The same probabilities on such images:

rng = np.random.default_rng(0)
fakes, reals = np.flatnonzero(y_test == 1), np.flatnonzero(y_test == 0)
few = rng.choice(fakes, size=len(reals) // 19, replace=False)
rare = np.concatenate([reals, few])
prevalence = y_test[rare].mean()
print(f"{prevalence:.1%} of {len(rare)} images are fakes")

# %%
# The odds of a fake, its probability divided by that of a real image, are proportional
# to the fraction of the fakes. If that fraction is known, the probabilities can be
# mended without a new calibration:


def with_prevalence(p, new, trained=0.5):
    """Probabilities of a fake where another fraction of the images is fake."""
    odds = p / (1 - p) * new / (1 - new) * (1 - trained) / trained
    return odds / (1 + odds)


p = probabilities["calibrated"][rare]
answers = {
    "calibrated on half fakes": p,
    "with the new prevalence": with_prevalence(p, prevalence),
}
for name, p in answers.items():
    error = expected_calibration_error(y_test[rare], p)
    alarms = p > 0.5
    print(f"{name}: calibration error {error:.3f}")
    print(f"  {alarms.sum()} alarms promise {p[alarms].mean():.0%} fakes", end=", ")
    print(f"{y_test[rare][alarms].mean():.0%} are")

# %%
# Nobody knows the fraction of fakes in what comes tomorrow, and other generators change
# more than the fraction. A probability is about images like those it was calibrated
# with: :doc:`/limits`.
