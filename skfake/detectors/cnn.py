"""The study's small convolutional network as a detector."""

from __future__ import annotations

import os
from numbers import Integral, Real
from typing import Any, ClassVar

from torch import nn

from skfake.detectors._deep import DeepDetector
from skfake.networks.study_cnn import SMALLEST_SIZE, StudyCNN
from skfake.scikit_learn import Interval


class CNNDetector(DeepDetector):
    """The study's small convolutional network.

    One convolution of 3x3, max pooling and two dense layers [1]_, with batch
    normalisation and dropout, trained from nothing. The defaults are the best recipe
    known for this network; the study's own trains on gray images by Adam with a
    learning rate of 0.01, 25 epochs of batches of 64.

    Parameters
    ----------
    image_size : int, default=32
        Side, in pixels, of the square that each image is resized to.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X holds flattened images. With None it is the
        squarest image, gray or RGB, of that many values.

    grayscale : bool, default=False
        Whether the network sees luminance alone, as in the study, or colours.

    n_filters : int, default=32
        Filters of the convolution.

    n_hidden : int, default=128
        Units of the first dense layer.

    batch_norm : bool, default=True
        Whether to normalise what the convolution and the first dense layer give, before
        their ReLU.

    dropout : float, default=0.25
        Share of values left out, in training, before each dense layer.

    crop : {"shifted", "resized"} or None, default=None
        What is cut from an image, anew in every epoch: a square out of the image padded
        by `shift` pixels of its reflection, or a window of 8 to 100 % of its area,
        resized. With None the whole image is trained on.

    shift : int, default=4
        Pixels by which "shifted" crops leave the image at most.

    flip : bool, default=False
        Whether each image is mirrored, left to right, in every second epoch or so.

    average_flips : bool, default=False
        Whether predictions average the scores of the image and its mirror image.

    label_smoothing : float, default=0.0
        Share of a label that is spread over all classes in the loss.

    max_epochs : int, default=15
        How often the training images are gone through.

    batch_size : int or "auto", default="auto"
        Images of a training step. "auto" is 64, or a twentieth of the images where
        that is less, but at least 16.

    optimizer : {"adamw", "adam", "muon", "sgd"}, default="adamw"
        "sgd" has a Nesterov momentum of 0.9; "muon" [3]_ makes the steps of
        convolutions orthogonal, and those of other weights as "adamw".

    lr : float, default=2e-3
        Learning rate; with a schedule, its highest.

    schedule : {"one_cycle", "cosine", "steps"} or None, default="one_cycle"
        How the learning rate moves: up over a fifth of the steps and down to nothing
        [2]_, down along a cosine, to a tenth after every tenth epoch, or not at all.

    weight_decay : float, default=0.01
        Decay of the weights, as the optimiser defines it.

    early_stopping : bool, default=False
        Whether to stop when the validation loss has not fallen for `patience`
        epochs, and return to the best epoch.

    patience : int, default=5
        See `early_stopping`.

    validation_fraction : float or None, default=0.1
        Share of the images of each class held out to follow the training by. With
        None all images are trained on.

    class_weight : dict or "balanced", default=None
        Factor of the loss for each class, as in scikit-learn.

    warm_start : bool, default=False
        Whether `fit` goes on from what the last one learned, with a new schedule.

    checkpoint : path of a folder, default=None
        Where each training keeps its state after every epoch. A training that was
        killed goes on from there when it is begun again, and ends with the weights of
        an unbroken one; one that has ended is not repeated. Trainings with other
        parameters, images or labels have files of their own.

    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Arithmetic of training; predictions are made in float32. "auto" is bfloat16
        on devices that compute with it, CPUs with AVX-512 BF16 among them.

    compile : bool, default=False
        Whether to compile the network by `torch.compile`, which takes a minute or so
        and a C++ compiler.

    device : str, default="auto"
        Where to compute, in torch's words ("cpu", "cuda", "cuda:1", "mps"). "auto"
        is the accelerator that torch finds, or the CPU.

    n_jobs : int, default=None
        Threads that open files.

    callbacks : list of skorch callbacks, default=None
        Called while training; copied before.

    random_state : int, RandomState instance or None, default=None
        Seed of the weights, the order of the images, how they are augmented and what is
        held out. A number gives the same model twice on the same machine.

    verbose : int, default=0
        1 shows a progress bar on stderr, 2 also a line an epoch on stdout.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Labels, sorted.

    history_ : dict of lists of length n_epochs
        `train_loss`, `train_accuracy`, `valid_loss`, `valid_accuracy` and `seconds`
        of each epoch. The training metrics are means over the epoch's batches, as the
        network learns from them: augmented, and with what is left out of it.

    net_ : skorch.NeuralNetClassifier
        The trained net; its module takes floats of shape (n, C, H, W) from 0 to 1.

    image_shape_ : tuple (H, W, C)
        Shape of the images seen in `fit`, where they were of one shape.

    n_features_in_ : int
        Values of one image seen in `fit`, where they were of one shape.

    feature_names_in_ : array of str
        Column names seen in `fit`, where X had any.

    See Also
    --------
    skfake.SVMDetector : The study's detector without a network.

    References
    ----------
    .. [1] "Harnessing Machine Learning for Discerning AI-Generated Synthetic
       Images", arXiv:2401.07358.
    .. [2] L. N. Smith and N. Topin, "Super-convergence: very fast training of neural
       networks using large learning rates", arXiv:1708.07120.
    .. [3] K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks",
       2024, https://kellerjordan.github.io/posts/muon/.

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

    _parameter_constraints: ClassVar[dict] = {
        **DeepDetector._parameter_constraints,
        "grayscale": ["boolean"],
        "n_filters": [Interval(Integral, 1, None, closed="left")],
        "n_hidden": [Interval(Integral, 1, None, closed="left")],
        "batch_norm": ["boolean"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        *,
        image_size: int = 32,
        image_shape: tuple[int, ...] | None = None,
        grayscale: bool = False,
        n_filters: int = 32,
        n_hidden: int = 128,
        batch_norm: bool = True,
        dropout: float = 0.25,
        crop: str | None = None,
        shift: int = 4,
        flip: bool = False,
        average_flips: bool = False,
        label_smoothing: float = 0.0,
        max_epochs: int = 15,
        batch_size: int | str = "auto",
        optimizer: str = "adamw",
        lr: float = 2e-3,
        schedule: str | None = "one_cycle",
        weight_decay: float = 0.01,
        early_stopping: bool = False,
        patience: int = 5,
        validation_fraction: float | None = 0.1,
        class_weight: dict | str | None = None,
        warm_start: bool = False,
        checkpoint: str | os.PathLike | None = None,
        precision: str = "auto",
        compile: bool = False,
        device: str = "auto",
        n_jobs: int | None = None,
        callbacks: list | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.image_size = image_size
        self.image_shape = image_shape
        self.grayscale = grayscale
        self.n_filters = n_filters
        self.n_hidden = n_hidden
        self.batch_norm = batch_norm
        self.dropout = dropout
        self.crop = crop
        self.shift = shift
        self.flip = flip
        self.average_flips = average_flips
        self.label_smoothing = label_smoothing
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.lr = lr
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.precision = precision
        self.compile = compile
        self.device = device
        self.n_jobs = n_jobs
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    _largest_batch = 64

    def _build_network(self, n_classes: int) -> nn.Module:
        return StudyCNN(
            n_classes,
            image_size=self.image_size,
            n_channels=1 if self.grayscale else 3,
            n_filters=self.n_filters,
            n_hidden=self.n_hidden,
            batch_norm=self.batch_norm,
            dropout=self.dropout,
        )

    @property
    def _smallest_size(self) -> int:
        return SMALLEST_SIZE
