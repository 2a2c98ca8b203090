"""
Search for settings by the metric that counts
=============================================

Whoever screens images can accept few false alarms. The settings that are best by
accuracy need not be the best then, so let the search look at the metric that counts.
"""

# %%
# A pipeline of one's own: histograms of gradients, brought to one scale, and a support
# vector machine. With `memory`, features that a search needs again are kept.

from tempfile import TemporaryDirectory

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfake import HOGTransformer
from skfake.datasets import make_images

X, y = make_images(n_samples=700, return_X_y=True, random_state=0)
X_train, y_train, X_test, y_test = X[:400], y[:400], X[400:], y[400:]

cache = TemporaryDirectory()
pipeline = make_pipeline(
    HOGTransformer(), StandardScaler(), SVC(gamma="scale"), memory=cache.name
)

# %%
# :func:`~skfake.metrics.detection_scorers` has scorers for it, which stand beside
# scikit-learn's own: here the share of the fakes that are found while 5 % of the real
# images are called fake. `refit` says which of them decides.

from sklearn.model_selection import GridSearchCV

from skfake.metrics import detection_scorers

scorers = detection_scorers()
print(*scorers, sep="\n")

# %%

counts = "tpr_at_fpr_0.05"
grid = {
    "hogtransformer__pixels_per_cell": [4, 8],
    "svc__C": [0.3, 1, 3, 10],
}
search = GridSearchCV(
    pipeline,
    grid,
    scoring={"accuracy": "accuracy", counts: scorers[counts]},
    refit=counts,
    cv=3,
)
search.fit(X_train, y_train)
search.best_params_

# %%
# Both metrics of all settings, the best of each in a frame:

import matplotlib.pyplot as plt
import numpy as np

columns, rows = grid["svc__C"], grid["hogtransformer__pixels_per_cell"]
figure, axes = plt.subplots(2, 1, figsize=(5.5, 4.5), layout="constrained")
for ax, score in zip(axes, ["accuracy", counts], strict=True):
    # `cv_results_` has the last of the parameters change fastest.
    found = search.cv_results_[f"mean_test_{score}"].reshape(len(rows), len(columns))
    ax.imshow(found, cmap="Blues", alpha=0.6, aspect="auto")
    best = found.max()
    for (row, column), value in np.ndenumerate(found):
        frame = {"edgecolor": "C1", "facecolor": "white"} if value == best else None
        ax.text(column, row, f"{value:.3f}", ha="center", va="center", bbox=frame)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.set(xlabel="C", ylabel="pixels per cell", title=score)

# %%
# The search is a detector like any other. On images that it has not seen:

from sklearn.metrics import accuracy_score

from skfake.metrics import tpr_at_fpr

found = tpr_at_fpr(y_test, search.decision_function(X_test), max_fpr=0.05)
print(f"{found:.1%} of the fakes found at 5 % false alarms")
print(f"{accuracy_score(y_test, search.predict(X_test)):.1%} of all right")

# %%
# The best of many settings owes something to luck: report the metric of images that the
# search has not seen, or put the search itself into a cross-validation. Detectors have
# the same parameters under plain names: ``GridSearchCV(SVMDetector(), {"C": [...],
# "pixels_per_cell": [...]})``.

cache.cleanup()
