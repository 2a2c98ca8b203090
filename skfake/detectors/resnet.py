"""Residual networks of torchvision as a detector."""

from __future__ import annotations

import os
from numbers import Integral
from typing import Any, ClassVar

from torch import nn

from skfake.detectors._transfer import TransferDetector
from skfake.networks import backbones
from skfake.scikit_learn import Options, StrOptions


class ResNetDetector(TransferDetector):
    """Residual network.

    torchvision's network [1]_ with a new last layer, for the classes in y. The study
    trains 50 layers from ImageNet's weights. It takes images of any size.

    Parameters
    ----------
    image_size : int, default=32
        Side, in pixels, of the square that each image is resized to.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X holds flattened images. With None it is the
        squarest image, gray or RGB, of that many values.

    depth : {18, 34, 50, 101}, default=50
        Layers, as the paper counts them.

    stem : {"imagenet", "small"}, default="imagenet"
        First layers: 7x7 with stride 2 and pooling, or, for images of some 32 pixels,
        3x3 with stride 1 and no pooling, sixteen times as slow. Weights for the former
        are averaged to fit the latter.

    weights : "imagenet", path or None, default=None
        What training starts from: torchvision's weights of ImageNet (IMAGENET1K_V1),
        downloaded once, a file of such weights, safetensors or torch's, or nothing.

    trainable : {"all", "head"}, default="all"
        Whether all weights learn, or those of the new last layers alone.

    crop : {"shifted", "resized"} or None, default="shifted"
        What is cut from an image, anew in every epoch: a square out of the image padded
        by `shift` pixels of its reflection, or a window of 8 to 100 % of its area,
        resized. With None the whole image is trained on.

    crop_size : int, default=None
        Side, in pixels, of the crops, and of the central square that predictions look
        at. With None it is `image_size`.

    shift : int, default=4
        Pixels by which "shifted" crops leave the image at most.

    flip : bool, default=True
        Whether each image is mirrored, left to right, in every second epoch or so.

    average_flips : bool, default=True
        Whether predictions average the scores of the image and its mirror image.

    label_smoothing : float, default=0.05
        Share of a label that is spread over all classes in the loss.

    max_epochs : int, default=10
        How often the training images are gone through.

    batch_size : int or "auto", default="auto"
        Images of a training step. "auto" is 128, or a twentieth of the images where
        that is less, but at least 16.

    optimizer : {"adamw", "adam", "muon", "sgd"}, default="adamw"
        "sgd" has a Nesterov momentum of 0.9; "muon" [3]_ makes the steps of
        convolutions orthogonal, and those of other weights as "adamw".

    lr : float, default=1e-3
        Learning rate; with a schedule, its highest.

    schedule : {"one_cycle", "cosine", "steps"} or None, default="one_cycle"
        How the learning rate moves: up over a fifth of the steps and down to nothing
        [2]_, down along a cosine, to a tenth after every tenth epoch, or not at all.

    weight_decay : float, default=0.05
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
    skfake.DenseNetDetector : The study's best.
    skfake.CompactDetector : Learns more in less time, from nothing.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image
       recognition", arXiv:1512.03385.
    .. [2] L. N. Smith and N. Topin, "Super-convergence: very fast training of neural
       networks using large learning rates", arXiv:1708.07120.
    .. [3] K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks",
       2024, https://kellerjordan.github.io/posts/muon/.

    Examples
    --------
    >>> from skfake import ResNetDetector
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=60, return_X_y=True, random_state=0)
    >>> detector = ResNetDetector(depth=18, max_epochs=1, random_state=0).fit(X, y)
    >>> detector.predict_proba(X).shape
    (60, 2)
    """

    _parameter_constraints: ClassVar[dict] = {
        **TransferDetector._parameter_constraints,
        "depth": [Options(Integral, set(backbones.RESNET_DEPTHS))],
        "stem": [StrOptions(set(backbones.STEMS))],
    }

    def __init__(
        self,
        *,
        image_size: int = 32,
        image_shape: tuple[int, ...] | None = None,
        depth: int = 50,
        stem: str = "imagenet",
        weights: str | os.PathLike | None = None,
        trainable: str = "all",
        crop: str | None = "shifted",
        crop_size: int | None = None,
        shift: int = 4,
        flip: bool = True,
        average_flips: bool = True,
        label_smoothing: float = 0.05,
        max_epochs: int = 10,
        batch_size: int | str = "auto",
        optimizer: str = "adamw",
        lr: float = 1e-3,
        schedule: str | None = "one_cycle",
        weight_decay: float = 0.05,
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
        self.depth = depth
        self.stem = stem
        self.weights = weights
        self.trainable = trainable
        self.crop = crop
        self.crop_size = crop_size
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

    @property
    def _architecture(self) -> str:
        return f"resnet{self.depth}"

    def _build_backbone(self, n_classes: int) -> nn.Module:
        return backbones.resnet(n_classes, depth=self.depth, stem=self.stem)

    @property
    def _smallest_size(self) -> int:
        return backbones.RESNET_SMALLEST_SIZE
