"""
What generators leave in their images
=====================================

The last layers of a generator double the side of its images, again and again. Each way
to double leaves a trace. Here are simulated fakes of three such ways, as images and as
frequencies, where the eye sees what a detector looks for.
"""

# %%
# Each fake starts as a patch of a photograph, is reduced to a quarter of its side and
# is made large again by "bilinear", "nearest" or "transposed" up-sampling.

import matplotlib.pyplot as plt

from skfake.datasets import make_images

images = make_images(n_samples=2000, random_state=0)
kinds = {"real": images.target == 0}
for name in ("bilinear", "nearest", "transposed"):
    kinds[name] = (images.target == 1) & (images.generators == name)

figure, axes = plt.subplots(4, 6, figsize=(6, 4.3), layout="constrained")
for row, (name, chosen) in zip(axes, kinds.items(), strict=True):
    for ax, image in zip(row, images.data[chosen], strict=False):
        ax.imshow(image)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name)

# %%
# So much enlarged, some of them give themselves away; at the size of a stamp, most
# would pass. Now the mean spectrum of each kind: low frequencies in the middle, the
# highest at the edges. Contents differ from image to image and average out; a habit of
# the generator stays.

import numpy as np


def mean_spectrum(images):
    """Mean logarithm of the amplitudes of gray images, the mean in the middle."""
    gray = images.mean(axis=-1) / 255
    window = np.hanning(gray.shape[1])  # or the edges would shine as a cross
    amplitudes = np.abs(np.fft.fft2(gray * np.outer(window, window)))
    return np.fft.fftshift(np.log10(amplitudes + 1e-4).mean(axis=0))


spectra = {name: mean_spectrum(images.data[chosen]) for name, chosen in kinds.items()}

# sphinx_gallery_thumbnail_number = 2
figure, axes = plt.subplots(1, 4, figsize=(8, 2.5), layout="constrained")
axes[0].imshow(spectra["real"], cmap="gray")
axes[0].set_title("real")
for ax, name in zip(axes[1:], list(spectra)[1:], strict=True):
    difference = spectra[name] - spectra["real"]
    shown = ax.imshow(difference, cmap="RdBu_r", vmin=-1.2, vmax=1.2)
    ax.set_title(f"{name} - real")
for ax in axes:
    ax.set(xticks=[], yticks=[])
figure.colorbar(shown, ax=axes, label="decades of amplitude", shrink=0.8)

# %%
# In blue, all three lack fine detail. In red, "nearest" and "transposed" have too much
# of some frequencies: copies of the spectrum in the one, a checkerboard in the other.
# Such traces have been found in the images of real generators; the papers are named at
# :func:`~skfake.datasets.make_images`.
#
# Along the radius, the same as a curve:

side = images.data.shape[1]
radius = np.hypot(*(np.indices((side, side)) - side // 2)).round().astype(int).ravel()
pixels = np.bincount(radius)

_, ax = plt.subplots(figsize=(5.5, 4), layout="constrained")
for name, spectrum in spectra.items():
    profile = np.bincount(radius, weights=spectrum.ravel()) / pixels
    cycles = np.arange(side // 2 + 1) / side
    ax.plot(cycles, profile[: side // 2 + 1], label=name)
ax.set(xlabel="frequency (cycles per pixel)", ylabel="mean log10 of the amplitude")
ax.legend()

# %%
# Whoever makes an image smaller, or compresses it, takes away just these frequencies.
# So a detector had better see images as they came, and is tested on damaged ones too:
# :doc:`/auto_examples/evaluation/plot_robustness`.
