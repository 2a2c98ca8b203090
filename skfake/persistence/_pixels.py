"""What is done to pixels before a network sees them, in ONNX's own language."""

from importlib.resources import files
from string import Template
from typing import Any

# Pillow's bilinear resampling computes with whole multiples of 2**-22 and rounds to
# bytes after each direction. Sums of such products are below 2**53, so that doubles
# add them exactly. Since 13.0, Pillow begins with the columns of images that shrink in
# height by more than twice the pixels that they do in width.
#
# Weights of the luminance are those of scikit-image's `rgb2gray`. Of the colours whose
# luminance lies halfway between two grays, one in ten thousand, some are rounded the
# other way: there the order of NumPy's sums decides, which differs between processors.
TEXTS = files("skfake.persistence")


# What squares of an image are called in the text, the centre first.
SQUARES = ("centre", "top_left", "top_right", "bottom_left", "bottom_right")


def pixels_model(
    *,
    image_size: int,
    resize: bool = True,
    enlarge: bool = False,
    n_crops: int = 1,
    grayscale: bool = False,
) -> Any:
    """From images of any size to what a network is fed, squares as more channels."""
    # An extra.
    import onnx
    import onnx.inliner

    kind = "resized" if resize else "enlarged" if enlarge else "centre"
    texts = [
        TEXTS.joinpath(f"{name}.onnxtxt").read_text(encoding="utf-8")
        for name in (kind, "functions")
    ]
    text = Template("\n".join(texts)).substitute(
        size=image_size,
        channels=(1 if grayscale else 3) * n_crops,
        maps="skfake.luminance" if grayscale else "Identity",
        squares=", ".join(SQUARES[:n_crops]),
    )
    # Not every runtime knows functions that a model brings along.
    model = onnx.inliner.inline_local_functions(onnx.parser.parse_model(text))
    del model.opset_import[1:]
    return model
