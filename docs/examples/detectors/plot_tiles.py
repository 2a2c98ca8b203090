"""
Where in a photograph something was made again
==============================================

A photograph is larger than what a detector looks at. Made smaller, it loses the very
details that give a generator away; cut into tiles, it keeps them, and each tile can be
judged by itself. So the answer also says where.
"""

# %%
# Some photographs to learn from, and one that is kept aside. They are halved first,
# which makes up for the softness of cameras and scans.

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_images

photographs = [
    *load_sample_images().images,
    data.astronaut(),
    data.chelsea(),
    data.rocket(),
    data.stereo_motorcycle()[0],
]
photographs = [np.asarray(Image.fromarray(image).reduce(2)) for image in photographs]
kept_aside = np.asarray(Image.fromarray(data.coffee()).reduce(2))
print(*(image.shape for image in photographs), sep="\n")

# %%
# A fake has the same content, drawn anew from a quarter of its side, as the last layers
# of a generator enlarge what the first ones have laid out. It stands for the images of
# a generator, and is simulated: real ones leave other traces too.


def make_again(image):
    """Reduce an image to a quarter of its side, and enlarge it again."""
    small = Image.fromarray(image).reduce(4)
    return np.asarray(small.resize(image.shape[1::-1], Image.Resampling.BICUBIC))


X = photographs + [make_again(image) for image in photographs]
y = np.repeat(["real", "fake"], len(photographs))

# %%
# :class:`~skfake.TiledDetector` wraps any other detector. It takes images of
# any size as they are, and draws equally many tiles from each to fit the detector to.

from skfake import CompactDetector, TiledDetector

detector = TiledDetector(
    CompactDetector(max_epochs=6, random_state=0),
    max_tiles=150,
    pos_label="fake",
    random_state=0,
)
detector.fit(X, y)

# %%
# Now a part of the photograph that it has not seen is replaced.

edited = kept_aside.copy()
part = slice(70, 170), slice(60, 180)
edited[part] = make_again(edited[part])

# %%
# Most of the image is real, and so says the mean of all tiles. Where a part may have
# been replaced, ask for the tenth of the tiles that is least real.

fake = list(detector.classes_).index("fake")
images = [kept_aside, edited, make_again(kept_aside)]
for aggregate in ("mean", 0.1):
    detector.set_params(aggregate=aggregate)
    print(aggregate, detector.predict_proba(images)[:, fake].round(2))

# %%
# `heat_maps` has the mean answer at each pixel of the tiles around it. Tiles that
# overlap by three quarters make a finer map.

import matplotlib.pyplot as plt

detector.set_params(overlap=0.75)
maps = detector.heat_maps(images[:2])

figure, axes = plt.subplots(2, 2, figsize=(7, 4.8), layout="constrained")
for row, image, heat in zip(axes, images, maps, strict=False):
    row[0].imshow(image)
    row[1].imshow(image.mean(axis=2), cmap="gray")
    shown = row[1].imshow(heat, cmap="inferno", vmin=0, vmax=1, alpha=0.8)
axes[0, 0].set_title("as it was, and as it is now")
axes[0, 1].set_title("probability of a fake")
top, left = part[0].start, part[1].start
for ax in axes[1]:
    ax.add_patch(
        plt.Rectangle((left, top), 120, 100, fill=False, edgecolor="white", ls="--")
    )
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
_ = figure.colorbar(shown, ax=axes, shrink=0.8)

# %%
# The map is no proof. What is out of focus has no details to begin with, and looks as
# if it had been made again: see the coffee, and the corner above it. Look at maps of
# images that you know to be real before you believe one that you do not
# (:doc:`/tiles`).
