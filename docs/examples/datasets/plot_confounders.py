"""
A detector of file formats
==========================

In many collections the real images are JPEG files and the fakes PNG files. A detector
that is trained on them scores high and has learned nothing about generators. Here this
happens with photographs alone, not one fake among them, and is found out in one line.
"""

# %%
# All of these images are real. Those that are *called* fake were chosen at random and
# saved as PNG; the others were saved as JPEG.

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from skfake.datasets import make_images

images = make_images(n_samples=1400, random_state=0)
photographs = images.data[images.target == 0]
y = np.random.default_rng(0).permutation(len(photographs)) % 2

temporary = TemporaryDirectory()


def save(images, endings, name):
    """Paths of the images' files, each in its own format."""
    folder = Path(temporary.name, name)
    folder.mkdir()
    paths = [folder / f"{number}.{end}" for number, end in enumerate(endings)]
    for image, path in zip(images, paths, strict=True):
        Image.fromarray(image).save(path, quality=40)  # of JPEG; PNG has none
    return np.array(paths, dtype=str)


collected = save(photographs, np.where(y == 1, "png", "jpg"), "collected")

# %%
# A detector "finds" these fakes, though there is nothing to find. It learns from the
# first 500 files and is tested on the others:

from skfake import CNNDetector

detector = CNNDetector(max_epochs=20, random_state=0).fit(collected[:500], y[:500])
print(
    f"accuracy on {len(y[500:])} files: {detector.score(collected[500:], y[500:]):.0%}"
)

# %%
# Find out before you train
# -------------------------
# :func:`~skfake.datasets.find_confounders` looks at everything but the picture, and
# says how well each property alone gives the class away. 50 % would be chance.

from skfake.datasets import find_confounders

names = ["REAL", "FAKE"]
before = find_confounders(collected, y, target_names=names)
for finding in before["finding"]:
    if finding:
        print(finding)

# %%
# Take the difference away
# ------------------------
# Save all images in one way, here as JPEG. That is no cure for a file that was JPEG
# before, which is then compressed twice: better collect both classes alike.

alike = save(photographs, ["jpg"] * len(y), "alike")
after = find_confounders(alike, y, target_names=names)

import matplotlib.pyplot as plt

properties = before.index[::-1]
rows = np.arange(len(properties))
_, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for table, label, shift in [(before, "as collected", 0.2), (after, "all JPEG", -0.2)]:
    accuracy = table.loc[properties, "balanced_accuracy"]
    ax.barh(rows + shift, accuracy, height=0.4, label=label)
ax.axvline(0.5, color="black", linestyle=":", label="chance")
ax.set_yticks(rows, properties)
ax.set(xlabel="balanced accuracy of the property alone", xlim=(0, 1))
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))

# %%
# The detector now says what is true of these images, that it can't tell them apart:

detector.fit(alike[:500], y[:500])
print(f"accuracy on {len(y[500:])} files: {detector.score(alike[500:], y[500:]):.0%}")

# %%
# With real fakes there is something left to find, and the metric that remains is the
# one to believe.

temporary.cleanup()
