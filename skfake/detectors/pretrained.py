"""Networks of torchvision as detectors, which may start from weights of ImageNet."""

import os
from abc import abstractmethod
from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar

import numpy as np
from torch import nn

from skfake.detectors.deep import DeepDetector
from skfake.networks import backbones
from skfake.networks.standardize import IMAGENET_MEAN, IMAGENET_STD, Standardize
from skfake.networks.weights import imagenet_weights, load_weights, read_weights
from skfake.scikit_learn import Interval, Options, StrOptions
from skfake.training.augmentation import Augmentation
from skfake.training.batches import PixelDataset


@dataclass(kw_only=True, eq=False, repr=False)
class PretrainedDetector(DeepDetector):
    """A detector with a network of torchvision and a new head."""

    weights: str | os.PathLike | None = None
    trainable: str = "all"

    _parameter_constraints: ClassVar[dict] = {
        **DeepDetector._parameter_constraints,
        "weights": [str, os.PathLike, None],
        "trainable": [StrOptions({"all", "head"})],
    }

    _largest_batch = 128

    @property
    @abstractmethod
    def _architecture(self) -> str:
        """Name that torchvision has for the network."""

    @abstractmethod
    def _build_backbone(self, n_classes: int) -> nn.Module:
        """Network with a new head and no weights."""

    def _build_network(self, n_classes: int) -> nn.Module:
        network = self._build_backbone(n_classes)
        if self.weights is None:
            return network
        if self.weights == "imagenet":
            tensors = imagenet_weights(self._architecture)
        else:
            tensors = read_weights(self.weights)
        head = load_weights(network, tensors, source=str(self.weights))
        if self.trainable == "head":
            backbones.freeze(network, head)
        return network

    def _standardization(self, dataset: PixelDataset, seed: int) -> Standardize:
        if self.weights is None:
            return super()._standardization(dataset, seed)
        return Standardize(np.array(IMAGENET_MEAN), np.array(IMAGENET_STD))

    def _check_sizes(self, augmentation: Augmentation | None) -> None:
        super()._check_sizes(augmentation)
        if self.trainable == "head" and self.weights is None:
            raise ValueError(
                "trainable must be 'all' where weights is None, since layers that "
                "have learned nothing would be kept; got 'head'."
            )


@dataclass(kw_only=True, eq=False, repr=False)
class ResNetDetector(PretrainedDetector):
    """Residual network.

    torchvision's network [1]_ with a new last layer, for the classes in y. The study
    trains 50 layers from ImageNet's weights. It takes images of any size, and augments
    them by `Augmentation()`.

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

    label_smoothing : float, default=0.05
        Fraction of a label that is spread over all classes in the loss.

    max_epochs : int, default=10
        How often the training images are gone through.

    batch_size : int or "auto", default="auto"
        Images of a step. "auto" is a twentieth of all, at least 16, at most 128.

    optimizer : {"adamw", "adam", "muon", "sgd"}, default="adamw"
        "sgd" has a Nesterov momentum of 0.9; "muon" [3]_ makes the steps of
        convolutions orthogonal, and those of other weights as "adamw".

    lr : float, default=1e-3
        Learning rate; with a schedule, its highest.

    schedule : {"one_cycle", "cosine", "steps"} or None, default="one_cycle"
        How the learning rate moves: up over a fifth of the steps and down to zero
        [2]_, down along a cosine, to a tenth after every tenth epoch, or not at all.

    weight_decay : float, default=0.05
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

    weights : "imagenet", path or None, default=None
        What training starts from: torchvision's weights of ImageNet (IMAGENET1K_V1),
        downloaded once; a file of such weights, safetensors or torch's; or scratch.

    trainable : {"all", "head"}, default="all"
        Whether all weights learn, or those of the new last layers alone.

    depth : {18, 34, 50, 101}, default=50
        Layers, as the paper counts them.

    stem : {"imagenet", "small"}, default="imagenet"
        First layers: 7x7 with stride 2 and pooling, or, for small images, 3x3 without
        either, sixteen times as slow. Weights of the former are averaged for it.

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
    skfake.DenseNetDetector : The study's best.
    skfake.CompactDetector : Learns more in less time, from scratch.

    References
    ----------
    .. [1] K. He et al., "Deep residual learning for image recognition", CVPR 2016.
    .. [2] L. N. Smith and N. Topin, "Super-convergence", arXiv:1708.07120.
    .. [3] K. Jordan et al., "Muon", 2024, https://kellerjordan.github.io/posts/muon/.

    Examples
    --------
    >>> from skfake import ResNetDetector
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=60, return_X_y=True, random_state=0)
    >>> detector = ResNetDetector(depth=18, max_epochs=1, random_state=0).fit(X, y)
    >>> detector.predict_proba(X).shape
    (60, 2)
    """

    depth: int = 50
    stem: str = "imagenet"

    _parameter_constraints: ClassVar[dict] = {
        **PretrainedDetector._parameter_constraints,
        "depth": [Options(Integral, set(backbones.RESNET_DEPTHS))],
        "stem": [StrOptions(set(backbones.STEMS))],
    }

    _smallest_size = backbones.RESNET_SMALLEST_SIZE

    @property
    def _architecture(self) -> str:
        return f"resnet{self.depth}"

    def _build_backbone(self, n_classes: int) -> nn.Module:
        return backbones.resnet(n_classes, depth=self.depth, stem=self.stem)


