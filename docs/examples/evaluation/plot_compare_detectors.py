"""
Which detector is better, and is that luck?
===========================================

Three detectors, five folds, one table. One detector stands above another in it: that
may be the detector, or the luck of the draw. Two tests tell these apart.
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
# one's own. All are fitted to the same images and judged on the same images.

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfake import CNNDetector, HOGTransformer, SVMDetector, compare_detectors

detectors = {
    "HOG, linear": make_pipeline(
        HOGTransformer(), StandardScaler(), LogisticRegression(C=0.01)
    ),
    "SVM": SVMDetector(),
    "CNN": CNNDetector(max_epochs=8, random_state=0),
}
comparison = compare_detectors(detectors, X, y, cv=5, target_names=images.target_names)
comparison

# %%
# The curves say more than a figure: towards the left, where few real images are called
# fake, detectors may stand in another order than on the whole. Each thin line is a
# fold.

comparison.roc_curves()

# %%
# Is the difference real?
# -----------------------
# Folds differ from one another, and the same fold may be hard for all. So what counts
# is the difference within each fold, here from line to line:

import matplotlib.pyplot as plt

scores = comparison.folds.pivot(index="fold", columns="detector", values="roc_auc")
scores = scores[list(detectors)]

_, ax = plt.subplots(figsize=(5.5, 4), layout="constrained")
ax.plot(scores.columns, scores.T, color="gray", alpha=0.6)
ax.plot(scores.columns, scores.mean(), "o", color="C3", label="mean of the folds")
ax.set(ylabel="ROC-AUC", title="Each line is a fold")
ax.legend()

# %%
# :func:`~skfake.evaluation.corrected_t_test` looks at those differences. It knows that
# any two folds share most of their training images, which the ordinary t-test does not:
# that one would find differences where there are none. As three pairs are three chances
# to be wrong, :func:`~skfake.evaluation.holm` raises the p-values in turn.

from itertools import combinations

import pandas as pd

from skfake.evaluation import corrected_t_test, holm, mcnemar_test

pairs = list(combinations(detectors, 2))
tests = pd.DataFrame(index=[f"{a} - {b}" for a, b in pairs])
tests["difference"] = [(scores[a] - scores[b]).mean() for a, b in pairs]
tests["corrected t-test"] = holm(
    [corrected_t_test(scores[a], scores[b], test_share=1 / 5) for a, b in pairs]
)

# %%
# Where there is one test set and no folds, as in CIFAKE,
# :func:`~skfake.evaluation.mcnemar_test` counts the images that only one of two
# detectors gets right. It asks another question: not whether the one *way to train* is
# better, but whether these very two, as they were trained, are. It takes each image
# once, so here it looks at one fold.

fold = comparison.predictions.query("fold == 0")
labels = fold.pivot(index="image", columns="detector", values="prediction")
truth = y[labels.index]
tests["McNemar, fold 0"] = holm(
    [mcnemar_test(truth, labels[a], labels[b]) for a, b in pairs]
)
tests.round(4)

# %%
# A p-value below 0.05, say, speaks for a real difference. Above it, neither detector is
# shown to be better, which isn't the same as shown to be equal: more images may tell.
