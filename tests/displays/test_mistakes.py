import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfake.displays import ConfidentMistakesDisplay
from skfake.metrics import find_confident_mistakes
from tests.displays.instances import (
    predictions_of,
    predictions_of_several_classes,
)

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, size=(30, 16, 16, 3), dtype=np.uint8)
NAMES = ["REAL", "FAKE"]


def sheet_of(predictions, images=X, **options):
    options = {"classes": [0, 1], "target_names": NAMES} | options
    return ConfidentMistakesDisplay.from_predictions(predictions, images, **options)


def said_by(display):
    return [text.get_text() for text in display.ax_.texts]


def test_each_detector_has_its_worst_images_in_order():
    predictions = predictions_of()
    display = sheet_of(predictions, n_images=3)
    found = find_confident_mistakes(predictions, classes=[0, 1], n_images=3)
    shown = [image.get_array() for image in display.ax_.get_images()]
    assert len(shown) == 6
    for pixels, position in zip(shown, found["image"], strict=True):
        assert np.array_equal(pixels, X[position])
    assert list(display.mistakes) == ["SVM", "CNN"]
    assert display.mistakes["CNN"]["image"].tolist() == found["image"].tolist()[3:]


def test_images_have_their_class_the_given_one_and_its_score():
    predictions = pd.DataFrame(
        {
            "detector": "SVM",
            "image": [4, 7],
            "target": [1, 0],
            "prediction": [0, 1],
            "score": [0.02, 0.7],
        }
    )
    display = sheet_of(predictions)
    assert said_by(display)[:3] == [
        "SVM",
        "image 4\nFAKE\n→ REAL\n0.980",
        "image 7\nREAL\n→ FAKE\n0.700",
    ]


def test_files_are_named_and_long_names_lose_their_middle():
    name = "a_photograph_of_a_cat_that_sits_on_a_mat_0001.jpeg"
    columns = {"image": [4, 7], "path": [f"/data/real/{name}", "/data/ai/b.png"]}
    columns |= {"generator": ["", "glide"]}
    columns |= {"target": [0, 1], "prediction": [1, 0], "score": [0.9, 0.2]}
    display = sheet_of(pd.DataFrame({"detector": "SVM", **columns}))
    assert list(display.mistakes["SVM"]) == ["image", "path", *list(columns)[2:]]
    first, second = (said.splitlines()[0] for said in said_by(display)[1:3])
    assert second == "b.png"
    start, end = first.split("…")
    assert name.startswith(start)
    assert name.endswith(end)
    assert len(first) == 20


def test_without_scores_there_is_none_to_be_read():
    predictions = predictions_of(["SVM"]).assign(score=np.nan)
    display = sheet_of(predictions, n_images=1)
    _, *said = said_by(display)[1].splitlines()
    assert said in (["FAKE", "→ REAL"], ["REAL", "→ FAKE"])


def test_who_errs_never_is_said_to():
    predictions = predictions_of()
    right = predictions["detector"] == "CNN"
    predictions.loc[right, "prediction"] = predictions.loc[right, "target"]
    display = sheet_of(predictions)
    assert "CNN: no mistakes" in said_by(display)
    assert display.mistakes["CNN"].empty


def test_images_of_several_classes_are_shown():
    predictions, classes, _ = predictions_of_several_classes(30)
    display = ConfidentMistakesDisplay.from_predictions(predictions, X, classes=classes)
    worst = display.mistakes["CNN"].iloc[0]
    _, *said = said_by(display)[1].splitlines()
    assert said[:2] == [worst["target"], f"→ {worst['prediction']}"]


@pytest.mark.parametrize("form", ["paths", "different sizes", "gray", "rows", "dict"])
def test_images_come_in_any_form(form, tmp_path):
    predictions = predictions_of(["SVM"])
    if form == "paths":
        images = [tmp_path / f"{i}.png" for i in range(30)]
        for path, image in zip(images, X, strict=True):
            Image.fromarray(image).save(path)
    elif form == "different sizes":
        images = [image[: 8 + i % 5] for i, image in enumerate(X)]
    elif form == "gray":
        images = X[..., 0]
    elif form == "rows":
        images = X.reshape(30, -1)
    else:
        positions = find_confident_mistakes(predictions, classes=[0, 1])["image"]
        images = {position: X[position] for position in positions}
    display = sheet_of(predictions, images)
    position = display.mistakes["SVM"]["image"].iloc[0]
    pixels = display.ax_.get_images()[0].get_array()
    expected = {"different sizes": X[position][: 8 + position % 5]}
    expected["gray"] = np.repeat(X[position, ..., :1], 3, axis=-1)
    assert np.array_equal(pixels, expected.get(form, X[position]))


def test_an_image_keeps_its_proportions():
    predictions = predictions_of(["SVM"])
    display = sheet_of(predictions, [image[:8] for image in X], n_images=1)
    left, right, bottom, top = display.ax_.get_images()[0].get_extent()
    assert right - left == pytest.approx(2 * (bottom - top))


@pytest.mark.parametrize("n_images", [1, 8, 12])
@pytest.mark.parametrize("name", ["FAKE", "a generator with a long name"])
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_nothing_hides_another_or_leaves_the_sheet(n_images, name, given, named):
    predictions = predictions_of().assign(target=0, prediction=1)
    if named:
        predictions = predictions.assign(path="/data/IMG_20240512_181530_0001.JPEG")
    ax = plt.subplots(figsize=(7, 14))[1] if given else None
    display = sheet_of(
        predictions, target_names=["REAL", name], n_images=n_images, ax=ax
    )
    display.figure_.canvas.draw()
    renderer = display.figure_.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in display.ax_.texts]
    boxes += [image.get_window_extent(renderer) for image in display.ax_.get_images()]
    assert len(boxes) == 3 + 4 * n_images
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])
    area = display.ax_.get_window_extent()
    assert min(box.x0 for box in boxes) >= area.x0 - 1
    assert max(box.x1 for box in boxes) <= area.x1 + 1
    assert min(box.y0 for box in boxes) >= area.y0 - 1
    assert max(box.y1 for box in boxes) <= area.y1 + 1


def test_a_vector_file_holds_the_pixels_themselves():
    display = sheet_of(predictions_of(["SVM"]), n_images=1)
    file = io.StringIO()
    display.figure_.savefig(file, format="svg", transparent=True)
    assert file.getvalue().count("<image ") == 1
    assert 'width="16" height="16"' in file.getvalue().replace("16.0", "16")


def test_images_are_shown_where_asked():
    _, ax = plt.subplots()
    display = sheet_of(predictions_of(), ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


# What is refused


def test_images_that_are_too_few_are_refused():
    with pytest.raises(
        ValueError, match=r"images must hold one for each .* got 3, none"
    ):
        sheet_of(predictions_of(), X[:3])


def test_a_dict_that_lacks_an_image_is_refused():
    with pytest.raises(
        ValueError, match=r"images must hold one for each .* got 1, none"
    ):
        sheet_of(predictions_of(), {0: X[0]})


def test_no_detector_makes_no_sheet():
    with pytest.raises(ValueError, match="at least one detector; got none"):
        ConfidentMistakesDisplay(mistakes={}, images={}, display_labels={}).plot()


def test_predictions_without_images_are_refused():
    with pytest.raises(ValueError, match="got no 'image'"):
        sheet_of(predictions_of().drop(columns="image"))
