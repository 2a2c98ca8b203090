"""
Leave hard images unanswered
============================

Some images can't be judged, and a detector that answers always will guess. One that may
say "unsure" errs rarely where it does answer, and leaves the rest to people.
"""

# %%
# Images to train on, images held out to find out what "sure" means, images to test.

import numpy as np

from skfake import CNNDetector
from skfake.datasets import make_images

X, y = make_images(n_samples=2200, return_X_y=True, random_state=0)
parts = np.split(np.arange(len(y)), [700, 1400])
(X_train, X_held, X_test), (y_train, y_held, y_test) = (
    [values[part] for part in parts] for values in (X, y)
)
detector = CNNDetector(max_epochs=8, random_state=0).fit(X_train, y_train)
print(f"{1 - detector.score(X_test, y_test):.1%} of all answers are wrong")

# %%
# :class:`~skfake.decisions.SelectiveClassifier` answers as many images as it can while
# no more than 5 % of its answers are wrong.

from skfake.decisions import SelectiveClassifier

selective = SelectiveClassifier(detector, max_error=0.05, cv="prefit")
selective.fit(X_held, y_held)
sure = selective.is_sure(X_test)
wrong = detector.predict(X_test) != y_test
print(f"{sure.mean():.1%} are answered, {wrong[sure].mean():.1%} of them wrongly")

# %%
# With `predict_or_abstain` the others get an answer of one's own:

answers = selective.predict_or_abstain(X_test, unsure="unsure")
print(*answers[:12])

# %%
# The price of being right
# ------------------------
# From the surest answers on the left to all on the right, the fraction of errors rises.
# The threshold stands where the held-out images allowed it.

import matplotlib.pyplot as plt

confidence = detector.predict_proba(X_test).max(axis=1)
order = np.argsort(-confidence, kind="stable")
n_answers = np.arange(1, len(order) + 1)
errors = np.cumsum(wrong[order]) / n_answers

_, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.plot(n_answers / len(order), errors, label="test images")
ax.axvline(sure.mean(), color="C1", linestyle="--", label="what it answers")
ax.axhline(0.05, color="C3", linestyle=":", label="most errors allowed")
ax.set(xlabel="fraction of the images that are answered", ylabel="fraction of errors")
ax.set(xlim=(0, 1), ylim=(0, None))
ax.legend()

# %%
# What is left to people
# ----------------------
# Images with least confidence above, with most below:

figure, axes = plt.subplots(2, 8, figsize=(8, 2.4), layout="constrained")
for row, title, chosen in zip(
    axes, ["unsure", "sure"], [order[::-1], order], strict=True
):
    for ax, image in zip(row, X_test[chosen], strict=False):
        ax.imshow(image)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(title)

# %%
# "Sure" means like images on which the detector was right, in training and among those
# held out. Of a new generator it may be sure and wrong: :doc:`/limits`.
