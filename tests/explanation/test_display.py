"""What a display of maps keeps, and what it shows."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from skfake.explanation import ExplanationDisplay, saliency_maps

NAMES = ["REAL", "FAKE"]


class OwnMaps(ClassifierMixin, BaseEstimator):
    """Stands in for detectors that make maps of their own."""

    def __init__(self, *, certain=True):
        self.certain = certain

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def heat_maps(self, X, *, label=None):
        """Above, fakes; below, real ones. Each in the size of the image."""
        maps = []
        for image in X:
            heat = np.full(np.shape(image)[:2], 0.2)
            heat[: len(heat) // 2] = 0.8
            maps.append(heat if label == 1 else 1 - heat)
        return maps

    def decision_function(self, X):
        return np.array([np.mean(image) - 127 for image in X])

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0).astype(int)]


class OwnProbabilities(OwnMaps):
    """The same, where they are probabilities."""

    def predict_proba(self, X):
        fake = (self.decision_function(X) > 0) * 0.8 + 0.1
        return np.column_stack([1 - fake, fake])


def said_by(display):
    return [text.get_text() for text in display.ax_.texts]


@pytest.mark.parametrize(("name", "n_panels"), [("SVM", 3), ("CNN", 2)])
def test_images_maps_scores_and_labels_are_kept(fitted, held_out, name, n_panels):
    X = held_out[0][:3]
    detector = fitted(name)
    display = ExplanationDisplay.from_estimator(detector, X)
    assert np.array_equal(display.images, X)
    assert np.array_equal(display.maps, saliency_maps(detector, X))
    assert np.array_equal(display.labels, detector.predict(X))
    # The image, gray with the map on it, and histograms of gradients.
    assert len(display.ax_.get_images()) == 3 * (n_panels + 1)
    assert (display.histograms is not None) == (name == "SVM")


def test_titles_say_the_class_and_its_score(fitted, held_out):
    X = held_out[0][:2]
    svm, cnn = fitted("SVM"), fitted("CNN")
    display = ExplanationDisplay.from_estimator(svm, X, label=0)
    distances = -svm.decision_function(X)
    assert np.allclose(display.scores, distances)
    assert f"0: distance {distances[1]:.2f}" in said_by(display)
    display = ExplanationDisplay.from_estimator(cnn, X, label=1, target_names=NAMES)
    probabilities = cnn.predict_proba(X)[:, 1]
    assert np.allclose(display.scores, probabilities)
    assert f"FAKE: probability {probabilities[0]:.2f}" in said_by(display)


def test_maps_share_a_scale_that_a_bar_explains(fitted, held_out):
    display = ExplanationDisplay.from_estimator(fitted("CNN"), held_out[0][:2])
    drawn = [i for i in display.ax_.get_images() if i.cmap.name == "RdBu_r"]
    limit = np.abs(display.maps).max()
    assert len(drawn) == 2
    assert {(i.norm.vmin, i.norm.vmax) for i in drawn} == {(-limit, limit)}
    bar = display.figure_.axes[-1]
    assert bar is not display.ax_
    labels = [text.get_text() for text in bar.get_yticklabels()]
    assert labels == ["against", "", "for"]


def test_a_file_becomes_a_picture(fitted, held_out, tmp_path):
    path = tmp_path / "image.png"
    Image.fromarray(held_out[0][1]).save(path)
    display = ExplanationDisplay.from_estimator(fitted("SVM"), [path])
    display.figure_.savefig(tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.size[0] > 400


@pytest.mark.parametrize("white", [1, 255])
def test_floats_are_shown_as_the_bytes_that_they_mean(fitted, held_out, white):
    X = held_out[0][:2]
    display = ExplanationDisplay.from_estimator(fitted("CNN"), X * (white / 255))
    assert np.array_equal(display.images, X)


def test_a_map_of_zeros_is_shown():
    display = ExplanationDisplay(
        images=[np.zeros((4, 4, 3), np.uint8)],
        maps=[np.zeros((4, 4))],
        labels=[1],
        scores=[0.5],
    ).plot()
    assert said_by(display)[0] == "1: probability 0.50"


@pytest.mark.parametrize("n_images", [1, 2, 5])
@pytest.mark.parametrize("name", ["SVM", "CNN"])
def test_nothing_hides_another_or_leaves_the_plot(fitted, held_out, name, n_images):
    X = held_out[0][:n_images]
    display = ExplanationDisplay.from_estimator(fitted(name), X, target_names=NAMES)
    display.figure_.canvas.draw()
    renderer = display.figure_.canvas.get_renderer()
    drawn = [i for i in display.ax_.get_images() if i.cmap.name != "RdBu_r"]
    boxes = [found.get_window_extent(renderer) for found in display.ax_.texts + drawn]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])
    area = display.ax_.get_window_extent()
    assert min(box.x0 for box in boxes) >= area.x0 - 1
    assert max(box.x1 for box in boxes) <= area.x1 + 1
    assert min(box.y0 for box in boxes) >= area.y0 - 1
    assert max(box.y1 for box in boxes) <= area.y1 + 1


def test_the_plot_goes_where_it_is_asked_to(fitted, held_out):
    figure, (ax, other) = plt.subplots(1, 2)
    display = ExplanationDisplay.from_estimator(fitted("SVM"), held_out[0][:1], ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert display.plot(other) is display
    assert display.ax_ is other


# Detectors with maps of their own


@pytest.mark.parametrize("asked", [None, 0, 1])
def test_own_maps_are_shown_of_the_class_that_is_asked_about(asked):
    X = [np.full((20, 30, 3), 255, np.uint8), np.zeros((12, 8, 3), np.uint8)]
    detector = OwnProbabilities().fit(None, [0, 1])
    display = ExplanationDisplay.from_estimator(detector, X, label=asked)
    labels = [1, 0] if asked is None else [asked, asked]
    assert np.asarray(display.labels).tolist() == labels
    for image, found, label in zip(X, display.maps, labels, strict=True):
        assert found.shape == image.shape[:2]
        # Probabilities of two classes speak for one from a half on.
        assert found[0, 0] == pytest.approx(0.3 if label == 1 else -0.3)
        assert found[-1, 0] == pytest.approx(-0.3 if label == 1 else 0.3)
    assert [image.shape for image in display.images] == [(20, 30, 3), (12, 8, 3)]


def test_own_maps_of_distances_stay_as_they_are():
    X = [np.full((20, 30, 3), 255, np.uint8)]
    detector = OwnMaps().fit(None, [0, 1])
    display = ExplanationDisplay.from_estimator(detector, X)
    assert display.maps[0][0, 0] == 0.8
    assert said_by(display)[0] == "1: distance 128.00"


def test_images_keep_their_proportions():
    X = [np.full((20, 40, 3), 255, np.uint8)]
    detector = OwnMaps().fit(None, [0, 1])
    display = ExplanationDisplay.from_estimator(detector, X)
    for drawn in display.ax_.get_images():
        left, right, bottom, top = drawn.get_extent()
        assert right - left == pytest.approx(2 * (bottom - top))


def test_own_maps_are_no_saliency_maps():
    detector = OwnMaps().fit(None, [0, 1])
    with pytest.raises(TypeError, match="Use its heat_maps, or ExplanationDisplay"):
        saliency_maps(detector, [np.zeros((20, 30, 3), np.uint8)])


# What is refused


def test_names_that_are_no_pair_with_the_classes_are_refused(fitted, held_out):
    with pytest.raises(ValueError, match=r"a name for each class, .* got 1 names"):
        ExplanationDisplay.from_estimator(
            fitted("SVM"), held_out[0][:1], target_names=["FAKE"]
        )


def test_what_has_no_maps_is_refused(held_out):
    X, y, _ = held_out
    rows = X.reshape(len(X), -1)
    other = LogisticRegression(max_iter=10).fit(rows[:4] / 255.0, y[:4])
    with pytest.raises(TypeError, match="detector must be a detector of skfake"):
        ExplanationDisplay.from_estimator(other, rows[:2])
