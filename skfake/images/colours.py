"""Scales and colours: what every form of X shares."""

from __future__ import annotations

import numpy as np
from skimage.color import rgb2gray


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
    """Upper 8 of 16 bits.

    Parameters
    ----------
    array : integer array
        Values from 0 to 65535.

    Returns
    -------
    uint8 array of the same shape
    """
    # As Pillow does for 16-bit RGB, so that arrays and their files agree.
    return (array >> 8).astype(np.uint8)


def on_white(images: np.ndarray) -> np.ndarray:
    """Lay what is transparent on white.

    Parameters
    ----------
    images : uint8 or float32 array of shape (..., C)
        Images; the last of four channels is their opacity.

    Returns
    -------
    array of shape (..., 3), or the images themselves where C is not 4
    """
    if images.shape[-1] != 4:
        return images
    colour, alpha = to_float(images[..., :3]), to_float(images[..., 3:])
    composed = colour * alpha + (1 - alpha)
    if images.dtype == np.uint8:
        return np.rint(composed * 255).astype(np.uint8)
    return composed


def set_channels(images: np.ndarray, grayscale: bool) -> np.ndarray:
    """Make images gray, by their luminance, or RGB.

    Parameters
    ----------
    images : uint8 or float32 array of shape (n, H, W, C)
        Images; C is 1 or 3.

    grayscale : bool
        One channel in place of three.

    Returns
    -------
    array of shape (n, H, W, 1) or (n, H, W, 3)
        Of the same dtype: the images themselves where nothing was to be done.
    """
    n_channels = images.shape[-1]
    if n_channels == 1 and not grayscale:
        return np.repeat(images, 3, axis=-1)
    if n_channels == 1 or not grayscale:
        return images
    gray = rgb2gray(images)[..., np.newaxis]
    if images.dtype == np.uint8:
        return np.rint(gray * 255).astype(np.uint8)
    return gray.astype(np.float32)
