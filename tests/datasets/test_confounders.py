from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from skfake.datasets import confounders, make_images
from skfake.datasets.confounders import find_confounders

# Pictures of both classes alike: real patches only.
PICTURES = make_images(120, image_size=64, random_state=0)
PICTURES = PICTURES.data[PICTURES.target == 0]
Y = np.arange(len(PICTURES)) % 2
NAMES = ["REAL", "FAKE"]


def save_all(folder, settings, images=PICTURES, y=Y):
    """Write each image with its class's settings; return the paths."""
    paths = []
    for i, (image, code) in enumerate(zip(images, y, strict=True)):
        extension, options = settings[code]
        paths.append(folder / f"{i}.{extension}")
        Image.fromarray(image).save(paths[-1], **options)
    return paths


def as_jpeg(folder, quality):
    paths = save_all(folder, [("jpg", {"quality": quality})] * 2)
    return np.stack([np.asarray(Image.open(path)) for path in paths])


def telling(found):
    return set(found.index[found["finding"] != ""])


def test_classes_that_are_written_alike_differ_in_nothing(tmp_path):
    paths = save_all(tmp_path, [("jpg", {"quality": 90})] * 2)
    found = find_confounders(paths, Y)
    assert telling(found) == set()
    assert (found["balanced_accuracy"] < 0.75).all()


def test_formats_that_differ_give_the_class_away(tmp_path):
    paths = save_all(tmp_path, [("jpg", {"quality": 75}), ("png", {})])
    found = find_confounders(paths, Y, target_names=NAMES)
    assert {"format", "quality", "subsampling"} <= telling(found)
    assert found.loc["format"].tolist() == [
        1,
        "format alone gives a balanced accuracy of 100%: REAL has JPEG in 100%, FAKE "
        "has PNG in 100%.",
    ]
    assert (
        "REAL has 75 (nine in ten from 75 to 75), FAKE has none"
        in (found.loc["quality", "finding"])
    )
    assert not {"width", "height", "aspect", "mode"} & telling(found)


def test_each_property_is_seen_where_it_alone_differs(tmp_path):
    def names_of(*settings, images=PICTURES):
        return telling(find_confounders(save_all(tmp_path, settings, images), Y))

    same, exif = {"quality": 90}, Image.Exif()
    exif[0x010F] = "camera"
    assert names_of(("jpg", same), ("jpg", {**same, "exif": exif})) >= {"metadata"}
    assert names_of(("jpg", same), ("jpg", {"quality": 85})) >= {"quality"}
    assert names_of(("jpg", same), ("jpg", {**same, "subsampling": 0})) >= {
        "subsampling"
    }
    cut = [image[: 64 - 16 * code] for image, code in zip(PICTURES, Y, strict=True)]
    assert names_of(("png", {}), ("png", {}), images=cut) >= {"height", "aspect"}
    gray = [
        image[..., 0] if code else image
        for image, code in zip(PICTURES, Y, strict=True)
    ]
    assert names_of(("png", {}), ("png", {}), images=gray) >= {"mode"}


def test_texts_of_png_are_metadata(tmp_path):
    text = PngInfo()
    text.add_text("parameters", "a frog, 20 steps")
    paths = save_all(tmp_path, [("png", {}), ("png", {"pnginfo": text})])
    found = find_confounders(paths, Y, target_names=NAMES)
    assert (
        "REAL has none in 100%, FAKE has text in 100%"
        in (found.loc["metadata", "finding"])
    )


@given(st.integers(1, 100))
def test_the_quality_that_pillow_wrote_is_read(quality):
    file = BytesIO()
    Image.fromarray(PICTURES[0]).save(file, "JPEG", quality=quality)
    with Image.open(file) as image:
        assert confounders._describe_file(image)["quality"] == quality


def test_arrays_show_what_jpeg_left_in_the_pixels(tmp_path):
    images = np.where(Y[:, None, None, None] == 1, PICTURES, as_jpeg(tmp_path, 40))
    found = find_confounders(images, Y, target_names=NAMES)
    assert found.index[0] == "blockiness"
    assert telling(found) == {"blockiness"}