@dataclass(kw_only=True, eq=False, repr=False)
class VGGDetector(PretrainedDetector):
    """VGG network.

    torchvision's network [1]_ with a new head, for the classes in y: its last layer
    alone, on the mean of all positions, or the paper's three dense layers. The study
    trains one from ImageNet's weights. It takes images of 32 pixels or more, and
    augments them by `Augmentation()`.

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

    label_smoothing : float, default=0.05
        Fraction of a label that is spread over all classes in the loss.

    max_epochs : int, default=10
        How often the training images are gone through.

    batch_size : int or "auto", default="auto"
        Images of a step. "auto" is a twentieth of all, at least 16, at most 128.

    optimizer : {"adamw", "adam", "muon", "sgd"}, default="adamw"
        "sgd" has a Nesterov momentum of 0.9; "muon" [3]_ makes the steps of
        convolutions orthogonal, and those of other weights as "adamw".

    lr : float, default=3e-4
        Learning rate; with a schedule, its highest.

    schedule : {"one_cycle", "cosine", "steps"} or None, default="one_cycle"
        How the learning rate moves: up over a fifth of the steps and down to zero
        [2]_, down along a cosine, to a tenth after every tenth epoch, or not at all.

    weight_decay : float, default=0.05
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

    weights : "imagenet", path or None, default=None
        What training starts from: torchvision's weights of ImageNet (IMAGENET1K_V1),
        downloaded once; a file of such weights, safetensors or torch's; or scratch.

    trainable : {"all", "head"}, default="all"
        Whether all weights learn, or those of the new last layers alone.

    depth : {11, 13, 16, 19}, default=16
        Layers, as the paper counts them.

    batch_norm : bool, default=True
        Whether each convolution is followed by batch normalisation.

    n_hidden : int or None, default=None
        Units, 4096 in the paper, of each of two dense layers on a map of 7x7 positions,
        with dropout. With None the last layer alone sees the mean of all positions.

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
    skfake.ResNetDetector : As accurate in a third of the time.
    skfake.CompactDetector : Learns more in less time, from scratch.

    References
    ----------
    .. [1] K. Simonyan and A. Zisserman, "Very deep convolutional networks for
       large-scale image recognition", arXiv:1409.1556.
    .. [2] L. N. Smith and N. Topin, "Super-convergence", arXiv:1708.07120.
    .. [3] K. Jordan et al., "Muon", 2024, https://kellerjordan.github.io/posts/muon/.

    Examples
    --------
    >>> from skfake import VGGDetector
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=60, return_X_y=True, random_state=0)
    >>> detector = VGGDetector(depth=11, max_epochs=1, random_state=0).fit(X, y)
    >>> detector.predict_proba(X).shape
    (60, 2)
    """

    lr: float = 3e-4
    depth: int = 16
    batch_norm: bool = True
    n_hidden: int | None = None

    _parameter_constraints: ClassVar[dict] = {
        **PretrainedDetector._parameter_constraints,
        "depth": [Options(Integral, set(backbones.VGG_DEPTHS))],
        "batch_norm": ["boolean"],
        "n_hidden": [Interval(Integral, 1, None, closed="left"), None],
    }

    _smallest_size = backbones.VGG_SMALLEST_SIZE

    @property
    def _architecture(self) -> str:
        return f"vgg{self.depth}" + ("_bn" if self.batch_norm else "")

    def _build_backbone(self, n_classes: int) -> nn.Module:
        return backbones.vgg(
            n_classes,
            depth=self.depth,
            batch_norm=self.batch_norm,
            n_hidden=self.n_hidden,
        )


