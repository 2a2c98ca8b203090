"""Tiles: where they are, which are learned from, and what their scores add up to."""

import subprocess
import sys
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.validation import check_is_fitted

from skfake import SVMDetector, TiledDetector
from skfake.datasets import make_images
from skfake.detectors._tiles import Grid, aggregate_scores, cut_tiles, starts
from skfake.images import items, read_image

RNG = np.random.default_rng(0)


class Brightness(ClassifierMixin, BaseEstimator):
    """Find 1 in bright tiles, and remember what `fit` and the last judgement saw."""

    def __init__(self, *, image_size=8):
        self.image_size = image_size

    def fit(self, X, y):
        self.tiles_, self.y_ = X, y
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        self.sizes_ = [*getattr(self, "sizes_", []), len(X)]
        bright = X.mean(axis=(1, 2, 3)) / (255 if X.dtype == np.uint8 else 1)
        rest = np.ones((len(X), len(self.classes_) - 1)) / (len(self.classes_) - 1)
        return np.column_stack([rest * (1 - bright)[:, np.newaxis], bright])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Distance(Brightness):
    """The same without probabilities."""

    def decision_function(self, X):
        return Brightness.predict_proba(self, X)[:, 1] - 0.5

    @property
    def predict_proba(self):
        raise AttributeError("none")

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0).astype(int)]


def frozen(kind=Brightness, classes=(0, 1), **settings):
    """A fitted detector, in tiles."""
    detector = kind().fit(np.zeros((len(classes), 8, 8, 3), np.uint8), classes)
    return TiledDetector(FrozenEstimator(detector), **settings)


