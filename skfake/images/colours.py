"""Scales and colours of all input formats."""

import numpy as np
from skimage.color import rgb2gray
from sklearn.utils import gen_batches

# Values that are computed with at a time.
AT_ONCE = 2**22


def to_float(images: np.ndarray) -> np.ndarray:
    """Bytes as float32 from 0 to 1; floats as they come.

    Parameters
    ----------
    images : uint8 or float32 array
        Pixels.

    Returns
    -------
    float32 array of the same shape
    """
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    return images


def upper_byte(array: np.ndarray) -> np.ndarray:
    """Upper 8 of 16 bits."""
    # As Pillow does for 16-bit RGB, so that arrays and their files agree.
    return (array >> 8).astype(np.uint8)


def on_white(images: np.ndarray) -> np.ndarray:
    """Lay what is transparent on white."""
    if images.shape[-1] != 4:
        return images
    if images.dtype != np.uint8:
        return _compose(images)
    composed = np.empty((*images.shape[:-1], 3), np.uint8)
    # Floats of a whole photograph would take many times its memory.
    rows = max(1, AT_ONCE // max(1, images[0].size))
    for part in gen_batches(len(images), rows):
        composed[part] = np.rint(_compose(to_float(images[part])) * 255)
    return composed


def _compose(images: np.ndarray) -> np.ndarray:
    alpha = images[..., 3:].clip(0, 1)
    return images[..., :3] * alpha + (1 - alpha)


def set_channels(images: np.ndarray, grayscale: bool) -> np.ndarray:
    """Make images gray, by their luminance, or RGB."""
    n_channels = images.shape[-1]
    if n_channels == 1 and not grayscale:
        return np.repeat(images, 3, axis=-1)
    if n_channels == 1 or not grayscale:
        return images
    gray = rgb2gray(images)[..., np.newaxis]
    if images.dtype == np.uint8:
        return np.rint(gray * 255).astype(np.uint8)
    return gray.astype(np.float32)
