import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate

from skfake import SVMDetector, compare_detectors
from skfake.datasets import load_image_folder
from skfake.evaluation.splitters import LeaveOneGeneratorOut

RNG = np.random.default_rng(0)
Y = np.repeat([0, 1, 1, 1], 15)
GENERATORS = np.repeat(["", "glide", "sdxl", "biggan"], 15)
X = RNG.normal(size=(60, 4)) + Y[:, np.newaxis]


def splits_of(y=Y, groups=GENERATORS, **settings):
    splitter = LeaveOneGeneratorOut(**{"random_state": 0, **settings})
    return list(splitter.split(np.zeros(len(y)), y, groups))


# A set of images: labels, and generators that reals have too, or not.
IMAGES = st.lists(
    st.tuples(st.booleans(), st.sampled_from("abcd")), min_size=1, max_size=60
).map(lambda images: [*images, *[(True, g) for g in "ab"], *[(False, "a")] * 4])
TEST_SIZES = st.sampled_from([None, 1, 0.25, 0.6])


@given(IMAGES, TEST_SIZES)
def test_each_generator_is_tested_once_and_never_trained_on(images, test_size):
    fakes, groups = map(np.array, zip(*images, strict=True))
    splits = splits_of(fakes.astype(int), groups, test_size=test_size)
    tested = []
    for train, test in splits:
        assert len({*groups[test][fakes[test]]}) == 1
        assert not {*groups[train][fakes[train]]} & {*groups[test][fakes[test]]}
        tested.extend(test[fakes[test]])
    assert sorted(tested) == np.flatnonzero(fakes).tolist()


@given(IMAGES, TEST_SIZES)
def test_each_split_trains_and_tests_on_all_images_and_none_twice(images, test_size):
    fakes, groups = map(np.array, zip(*images, strict=True))
    for train, test in splits_of(fakes.astype(int), groups, test_size=test_size):
        assert sorted([*train, *test]) == list(range(len(fakes)))
        assert not fakes[train].all()
        assert not fakes[test].all()


@given(IMAGES)
def test_without_a_test_size_each_real_is_tested_once(images):
    fakes, groups = map(np.array, zip(*images, strict=True))
    splits = splits_of(fakes.astype(int), groups)
    parts = [test[~fakes[test]] for _, test in splits]
    assert sorted(np.concatenate(parts)) == np.flatnonzero(~fakes).tolist()
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_splits_come_in_the_order_of_the_names():
    names = [set(GENERATORS[test]) - {""} for _, test in splits_of()]
    assert names == [{"biggan"}, {"glide"}, {"sdxl"}]


@pytest.mark.parametrize(("test_size", "n_reals"), [(0.2, 3), (7, 7), (None, 5)])
def test_so_many_reals_are_tested_on(test_size, n_reals):
    splits = splits_of(test_size=test_size)
    assert [np.sum(Y[test] == 0) for _, test in splits] == [n_reals] * 3


@pytest.mark.parametrize("test_size", [None, 0.4])
def test_a_seed_gives_the_same_splits_and_another_seed_others(test_size):
    one, two, other = (
        [test.tolist() for _, test in splits_of(test_size=test_size, random_state=seed)]
        for seed in (0, 0, 1)
    )
    assert one == two
    assert one != other


@pytest.mark.parametrize("of_reals", [None, np.nan, "glide", "camera"])
def test_what_is_said_of_a_real_plays_no_part(of_reals):
    groups = np.where(Y == 1, GENERATORS, "").astype(object)
    groups[Y == 0] = of_reals
    expected = splits_of()
    for groups_given in (groups, groups.tolist()):
        found = splits_of(groups=groups_given)
        for pair, other in zip(found, expected, strict=True):
            assert np.array_equal(pair[1], other[1])


def test_the_fakes_may_have_the_lesser_label():
    y = np.array(["real", "fake"])[Y]
    for (_, test), (_, expected) in zip(
        splits_of(y, pos_label="fake"), splits_of(), strict=True
    ):
        assert np.array_equal(test, expected)