def dark_with_light_corner(side=32):
    image = np.full((side, side, 3), 51, np.uint8)
    image[: side // 4, : side // 4] = 255
    return image


# Where tiles are

SIDES = st.integers(1, 40)


@given(SIDES, SIDES, st.integers(1, 30), st.floats(0, 0.99))
@settings(deadline=None)
def test_tiles_cover_every_pixel_and_stay_within_the_image(
    height, width, size, overlap
):
    grid = Grid.over((height, width), size, overlap)
    covered = np.zeros((height, width), dtype=int)
    for top, left, bottom, right in grid.boxes:
        assert 0 <= top < bottom <= height
        assert 0 <= left < right <= width
        assert bottom - top == min(size, height)
        assert right - left == min(size, width)
        covered[top:bottom, left:right] += 1
    assert covered.min() > 0
    assert len(np.unique(grid.boxes, axis=0)) == len(grid.boxes) == len(grid)
    assert overlap > 0 or height % size or width % size or covered.max() == 1


def test_the_last_tile_is_shifted_inward():
    assert starts(70, size=32, step=32).tolist() == [0, 32, 38]
    assert starts(64, size=32, step=32).tolist() == [0, 32]
    assert starts(64, size=32, step=16).tolist() == [0, 16, 32]
    assert starts(20, size=32, step=32).tolist() == [0]


def test_boxes_name_the_pixels_of_their_tiles():
    image = RNG.integers(0, 256, (21, 30, 3), dtype=np.uint8)
    grid = Grid.over(image.shape, 8, 0.25)
    tiles = list(cut_tiles(image, grid))
    assert len(tiles) == len(grid)
    for (top, left, bottom, right), tile in zip(grid.boxes, tiles, strict=True):
        assert np.array_equal(tile, image[top:bottom, left:right])


def test_tiles_of_an_array_are_no_copies():
    image = np.zeros((16, 16, 3), np.uint8)
    tiles = cut_tiles(image, Grid.over(image.shape, 8, 0))
    assert all(np.shares_memory(tile, image) for tile in tiles)


@pytest.mark.parametrize("shape", [(5, 20), (20, 5), (3, 4), (1, 1)])
def test_a_short_image_is_continued_by_its_reflection(shape):
    image = RNG.integers(0, 256, (*shape, 3), dtype=np.uint8)
    grid = Grid.over(image.shape, 8, 0)
    tiles = list(cut_tiles(image, grid))
    height, width = (min(8, side) for side in shape)
    assert {tile.shape for tile in tiles} == {(8, 8, 3)}
    assert np.array_equal(tiles[0][:height, :width], image[:8, :8])
    padding = [(0, max(0, 8 - side)) for side in shape]
    expected = np.pad(image, [*padding, (0, 0)], mode="reflect")
    assert np.array_equal(tiles[-1], expected[-8:, -8:])


@given(SIDES, SIDES, st.integers(1, 30), st.floats(0, 0.9))
@settings(deadline=None)
def test_a_map_holds_the_mean_score_of_the_tiles_at_each_pixel(
    height, width, size, overlap
):
    grid = Grid.over((height, width), size, overlap)
    scores = np.random.default_rng(0).uniform(size=len(grid))
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for (top, left, bottom, right), score in zip(grid.boxes, scores, strict=True):
        total[top:bottom, left:right] += score
        count[top:bottom, left:right] += 1
    assert np.allclose(grid.spread(scores), total / count, atol=1e-5)


# Which are learned from


def test_images_of_all_sizes_give_equally_many_tiles():
    X = [np.full((side, side), i, np.uint8) for i, side in enumerate([8, 16, 80])]
    fitted = TiledDetector(Brightness(), max_tiles=8, random_state=0).fit(X, [0, 1, 1])
    tiles = fitted.estimator_.tiles_
    assert tiles.shape == (24, 8, 8, 3)
    images = tiles[::8, 0, 0, 0]
    assert sorted(images) == [0, 1, 2]
    assert np.array_equal(tiles[:, 0, 0, 0], np.repeat(images, 8))
    assert np.array_equal(fitted.estimator_.y_, np.repeat(images > 0, 8))


def test_no_more_tiles_are_drawn_than_the_largest_image_has():
    X = RNG.integers(0, 256, (3, 16, 24, 3), dtype=np.uint8)
    tiles = TiledDetector(Brightness()).fit(X, [0, 1, 1]).estimator_.tiles_
    expected = [
        tile for image in X for tile in cut_tiles(image, Grid.over((16, 24), 8, 0))
    ]
    drawn = {tile.tobytes() for tile in tiles}
    assert len(tiles) == len(drawn) == 18
    assert drawn == {tile.tobytes() for tile in expected}


def test_tiles_of_a_small_image_are_repeated_evenly():
    small = RNG.integers(0, 256, (8, 24, 3), dtype=np.uint8)
    X = [small, np.zeros((80, 80, 3), np.uint8)]
    fitted = TiledDetector(Brightness(), max_tiles=8).fit(X, [0, 1]).estimator_
    tiles = fitted.tiles_[fitted.y_ == 0]
    _, counts = np.unique(tiles, axis=0, return_counts=True)
    assert sorted(counts) == [2, 3, 3]


def test_a_seed_draws_the_same_tiles_and_another_seed_others():
    X = RNG.integers(0, 256, (2, 80, 80, 3), dtype=np.uint8)
    drawn = [
        TiledDetector(Brightness(), random_state=seed).fit(X, [0, 1]).estimator_.tiles_
        for seed in (0, 0, 1, np.random.RandomState(0), np.random.RandomState(0))
    ]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert np.array_equal(drawn[3], drawn[4])


def test_floats_among_bytes_become_bytes():
    X = [np.full((8, 8, 3), 255, np.uint8), np.ones((16, 8, 3)), np.zeros((8, 8))]
    fitted = TiledDetector(Brightness()).fit(X, [0, 1, 2]).estimator_
    assert fitted.tiles_.dtype == np.uint8
    assert fitted.tiles_[fitted.y_ < 2].min() == fitted.tiles_.max() == 255
    assert fitted.tiles_[fitted.y_ == 2].max() == 0


def test_numbers_of_no_known_scale_stay_as_they_are_in_tiles():
    X = np.stack([np.full((16, 8, 3), value) for value in (-3.0, 2.0)])
    with pytest.warns(UserWarning, match="X should be on a known scale"):
        fitted = TiledDetector(Brightness()).fit(X, [0, 1]).estimator_
    assert sorted(set(fitted.tiles_.ravel())) == [-3, 2]


def test_weights_of_images_are_those_of_their_tiles():
    class Weighed(Brightness):
        def fit(self, X, y, sample_weight=None):
            self.weights_ = sample_weight
            return super().fit(X, y)

    X = RNG.integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    weights, y = np.array([0.5, 1.5, 3.0]), [0, 1, 2]
    fitted = TiledDetector(Weighed()).fit(X, y, sample_weight=weights).estimator_
    assert len(fitted.tiles_) == 12
    assert np.allclose(fitted.weights_, weights[fitted.y_] / weights.mean())
    twice = TiledDetector(Brightness()).fit(X, y, sample_weight=[1, 2, 0]).estimator_
    assert sorted(twice.y_) == [0] * 4 + [1] * 8
    with pytest.raises(TypeError, match="for a Brightness, whose fit takes no weights"):
        TiledDetector(Brightness()).fit(X, y, sample_weight=weights)


def test_the_detector_of_the_tiles_says_what_means_fake():
    X, y = make_images(n_samples=24, image_size=48, return_X_y=True, random_state=0)
    svm = SVMDetector(image_size=24, engine="scikit-learn", pos_label="b")
    labels = np.array(["b", "a"])[y]
    detector = TiledDetector(svm, aggregate="max", random_state=0).fit(X, labels)
    assert detector.pos_label_ == "b"
    detector.set_params(pos_label="a")
    assert detector.fit(X, labels).pos_label_ == "a"


def test_the_detector_is_cloned_and_its_parameters_can_be_searched():
    X, y = make_images(n_samples=24, image_size=48, return_X_y=True, random_state=0)
    svm = SVMDetector(image_size=24, engine="scikit-learn")
    search = GridSearchCV(
        TiledDetector(svm, random_state=0), {"estimator__C": [0.1, 10.0]}, cv=2
    ).fit(X, y)
    best = search.best_estimator_
    assert best.estimator_.C == best.estimator.C == search.best_params_["estimator__C"]
    assert not hasattr(svm, "svc_")
    assert clone(best).set_params(estimator__C=3).estimator.C == 3


# A detector that is fitted already


def test_a_frozen_detector_needs_no_fit():
    detector = frozen()
    check_is_fitted(detector)
    assert detector.classes_.tolist() == [0, 1]
    assert detector.predict([dark_with_light_corner()]).tolist() == [0]


def test_a_frozen_detector_is_not_fitted_again():
    detector = frozen()
    inner = detector.estimator.estimator
    detector.fit(np.ones((4, 24, 24)), [0, 0, 0, 0])
    assert detector.estimator_.estimator is inner
    assert len(inner.tiles_) == 2
    with pytest.raises(ValueError, match=r"learned before, \[0, 1\]; got \[0, 2\]"):
        detector.fit(np.ones((2, 24, 24)), [0, 2])


def test_a_frozen_detector_that_is_not_fitted_is_refused():
    detector = TiledDetector(FrozenEstimator(SVMDetector()))
    with pytest.raises(NotFittedError):
        detector.fit(np.ones((2, 24, 24)), [0, 1])
    with pytest.raises(NotFittedError):
        detector.predict(np.ones((2, 24, 24)))
    assert not hasattr(detector, "classes_")


# What the scores add up to


def test_one_tile_is_judged_as_the_detector_judges_it():
    X, y = make_images(n_samples=60, return_X_y=True, random_state=0)
    svm = SVMDetector(engine="scikit-learn", probability=True)
    tiled, alone = TiledDetector(svm).fit(X, y), clone(svm).fit(X, y)
    assert np.array_equal(tiled.predict_proba(X), alone.predict_proba(X))
    assert np.allclose(tiled.decision_function(X), alone.decision_function(X))
    assert np.array_equal(tiled.predict(X), alone.predict(X))


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [("mean", 0.25), ("max", 1.0), (1.0, 0.25), (1 / 16, 1.0), (1 / 8, 0.6)],
)
@pytest.mark.parametrize("kind", [Brightness, Distance])
def test_answers_are_means_over_the_tiles_that_count(aggregate, expected, kind):
    detector = frozen(kind, aggregate=aggregate)
    if kind is Brightness:
        answer = detector.predict_proba([dark_with_light_corner()])
        assert np.allclose(answer, [[1 - expected, expected]])
        assert not hasattr(detector, "decision_function")
    else:
        answer = detector.decision_function([dark_with_light_corner()])
        assert np.allclose(answer, expected - 0.5)
        assert not hasattr(detector, "predict_proba")
    assert detector.predict([dark_with_light_corner()]) == int(expected > 0.5)