@dataclass(kw_only=True, eq=False, repr=False)
class DenseNetDetector(PretrainedDetector):
    """Densely connected network.

    torchvision's network [1]_ with a new last layer, for the classes in y. The study
    trains one from ImageNet's weights, and it is the study's best. It takes images of
    29 pixels or more, or with the small stem of 8, and augments them by
    `Augmentation()`.

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

    label_smoothing : float, default=0.05
        Fraction of a label that is spread over all classes in the loss.

    max_epochs : int, default=10
        How often the training images are gone through.

    batch_size : int or "auto", default="auto"
        Images of a step. "auto" is a twentieth of all, at least 16, at most 128.

    optimizer : {"adamw", "adam", "muon", "sgd"}, default="muon"
        "sgd" has a Nesterov momentum of 0.9; "muon" [3]_ makes the steps of
        convolutions orthogonal, and those of other weights as "adamw".

    lr : float, default=1e-2
        Learning rate; with a schedule, its highest.

    schedule : {"one_cycle", "cosine", "steps"} or None, default="one_cycle"
        How the learning rate moves: up over a fifth of the steps and down to zero
        [2]_, down along a cosine, to a tenth after every tenth epoch, or not at all.

    weight_decay : float, default=0.05
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

    weights : "imagenet", path or None, default=None
        What training starts from: torchvision's weights of ImageNet (IMAGENET1K_V1),
        downloaded once; a file of such weights, safetensors or torch's; or scratch.

    trainable : {"all", "head"}, default="all"
        Whether all weights learn, or those of the new last layers alone.

    depth : {121, 169, 201}, default=121
        Layers, as the paper counts them.

    stem : {"imagenet", "small"}, default="imagenet"
        First layers: 7x7 with stride 2 and pooling, or, for small images, 3x3 without
        either, sixteen times as slow. Weights of the former are averaged for it.

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
    skfake.ResNetDetector : Residual network.
    skfake.CompactDetector : Learns more in less time, from scratch.

    References
    ----------
    .. [1] G. Huang, Z. Liu, L. van der Maaten and K. Q. Weinberger, "Densely
       connected convolutional networks", arXiv:1608.06993.
    .. [2] L. N. Smith and N. Topin, "Super-convergence", arXiv:1708.07120.
    .. [3] K. Jordan et al., "Muon", 2024, https://kellerjordan.github.io/posts/muon/.

    Examples
    --------
    >>> from skfake import DenseNetDetector
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=60, return_X_y=True, random_state=0)
    >>> detector = DenseNetDetector(max_epochs=1, random_state=0).fit(X, y)
    >>> detector.predict_proba(X).shape
    (60, 2)
    """

    optimizer: str = "muon"
    lr: float = 1e-2
    depth: int = 121
    stem: str = "imagenet"

    _parameter_constraints: ClassVar[dict] = {
        **PretrainedDetector._parameter_constraints,
        "depth": [Options(Integral, set(backbones.DENSENET_DEPTHS))],
        "stem": [StrOptions(set(backbones.STEMS))],
    }

    @property
    def _architecture(self) -> str:
        return f"densenet{self.depth}"

    def _build_backbone(self, n_classes: int) -> nn.Module:
        return backbones.densenet(n_classes, depth=self.depth, stem=self.stem)

    @property
    def _smallest_size(self) -> int:
        return backbones.DENSENET_SMALLEST_SIZES[self.stem]
