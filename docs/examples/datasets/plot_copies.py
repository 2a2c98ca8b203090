"""
Copies that leak from training into testing
===========================================

Where the same picture is in the training and in the test images, a detector may know
the answer by heart, and the test flatters it. Equal files are easy to find; copies that
were mirrored, compressed or made darker are found too.
"""

# %%
# A data set with a leak: among the test images are copies of training images, as they
# come about when images are collected from the web.

from io import BytesIO

import numpy as np
from PIL import Image

from skfake.datasets import make_images

X, y = make_images(n_samples=900, return_X_y=True, random_state=0)
X_train, y_train, X_test, y_test = X[:600], y[:600], X[600:].copy(), y[600:].copy()


def compress(image):
    """The image as it comes back from a JPEG file."""
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=60)
    return np.asarray(Image.open(file))


changes = {
    "unchanged": lambda image: image,
    "mirrored": lambda image: image[:, ::-1],
    "compressed": compress,
    "darker": lambda image: image // 5 * 4,
}
for number in range(120):
    change = list(changes.values())[number % len(changes)]
    X_test[number] = change(X_train[number])
    y_test[number] = y_train[number]

# %%
# Find them
# ---------
# :func:`~skfake.datasets.find_duplicates` finds what is equal pixel by pixel,
# :func:`~skfake.datasets.find_near_duplicates` what shows the same picture.

from skfake.datasets import find_duplicates, find_near_duplicates

equal = find_duplicates(X_test, X_train)
near, distances = find_near_duplicates(X_test, X_train, return_distance=True)
print(f"{len(equal)} equal pairs, {len(near)} pairs that show the same picture")

# %%
# Always look at what was found: the farthest pairs are the doubtful ones, and the
# threshold is yours to set.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(2, 6, figsize=(8, 3), layout="constrained")
order = np.argsort(distances, kind="stable")
shown = order[np.linspace(0, len(order) - 1, 6).astype(int)]
for column, pair in zip(axes.T, shown, strict=True):
    test, train = near[pair]
    column[0].imshow(X_test[test])
    column[0].set_title(f"distance {distances[pair]:.3f}", fontsize=8)
    column[1].imshow(X_train[train])
axes[0, 0].set_ylabel("test")
axes[1, 0].set_ylabel("training")
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])

# %%
# What they are worth
# -------------------
# A detector that only remembers, one nearest neighbour, is the extreme case; one that
# generalises gains less. Each is tested with the copies and without them.

from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skfake import HOGTransformer, SVMDetector

clean = np.setdiff1d(np.arange(len(y_test)), near[:, 0])
detectors = {
    "nearest neighbour": make_pipeline(HOGTransformer(), KNeighborsClassifier(1)),
    "SVM": SVMDetector(),
}
for name, detector in detectors.items():
    detector.fit(X_train, y_train)
    leaky, honest = (
        detector.score(X_test[chosen], y_test[chosen]) for chosen in (..., clean)
    )
    print(f"{name}: {leaky:.1%} with the copies, {honest:.1%} without")

# %%
# The clean metric is the one to believe. Where published metrics were measured with a
# leak, as on CIFAKE, give both (:doc:`/datasets`).
#
# Keep copies together
# --------------------
# In a cross-validation, copies must be on the same side of each split. Pairs make
# groups: images that are linked by a chain of copies.

from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score

X_all, y_all = np.concatenate([X_train, X_test]), np.concatenate([y_train, y_test])
i, j = find_near_duplicates(X_all).T
links = coo_array((np.ones(len(i)), (i, j)), shape=(len(X_all), len(X_all)))
n_pictures, pictures = connected_components(links, directed=False)
print(f"{len(X_all)} images show {n_pictures} pictures")

remembering = detectors["nearest neighbour"]
apart = StratifiedGroupKFold(5)
leaky = cross_val_score(remembering, X_all, y_all, cv=5).mean()
honest = cross_val_score(remembering, X_all, y_all, cv=apart, groups=pictures).mean()
print(f"accuracy over five folds: {leaky:.1%}; with copies together: {honest:.1%}")