def test_the_positive_label_says_which_way_is_suspicious():
    image = dark_with_light_corner()
    settings = {"classes": ("fake", "real"), "aggregate": "max"}
    unknown = {**settings, "classes": ("a", "b")}
    with pytest.raises(ValueError, match=r"pos_label must say which of .* got None"):
        frozen(**unknown).predict([image])
    found = frozen(**settings, pos_label="real").predict_proba([image])
    assert np.allclose(found, [[0, 1]])
    for fakes in (None, "fake", ["fake"]):
        found = frozen(**settings, pos_label=fakes).predict_proba([image])
        assert np.allclose(found, [[0.8, 0.2]])
    with pytest.raises(ValueError, match=r"pos_label must be one of .* got 'photo'"):
        frozen(**settings, pos_label="photo").fit([image], ["real"])
    for fakes in (["fake", "real"], []):
        with pytest.raises(ValueError, match=r"pos_label must be some .* not all"):
            frozen(**settings, pos_label=fakes).fit([image], ["real"])


@given(
    st.integers(1, 40),
    st.integers(2, 5),
    st.sampled_from(["mean", "max", 0.01, 0.3, 1.0]),
    st.randoms(),
)
def test_probabilities_of_several_classes_sum_to_one_in_any_order(
    n_tiles, n_classes, aggregate, random
):
    rng = np.random.default_rng(random.randint(0, 999))
    scores = rng.dirichlet(np.full(n_classes, 0.3), size=n_tiles)
    answer = aggregate_scores(scores, aggregate, [0])
    assert answer.sum() == pytest.approx(1)
    assert np.allclose(answer, aggregate_scores(scores[::-1], aggregate, [0]))
    assert answer[0] <= scores[:, 0].mean() + 1e-9


