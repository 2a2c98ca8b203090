"""Pixels of checked images, of one size and of the colours asked for."""

from typing import Any

import numpy as np
from joblib import effective_n_jobs
from PIL import Image

from skfake.images.colours import set_channels, to_float
from skfake.images.decoding import decode_file, quiet, read_image
from skfake.read_ahead import ReadAhead

# Images that a thread may be ahead of the one that is waited for.
N_AHEAD = 16


def load_images(
    images: np.ndarray | list,
    *,
    image_size: int | None = None,
    grayscale: bool = False,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Pixels of checked images, all of one size.

    Parameters
    ----------
    images : array of shape (n, H, W, C) or list of n paths and arrays
        As `check_images` returns them.

    image_size : int, default=None
        Side, in pixels, of the square that each image is resized to. With None the
        images must be of one size already.

    grayscale : bool, default=False
        One channel of luminance in place of three.

    n_jobs : int, default=None
        Threads that open files; None is one and -1 one for each processor, as in
        scikit-learn.

    Returns
    -------
    array of shape (n, H, W, C)
        C is 1 with `grayscale`, 3 without; uint8 where all images are, else float32
        with bytes as 0 to 1.

    Raises
    ------
    ValueError
        If a file can't be read, or sizes differ while `image_size` is None.
    """
    if isinstance(images, np.ndarray):
        return resize_images(set_channels(images, grayscale), image_size)

    def load(image: Any) -> np.ndarray:
        pixels = image if isinstance(image, np.ndarray) else decode_file(image)
        pixels = set_channels(pixels[np.newaxis], grayscale)
        return resize_images(pixels, image_size)

    n_threads = effective_n_jobs(n_jobs)
    with quiet():
        if n_threads == 1:
            loaded = [load(image) for image in images]
        else:
            n_ahead = N_AHEAD * n_threads
            with ReadAhead(load, images, n_threads=n_threads, n_ahead=n_ahead) as ahead:
                loaded = list(ahead)
    shapes = {pixels.shape[1:] for pixels in loaded}
    if len(shapes) > 1:
        raise ValueError(
            "X must hold images of one size where image_size is None; got "
            f"{len(shapes)} sizes. Pass image_size."
        )
    if len({pixels.dtype for pixels in loaded}) > 1:
        loaded = [to_float(pixels) for pixels in loaded]
    return np.concatenate(loaded)


def load_image(image: Any) -> np.ndarray:
    """Pixels of one item of a checked X.

    Parameters
    ----------
    image : path or array of shape (H, W, C)
        The item; a file is opened now.

    Returns
    -------
    array of shape (H, W, C)
        uint8 or float32.
    """
    return image if isinstance(image, np.ndarray) else read_image(image)


def resize_images(images: np.ndarray, image_size: int | None) -> np.ndarray:
    """Resize images to squares, antialiased: Pillow's bilinear filter.

    Parameters
    ----------
    images : uint8 or float32 array of shape (n, H, W, C)
        Images; C is 1 or 3.

    image_size : int or None
        Side in pixels. None leaves the images as they are.

    Returns
    -------
    array of shape (n, image_size, image_size, C)
        Of the same dtype: the images themselves where nothing was to be done.
    """
    n, height, width, n_channels = images.shape
    if image_size is None or (height, width) == (image_size, image_size):
        return images
    resized = np.empty((n, image_size, image_size, n_channels), images.dtype)
    for target, image in zip(resized, images, strict=True):
        if images.dtype == np.uint8:
            planes = [Image.fromarray(image.squeeze(-1) if n_channels == 1 else image)]
        else:
            planes = [
                Image.fromarray(np.ascontiguousarray(image[..., c]))
                for c in range(n_channels)
            ]
        sides = (image_size, image_size)
        done = [np.asarray(p.resize(sides, Image.Resampling.BILINEAR)) for p in planes]
        target[...] = np.dstack(done)
    return resized
