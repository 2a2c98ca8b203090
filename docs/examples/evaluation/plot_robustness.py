"""
Images that were damaged on their way
=====================================

An image that was shared has been resized and compressed, perhaps more than once. How
much a detector loses by that is measured; some of it can be won back in training.
"""

# %%
# Two detectors, alike but for their training images. A
# :class:`~skfake.corruptions.CorruptionTransformer` in front of the second damages half
# of them, each by a strength of its own; with `when="fit"` it does nothing when the
# pipeline predicts.

from sklearn.pipeline import make_pipeline

from skfake import CNNDetector
from skfake.corruptions import CorruptionTransformer
from skfake.datasets import make_images

X, y = make_images(n_samples=1000, return_X_y=True, random_state=0)
X_train, y_train, X_test, y_test = X[:700], y[:700], X[700:], y[700:]

settings = {"max_epochs": 10, "random_state": 0}
detectors = {
    "plain": CNNDetector(**settings),
    "trained on noise": make_pipeline(
        CorruptionTransformer(
            corruption="noise", strength=(0, 20), probability=0.5, when="fit"
        ),
        CNNDetector(**settings),
    ),
}
for detector in detectors.values():
    detector.fit(X_train, y_train)

# %%
# What damage looks like, from mild to severe:

import matplotlib.pyplot as plt

from skfake.corruptions import CORRUPTIONS, corrupt

names = ["jpeg", "blur", "noise"]
figure, axes = plt.subplots(3, 6, figsize=(6, 3.4), layout="constrained")
for row, name in zip(axes, names, strict=True):
    row[0].imshow(X_test[0])
    row[0].set_ylabel(name)
    for ax, strength in zip(row[1:], CORRUPTIONS[name].strengths, strict=True):
        ax.imshow(corrupt(X_test[:1], name, strength)[0])
        ax.set_title(f"{strength:g}", fontsize=8)
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])

# %%
# :func:`~skfake.evaluation.evaluate_robustness` damages the test images once for each
# strength and shows the very same to all detectors. `metric` is what it prints and
# plots; the table behind that has all metrics.

import pandas as pd

from skfake.evaluation import evaluate_robustness

robustness = evaluate_robustness(
    detectors, X_test, y_test, corruptions=names, metric="accuracy"
)
robustness

# %%
# The lines start at the left with mild damage, in bands of 95% intervals; dashed is the
# level of the images as they are.

# sphinx_gallery_thumbnail_number = 2
robustness.curves()

# %%
# Training on noise pays where images are noisy, may cost a little where they are not,
# and does nothing against other damage. And what blur has taken away, no training
# brings back: then the right answer is none, as in
# :doc:`/auto_examples/decisions/plot_unsure`.
#
# Damage moves scores up or down together, and a threshold stays. So look at both kinds
# of errors. The rate of real images that are called fake, and of fakes that are
# missed, averaged over the strengths:

table = robustness.table
by = [table["detector"], table["corruption"]]
errors = {"reals called fake": "recall_0", "fakes missed": "recall_1"}
pd.DataFrame(
    {title: 1 - table[recall].groupby(by).mean() for title, recall in errors.items()}
).round(3)