def test_three_classes_are_answered():
    generators = ["diffusion", "gan"]
    detector = frozen(classes=("camera", *generators), pos_label=generators)
    image = dark_with_light_corner()
    detector.set_params(aggregate="max")
    assert np.allclose(detector.predict_proba([image]), [[0, 0, 1]])
    assert detector.predict([image]).tolist() == ["gan"]
    # Half of the score of what is dark is a camera's, the other half a diffusion's.
    detector.set_params(pos_label="gan", aggregate=1 / 8)
    assert np.allclose(detector.predict_proba([image]), [[0.2, 0.2, 0.6]])
    detector.set_params(aggregate="mean")
    assert np.allclose(detector.predict_proba([image]), [[0.375, 0.375, 0.25]])
    boxes, scores = detector.score_tiles([image])[0]
    assert boxes.shape == (16, 4)
    assert scores.shape == (16, 3)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 1000])
def test_batches_of_any_size_give_the_same_answers(batch_size):
    X = [
        RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)
        for height, width in [(8, 8), (40, 30), (3, 9), (16, 16), (25, 64)]
    ]
    X.insert(2, X[1] / np.float32(255))
    detector = frozen(batch_size=batch_size)
    alone = [frozen().predict_proba([image])[0] for image in X]
    assert np.array_equal(detector.predict_proba(X), alone)
    assert max(detector.estimator.estimator.sizes_) <= batch_size
    n_tiles = [len(boxes) for boxes, _ in detector.score_tiles(X)]
    assert n_tiles == [1, 20, 20, 2, 4, 32]


