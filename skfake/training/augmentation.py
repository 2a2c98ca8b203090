"""How training images are augmented: what a user chooses, without the tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

from skfake.corruptions.definitions import MIXES
from skfake.scikit_learn import Interval, StrOptions


@dataclass(kw_only=True, eq=False, repr=False)
class Augmentation(BaseEstimator):
    """How a network's training images are changed at random.

    A value for the parameter `augment` of the detectors with a network. Each image of
    a batch draws its own changes, anew in every epoch.

    Parameters
    ----------
    crop : {"shifted", "resized"} or None, default="shifted"
        What is cut from an image: a square out of the image padded by `shift` pixels
        of its reflection [1]_, or a window of 8 to 100 % of its area, resized [2]_.
        With None the whole image is trained on.

    crop_size : int, default=None
        Side, in pixels, of the crops. With None it is the detector's `image_size`.

    shift : int, default=4
        Pixels by which "shifted" crops leave the image at most.

    flip : bool, default=True
        Whether each image is mirrored, left to right, with a probability of one half.

    average_flips : bool, default=True
        Whether predictions average the scores of the image and its mirror image.

    crop_predictions : bool, default=True
        Whether predictions look at the central square of `crop_size`, and not at all of
        `image_size`: a network of convolutions may be surer of more pixels [4]_.

    growing_crops : bool, default=False
        Whether three quarters of the epochs train on crops of three quarters of the
        side, in half of the time. Needs a `crop` and a network for images of any size.

    corruptions : {"robust", "all"}, list, dict or None, default=None
        How images are damaged before that [3]_, so that the network learns to judge
        damaged images too: a mix of `skfake.corruptions.MIXES`, of which "robust" is
        what befalls images on the web; or names of `skfake.corruptions.CORRUPTIONS`,
        and for each the strength, the pair (low, high) from between which strengths
        are drawn, or "random" for one of the five strengths there. Names alone draw
        from between the mildest and the most severe of these.

    corruption_probability : float, default=0.5
        With which an image is corrupted, by one of the corruptions, and after that
        once more.

    See Also
    --------
    skfake.corruptions.corrupt : What corruptions do.
    skfake.corruptions.CorruptionTransformer : Corrupts the training images of any
        classifier, once.
    skfake.CompactDetector : Trains on growing crops.
    skfake.ResNetDetector : Trains with the defaults.

    References
    ----------
    .. [1] K. He et al., "Deep residual learning", arXiv:1512.03385, section 4.2.
    .. [2] C. Szegedy et al., "Going deeper with convolutions", arXiv:1409.4842, part 6.
    .. [3] S.-Y. Wang et al., "CNN-generated images are surprisingly easy to spot...
       for now", CVPR 2020, arXiv:1912.11035.
    .. [4] H. Touvron et al., "Fixing the train-test resolution discrepancy", NeurIPS
       2019, arXiv:1906.06423.

    Examples
    --------
    >>> from skfake import Augmentation, CNNDetector
    >>> detector = CNNDetector(augment=Augmentation(shift=2, average_flips=False))
    >>> detector.set_params(augment__shift=3).augment
    Augmentation(average_flips=False, shift=3)

    Train against compression and blur, half of the images once and a quarter twice:

    >>> damage = {"jpeg": (30, 100), "webp": (30, 100), "blur": (0, 3)}
    >>> detector = CNNDetector(augment=Augmentation(corruptions=damage))
    """

    crop: str | None = "shifted"
    crop_size: int | None = None
    shift: int = 4
    flip: bool = True
    average_flips: bool = True
    crop_predictions: bool = True
    growing_crops: bool = False
    corruptions: dict[str, Any] | Sequence[str] | str | None = None
    corruption_probability: float = 0.5

    _parameter_constraints: ClassVar[dict] = {
        "crop": [StrOptions({"shifted", "resized"}), None],
        "crop_size": [Interval(Integral, 1, None, closed="left"), None],
        "shift": [Interval(Integral, 0, None, closed="left")],
        "flip": ["boolean"],
        "average_flips": ["boolean"],
        "crop_predictions": ["boolean"],
        "growing_crops": ["boolean"],
        "corruptions": [StrOptions(set(MIXES)), dict, list, tuple, None],
        "corruption_probability": [Interval(Real, 0, 1, closed="both")],
    }
