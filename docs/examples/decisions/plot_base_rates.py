"""
How many are accused wrongly?
=============================

A detector that finds most fakes and rarely raises a false alarm sounds good. What its
alarms are worth depends on something that no detector knows: how many of the images are
fakes to begin with.
"""

# %%
# A detector and its two rates
# ----------------------------
# Of the fakes it finds the fraction `tpr`; of the real images it calls the fraction
# `fpr` fake. Both are measured on images of which one knows the truth, half of them
# fakes:

import numpy as np

from skfake import CNNDetector
from skfake.datasets import make_images
from skfake.metrics import tpr_at_fpr

X, y = make_images(n_samples=2000, return_X_y=True, random_state=0)
detector = CNNDetector(max_epochs=8, random_state=0).fit(X[:700], y[:700])
scores, y_test = detector.predict_proba(X[700:])[:, 1], y[700:]

rates = {fpr: tpr_at_fpr(y_test, scores, max_fpr=fpr) for fpr in (0.05, 0.01)}
for fpr, tpr in rates.items():
    print(f"{tpr:.0%} of the fakes found, {fpr:.0%} of the real images called fake")

# %%
# A million images
# ----------------
# Now one in a hundred of a million images is a fake. Real images are so many more that
# their few false alarms outnumber the finds:

n_images, prevalence = 1_000_000, 0.01
for fpr, tpr in rates.items():
    n_found, n_accused = n_images * prevalence * tpr, n_images * (1 - prevalence) * fpr
    print(
        f"{n_found:,.0f} fakes found and {n_accused:,.0f} real images called fake: "
        f"{n_accused / n_found:.1f} false accusations for each find"
    )

# %%
# An alarm among many, and among few
# ----------------------------------
# The fraction of the alarms that are right, for any fraction of fakes. On the right is
# the test set, on the left is the world:

import matplotlib.pyplot as plt

prevalences = np.logspace(-4, np.log10(0.5), 200)
_, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for fpr, tpr in rates.items():
    right = prevalences * tpr / (prevalences * tpr + (1 - prevalences) * fpr)
    ax.plot(prevalences, right, label=f"finds {tpr:.0%} at {fpr:.0%} false alarms")
ax.plot(
    prevalences,
    prevalences,
    color="gray",
    linestyle=":",
    label="an image drawn at random",
)
ax.axvline(
    prevalence, color="black", linestyle="--", label="one in a hundred is a fake"
)
ax.set(xscale="log", xlabel="fraction of fakes among all images", ylim=(0, 1))
ax.set(ylabel="fraction of the alarms that are right")
ax.legend()

# %%
# So an alarm is a reason to look, and no verdict. :doc:`/limits` says what else it is
# not, and :class:`~skfake.decisions.NeymanPearsonClassifier` keeps false alarms below a
# rate that was chosen with this curve in mind.