def test_settings_may_change_after_fit_within_their_bounds():
    X = np.stack([np.zeros((16, 16), np.uint8), np.full((16, 16), 255, np.uint8)])
    detector = TiledDetector(Brightness()).fit(X, [0, 1])
    assert len(detector.score_tiles(X)[0][0]) == 4
    assert len(detector.set_params(overlap=0.5).score_tiles(X)[0][0]) == 9
    with pytest.raises(ValueError, match="The 'overlap' parameter of TiledDetector"):
        detector.set_params(overlap=1.0).predict(X)


# Where


def test_a_heat_map_shows_where():
    image = dark_with_light_corner()
    heat = frozen().heat_maps([image, image[:20, :4]])
    assert [found.shape for found in heat] == [(32, 32), (20, 4)]
    assert np.allclose(heat[0], image[..., 0] / 255)
    assert np.allclose(frozen(Distance).heat_maps([image])[0], heat[0] - 0.5)
    opposite = frozen().heat_maps([image], label=0)[0]
    assert np.allclose(opposite, 1 - heat[0])
    generators = frozen(classes=(0, 1, 2), pos_label=[1, 2])
    assert np.allclose(generators.heat_maps([image])[0], (1 + heat[0]) / 2)
    assert np.allclose(generators.heat_maps([image], label=2)[0], heat[0])


def test_a_heat_map_of_text_labels_must_know_what_to_look_for():
    detector, image = frozen(classes=("a", "b")), dark_with_light_corner()
    with pytest.raises(ValueError, match="pos_label must say which of"):
        detector.heat_maps([image])
    with pytest.raises(ValueError, match=r"label must be one of .* a, b; got 1"):
        detector.heat_maps([image], label=1)
    assert detector.heat_maps([image], label="b")[0].max() == 1


def make_again(image):
    """From a quarter of the side, as the last layers of a generator do."""
    small = Image.fromarray(image).reduce(4)
    return np.asarray(small.resize(image.shape[1::-1], Image.Resampling.BILINEAR))


