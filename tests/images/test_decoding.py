import io
import os
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from skfake.images import check_images, load_images, open_rows, read_image
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
    with pytest.raises(ValueError, match=r"at most 178,956,970 pixels; got.*'bomb'"):
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
    with pytest.raises(ValueError, match="at most 100 pixels; got the file 'large'"):
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


def test_formats_that_start_other_programs_are_not_read(tmp_path):
    path = save(RGB[0], tmp_path / "image.eps")
    with pytest.raises(ValueError, match=r"image\.eps': it has no format that is read"):
        read_image(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(FileNotFoundError, match=r"pipe\.png', no file"):
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


# A few rows at a time

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


def test_rows_of_an_array_are_views_of_it():
    assert np.shares_memory(open_rows(RGB[0])[2:4], RGB)


def test_a_mode_that_is_not_read_is_refused_with_the_name_of_the_file(tmp_path):
    Image.new("F", (4, 4)).save(tmp_path / "float.tif")
    with pytest.raises(ValueError, match=r"float\.tif.*the mode F is not one of"):
        open_rows(tmp_path / "float.tif")[0:2]
