"""Every transformer to features, with settings for small images."""

from skfake.features import (
    DCTTransformer,
    EncoderTransformer,
    HOGTransformer,
    ResidualTransformer,
    SpectrumTransformer,
)

TRANSFORMERS = {
    "HOG": HOGTransformer(image_size=8, pixels_per_cell=4, cells_per_block=1),
    "spectrum": SpectrumTransformer(n_rings=6),
    "DCT": DCTTransformer(),
    "residual": ResidualTransformer(order=2),
    # The smallest network of torchvision.
    "encoder": EncoderTransformer(
        encoder="shufflenet_v2_x0_5",
        weights=None,
        layer="stage2",
        image_size=32,
        keep_weights=True,
        device="cpu",
    ),
}
