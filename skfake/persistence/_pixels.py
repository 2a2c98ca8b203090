"""What is done to pixels before a network sees them, in ONNX's own language."""

from __future__ import annotations

from typing import Any

# Weights are those of scikit-image's `rgb2gray`. Of the colours whose luminance lies
# halfway between two grays, one in ten thousand, some are rounded the other way: there
# the order of NumPy's sums decides, which differs between processors.
GRAY = """
    scale = Constant <value = double {0.00392156862745098}> ()
    levels = Constant <value = double {255.0}> ()
    unit_colours = Mul (doubles, scale)
    red, green, blue = Split <axis = 1, num_outputs = 3> (unit_colours)
    red_weight = Constant <value = double {0.2125}> ()
    green_weight = Constant <value = double {0.7154}> ()
    blue_weight = Constant <value = double {0.0721}> ()
    red_part = Mul (red, red_weight)
    green_part = Mul (green, green_weight)
    blue_part = Mul (blue, blue_weight)
    two_parts = Add (red_part, green_part)
    three_parts = Add (two_parts, blue_part)
    grays = Mul (three_parts, levels)
    maps = Round (grays)
"""

# Pillow's bilinear resampling computes with whole multiples of 2**-22 and rounds to
# bytes after each direction. Sums of such products are below 2**53, so that doubles
# add them exactly. Since 13.0, Pillow begins with the columns of images that shrink in
# height by more than twice the pixels that they do in width.
PIXELS = """
<ir_version: 10, opset_import: ["" : 18, "skfake" : 1]>
pixels (uint8[n, height, width, 3] images)
=> (float[n, %(channels)d, %(size)d, %(size)d] pixels)
{
    planes = Transpose <perm = [0, 3, 1, 2]> (images)
    doubles = Cast <to = 11> (planes)
    %(maps)s
    sides = Shape <start = 2> (maps)
    size = Constant <value = int64[1] {%(size)d}> ()
    nothing = Constant <value = int64[1] {0}> ()
    height, width = Split <axis = 0, num_outputs = 2> (sides)
    rows_lost = Sub (height, size)
    columns_lost = Sub (width, size)
    twice = Add (columns_lost, columns_lost)
    is_tall = Greater (rows_lost, twice)
    shrinks = Greater (rows_lost, nothing)
    columns_first = And (is_tall, shrinks)
    same_height = Equal (height, size)
    same_width = Equal (width, size)
    same = And (same_height, same_width)
    resized = If (same) <
        then_branch = as_they_are () => (double[n, c, h, w] kept) {
            kept = Identity (maps)
        },
        else_branch = resize () => (double[n, c, h, w] changed) {
            row_weights = skfake.triangles (height, size)
            weights = skfake.triangles (width, size)
            column_weights = Transpose <perm = [1, 0]> (weights)
            changed = If (columns_first) <
                then_branch = down_across () => (double[n, c, h, w] tall) {
                    down = MatMul (row_weights, maps)
                    low = skfake.to_bytes (down)
                    low_across = MatMul (low, column_weights)
                    tall = skfake.to_bytes (low_across)
                },
                else_branch = across_down () => (double[n, c, h, w] wide) {
                    across = MatMul (maps, column_weights)
                    narrow = skfake.to_bytes (across)
                    narrow_down = MatMul (row_weights, narrow)
                    wide = skfake.to_bytes (narrow_down)
                }
            >
        }
    >
    shape = Constant <value = int64[4] {0, %(channels)d, %(size)d, %(size)d}> ()
    squares = Reshape (resized, shape)
    pixels = Cast <to = 1> (squares)
}

<domain: "skfake", opset_import: ["" : 18]>
triangles (side, size) => (weights)
{
    zero = Constant <value = double {0.0}> ()
    half = Constant <value = double {0.5}> ()
    one = Constant <value = double {1.0}> ()
    unit = Constant <value = double {4194304.0}> ()
    first = Constant <value = int64[1] {0}> ()
    second = Constant <value = int64[1] {1}> ()
    sides = Cast <to = 11> (side)
    sizes = Cast <to = 11> (size)
    n_pixels = Squeeze (sides, first)
    n_centers = Squeeze (sizes, first)
    step = Div (n_pixels, n_centers)
    pixels = Range (zero, n_pixels, one)
    places = Range (zero, n_centers, one)
    pixel_centers = Add (pixels, half)
    unit_centers = Add (places, half)
    row_of_centers = Mul (unit_centers, step)
    centers = Unsqueeze (row_of_centers, second)
    differences = Sub (pixel_centers, centers)
    distances = Abs (differences)
    width = Max (step, one)
    shares = Div (distances, width)
    below = Sub (one, shares)
    heights = Max (below, zero)
    sums = ReduceSum <keepdims = 1> (heights, second)
    means = Div (heights, sums)
    scaled = Mul (means, unit)
    raised = Add (scaled, half)
    weights = Floor (raised)
}

<domain: "skfake", opset_import: ["" : 18]>
to_bytes (sums) => (bytes)
{
    half = Constant <value = double {2097152.0}> ()
    unit = Constant <value = double {4194304.0}> ()
    zero = Constant <value = double {0.0}> ()
    largest = Constant <value = double {255.0}> ()
    raised = Add (sums, half)
    scaled = Div (raised, unit)
    whole = Floor (scaled)
    bytes = Clip (whole, zero, largest)
}
"""


def pixels_model(image_size: int, grayscale: bool) -> Any:
    """From images of any size to what a network is fed."""
    # An extra.
    import onnx
    import onnx.inliner

    text = PIXELS % {
        "size": image_size,
        "channels": 1 if grayscale else 3,
        "maps": GRAY if grayscale else "maps = Identity (doubles)",
    }
    # Not every runtime knows functions that a model brings along.
    model = onnx.inliner.inline_local_functions(onnx.parser.parse_model(text))
    del model.opset_import[1:]
    return model
