"""Export a fitted detector to ONNX, with all that it does to the pixels."""

import json
import os
import sys
import warnings
from contextlib import redirect_stdout
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn
from torch.export import Dim
from torch.nn import functional as F
from torchvision.transforms.v2.functional import center_crop

from skfake import __version__
from skfake.detectors.deep import DeepDetector
from skfake.detectors.encoder import EncoderDetector
from skfake.detectors.svm import SVMDetector
from skfake.files import replace_when_whole
from skfake.networks.trained import TrainedNetwork
from skfake.persistence._pixels import pixels_model

# What one protobuf message can hold.
MAX_BYTES = 2**31 - 1
# Probabilities of the file may differ by this from those of torch.
TOLERANCE = 1e-4
INPUT, OUTPUT = "images", "probabilities"


class Classify(nn.Module):
    """From pixels of the right size to probabilities, as `predict_proba` does it."""

    def __init__(self, of: TrainedNetwork) -> None:
        super().__init__()
        self.network = deepcopy(of.module).cpu()
        self.n_crops = of.n_crops
        self.crop_size = of.crop_size
        self.average_flips = of.average_flips
        self.eval()

    def forward(self, pixels: Tensor) -> Tensor:
        """Probabilities (n, k) of float32 images (n, C, H, W) of 0 to 255."""
        if self.n_crops > 1:
            pixels = pixels.unflatten(1, (self.n_crops, -1)).flatten(0, 1)
        if self.average_flips:
            # In one batch, so that the network is in the file once. The centre of the
            # mirror image is cut out of it: of an odd rest the left side has less.
            pixels = torch.cat([pixels, pixels.flip(3)])
        if self.crop_size is not None:
            pixels = center_crop(pixels, [self.crop_size, self.crop_size])
        logits = self.network(pixels / 255)
        if self.average_flips:
            logits = logits.unflatten(0, (2, -1)).mean(dim=0)
        if self.n_crops > 1:
            logits = logits.unflatten(0, (-1, self.n_crops)).mean(dim=1)
        return F.softmax(logits, dim=1)


def export_onnx(detector: Any, path: str | os.PathLike) -> None:
    """Write a fitted detector as an ONNX file, which needs no Python to run.

    All that happens between bytes and probabilities is in the file: resizing, which
    gives the same bytes as Pillow, or squares cut from the images, luminance, the
    central crop, the network and the mean over squares and mirror images. Its one
    input, `images`, is uint8 of shape (n, H, W, 3), RGB, with any n, H and W; its one
    output, `probabilities`, is float32 of shape (n, n_classes), in the order of
    `classes_`. The caller does what
    `skfake.images.read_image` does: decodes files, turns photographs upright as their
    EXIF data say, and brings images to three channels of bytes.

    A file is kept if `onnx.checker` accepts it and onnxruntime answers within 1e-4 of
    torch.

    Parameters
    ----------
    detector : detector with a network
        Fitted: a `CNNDetector`, `ResNetDetector`, `VGGDetector`, `DenseNetDetector`,
        `CompactDetector`, `ResidualDetector` or `EncoderDetector`.

    path : str or path-like
        Where to write, by custom a name that ends in `.onnx`. A file that is there is
        replaced when the new one is whole.

    Raises
    ------
    ImportError
        If onnx, onnxruntime or onnxscript is not installed.
    TypeError
        If `detector` is anything else, such as a `Pipeline` or an `SVMDetector`, whose
        features ONNX has no operator for.
    sklearn.exceptions.NotFittedError
        If `detector` is not fitted.
    FileNotFoundError
        If the folder of `path` is not there.
    IsADirectoryError
        If `path` is a folder.
    ValueError
        If `detector` was fitted to numbers on no known scale of images, or the
        network's weights take 2 GB or more, which is too much for one file.
    RuntimeError
        If the file's answers are not torch's; nothing is written then.

    See Also
    --------
    skfake.images.read_image : What is left to the caller, for a file.

    Notes
    -----
    `metadata_props` of the model hold, as JSON, `classes`, `pos_label` (what means
    fake), `detector` (the name of its class), `pixel_range` (of its input, 0 to 255),
    `image_size`, `resize`, `n_crops`, `grayscale`, `crop_size`, `average_flips`
    and `skfake_version`.

    Images are resized in double precision, 24 bytes or more a pixel; those of
    `image_size` are left as they are. Where an image shrinks far more in height than in
    width, Pillow before 13.0 rounds some bytes differently, by one level. So may other
    processors the luminance of a colour that lies halfway between two levels.

    Examples
    --------
    >>> import onnxruntime
    >>> from tempfile import TemporaryDirectory
    >>> from skfake import CNNDetector, export_onnx
    >>> from skfake.datasets import make_images
    >>> X, y = make_images(n_samples=60, return_X_y=True, random_state=0)
    >>> detector = CNNDetector(max_epochs=1, random_state=0).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     export_onnx(detector, f"{folder}/detector.onnx")
    ...     session = onnxruntime.InferenceSession(f"{folder}/detector.onnx")
    >>> session.run(["probabilities"], {"images": X})[0].shape
    (60, 2)
    """
    _check_detector(detector)
    with replace_when_whole(path) as beside:
        _check_packages()
        of = detector._trained_network()
        classify = Classify(of)
        _check_bytes(classify)
        pixels = pixels_model(
            image_size=of.image_size,
            resize=of.resize,
            enlarge=of.enlarge,
            n_crops=of.n_crops,
            grayscale=of.grayscale,
        )
        model = _to_model(classify, pixels)
        _describe(model, detector, of)
        beside.write_bytes(model.SerializeToString())
        _check_file(beside, classify, of)


