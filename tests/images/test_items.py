import io
import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from skfake.images import (
    UnreadableImages,
    check_images,
    load_image,
    load_images,
    measure_images,
    open_rows,
    read_image,
)
from tests.images.samples import RGB, rng, save

TURNED = Image.Exif()
TURNED[0x0112] = 6


def encoded(image, kind="PNG", **options):
    file = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file, kind, **options)
    return file.getvalue()


class Photographs(Dataset):
    """Images that are made when they are asked for, with a label."""

    def __init__(self, images):
        self.images, self.n_asked = images, 0

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        self.n_asked += 1
        return self.images[i], i % 2


ITEMS = {
    "bytes": lambda: encoded(RGB[0]),
    "bytearray": lambda: bytearray(encoded(RGB[0])),
    "memory of bytes": lambda: memoryview(encoded(RGB[0])),
    "memory of pixels": lambda: memoryview(RGB[0]),
    "file in memory": lambda: io.BytesIO(encoded(RGB[0])),
    "Pillow's": lambda: Image.fromarray(RGB[0]),
    "Pillow's, not yet read": lambda: Image.open(io.BytesIO(encoded(RGB[0]))),
    "dict with bytes": lambda: {"bytes": encoded(RGB[0]), "path": "no such file"},
    "dict with bytes alone": lambda: {"bytes": encoded(RGB[0])},
    "pair of Pillow's": lambda: (Image.fromarray(RGB[0]), 1),
    "pair of a tensor": lambda: (torch.from_numpy(RGB[0]), torch.tensor(1)),
    "tensor (C, H, W)": lambda: torch.from_numpy(RGB[0]).permute(2, 0, 1),
    "tensor (H, W, C)": lambda: torch.from_numpy(RGB[0]),
    "array": lambda: RGB[0],
}


@pytest.mark.parametrize("name", ITEMS)
def test_every_kind_of_item_gives_the_same_pixels(name):
    X = [ITEMS[name](), RGB[1]]
    images = check_images(X)
    assert np.array_equal(load_images(images), RGB[:2])
    assert np.array_equal(load_images(check_images(images)), RGB[:2])
    assert np.array_equal(open_rows(images[0])[2:5], RGB[0, 2:5])
    assert measure_images(images).tolist() == [[8, 10]] * 2
    assert np.array_equal(load_image(pickle.loads(pickle.dumps(images[0]))), RGB[0])


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {"exif": TURNED}),
        ("RGBA", {}),
        ("L", {"exif": TURNED}),
        ("LA", {}),
        ("P", {"transparency": 3}),
        ("1", {}),
        ("I;16", {}),
        ("CMYK", {"format": "TIFF", "exif": TURNED}),
    ],
)
def test_images_of_pillow_are_decoded_as_their_files_are(mode, options):
    noise = rng.integers(0, 256, (6, 9, 4), dtype=np.uint8)
    image = Image.fromarray(noise)
    if mode == "I;16":
        image = Image.fromarray(noise.view(np.uint16)[..., 0].copy())
    image = image.convert(mode) if mode != "I;16" else image
    content = encoded(image, **{"kind": options.pop("format", "PNG"), **options})
    expected = read_image(io.BytesIO(content))
    given = Image.open(io.BytesIO(content))
    (item,) = check_images([given])
    assert np.array_equal(load_image(item), expected)
    assert np.array_equal(load_image(pickle.loads(pickle.dumps(item))), expected)
    assert np.array_equal(open_rows(item)[1:4], expected[1:4])
    assert measure_images([item]).tolist() == [[*expected.shape[:2]]]


def test_an_image_of_pillow_stays_as_it_is():
    image = Image.open(io.BytesIO(encoded(RGB[0], exif=TURNED)))
    load_images(check_images([image, image]), image_size=4, n_jobs=2)
    assert image.size == (10, 8)
    assert image.getexif()[0x0112] == 6


def test_the_position_in_a_file_stays():
    file = io.BytesIO(b"----" + encoded(RGB[0]))
    file.seek(4)
    with pytest.raises(UnreadableImages):
        load_images(check_images([file]))
    assert file.tell() == 4


def test_a_file_that_is_open_is_read(tmp_path):
    with open(save(RGB[0], tmp_path / "a.png"), "rb") as file:
        images = check_images([file])
    assert np.array_equal(load_image(images[0]), RGB[0])


def test_a_file_of_text_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("text")
    with open(path) as file, pytest.raises(TypeError, match=r'Use open\(path, "rb"\)'):
        check_images([file])
    with pytest.raises(TypeError, match=r"X\[0\] must be a file that can be read"):
        check_images([file])


def test_a_dict_with_a_path_is_a_file(tmp_path):
    path = str(save(RGB[0], tmp_path / "a.png"))
    assert check_images([{"bytes": None, "path": path}]) == [path]
    with pytest.raises(FileNotFoundError, match="no such file"):
        check_images([{"path": "nowhere"}])


# Data sets


def test_images_of_a_data_set_are_made_when_they_are_needed():
    X = Photographs([Image.fromarray(image) for image in RGB])
    images = check_images(X)
    assert X.n_asked == 1
    assert np.array_equal(load_images(images[1:]), RGB[1:])
    assert X.n_asked == 3
    assert measure_images(images).tolist() == [[8, 10]] * 3


def test_tensors_of_a_data_set_are_read_together_for_their_scale():
    tensors = torch.from_numpy(RGB).permute(0, 3, 1, 2) / 255
    assert np.array_equal(
        check_images(TensorDataset(tensors, torch.zeros(3))), list(RGB)
    )


def test_what_a_data_set_can_not_give_is_named_by_its_position():
    class Broken(Photographs):
        def __getitem__(self, i):
            if i != 1:
                raise OSError("the disk is gone")
            return Image.fromarray(self.images[i])

    images = check_images(Broken(RGB))
    with pytest.raises(UnreadableImages) as caught:
        load_images(images)
    assert caught.value.reasons == {0: "the disk is gone", 2: "the disk is gone"}
    assert "2 of 3 that can't be read: X[0]: the disk is gone; X[2]:" in str(
        caught.value
    )
    mixed = check_images(Photographs([Image.fromarray(RGB[0]), RGB[1] / 255, None]))
    with pytest.raises(UnreadableImages) as caught:
        load_images(mixed)
    assert list(caught.value.reasons) == [1, 2]
    assert "got ndarray of shape (8, 10, 3), dtype float64" in str(caught.value)


def test_a_data_set_without_a_length_is_refused():
    class Endless(IterableDataset):
        def __iter__(self):
            return iter(())

    with pytest.raises(TypeError, match=r"got Endless\. Use a data set that has a"):
        check_images(Endless())
