"""Features of a pretrained network, frozen, as a transformer."""

import os
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import nn

from skfake.images import map_images, resize_images
from skfake.images.colours import set_channels
from skfake.images.crops import crop_centre, crop_five, enlarge
from skfake.images.scales import spread_to_bytes
from skfake.networks.encoders import (
    POOLINGS,
    PRETRAINED,
    Backbone,
    Encoder,
    digest_tensors,
    open_backbone,
)
from skfake.networks.tensors import fill_module, pack_tensors, unpack_tensors
from skfake.progress import Progress
from skfake.scikit_learn import Interval, Options, StrOptions, fit_context
from skfake.training.device import find_device, least_batch, resolve_device
from skfake.training.net import explain_lack_of_memory
from skfake.training.seeding import isolated_seed
from skfake.validation import ImageTransformer, validate_images


@dataclass(kw_only=True, eq=False, repr=False)
class EncoderTransformer(ClassNamePrefixFeaturesOutMixin, ImageTransformer):
    """Describe each image by what a pretrained network sees in it [1]_ [2]_.

    The network is frozen: nothing is learned from the images. A linear classifier on
    these features is a strong detector of generators that it was not trained on, and
    costs a single pass over the images; keep the features by `Pipeline(memory=...)`.
    Photographs are looked at in full resolution, in their centre.

    Parameters
    ----------
    encoder : str or torch.nn.Module, default="resnet50"
        Name of a network of torchvision, ``"timm:NAME"`` of timm, or
        ``"transformers:NAME"`` of transformers, a name at the Hugging Face hub or a
        folder (the last two need the extra `skfake[encoders]`). Or one's own network,
        from float images (n, 3, H, W) to (n, d), (n, positions, d) or (n, d, H, W).

    weights : "pretrained", path or None, default="pretrained"
        Weights of the named network: those that its library has for it, downloaded
        once (of torchvision IMAGENET1K_V1); a file, safetensors or torch's, which may
        lack the head; or random ones, the same every time.

    layer : str, default=None
        Name of the part of the network whose outputs are taken, as in
        `named_modules()`. With None it is what the head is given.

    pooling : {"mean", "max", "first", "flatten"}, default="mean"
        How the outputs at all positions become one vector: their mean or greatest, the
        first, which is the class token of a vision transformer, or all of them.

    image_size : int or "auto", default="auto"
        Side in pixels of the squares that the network is given. "auto" is what its
        weights were trained on.

    resize : bool, default=False
        Whether images are resized to this square, as a whole. Else it is cut from the
        centre of the image as it is; smaller images are enlarged.

    n_crops : {1, 5}, default=1
        Squares that are cut: the centre, or also the corners. Their features are
        averaged.

    mean, std : tuple of 3 floats, default=None
        By which colours, of 0 to 1, are standardised. With None these are what the
        network's weights were trained with, or ImageNet's for one's own network.

    batch_size : int, default=32
        Images, each of `n_crops` squares, that the network is given at a time.

    precision : {"float32", "bfloat16"}, default="float32"
        Arithmetic; the features are float32 all the same.

    device : str, default="auto"
        Device in torch's words, as "cuda:1"; "auto" is its accelerator or the CPU.

    keep_weights : bool, default=False
        Whether pickles and saved files hold the weights. Else they hold the parameters
        alone and a digest, by which the weights are known again when they are read
        from where they were.

    image_shape : tuple (H, W) or (H, W, C), default=None
        Shape of one image where X holds flattened images. With None it is the
        squarest image, gray or RGB, of that many values.

    n_jobs : int, default=None
        Threads that open files.

    verbose : int, default=0
        1 shows a bar of the images on stderr, or lines where that is no terminal or
        notebook.

    Attributes
    ----------
    digest_ : str
        SHA-256 of the names and numbers of the network.

    image_size_ : int
        Side in pixels of the squares that the network is given.

    image_shape_ : tuple (H, W, C)
        Shape of the images seen in `fit`, where they were of one shape.

    n_features_in_ : int
        Values of one image seen in `fit`, where they were of one shape.

    pixel_range_ : tuple (least, greatest) or None
        Numbers seen in `fit` that were on no known scale; None where all was bytes.

    feature_names_in_ : array of str
        Column names seen in `fit`, where X had any.

    See Also
    --------
    skfake.ResNetDetector : A network that goes on learning from ImageNet's weights.
    ResidualTransformer : What a local filter leaves, without a network.

    References
    ----------
    .. [1] U. Ojha, Y. Li and Y. J. Lee, "Towards universal fake image detectors that
       generalize across generative models", CVPR 2023, arXiv:2302.10174.
    .. [2] D. Cozzolino et al., "Raising the bar of AI-generated image detection with
       CLIP", CVPR workshops 2024, arXiv:2312.00195.

    Examples
    --------
    >>> from skfake.datasets import make_images
    >>> from skfake.features import EncoderTransformer
    >>> X, y = make_images(n_samples=6, return_X_y=True, random_state=0)
    >>> encoder = EncoderTransformer(encoder="resnet18", weights=None, image_size=64)
    >>> encoder.fit_transform(X).shape
    (6, 512)
    """

    encoder: str | nn.Module = "resnet50"
    weights: str | os.PathLike | None = PRETRAINED
    layer: str | None = None
    pooling: str = "mean"
    image_size: int | str = "auto"
    resize: bool = False
    n_crops: int = 1
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    batch_size: int = 32
    precision: str = "float32"
    device: str = "auto"
    keep_weights: bool = False
    image_shape: tuple[int, ...] | None = None
    n_jobs: int | None = None
    verbose: int = 0

    _parameter_constraints: ClassVar[dict] = {
        "encoder": [str, nn.Module],
        "weights": [str, os.PathLike, None],
        "layer": [str, None],
        "pooling": [StrOptions(set(POOLINGS))],
        "image_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "resize": ["boolean"],
        "n_crops": [Options(Integral, {1, 5})],
        "mean": [tuple, None],
        "std": [tuple, None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "precision": [StrOptions({"float32", "bfloat16"})],
        "device": [str],
        "keep_weights": ["boolean"],
        "image_shape": [tuple, None],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and X, and open the network.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        y : ignored
            Present by convention.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If the library of the network is not installed.
        OSError
            If the weights are not within reach.
        ValueError
            If X can't be read, there is no such network or layer, the weights are of
            another network, or it can't take images of this size.
        """
        self._check_parameters()
        validate_images(self, X, reset=True)
        resolve_device(self.device)
        backbone = self._open(self.weights)
        size = self.image_size
        self.image_size_ = backbone.image_size if isinstance(size, str) else size
        self._encoder = self._wrap(backbone)
        self.digest_ = digest_tensors(self._encoder)
        self._n_features_out = self._count_features()
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Describe images.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W) or (n, H, W, C), or sequence of paths
            Images, or any other form of them that skfake takes.

        Returns
        -------
        float32 array of shape (n, n_features_out)
            One row for each image.

        Raises
        ------
        ValueError
            If images can't be read, or the weights are no longer what they were in
            `fit`.
        torch.OutOfMemoryError
            If the device has too little memory for a batch.
        """
        check_is_fitted(self)
        images = validate_images(self, X, reset=False)
        encoder = self.find_encoder()
        squares = map_images(self._prepare, images, n_jobs=self.n_jobs)
        batches = iter(lambda: list(islice(squares, self.batch_size)), [])
        encoded = []
        with Progress(len(images)) if self.verbose else nullcontext() as progress:
            for batch in batches:
                encoded.append(self._encode(encoder, batch))
                if progress is not None:
                    progress.advance(len(batch))
                    of = f"{progress.n_done:,} of {len(images):,} images encoded"
                    progress.write_line(of)
        return np.concatenate(encoded)

    def _check_parameters(self) -> None:
        for name in ("mean", "std"):
            value = getattr(self, name)
            if value is not None and len(value) != 3:
                raise ValueError(
                    f"{name} must hold a number for each of three colours; got {value}."
                )

    def _open(self, weights: Any) -> Backbone:
        # Random weights, of a head that is left out or of all, are the same every time.
        with isolated_seed(0, "cpu"):
            return open_backbone(self.encoder, weights)

    def _wrap(self, backbone: Backbone) -> Encoder:
        return Encoder(
            backbone.network,
            layer=self.layer,
            pooling=self.pooling,
            mean=self.mean or backbone.mean,
            std=self.std or backbone.std,
        )

    def _count_features(self) -> int:
        """Features of one image; the network is tried on a black one."""
        side = self.image_size_
        black = np.zeros((1, side, side, 3), np.uint8)
        try:
            return self._encode(self.find_encoder(), [black]).shape[1]
        except (RuntimeError, AssertionError) as error:
            raise ValueError(
                "image_size must be one that the encoder can take; got "
                f"{side}, where it says: {str(error).splitlines()[0][:200]}"
            ) from error

    def find_encoder(self) -> Encoder:
        """The network, which a pickle or a file may not have held."""
        if "_encoder" not in vars(self):
            encoder = self._wrap(self._open(self.weights))
            found = digest_tensors(encoder)
            if found != self.digest_:
                raise ValueError(
                    "weights must be those that the encoder was fitted with, of the "
                    f"digest {self.digest_[:12]}; got others, of {found[:12]}. Put "
                    "back the file, or fit again."
                )
            self._encoder = encoder
        return self._encoder.to(find_device(self.device))

    def load_squares(self, images: np.ndarray | list) -> np.ndarray:
        """What the network is given of checked images: (n, n_crops, size, size, 3)."""
        return np.stack(list(map_images(self._prepare, images, n_jobs=self.n_jobs)))

    def _prepare(self, image: np.ndarray) -> np.ndarray:
        """Squares (n_crops, size, size, 3) of one image, the centre first."""
        size, numbers = self.image_size_, self.pixel_range_
        if numbers is not None:
            image = spread_to_bytes(image, numbers)
        pixels = set_channels(image[np.newaxis], grayscale=False)
        if self.resize:
            return resize_images(pixels, size)
        large = enlarge(pixels[0], size)
        if self.n_crops == 1:
            return crop_centre(large, size)[np.newaxis]
        return np.stack(crop_five(large, size))

    def _encode(self, encoder: Encoder, squares: list[np.ndarray]) -> np.ndarray:
        """Features (n, d) of images (n_crops, size, size, 3) each."""
        pixels = torch.from_numpy(np.concatenate(squares))
        n = len(pixels)
        n_least = least_batch(self.image_size_)
        if n < n_least:
            pixels = pixels[torch.arange(n_least) % n]
        device = encoder.standardize.mean.device
        bfloat16 = self.precision == "bfloat16"
        with (
            torch.inference_mode(),
            torch.autocast(device.type, dtype=torch.bfloat16, enabled=bfloat16),
            explain_lack_of_memory(pixels),
        ):
            images = pixels.to(device).permute(0, 3, 1, 2).float() / 255
            features = encoder(images)[:n].cpu().numpy()
        return features.reshape(len(squares), -1, features.shape[1]).mean(axis=1)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "digest_")

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        encoder = state.pop("_encoder", None)
        if isinstance(state.get("weights"), os.PathLike):
            state["weights"] = os.fspath(state["weights"])
        if encoder is not None and self.keep_weights:
            settings = {"n_weights": sum(p.numel() for p in encoder.parameters())}
            packed = pack_tensors(encoder.state_dict())
            state["net_"] = {"settings": settings, "tensors": packed}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        kept = state.get("net_")
        super().__setstate__({k: v for k, v in state.items() if k != "net_"})
        if kept is not None:
            self._validate_params()
            encoder = self._wrap(self._open(weights=None))
            fill_module(encoder, unpack_tensors(kept["tensors"]))
            self._encoder = encoder

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
