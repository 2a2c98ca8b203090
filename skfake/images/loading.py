"""Pixels of checked images, of one size and of the colours asked for."""

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import TypeVar

import numpy as np
from PIL import Image

from skfake.images._reading import map_items
from skfake.images.colours import set_channels
from skfake.images.crops import crop_centre, fill_square
from skfake.images.unreadable import naming_unreadable

Result = TypeVar("Result")
# Of bits of BLAKE2b: images do not share them by chance.
DIGEST_SIZE = 16


def map_images(
    function: Callable[..., Result],
    images: np.ndarray | list,
    *more: Iterable,
    n_jobs: int | None = None,
) -> Iterator[Result]:
    """Apply a function to each image, in order, while threads read ahead.

    Parameters
    ----------
    function : callable
        It takes the pixels of one image, an array of shape (H, W, C), in any thread.

    images : array of shape (n, H, W, C) or list of n items
        As `check_images` returns them.

    *more : iterables of n objects
        Of each, the function takes one with every image, as of `map`.

    n_jobs : int, default=None
        Threads that open files and call the function; None is one and -1 one for each
        processor, as in scikit-learn.

    Yields
    ------
    object
        What the function returned.

    Raises
    ------
    UnreadableImages
        If images can't be read: it names all of them.
    """
    with naming_unreadable(images, n_jobs=n_jobs):
        yield from map_items(function, images, *more, n_jobs=n_jobs)


def load_images(
    images: np.ndarray | list,
    *,
    image_size: int | None = None,
    resize: bool = True,
    grayscale: bool = False,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Pixels of checked images, all of one size.

    Parameters
    ----------
    images : array of shape (n, H, W, C) or list of n items
        As `check_images` returns them.

    image_size : int, default=None
        Side, in pixels, of the square that each image is resized to. With None the
        images must be of one size already.

    resize : bool, default=True
        With False, the square is cut from the centre of the image as it is; smaller
        images are continued by their reflection.

    grayscale : bool, default=False
        One channel of luminance in place of three.

    n_jobs : int, default=None
        Threads that open files; None is one and -1 one for each processor, as in
        scikit-learn.

    Returns
    -------
    array of shape (n, H, W, C)
        C is 1 with `grayscale`, 3 without; uint8, or float32 where X is on no known
        scale.

    Raises
    ------
    UnreadableImages
        If images can't be read: it names all of them.
    ValueError
        If sizes differ while `image_size` is None.
    """

    def shape(pixels: np.ndarray) -> np.ndarray:
        if image_size is None or resize:
            return resize_images(set_channels(pixels, grayscale), image_size)
        square = fill_square(crop_centre(pixels, image_size), image_size)
        return set_channels(square, grayscale)

    if isinstance(images, np.ndarray):
        return shape(images)
    shaped = map_images(lambda image: shape(image[np.newaxis]), images, n_jobs=n_jobs)
    loaded = list(shaped)
    shapes = {pixels.shape[1:] for pixels in loaded}
    if len(shapes) > 1:
        raise ValueError(
            "X must hold images of one size where image_size is None; got "
            f"{len(shapes)} sizes. Pass image_size."
        )
    return np.concatenate(loaded)


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


def digest_image(image: np.ndarray) -> bytes:
    """Digest of the pixels of one image; that of a gray one is of its RGB copy."""
    image = np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
    # The shape is hashed too: 2x8 and 4x4 images may hold the same bytes.
    kind = repr((image.shape, image.dtype.str)).encode()
    digest = blake2b(kind, digest_size=DIGEST_SIZE)
    digest.update(np.ascontiguousarray(image).data)
    return digest.digest()


def fingerprint_images(
    images: np.ndarray | list, *, n_jobs: int | None = None
) -> np.ndarray:
    """Numbers that are equal for images whose pixels are.

    Parameters
    ----------
    images : array of shape (n, H, W, C) or list of n items
        As `check_images` returns them.

    n_jobs : int, default=None
        Threads that open files, as in scikit-learn.

    Returns
    -------
    uint64 array of shape (n,)
        The first eight bytes of the digests that `skfake.datasets.find_duplicates`
        compares, so that a gray image equals its RGB copy.

    Raises
    ------
    UnreadableImages
        If images can't be read: it names all of them.
    """
    digests = b"".join(d[:8] for d in map_images(digest_image, images, n_jobs=n_jobs))
    return np.frombuffer(digests, "<u8").astype(np.uint64)
