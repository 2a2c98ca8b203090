"""
Which detector is better, and is that luck?
===========================================

Three detectors, five folds, one table. One detector stands above another in it: that
may be the detector, or the luck of the draw. Intervals and tests separate the two.
"""

# %%
# The images are simulated: half are patches of photographs, half are patches made again
# with the traces that generators leave. 1 means fake.

from skfake.datasets import make_images

images = make_images(n_samples=600, random_state=0)
X, y = images.data, images.target

# %%
# Compare
# -------
# Any classifier that takes images takes part: a detector of skfake, or a pipeline of
# one's own. All are fitted to the same images and tested on the same images.

from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skfake import CNNDetector, HOGTransformer, SVMDetector, compare_detectors

detectors = {
    "neighbours": make_pipeline(HOGTransformer(), KNeighborsClassifier(15)),
    "SVM": SVMDetector(),
    "CNN": CNNDetector(max_epochs=6, random_state=0),
}
comparison = compare_detectors(detectors, X, y, cv=5, target_names=images.target_names)
comparison

# %%
# The curves say more than a metric: towards the left, where few real images are called
# fake, detectors may stand in another order than on the whole. Each thin line is a
# fold.

# sphinx_gallery_thumbnail_number = 2
comparison.roc_curves()

# %%
# Is the difference real?
# -----------------------
# `differences` compares all pairs. Each is looked at on the same images, as what is
# hard for one detector is often hard for the other; the interval says what the
# difference might have been with other images.

differences = comparison.differences
differences.round(4)

# %%

import matplotlib.pyplot as plt

_, ax = plt.subplots(figsize=(6, 3), layout="constrained")
for row, pair in enumerate(differences.itertuples()):
    color = "C3" if pair.significant else "gray"
    ax.plot([pair.difference_low, pair.difference_high], [row, row], color=color)
    ax.plot(pair.difference, row, "o", color=color)
ax.axvline(0, color="black", linestyle=":")
ax.set_yticks(
    range(len(differences)), differences["first"] + " - " + differences["second"]
)
ax.set(xlabel="difference of accuracy; red: significant", ylim=(-0.5, 2.5))

# %%
# The test is :func:`~skfake.metrics.corrected_t_test`. It knows that any two folds
# share most of their training images, which the ordinary t-test does not: that one
# finds differences where there are none. As three pairs are three chances to be wrong,
# :func:`~skfake.metrics.holm` raises the p-values. Of another metric than accuracy,
# the same is done by hand:

import pandas as pd

from skfake.metrics import corrected_t_test, holm

pairs = list(zip(differences["first"], differences["second"], strict=True))
scores = comparison.folds.pivot(index="fold", columns="detector", values="roc_auc")
p_values = [
    corrected_t_test(scores[a], scores[b], test_fraction=1 / 5) for a, b in pairs
]
pd.DataFrame(
    {
        "difference of ROC-AUC": [(scores[a] - scores[b]).mean() for a, b in pairs],
        "p": p_values,
        "p, Holm": holm(p_values),
    },
    index=[f"{a} - {b}" for a, b in pairs],
).round(4)

# %%
# A small p-value speaks for a real difference. With a large one, neither detector is
# shown to be better, which isn't the same as shown to be equal: more images may tell.
#
# What do they get wrong?
# -----------------------
# Always look. Errors of the same kind say what a detector goes by.

comparison.confident_mistakes(n_images=6)
