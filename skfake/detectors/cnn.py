"""The study's small convolutional network as a detector."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import ClassVar

from torch import nn

from skfake.detectors.deep import DeepDetector
from skfake.networks.study_cnn import SMALLEST_SIZE, StudyCNN
from skfake.scikit_learn import Interval
from skfake.training.augmentation import Augmentation


@dataclass(kw_only=True, eq=False, repr=False)
class CNNDetector(DeepDetector):
    """The study's small convolutional network.

    One convolution of 3x3, max pooling and two dense layers [1]_, with batch
    normalisation and dropout, trained from scratch. The defaults are the best recipe
    known for this network, which does not augment; the study's own trains on gray
    images by Adam with a learning rate of 0.01, 25 epochs of batches of 64.

    Parameters
    ----------
    image_size : int, default=32
        Side, in pixels, of the square that the network sees of each image.

    resize : bool, default=True
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

    label_smoothing : float, default=0.0
        Fraction of a label that is spread over all classes in the loss.

    max_epochs : int, default=15
        How often the training images are gone through.

    batch_size : int or "auto", default="auto"
        Images of a step. "auto" is a twentieth of all, at least 16, at most 64.

    optimizer : {"adamw", "adam", "muon", "sgd"}, default="adamw"
        "sgd" has a Nesterov momentum of 0.9; "muon" [3]_ makes the steps of
        convolutions orthogonal, and those of other weights as "adamw".

    lr : float, default=2e-3
        Learning rate; with a schedule, its highest.

    schedule : {"one_cycle", "cosine", "steps"} or None, default="one_cycle"
        How the learning rate moves: up over a fifth of the steps and down to zero
        [2]_, down along a cosine, to a tenth after every tenth epoch, or not at all.

    weight_decay : float, default=0.01
        Decay of the weights, as the optimiser defines it.

    patience : int or None, default=None
        Epochs without a lower validation loss that end the training, at its best one.

    validation_fraction : float or None, default=0.1
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

    grayscale : bool, default=False
        Whether the network sees luminance alone, as in the study, or colours.

    n_filters, n_hidden : int, default=32, 128
        Filters of the convolution, and units of the first dense layer.

    batch_norm : bool, default=True
        Whether to normalise what these two give, before their ReLU.

    dropout : float, default=0.25
        Fraction of values left out, in training, before each dense layer.

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
    skfake.SVMDetector : The study's detector without a network.

    References
    ----------
    .. [1] "Harnessing Machine Learning for Discerning AI-Generated Synthetic Images",
       arXiv:2401.07358.
    .. [2] L. N. Smith and N. Topin, "Super-convergence", arXiv:1708.07120.
    .. [3] K. Jordan et al., "Muon", 2024, https://kellerjordan.github.io/posts/muon/.

    Examples
    --------
    >>> from skfake import CNNDetector
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=200, return_X_y=True, random_state=0)
    >>> detector = CNNDetector(max_epochs=2, random_state=0).fit(X[:150], y[:150])
    >>> detector.predict_proba(X[150:]).shape
    (50, 2)
    >>> len(detector.history_["valid_accuracy"])
    2
    """

    label_smoothing: float = 0.0
    max_epochs: int = 15
    lr: float = 2e-3
    weight_decay: float = 0.01
    grayscale: bool = False
    n_filters: int = 32
    n_hidden: int = 128
    batch_norm: bool = True
    dropout: float = 0.25

    _parameter_constraints: ClassVar[dict] = {
        **DeepDetector._parameter_constraints,
        "grayscale": ["boolean"],
        "n_filters": [Interval(Integral, 1, None, closed="left")],
        "n_hidden": [Interval(Integral, 1, None, closed="left")],
        "batch_norm": ["boolean"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    _own_augmentation = None
    _largest_batch = 64
    _smallest_size = SMALLEST_SIZE

    def _build_network(self, n_classes: int) -> nn.Module:
        crop_size = self.augment_ and self.augment_.crop_size
        return StudyCNN(
            n_classes,
            image_size=crop_size or self.image_size,
            n_channels=1 if self.grayscale else 3,
            n_filters=self.n_filters,
            n_hidden=self.n_hidden,
            batch_norm=self.batch_norm,
            dropout=self.dropout,
        )

    def _check_sizes(self, augmentation: Augmentation | None) -> None:
        super()._check_sizes(augmentation)
        if augmentation is None:
            return
        if augmentation.crop and augmentation.growing_crops:
            raise ValueError(
                "growing_crops must be False for a CNNDetector, whose dense layers "
                "take images of one size; got True."
            )
        if augmentation.crop_size is not None and not augmentation.crop_predictions:
            raise ValueError(
                "crop_predictions must be True for a CNNDetector, whose dense layers "
                "take images of one size; got False."
            )