def test_blockiness_is_highest_on_the_grid_of_jpeg(tmp_path):
    compressed = as_jpeg(tmp_path, 40)
    by_offset = [
        np.mean([confounders._blockiness(image[k:, k:]) for image in compressed])
        for k in range(8)
    ]
    before = np.mean([confounders._blockiness(image) for image in PICTURES])
    assert by_offset[0] == max(by_offset)
    assert abs(before) < 0.1 < 0.2 < by_offset[0]


def test_blockiness_sees_rows_as_columns_and_nothing_in_one_colour(tmp_path):
    image = as_jpeg(tmp_path, 40)[0]
    measure = confounders._blockiness
    assert measure(image.transpose(1, 0, 2)) == pytest.approx(measure(image))
    assert measure(image / np.float32(255)) == pytest.approx(measure(image))
    assert measure(np.full((64, 64, 3), 7, np.uint8)) == pytest.approx(0, abs=1e-6)
    assert measure(image[:8, :8]) == 0


def test_sizes_of_arrays_are_seen():
    images = [
        image[:, : 64 - 4 * code] for image, code in zip(PICTURES, Y, strict=True)
    ]
    found = find_confounders(images, Y)
    assert {"width", "aspect"} <= telling(found)
    assert found.loc["width", "finding"] == (
        "width alone gives a balanced accuracy of 100%: 0 has 64 (nine in ten from 64 "
        "to 64), 1 has 60 (nine in ten from 60 to 60)."
    )


def test_labels_of_any_kind_and_number_do(tmp_path):
    y = np.array(["camera", "sd", "midjourney"])[np.arange(len(PICTURES)) % 3]
    images = [
        image[: 64 - len(label)] for image, label in zip(PICTURES, y, strict=True)
    ]
    found = find_confounders(images, y)
    assert found.loc["height", "balanced_accuracy"] == 1
    assert found.loc["mode", "balanced_accuracy"] == pytest.approx(1 / 3)
    for name in ("camera has 58", "midjourney has 54", "sd has 62"):
        assert name in found.loc["height", "finding"]


def test_a_rare_class_counts_as_much_as_a_common_one():
    numbers = np.arange(len(PICTURES))
    y = (numbers % 10 == 0).astype(int)
    short = (y == 1) | (numbers % 5 == 1)
    images = [image[: 64 - cut] for image, cut in zip(PICTURES, short, strict=True)]
    found = find_confounders(images, y)
    wrong = short[y == 0].mean()
    assert found.loc["height", "balanced_accuracy"] == pytest.approx(1 - wrong / 2)
    assert found.loc["width", "balanced_accuracy"] == 0.5


def test_the_same_data_give_the_same_table(tmp_path):
    paths = save_all(tmp_path, [("jpg", {"quality": 90}), ("jpg", {"quality": 88})])
    once, again = find_confounders(paths, Y), find_confounders(paths, Y, n_jobs=2)
    assert once.equals(again)


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (np.zeros(6), {}, r"y must hold at least two classes; got one class, 0\.0, in"),
        ([0, 0, 0, 0, 0, 1], {}, r"two images of each class; got one of 1\."),
        ([0, 1], {}, "inconsistent numbers of samples"),
        ([0.5, 0.1, 0.2, 0.3, 0.4, 0.6], {}, "Unknown label type"),
        (
            [0, 1] * 3,
            {"target_names": ["REAL"]},
            r"target_names must hold a name for each of the 2 classes of y; got 1\.",
        ),
    ],
)
def test_labels_that_do_not_fit_are_refused(y, options, message):
    with pytest.raises(ValueError, match=message):
        find_confounders(PICTURES[:6], y, **options)


def test_a_file_that_is_no_image_is_named(tmp_path):
    paths = save_all(tmp_path, [("png", {})] * 2)
    paths[3].write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"3\.png"):
        find_confounders(paths, Y)
