"""
Read training curves
====================

Detectors with a network keep the history of their training, `history_`. Two curves of
it, of the images that are trained on and of a part that is held out, show whether to
train longer, to stop earlier or to augment the images.
"""

# %%
# Two small networks, alike but for augmentation: the second sees each image shifted by
# a few pixels and mirrored, in every epoch differently. A quarter of the images is held
# out to follow the training by, which `validation_fraction` says.

from skfake import Augmentation, CNNDetector
from skfake.datasets import make_images

X, y = make_images(n_samples=900, return_X_y=True, random_state=0)
X_train, y_train, X_test, y_test = X[:400], y[:400], X[400:], y[400:]

settings = {"max_epochs": 20, "validation_fraction": 0.25, "random_state": 0}
detectors = {
    "images as they are": CNNDetector(**settings),
    "shifted and mirrored": CNNDetector(
        augment=Augmentation(average_flips=False), **settings
    ),
}
for detector in detectors.values():
    detector.fit(X_train, y_train)

# %%
# :class:`~skfake.displays.TrainingCurvesDisplay` plots the histories. Where the loss of
# the training images (solid) falls on while that of the held-out ones (dashed) does
# not, the network learns its images by heart. Where both still fall at the end, it pays
# to train longer:

from skfake.displays import TrainingCurvesDisplay

TrainingCurvesDisplay.from_detectors(detectors, metric="loss")

# %%
# Accuracy is coarser. The augmented network finds its own training images harder, as it
# meets them changed:

TrainingCurvesDisplay.from_detectors(detectors, metric="accuracy")

# %%
# What counts are images of neither part:

for name, detector in detectors.items():
    print(f"{name}: {detector.score(X_test, y_test):.1%} of the test images right")

# %%
# Stop when nothing is gained
# ---------------------------
# With `patience`, training ends when the held-out loss has not fallen for that many
# epochs, and the best epoch is kept. It goes with a learning rate that stays
# as it is: a schedule plans for all epochs, and its last ones are often the best.

patient = CNNDetector(patience=3, schedule=None, lr=1e-3, **settings).fit(
    X_train, y_train
)
n_epochs = len(patient.history_["valid_loss"])
print(f"{n_epochs} of {patient.max_epochs} epochs", end=", ")
print(f"{patient.score(X_test, y_test):.1%} of the test images right")