def test_the_map_points_at_the_quarter_that_was_made_again():
    X, y = make_images(n_samples=160, image_size=128, return_X_y=True, random_state=0)
    photographs, training = X[y == 0][:16], X[y == 0][16:]
    fakes = np.stack([make_again(image) for image in training])
    detector = TiledDetector(
        SVMDetector(engine="scikit-learn"), max_tiles=4, random_state=0
    ).fit(np.concatenate([training, fakes]), np.repeat([0, 1], len(training)))
    edited, quarters = photographs.copy(), np.arange(16) % 4
    for image, quarter in zip(edited, quarters, strict=True):
        top, left = 64 * (quarter // 2), 64 * (quarter % 2)
        part = image[top : top + 64, left : left + 64]
        part[:] = make_again(part)
    heat = np.stack(detector.set_params(overlap=0.5).heat_maps(edited))
    heat = heat.reshape(16, 2, 64, 2, 64).mean(axis=(2, 4)).reshape(16, 4)
    # A clear sky looks the same when it is made again.
    assert (heat.argmax(axis=1) == quarters).mean() >= 0.85
    detector.set_params(aggregate=0.25, overlap=0)
    before, after = map(detector.decision_function, (photographs, edited))
    assert (after > before).mean() >= 0.85


# What is refused


def test_auto_needs_a_detector_that_knows_its_size():
    pipeline = make_pipeline(FunctionTransformer(), Brightness())
    X = np.ones((2, 24, 24))
    message = "tile_size must be a number of pixels .* got 'auto' and a Pipeline"
    with pytest.raises(ValueError, match=message):
        TiledDetector(pipeline).fit(X, [0, 1])
    assert TiledDetector(pipeline, tile_size=12).fit(X, [0, 1]).tile_size_ == 12


@pytest.mark.parametrize("detector", [StandardScaler(), FunctionTransformer()])
def test_a_detector_without_scores_is_refused(detector):
    with pytest.raises(
        TypeError, match="estimator must be a classifier with predict_p"
    ):
        TiledDetector(detector, tile_size=8).fit(np.ones((2, 24, 24)), [0, 1])


def test_images_of_one_class_are_counted_as_images():
    with pytest.raises(ValueError, match=r"got one class, .* in 3 images"):
        TiledDetector(Brightness()).fit(np.ones((3, 80, 80)), [1, 1, 1])


@pytest.mark.parametrize(
    "settings",
    [
        {"tile_size": 0},
        {"tile_size": "large"},
        {"overlap": 1.0},
        {"overlap": 4},
        {"aggregate": "median"},
        {"aggregate": 0.0},
        {"max_tiles": 0},
        {"batch_size": 0},
    ],
)
def test_wrong_settings_are_refused_in_the_words_of_scikit_learn(settings):
    with pytest.raises(ValueError, match=f"The '{next(iter(settings))}' parameter of"):
        TiledDetector(Brightness(), **settings).fit(np.ones((2, 24, 24)), [0, 1])


# Files and memory


@pytest.fixture
def photographs(tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for i, path in enumerate(paths):
        pixels = RNG.integers(0, 256, (30 + i, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    return paths


def test_files_are_judged_and_learned_from_as_their_pixels(photographs):
    X = [read_image(path) for path in photographs]
    detectors = [
        TiledDetector(Brightness(), max_tiles=5, random_state=0).fit(form, [0, 1, 0, 1])
        for form in (X, photographs)
    ]
    tiles = [detector.estimator_.tiles_ for detector in detectors]
    assert np.array_equal(*tiles)
    expected = frozen().predict_proba(X)
    assert np.array_equal(frozen().predict_proba(photographs), expected)


def test_files_are_open_one_at_a_time(photographs, monkeypatch):
    alive, most = weakref.WeakSet(), []

    class Counted(items.FileRows):
        def __init__(self, file):
            most.append(len(alive))
            super().__init__(file)
            alive.add(self)

    monkeypatch.setattr(items, "FileRows", Counted)
    frozen(batch_size=7).heat_maps(photographs)
    TiledDetector(Brightness()).fit(photographs, [0, 1, 0, 1])
    assert most == [0] * 8


def test_a_broken_file_is_named(photographs):
    photographs[2].write_bytes(photographs[2].read_bytes()[:500])
    with pytest.raises(ValueError, match=r"got the file '.*2\.png'"):
        frozen().predict(photographs)
    with pytest.raises(ValueError, match=r"got the file '.*2\.png'"):
        TiledDetector(Brightness()).fit(photographs, [0, 1, 0, 1])


def test_errors_of_the_detector_are_not_taken_for_those_of_a_file(photographs):
    detector = frozen()
    detector.estimator.estimator.classes_ = None
    with pytest.raises(TypeError, match="NoneType"):
        detector.predict(photographs)


# Peak memory, from the moment at which all is imported, of an image of 25 megapixels.
MEMORY = """
import sys
import numpy as np
from sklearn.frozen import FrozenEstimator
from tests.detectors.test_tiled import frozen

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if "VmHWM" in line)

detector = frozen()
detector.set_params(tile_size=50).predict_proba(np.zeros((1, 100, 100)))
before = peak()
print(detector.predict_proba([sys.argv[1]])[0, 1], peak() - before)
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads the peak from /proc"
)
def test_a_large_file_takes_little_more_than_its_decoded_pixels(tmp_path):
    path = tmp_path / "large.jpg"
    image = Image.new("RGB", (5000, 5000), (51, 51, 51))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    command = [sys.executable, "-c", MEMORY, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer, kilobytes = map(float, done.stdout.split())
    assert answer == pytest.approx(0.2)
    # Pillow's four bytes a pixel are 98 MB; a copy as an array would be 73 MB more.
    assert kilobytes < 130_000
