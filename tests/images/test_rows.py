import warnings

import numpy as np
import pytest
from PIL import Image

from skfake.images import check_images, measure_images, open_rows, read_image
from tests.images.samples import RGB, rng

FORMATS = {
    "JPEG": ["RGB", "L", "CMYK"],
    "PNG": ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"],
    "TIFF": ["RGB", "RGBA", "L", "CMYK", "I;16", "P"],
    "WEBP": ["RGB", "RGBA"],
    "GIF": ["P"],
}


@pytest.mark.parametrize("orientation", [None, *range(1, 9)])
@pytest.mark.parametrize(
    ("kind", "mode"), [(kind, mode) for kind in FORMATS for mode in FORMATS[kind]]
)
def test_rows_of_a_file_are_those_of_the_whole_image(kind, mode, orientation, tmp_path):
    noise = rng.integers(0, 256, (20, 30, 4), dtype=np.uint8)
    if mode == "I;16":
        image = Image.fromarray(noise.view(np.uint16)[..., 0].copy())
    else:
        image = Image.fromarray(noise).convert(mode)
    options = {}
    if orientation is not None:
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = orientation
    path = tmp_path / f"image.{kind.lower()}"
    with warnings.catch_warnings(action="ignore"):
        image.save(path, kind, **options)
    whole, rows = read_image(path), open_rows(path)
    assert rows.shape == whole.shape
    for top, bottom in [(0, 7), (7, 18), (18, 40), (0, 40)]:
        assert np.array_equal(rows[top:bottom], whole[top:bottom])
    assert measure_images(check_images([path])).tolist() == [[*whole.shape[:2]]]


def test_rows_of_an_array_are_views_of_it():
    assert np.shares_memory(open_rows(RGB[0])[2:4], RGB)


def test_a_mode_that_is_not_read_is_refused_with_the_name_of_the_file(tmp_path):
    Image.new("F", (4, 4)).save(tmp_path / "float.tif")
    with pytest.raises(ValueError, match=r"float\.tif.*the mode F is not one of"):
        open_rows(tmp_path / "float.tif")[0:2]
