"""What detectors with a network of torchvision have in common: their weights."""

from __future__ import annotations

import os
from abc import abstractmethod
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from torch import nn

from skfake.detectors._deep import DeepDetector
from skfake.networks import backbones
from skfake.networks.standardize import Standardize
from skfake.networks.weights import imagenet_weights, load_weights, read_weights
from skfake.scikit_learn import Interval, StrOptions

# Of the images that torchvision's weights were trained on.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class TransferDetector(DeepDetector):
    """A detector with a network of torchvision and a new head."""

    _parameter_constraints: ClassVar[dict] = {
        **DeepDetector._parameter_constraints,
        "weights": [str, os.PathLike, None],
        "trainable": [StrOptions({"all", "head"})],
        "crop_size": [Interval(Integral, 1, None, closed="left"), None],
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

    def _standardization(self, pixels: Any, seed: int) -> Standardize:
        if self.weights is None:
            return super()._standardization(pixels, seed)
        return Standardize(np.array(IMAGENET_MEAN), np.array(IMAGENET_STD))

    def _check_sizes(self) -> None:
        super()._check_sizes()
        if self.trainable == "head" and self.weights is None:
            raise ValueError(
                "trainable must be 'all' where weights is None, since layers that "
                "have learned nothing would be kept; got 'head'."
            )