def _check_detector(detector: Any) -> None:
    if not isinstance(detector, DeepDetector | EncoderDetector):
        kind = type(detector).__name__
        if isinstance(detector, type):
            kind = f"the class {detector.__name__}"
        raise TypeError(
            "detector must be a fitted CNNDetector, ResNetDetector, VGGDetector, "
            "DenseNetDetector, CompactDetector, ResidualDetector or EncoderDetector; "
            f"got {kind}.{_advice(detector)}"
        )
    check_is_fitted(detector)
    if detector.pixel_range_ is not None:
        least, greatest = detector.pixel_range_
        raise ValueError(
            "detector must be fitted to images on a scale that ONNX's input, bytes, "
            f"can be brought to; got one fitted to numbers from {least:g} to "
            f"{greatest:g}. Fit it to bytes, or to floats of 0 to 1."
        )


def _advice(detector: Any) -> str:
    """What to do about an estimator that can't be exported."""
    if isinstance(detector, type):
        return " Use an instance of it that is fitted."
    if isinstance(detector, SVMDetector):
        return (
            " ONNX has no operator for histograms of oriented gradients. Use "
            "skfake.save_detector."
        )
    if hasattr(detector, "get_params"):
        return (
            " Use the fitted detector within it, such as the last step of a pipeline "
            "or best_estimator_ of a search."
        )
    return ""


def _check_packages() -> None:
    for package in ("onnx", "onnxruntime", "onnxscript"):
        try:
            import_module(package)
        except ImportError as error:
            raise ImportError(
                f"{package} must be installed to export; got no such package. Run "
                'pip install "skfake[onnx]".'
            ) from error


def _check_bytes(classify: Classify) -> None:
    n_bytes = sum(tensor.nbytes for tensor in classify.state_dict().values())
    if n_bytes > MAX_BYTES:
        raise ValueError(
            "detector must have weights of less than 2 GB to be one file; got "
            f"{n_bytes / 2**30:.1f} GB. Choose fewer units or a smaller depth."
        )


def _to_model(classify: nn.Module, pixels: Any) -> Any:
    """ONNX model of the pixels' part and the network's together."""
    import onnx

    _, *sides = pixels.graph.output[0].type.tensor_type.shape.dim
    # Two images: torch takes an axis of one for a rule.
    example = torch.zeros(2, *(side.dim_value for side in sides))
    # Some versions of onnxscript print what they optimise, and stdout is for results.
    with warnings.catch_warnings(), redirect_stdout(sys.stderr):
        # Torch 2.10 warns of its own code.
        warnings.filterwarnings("ignore", r".*LeafSpec.* is deprecated", FutureWarning)
        program: Any = torch.onnx.export(
            classify,
            (example,),
            dynamo=True,
            dynamic_shapes=({0: Dim("n")},),
            input_names=["pixels"],
            output_names=[OUTPUT],
            opset_version=pixels.opset_import[0].version,
            verbose=False,
        )
    network = program.model_proto
    pixels.ir_version = network.ir_version
    pixels = onnx.compose.add_prefix(pixels, "pixels/")
    # All but the input, which onnx 1.18 renames even where it is told not to.
    pixels.graph.input[0].name = pixels.graph.node[0].input[0] = INPUT
    model = onnx.compose.merge_models(
        pixels, network, io_map=[("pixels/pixels", "pixels")]
    )
    # Merged, they stand there twice.
    del model.opset_import[:]
    model.opset_import.extend(pixels.opset_import)
    return model


def _describe(model: Any, detector: Any, of: TrainedNetwork) -> None:
    """Say what the file is, and nothing of the machine that made it."""
    facts = {
        "detector": type(detector).__name__,
        "classes": detector.classes_.tolist(),
        "pos_label": detector.pos_label_,
        "pixel_range": [0, 255],
        "image_size": of.image_size,
        "resize": of.resize,
        "n_crops": of.n_crops,
        "grayscale": of.grayscale,
        "crop_size": of.crop_size,
        "average_flips": of.average_flips,
        "skfake_version": __version__,
    }
    model.producer_name, model.producer_version = "skfake", __version__
    model.graph.name = type(detector).__name__
    _forget_origin(model.graph)
    del model.metadata_props[:]
    for name, fact in facts.items():
        model.metadata_props.add(key=name, value=json.dumps(fact, default=str))


def _forget_origin(graph: Any) -> None:
    # Torch notes, for every node, the lines and paths of the Python that led to it.
    for part in (graph, *graph.node, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    del graph.value_info[:]
    for node in graph.node:
        for attribute in node.attribute:
            # What a loop repeats or a condition chooses is a graph of its own.
            if attribute.HasField("g"):
                _forget_origin(attribute.g)


def _check_file(path: Path, classify: Classify, of: TrainedNetwork) -> None:
    """Compare the answers of the file with those of skfake on noise of some sizes."""
    import onnx
    import onnxruntime

    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for n, more in ((1, 0), (3, 5)):
        side = of.image_size + more
        images = rng.integers(256, size=(n, side, side + more, 3), dtype=np.uint8)
        (found,) = session.run([OUTPUT], {INPUT: images})
        squares = of.load(images)
        pixels = torch.from_numpy(np.concatenate(squares.swapaxes(0, 1), axis=-1))
        with torch.inference_mode():
            expected = classify(pixels.permute(0, 3, 1, 2).float()).numpy()
        difference = np.abs(found - expected).max()
        # NaN, of a training that went astray, is what skfake answers too.
        if difference > TOLERANCE:
            raise RuntimeError(
                f"The file must answer within {TOLERANCE} of skfake; got a difference "
                f"of {difference:.2g}. Use other versions of torch, onnxscript or "
                "onnxruntime."
            )
