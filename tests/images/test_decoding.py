import io
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from skfake.datasets.folder import image_extensions
from skfake.images import check_images, load_images, measure_images, read_image
from skfake.images.decoding import decode_file
from tests.images.samples import RGB, png, rng, save


def truncated(png):
    return png[: len(png) // 2]


def with_broken_header(png):
    return png[:40] + bytes(8) + png[48:]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda _: b"", "it is empty"),
        (lambda _: b"no image", "it has no format that is read"),
        (truncated, "truncated"),
        (with_broken_header, "it has no format that is read"),
    ],
)
def test_a_broken_file_is_named_with_the_reason(tmp_path, damage, reason):
    noise = rng.integers(0, 256, size=(64, 64, 3), dtype=np.uint8)
    path = save(noise, tmp_path / "broken.png")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"got the file '.*broken\.png': .*{reason}"):
        load_images(check_images([path]))


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused_with_a_value_error(data):
    for prefix in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"):
        try:
            image = read_image(io.BytesIO(prefix + data), name="x")
        except ValueError as refusal:
            named = "'x'" in str(refusal)
            assert named
        else:
            assert image.dtype == np.uint8


@pytest.mark.parametrize("side", [13_400, 60_000])
def test_a_decompression_bomb_is_refused_from_its_header(side):
    file = io.BytesIO(png(side, side, 8, 0))
    with pytest.raises(ValueError, match=r"'bomb': .* more than 178,956,970 pixels"):
        read_image(file, name="bomb")


@pytest.mark.parametrize("side", [4097, 13_000])
def test_a_small_file_of_many_pixels_is_refused(side):
    file = io.BytesIO(png(side, side, 8, 0, bytes(side)))
    with pytest.raises(ValueError, match=r"'small': it says .* too many for its \d+ b"):
        read_image(file, name="small")


def test_an_image_of_one_colour_and_16_million_pixels_is_read():
    file = io.BytesIO()
    Image.new("1", (4096, 4096)).save(file, "png")
    assert len(file.getvalue()) < 4096
    assert read_image(file).shape == (4096, 4096, 3)


def test_twice_the_pixels_that_pillow_warns_of_are_read_without_a_warning(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    lines = (b"\0" + bytes(10)) * 10
    assert read_image(io.BytesIO(png(10, 10, 8, 0, lines))).shape == (10, 10, 3)
    with pytest.raises(ValueError, match=r"file 'large': .* more than 100 pixels"):
        read_image(io.BytesIO(png(10, 11, 8, 0)), name="large")


def test_metadata_that_pillow_warns_of_changes_no_answer():
    file = io.BytesIO()
    cut_short = b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01\x03\0\xff\0\0\0\xff\0"
    Image.fromarray(RGB[0]).save(file, "jpeg", exif=cut_short)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        decode_file(file)
        n_shown = len(shown)
        read_image(file)
        load_images([file, file])
    assert len(shown) == n_shown > 0


def test_heic_is_read_where_pillow_heif_is_installed(tmp_path):
    heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    shades = np.arange(0, 240, 5, dtype=np.uint8).reshape(6, 8)
    image = Image.fromarray(shades).resize((80, 60), Image.Resampling.BILINEAR)
    image = image.convert("RGB")
    path = tmp_path / "IMG_1.HEIC"
    exif = Image.Exif()
    exif[0x0112] = 6
    heif.from_pillow(image).save(path, quality=-1, exif=exif.tobytes())
    upright = np.rot90(np.asarray(image, int), -1)
    assert np.abs(read_image(path) - upright).max() < 8
    assert measure_images([path]).tolist() == [[80, 60]]
    assert ".heic" in image_extensions()


WITHOUT_HEIF = """
import sys
sys.modules["pillow_heif"] = None
from skfake.datasets.folder import image_extensions
from skfake.images import find_unreadable
print(find_unreadable([sys.argv[1]])[0], ".heic" in image_extensions())
"""


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_without_pillow_heif_the_error_says_what_to_install(tmp_path, brand):
    path = tmp_path / "photo.heic"
    path.write_bytes(b"\0\0\0\x18ftyp" + brand + bytes(40))
    command = [sys.executable, "-c", WITHOUT_HEIF, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert 'it is HEIC, which pillow-heif reads: run pip install "skfake[heif]"' in said
    assert said.endswith("False\n")


def test_formats_that_start_other_programs_are_not_read(tmp_path):
    path = save(RGB[0], tmp_path / "image.eps")
    with pytest.raises(ValueError, match=r"image\.eps': it has no format that is read"):
        read_image(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(FileNotFoundError, match=r"pipe\.png': there is no such"):
        read_image(tmp_path / "pipe.png")


def test_a_transparent_colour_of_a_palette_shows_white(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([200, 0, 0, 0, 200, 0])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "p.png", transparency=1)
    assert read_image(tmp_path / "p.png").tolist() == [[[200, 0, 0], [255] * 3]]


def test_palettes_become_colours(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([200, 0, 0, 0, 200, 0])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "p.png")
    assert read_image(tmp_path / "p.png").tolist() == [[[200, 0, 0], [0, 200, 0]]]


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (2, 2), (0, 255, 255, 0)).save(tmp_path / "c.tif")
    assert read_image(tmp_path / "c.tif")[0, 0].tolist() == [255, 0, 0]


def test_gray_with_alpha_shows_white(tmp_path):
    Image.new("LA", (2, 2), (10, 0)).save(tmp_path / "la.png")
    assert (read_image(tmp_path / "la.png") == 255).all()


def test_exif_rotation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn by 90 degrees clockwise to view.
    path = save(RGB[0], tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_image(path), np.rot90(RGB[0], -1))


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    path = tmp_path / "a.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert read_image(path)[0, 0].tolist() == [255, 0, 0]


def test_an_image_of_floats_is_refused(tmp_path):
    path = save(np.zeros((4, 4), np.float32), tmp_path / "f.tif")
    with pytest.raises(ValueError, match="the mode F is not one of 8 or 16 bits"):
        read_image(path)
