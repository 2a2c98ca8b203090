"""
What a detector looks at
========================

A detector that is right for the wrong reason is right on your test set only. Maps of
what speaks for "fake" can show such a reason. Here is one that was put in on purpose.
"""

# %%
# Simulated images, and a flaw in how they were collected: one program saved all fakes,
# and left its mark, a white dot, in a corner of each.

from skfake.datasets import make_images

images = make_images(n_samples=900, random_state=0)
X, y = images.data, images.target


def add_mark(images):
    """A white dot of 4x4 pixels, one part in sixty-four of the image."""
    marked = images.copy()
    marked[:, 26:30, 26:30] = 255
    return marked


X_train, X_test, y_train, y_test = X[:600], X[600:], y[:600], y[600:]
X_train[y_train == 1] = add_mark(X_train[y_train == 1])
marked_test = X_test.copy()
marked_test[y_test == 1] = add_mark(X_test[y_test == 1])

# %%
# A detector is trained, and tested on images that were collected in the same way:

from skfake import Augmentation, CompactDetector

augment = Augmentation(shift=2, flip=False, growing_crops=True)
detector = CompactDetector(max_epochs=8, augment=augment, random_state=0)
detector.fit(X_train, y_train)
print(f"{detector.score(marked_test, y_test):.1%} right")

# %%
# :class:`~skfake.explanation.ExplanationDisplay` shows, beside each image, where in it
# the detector found what speaks for the class in the title, in red, and what speaks
# against it, in blue. Two fakes and two real images:

import numpy as np

from skfake.explanation import ExplanationDisplay

shown = [*np.flatnonzero(y_test == 1)[:2], *np.flatnonzero(y_test == 0)[:2]]
ExplanationDisplay.from_estimator(
    detector, marked_test[shown], label=1, target_names=images.target_names
)

# %%
# One image is an anecdote. :func:`~skfake.explanation.saliency_maps` gives the maps as
# an array; their mean over all fakes has what they share:

import matplotlib.pyplot as plt

from skfake.explanation import saliency_maps

fakes = marked_test[y_test == 1]
mean = saliency_maps(detector, fakes, label=1).mean(axis=0)

_, ax = plt.subplots(figsize=(4, 3.2), layout="constrained")
limit = abs(mean).max()
drawn = ax.imshow(mean, cmap="RdBu_r", vmin=-limit, vmax=limit)
ax.add_patch(plt.Rectangle((25.5, 25.5), 4, 4, fill=False))
ax.set(xticks=[], yticks=[], title="mean map; the frame is the mark")
ax.figure.colorbar(drawn, ax=ax, ticks=[])

# %%
# They point to one corner, where no generator has reason to leave more than elsewhere.
# That is a suspicion, and no proof: a map says where, and not what. The proof is an
# experiment. Take the mark from the fakes, and give it to real images:

reals = X_test[y_test == 0]
for name, group in {
    "fakes with the mark": fakes,
    "fakes without it": X_test[y_test == 1],
    "real images with the mark": add_mark(reals),
    "real images without it": reals,
}.items():
    print(f"{(detector.predict(group) == 1).mean():6.1%} of the {name} called fake")

# %%
# So a part of what the detector can do is to find marks. The remedy is in the data:
# fakes and real images that came the same way (see
# :func:`~skfake.datasets.find_confounders` and
# :doc:`/auto_examples/datasets/plot_confounders`). The page :doc:`/explanation` says
# what such maps are not.