def test_reals_in_the_folder_of_a_generator_are_split_by_themselves(tmp_path):
    for generator in ("glide", "sdxl"):
        for kind in ("nature", "ai"):
            (tmp_path / generator / kind).mkdir(parents=True)
            for i in range(4):
                image = Image.fromarray(np.zeros((4, 4, 3), np.uint8))
                image.save(tmp_path / generator / kind / f"{i}.png")
    images = load_image_folder(tmp_path)
    splits = splits_of(images.target, images.generators)
    assert len(splits) == 2
    for _, test in splits:
        assert np.sum(images.target[test] == 0) == 4
    tested = np.concatenate([test[images.target[test] == 0] for _, test in splits])
    assert len(np.unique(tested)) == 8


# Inside scikit-learn


def test_in_cross_validate_with_groups():
    splitter = LeaveOneGeneratorOut(random_state=0)
    result = cross_validate(
        LogisticRegression(), X, Y, groups=GENERATORS, cv=splitter, scoring="roc_auc"
    )
    assert len(result["test_score"]) == 3


def test_in_cross_val_predict_each_image_is_predicted_once():
    splitter = LeaveOneGeneratorOut(random_state=0)
    args = (LogisticRegression(), X, Y)
    assert len(cross_val_predict(*args, groups=GENERATORS, cv=splitter)) == 60


def test_in_a_grid_search():
    search = GridSearchCV(
        LogisticRegression(), {"C": [0.1, 1]}, cv=LeaveOneGeneratorOut(random_state=0)
    )
    assert search.fit(X, Y, groups=GENERATORS).n_splits_ == 3


def test_with_metadata_routing_it_asks_for_groups():
    splitter = LeaveOneGeneratorOut(random_state=0)
    with config_context(enable_metadata_routing=True):
        params = {"groups": GENERATORS}
        result = cross_validate(
            LogisticRegression(), X, Y, cv=splitter, params=params, scoring="accuracy"
        )
    assert len(result["test_score"]) == 3


def test_detectors_of_paths_are_compared_by_it(stripes, tmp_path):
    images, y = stripes
    paths = [str(tmp_path / f"{i}.png") for i in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    groups = np.where(y == 1, np.array(["glide", "sdxl"])[np.arange(40) // 20], "")
    splits = LeaveOneGeneratorOut(random_state=0).split(paths, y, groups)
    detectors = {"SVM": SVMDetector(engine="scikit-learn")}
    comparison = compare_detectors(detectors, paths, y, cv=splits)
    assert len(comparison.folds) == 2
    assert comparison.table.loc["SVM", "accuracy"] > 0.8


def test_it_says_its_parameters_and_is_cloned_safely():
    splitter = LeaveOneGeneratorOut(test_size=0.3, random_state=1)
    text = "LeaveOneGeneratorOut(pos_label=None, random_state=1, test_size=0.3)"
    assert repr(splitter) == text
    assert repr(clone(splitter, safe=False)) == text
    assert splitter.get_n_splits(X, Y, GENERATORS) == 3


# What is refused


@pytest.mark.parametrize(
    ("y", "groups", "message"),
    [
        (None, GENERATORS, r"y must be given to split by generators; got None"),
        (Y, None, r"groups must be given to split by generators; got None"),
        (Y, np.repeat("glide", 60), r"at least two generators of fakes; got one, 'gl"),
        (Y, [None] * 60, r"the generator of each fake; got None or NaN for 45 of 45"),
        (np.ones(60), GENERATORS, r"y must hold labels of two classes; got 1, \[1.0"),
        (np.arange(60) % 3, GENERATORS, r"of two classes; got 3, \[0, 1, 2\]"),
        (Y, GENERATORS[:-1], r"inconsistent numbers of samples"),
    ],
)
def test_images_that_cannot_be_split_are_refused(y, groups, message):
    splitter = LeaveOneGeneratorOut()
    with pytest.raises(ValueError, match=message):
        list(splitter.split(X, y, groups))
    with pytest.raises(ValueError, match=message):
        splitter.get_n_splits(X, y, groups)


def test_a_label_of_fakes_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"pos_label must be one of .* got 'fake'"):
        splits_of(pos_label="fake")


def test_fewer_reals_than_generators_are_refused_unless_they_may_come_again():
    y = np.concatenate([[0, 0], Y[15:]])
    groups = GENERATORS[13:]
    with pytest.raises(ValueError, match="a real for each of 3 generators; got 2"):
        splits_of(y, groups)
    assert len(splits_of(y, groups, test_size=1)) == 3
