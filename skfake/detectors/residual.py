"""Our own network on the residual of photographs as a detector."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils import Tags
from torch import nn

from skfake.detectors.deep import DeepDetector
from skfake.networks.compact import check_filters, smallest_size
from skfake.networks.residual import ResidualNet
from skfake.networks.standardize import Standardize
from skfake.training.augmentation import Augmentation
from skfake.training.batches import PixelDataset

# Side, in pixels, of the squares that are trained on, at most: smaller ones than those
# that are judged, and more of them in the same time.
TRAINED_ON = 128


@dataclass(kw_only=True, eq=False, repr=False)
class ResidualDetector(DeepDetector):
    """Network of a million weights on the residual of photographs, from scratch.

    What is seen in an image hides the traces of what made it. The residual, an image
    less the median of the 3 by 3 pixels around each [1]_, is mostly traces; a few
    convolutions learn them from some hundreds of photographs in a minute or two of two
    CPU cores. Squares are cut from the images as they are, elsewhere in every epoch:
    what a generator leaves is gone once a photograph is resized. The network is
    `CompactDetector`'s, with a stage more, and is trained as it is, by Muon [3]_, on
    squares of 128 pixels out of those that are judged, mirrored at random. Little is
    left of such traces once others have compressed and resized an image: for these, a
    `TiledDetector` around `CompactDetector.robust()` is right more often.

    Parameters
    ----------
    image_size : int, default=256
        Side, in pixels, of the square that the network sees of each image.

    resize : bool, default=False
        Whether images are resized to this square. Else it is cut from them as they are:
        anywhere, elsewhere in every epoch, to train on; their centre, to predict.
        Smaller images are continued by their reflection.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of an image where X is flattened. None is the squarest, gray or RGB.

    pos_label : label or list of labels, default=None
        What means fake. With None that follows from the names of the labels.

    augment : Augmentation, "auto" or None, default="auto"
        How training images are changed at random, and whether predictions average over
        mirror images. "auto" is what the text above names; with None nothing is done.

    label_smoothing : float, default=0.05
        Fraction of a label that is spread over all classes in the loss.

    max_epochs : int, default=20
        How often the training images are gone through.

    batch_size : int or "auto", default="auto"
        Images of a step. "auto" is a twentieth of all, at least 16, at most 512.

    optimizer : {"adamw", "adam", "muon", "sgd"}, default="muon"
        "sgd" has a Nesterov momentum of 0.9; "muon" [3]_ makes the steps of
        convolutions orthogonal, and those of other weights as "adamw".

    lr : float, default=0.01
        Learning rate; with a schedule, its highest.

    schedule : {"one_cycle", "cosine", "steps"} or None, default="one_cycle"
        How the learning rate moves: up over a fifth of the steps and down to zero
        [2]_, down along a cosine, to a tenth after every tenth epoch, or not at all.

    weight_decay : float, default=0.05
        Decay of the weights, as the optimiser defines it.

    patience : int or None, default=None
        Epochs without a lower validation loss that end the training, at its best one.

    validation_fraction : float or None, default=0.05
        Fraction of each class's images held out to follow the training by, if any.

    class_weight : dict or "balanced", default=None
        Factor of the loss for each class, as in scikit-learn.

    warm_start : bool, default=False
        Whether `fit` goes on from what the last one learned, with a new schedule.

    checkpoint : path of a folder, default=None
        Where the state after each epoch is kept. `fit` takes up a killed training there
        and ends with the weights of an unbroken one; one that ended is not repeated.

    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Arithmetic of training. "auto" is bfloat16 on what trains faster so: GPUs that
        compute with it, CPUs with AMX, and AMD's with AVX-512 BF16.

    inference_precision : {"float32", "bfloat16"}, default="float32"
        Arithmetic of predictions. On the same CPUs, bfloat16 makes them faster, and
        probabilities a little different.

    compile : bool, default=False
        Whether to use `torch.compile`, which takes a minute or so and a C++ compiler.

    device : str, default="auto"
        Device in torch's words, as "cuda:1"; "auto" is its accelerator or the CPU.

    n_jobs : int, default=None
        Threads that open files.

    callbacks : list of skorch callbacks, default=None
        Called while training; copied before.

    random_state : int, RandomState instance or None, default=None
        Seed of all that is random. A number gives the same model twice on a machine.

    verbose : int, default=0
        1 shows a bar for all epochs on stderr, or lines where that is no terminal or
        notebook; 2 also a line an epoch on stdout.

    n_filters : tuple of ints, default=(48, 128, 256)
        Filters of each convolution of a stage; stages are three convolutions, and then
        two each, with a pooling between stages. With n stages, images have at least
        2**n - 1 pixels.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Labels, sorted.

    pos_label_ : label, list of labels or None
        What means fake; None where neither `pos_label` nor a name says it.

    history_ : dict of lists of length n_epochs
        `train_loss`, `train_accuracy`, `valid_loss`, `valid_accuracy` and `seconds` of
        each epoch; those of training are means over its batches, as augmented.

    augment_ : Augmentation or None
        How the images of the last training were changed.

    net_ : skorch.NeuralNetClassifier
        The trained net; its module takes floats of shape (n, C, H, W) from 0 to 1.

    fingerprints_ : uint64 array of shape (n_distinct,)
        Digests of the training images, sorted, by which they are known again.

    image_sizes_ : int array of shape (3, 2)
        Height and width of the smallest, the median and the largest training image.

    pixel_range_ : tuple (least, greatest) or None
        Numbers of the training images where they were on no known scale of images.

    image_shape_, n_features_in_, feature_names_in_ : tuple (H, W, C), int, array
        Shape and number of values of all images seen in `fit`, and names of columns,
        where X had them.

    See Also
    --------
    skfake.TiledDetector : Judges all parts of an image by a detector such as this.
    skfake.EncoderDetector : What a pretrained network sees of photographs.
    skfake.features.ResidualTransformer : Statistics of residuals, without a network.

    References
    ----------
    .. [1] S. Liang et al., "FerretNet: Efficient synthetic image detection via local
       pixel dependencies", 2025, arXiv:2509.20890.
    .. [2] L. N. Smith and N. Topin, "Super-convergence", arXiv:1708.07120.
    .. [3] K. Jordan et al., "Muon", 2024, https://kellerjordan.github.io/posts/muon/.

    Examples
    --------
    >>> from skfake import ResidualDetector
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(
    ...     n_samples=60, image_size=48, return_X_y=True, random_state=0
    ... )
    >>> detector = ResidualDetector(image_size=32, max_epochs=2, random_state=0)
    >>> detector.fit(X[:40], y[:40]).predict_proba(X[40:]).shape
    (20, 2)
    """

    image_size: int = 256
    resize: bool = False
    max_epochs: int = 20
    optimizer: str = "muon"
    lr: float = 0.01
    validation_fraction: float | None = 0.05
    n_filters: tuple[int, ...] = (48, 128, 256)

    _parameter_constraints: ClassVar[dict] = {
        **DeepDetector._parameter_constraints,
        "n_filters": [tuple],
    }

    _largest_batch = 512

    @property
    def _own_augmentation(self) -> Augmentation:
        return Augmentation(
            shift=0,
            crop_size=min(TRAINED_ON, self.image_size),
            crop_predictions=False,
            average_flips=False,
        )

    @property
    def _smallest_size(self) -> int:
        return smallest_size(len(self.n_filters))

    def _build_network(self, n_classes: int) -> nn.Module:
        return ResidualNet(n_classes, n_filters=self.n_filters)

    def _standardization(self, dataset: PixelDataset, seed: int) -> Standardize:
        # From 0 to 1: residuals have a size of their own.
        least, greatest = self.pixel_range_ or (0, 1)
        return Standardize(np.full(3, least), np.full(3, greatest - least))

    def _check_sizes(self, augmentation: Augmentation | None) -> None:
        check_filters(self.n_filters)
        super()._check_sizes(augmentation)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # The battery's images are of two pixels, of which it sees the difference alone.
        tags.classifier_tags.poor_score = True
        return tags
