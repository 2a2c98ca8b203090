"""Images to learn and test with, without a download: simulated fakes."""

from functools import cache
from numbers import Integral

import numpy as np
from PIL import Image
from skimage import data as skimage_data
from sklearn.datasets import load_sample_images
from sklearn.utils import Bunch, check_random_state, gen_batches

from skfake.datasets._bunch import TARGET_NAMES, bunch_or_pair, read_description
from skfake.scikit_learn import Interval, validate_params

# Taps of the filter by which a generator doubles a side. Each phase, which is every
# other tap, sums to 1; "transposed" starts from Keys' cubic and upsets that balance.
KERNELS = {
    "bilinear": (0, 0, 1 / 4, 3 / 4, 3 / 4, 1 / 4, 0, 0),
    "nearest": (0, 0, 0, 1, 1, 0, 0, 0),
    "transposed": tuple(np.array([-3, -9, 29, 111, 111, 29, -9, -3]) / 128),
}
# Ranges that each image draws from. They were tuned until HOG with an SVM is right
# about three times in four and a small network nine times in ten.
REDUCTION = (2.0, 5.0)  # pixels of the photograph to one of the patch
LOST_DETAIL = (0.75, 1.0)  # fraction of a patch's own fine detail that a fake loses
IMBALANCE = (0.05, 0.12)  # relative gain between neighbours of a checkerboard
N_STAGES = 2
MARGIN = 8  # pixels cut off, so that no filter sees the edge of a patch
BATCH = 512


@validate_params(
    {
        "n_samples": [Interval(Integral, 2, None, closed="left")],
        "image_size": [Interval(Integral, 8, 128, closed="both")],
        "return_X_y": ["boolean"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_images(
    n_samples: int = 2000,
    *,
    image_size: int = 32,
    return_X_y: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Cut real patches from photographs and simulate fakes from other ones.

    Every image starts as a patch of a colour photograph that scikit-learn or
    scikit-image ships: a random square, mirrored at random and reduced to `image_size`.
    Half of the patches are real images. The others are made again from a copy of a
    quarter of their side by two up-samplings, as in the last layers of an image
    generator, which leaves the traces that real generators leave:

    - fine detail is missing (all fakes; most visible with "bilinear") [3]_ [4]_;
    - the spectrum is repeated at high frequencies ("nearest") [2]_;
    - there is a checkerboard, as the steps of a transposed convolution overlap
      unevenly ("transposed") [1]_.

    The strength of each trace is drawn for each image. Brightness, colours, contents
    and scale have the same distribution in both classes. Use these fakes to try code
    and to compare detectors, not to say how well real fakes are found.

    Parameters
    ----------
    n_samples : int, default=2000
        Number of images. Half are fake; of an odd number, the half rounded down.

    image_size : int, default=32
        Side of an image in pixels, from 8 to 128.

    return_X_y : bool, default=False
        If True, return `(data, target)` instead of a `Bunch`.

    random_state : int, RandomState instance or None, default=None
        Seed of all that is drawn.

    Returns
    -------
    Bunch
        With the entries

        data : uint8 array of shape (n_samples, image_size, image_size, 3)
            The images, shuffled.
        target : int array of shape (n_samples,)
            1 for fake, 0 for real.
        target_names : array of shape (2,)
            "REAL" and "FAKE", in the order of the labels.
        generators : array of shape (n_samples,)
            "bilinear", "nearest" or "transposed": the up-sampling that made a fake.
            Real images are assigned at random, so that each is a data set with which to
            test a detector on the fakes of an unseen generator.
        DESCR : str
            Text about the data set.

    (data, target) : tuple of arrays, with `return_X_y=True`

    See Also
    --------
    load_cifake : 120,000 images, half of them drawn by Stable Diffusion.
    load_image_folder : Images of your own.

    References
    ----------
    .. [1] A. Odena, V. Dumoulin and C. Olah, "Deconvolution and Checkerboard
       Artifacts", Distill, 2016.
    .. [2] X. Zhang, S. Karaman and S.-F. Chang, "Detecting and Simulating Artifacts
       in GAN Fake Images", WIFS 2019, arXiv:1907.06515.
    .. [3] R. Durall, M. Keuper and J. Keuper, "Watch Your Up-Convolution: CNN Based
       Generative Deep Neural Networks Are Failing to Reproduce Spectral
       Distributions", CVPR 2020, arXiv:2003.01826.
    .. [4] J. Frank et al., "Leveraging Frequency Analysis for Deep Fake Image
       Recognition", ICML 2020, arXiv:2003.08685.

    Examples
    --------
    >>> from skfake.datasets import make_images
    >>> images = make_images(n_samples=6, random_state=0)
    >>> images.data.shape
    (6, 32, 32, 3)
    >>> int(images.target.sum())
    3
    """
    rng = check_random_state(random_state)
    target = np.arange(n_samples) % 2
    rng.shuffle(target)
    generators = rng.choice(list(KERNELS), size=n_samples)
    images = np.empty((n_samples, image_size, image_size, 3), dtype=np.uint8)
    for batch in gen_batches(n_samples, BATCH):
        images[batch] = _draw_images(rng, target[batch], generators[batch], image_size)
    return bunch_or_pair(
        images,
        target,
        return_X_y=return_X_y,
        target_names=np.array(TARGET_NAMES),
        generators=generators,
        DESCR=read_description("simulated"),
    )


def _draw_images(
    rng: np.random.RandomState,
    target: np.ndarray,
    generators: np.ndarray,
    image_size: int,
) -> np.ndarray:
    step = 2**N_STAGES
    side = step * -(-image_size // step) + 2 * MARGIN
    patches = _cut_patches(rng, len(target), side).transpose(0, 3, 1, 2)
    # Real images draw strengths too, unused: an image does not depend on the labels
    # of those before it.
    taps = np.array([KERNELS[name] for name in generators], dtype=np.float32)
    gains = rng.uniform(*IMBALANCE, size=(len(target), N_STAGES, 2))
    gains *= rng.choice([-1, 1], size=gains.shape)
    gains[generators != "transposed"] = 0
    lost = rng.uniform(*LOST_DETAIL, size=(len(target), 1, 1, 1)).astype(np.float32)
    fake = target == 1
    drawn = patches[fake]
    smooth = _resynthesize(drawn, taps[fake], gains[fake].astype(np.float32))
    patches[fake] = drawn + lost[fake] * (smooth - drawn)
    inner = slice(MARGIN, MARGIN + image_size)
    pixels = np.rint(patches[:, :, inner, inner]).clip(0, 255)
    return pixels.transpose(0, 2, 3, 1)


def _cut_patches(rng: np.random.RandomState, n: int, side: int) -> np.ndarray:
    """Draw reduced squares of photographs: float array (n, side, side, 3)."""
    photographs = _photographs()
    choices = rng.randint(len(photographs), size=n)
    scales, lefts, tops = rng.uniform(size=(3, n))
    mirrored = rng.randint(2, size=n) == 1
    patches = np.empty((n, side, side, 3), dtype=np.float32)
    for i, choice in enumerate(choices):
        photograph = photographs[choice]
        least, most = REDUCTION
        most = min(most, min(photograph.size) / side)
        extent = side * least * (most / least) ** scales[i]
        left = lefts[i] * (photograph.width - extent)
        top = tops[i] * (photograph.height - extent)
        patches[i] = photograph.resize(
            (side, side),
            Image.Resampling.LANCZOS,
            box=(left, top, left + extent, top + extent),
        )
    patches[mirrored] = patches[mirrored, :, ::-1]
    return patches


@cache
def _photographs() -> list[Image.Image]:
    # Those that their wheels hold, colour scenes only: no download, no micrographs.
    left, _, _ = skimage_data.stereo_motorcycle()
    arrays = [
        *load_sample_images().images,
        skimage_data.astronaut(),
        skimage_data.chelsea(),
        skimage_data.coffee(),
        skimage_data.rocket(),
        left,
    ]
    return [Image.fromarray(array) for array in arrays]


def _resynthesize(
    patches: np.ndarray, taps: np.ndarray, gains: np.ndarray
) -> np.ndarray:
    """Make patches (n, 3, side, side) again from a fraction of their pixels."""
    side = patches.shape[-1]
    step = 2**N_STAGES
    mean = np.kron(np.eye(side // step), np.full((1, step), 1 / step))
    rows = columns = mean.astype(np.float32)
    alternating = np.resize(np.array([1, -1], dtype=np.float32), taps.shape[1])
    for stage in range(N_STAGES):
        uneven = 1 + gains[:, stage, :, np.newaxis] * alternating
        rows = _doubling(taps * uneven[:, 0], rows.shape[-2]) @ rows
        columns = _doubling(taps * uneven[:, 1], columns.shape[-2]) @ columns
    return rows[:, np.newaxis] @ patches @ columns[:, np.newaxis].swapaxes(2, 3)


def _doubling(taps: np.ndarray, side: int) -> np.ndarray:
    """Matrices (n, 2 side, side) of transposed convolutions with stride 2."""
    n_taps = taps.shape[1]
    offsets = np.arange(2 * side)[:, np.newaxis] - 2 * np.arange(side)
    offsets = offsets + n_taps // 2 - 1
    reached = (offsets >= 0) & (offsets < n_taps)
    return np.where(reached, taps[:, offsets.clip(0, n_taps - 1)], 0)
