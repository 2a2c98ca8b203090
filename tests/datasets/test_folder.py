import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from skfake.datasets import find_duplicates, folder, load_image_folder


@pytest.fixture
def make_tree(tmp_path):
    """Write small images at the given paths, return the folder."""

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (9, 7)).save(path)
        return tmp_path

    return make


def test_class_folders_give_paths_and_labels_in_sorted_order(make_tree):
    root = make_tree("real/b.png", "fake/c.jpg", "real/a.webp")
    bunch = load_image_folder(root)
    assert bunch.data.tolist() == [
        str(root / name) for name in ("fake/c.jpg", "real/a.webp", "real/b.png")
    ]
    assert bunch.target.tolist() == [1, 0, 0]
    assert bunch.target_names.tolist() == ["REAL", "FAKE"]
    assert "generators" not in bunch
    assert "2 REAL (0), 1 FAKE (1)" in bunch.DESCR


def test_the_pair_holds_what_the_bunch_holds(make_tree):
    root = make_tree("real/b.png", "fake/c.jpg")
    bunch = load_image_folder(root)
    X, y = load_image_folder(str(root), return_X_y=True)
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)


def test_the_paths_are_an_X(make_tree):
    X, _ = load_image_folder(make_tree("real/b.png", "fake/c.png"), return_X_y=True)
    assert find_duplicates(X).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("fake", "real"),
    [
        ("fake", "real"),
        ("FAKE", "REAL"),
        ("1_fake", "0_real"),
        ("ai", "nature"),
        ("AI-generated", "Photos"),
        ("synthetic", "Natural"),
        ("generated", "human"),
    ],
)
def test_usual_names_are_known(make_tree, fake, real):
    root = make_tree(f"{fake}/0.png", f"{real}/0.png")
    bunch = load_image_folder(root)
    assert dict(zip(bunch.data, bunch.target, strict=True)) == {
        str(root / fake / "0.png"): 1,
        str(root / real / "0.png"): 0,
    }


@pytest.mark.parametrize(
    ("names", "target", "target_names"),
    [
        (("Real", "real", "FAKE", "fake"), [1, 0, 1, 0], ["REAL", "FAKE"]),
        (("Dog", "dog", "Flux"), [0, 1, 0], ["Dog", "Flux"]),
    ],
)
def test_names_that_differ_in_case_alone_are_one_class(
    make_tree, names, target, target_names
):
    root = make_tree(*(f"{name}/0.png" for name in names))
    bunch = load_image_folder(root)
    assert bunch.target_names.tolist() == target_names
    assert bunch.target.tolist() == target
    with pytest.raises(ValueError, match="two class folders; got one, 'Dog'"):
        load_image_folder(make_tree("one/Dog/0.png", "one/dog/0.png") / "one")


def test_the_camera_is_real(make_tree):
    root = make_tree("ai/0.png", "camera/0.png")
    assert load_image_folder(root).target.tolist() == [1, 0]


def test_several_known_folders_may_be_fake(make_tree):
    root = make_tree("ai/0.png", "generated/0.png", "real/0.png")
    assert load_image_folder(root).target.tolist() == [1, 1, 0]


def test_other_names_are_classes_of_their_own(make_tree):
    root = make_tree("real/0.png", "dalle/0.png", "flux/0.png", "flux/1.png")
    bunch = load_image_folder(root)
    assert bunch.target_names.tolist() == ["dalle", "flux", "real"]
    assert bunch.target.tolist() == [0, 1, 1, 2]


@pytest.mark.parametrize("pos_label", [["dalle", "flux"], ("flux", "Dalle")])
def test_pos_label_names_the_fakes(make_tree, pos_label):
    root = make_tree("camera/0.png", "dalle/0.png", "flux/0.png")
    bunch = load_image_folder(root, pos_label=pos_label)
    assert bunch.target.tolist() == [0, 1, 1]
    assert bunch.target_names.tolist() == ["REAL", "FAKE"]


def test_pos_label_goes_before_usual_names(make_tree):
    root = make_tree("ai/0.png", "real/0.png")
    assert load_image_folder(root, pos_label="real").target.tolist() == [0, 1]


@pytest.mark.parametrize(
    "pos_label", ["flu", ["a", "b"], [], ["a", "missing"], ["A", "B"]]
)
def test_pos_label_must_fit_the_folders(make_tree, pos_label):
    root = make_tree("a/0.png", "b/0.png")
    with pytest.raises(ValueError, match=r"pos_label must name .* folders a, b; got"):
        load_image_folder(root, pos_label=pos_label)


def test_generator_trees_name_the_generator_of_each_image(make_tree):
    root = make_tree(
        "sd/nature/0.png", "sd/ai/0.png", "biggan/ai/0.png", "biggan/nature/0.png"
    )
    bunch = load_image_folder(root)
    assert bunch.generators.tolist() == ["biggan", "biggan", "sd", "sd"]
    assert bunch.target.tolist() == [1, 0, 1, 0]


def test_files_that_are_no_images_by_name_are_counted_and_hidden_ones_are_not(
    make_tree,
):
    root = make_tree("real/0.png", "fake/0.PNG", ".cache/x/0.png", "real/._0.png")
    for name in ("readme.txt", "fake/a.csv", "fake/b.CSV", "real/LICENSE", ".hidden"):
        (root / name).write_text("text")
    (root / "empty").mkdir()
    bunch = load_image_folder(root)
    assert len(bunch.data) == 2
    assert bunch.passed_over == {"": 1, ".csv": 2, ".txt": 1}
    assert "Passed over by their names: 2 .csv, 1 " in bunch.DESCR
    assert "1 without an ending" in bunch.DESCR


def test_photographs_of_phones_need_an_extra_to_be_listed(make_tree, monkeypatch):
    root = make_tree("real/0.png", "fake/0.png")
    (root / "real" / "IMG.HEIC").touch()
    monkeypatch.setattr(folder, "image_extensions", lambda: {".png"})
    bunch = load_image_folder(root)
    assert bunch.passed_over == {".heic": 1}
    assert bunch.DESCR.endswith('To read .heic, run pip install "skfake[heif]".')
    with pytest.raises(ValueError, match=r"heif"):
        load_image_folder(only_heic(root / "phone"))


def only_heic(root):
    for name in ("real", "fake"):
        (root / name).mkdir(parents=True)
        (root / name / "0.heic").touch()
    return root


def test_what_can_not_be_read_may_be_left_out(make_tree):
    root = make_tree("a/real/0.png", "a/fake/0.png", "b/real/0.png", "b/fake/0.png")
    (root / "b" / "fake" / "1.jpg").write_text("no image")
    (root / "a" / "real" / "1.jpg").touch()
    assert len(load_image_folder(root).data) == 6
    assert load_image_folder(root).unreadable == {}
    bunch = load_image_folder(root, skip_unreadable=True, n_jobs=2)
    assert len(bunch.data) == len(bunch.target) == len(bunch.generators) == 4
    assert all(path.endswith("0.png") for path in bunch.data)
    assert bunch.unreadable == {
        str(root / "a" / "real" / "1.jpg"): "it is empty",
        str(root / "b" / "fake" / "1.jpg"): "it has no format that is read",
    }
    assert "2 that can't be read are left out" in bunch.DESCR


def test_a_folder_without_a_readable_image_is_refused(make_tree):
    root = make_tree("real/0.png")
    (root / "fake").mkdir()
    (root / "fake" / "0.png").touch()
    with pytest.raises(ValueError, match="two class folders; got one, 'real'"):
        load_image_folder(root, skip_unreadable=True)
    (root / "real" / "0.png").write_text("")
    with pytest.raises(ValueError, match="got none with a readable image"):
        load_image_folder(root, skip_unreadable=True)


def test_links_to_folders_are_followed(make_tree):
    root = make_tree("store/fake/0.png", "tree/real/0.png")
    (root / "tree" / "fake").symlink_to(root / "store" / "fake")
    assert load_image_folder(root / "tree").target.tolist() == [1, 0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sets(
        st.tuples(
            st.sampled_from(["a", "B", "c d", "é"]),
            st.text("abcXYZ019 _-", min_size=1).map(str.strip).filter(bool),
        ),
        min_size=2,
    ).filter(lambda images: len({name for name, _ in images}) > 1)
)
def test_any_names_come_back_sorted_with_their_class(tmp_path_factory, images):
    root = tmp_path_factory.mktemp("tree")
    for name, stem in images:
        (root / name).mkdir(exist_ok=True)
        (root / name / f"{stem}.png").touch()
    bunch = load_image_folder(root)
    expected = sorted((name, f"{stem}.png") for name, stem in images)
    assert bunch.data.tolist() == [str(root.joinpath(*parts)) for parts in expected]
    assert bunch.target_names[bunch.target].tolist() == [c for c, _ in expected]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"got '.*nowhere', which does not exis"
    ):
        load_image_folder(tmp_path / "nowhere")


def test_a_file_is_no_folder(make_tree):
    root = make_tree("0.png")
    with pytest.raises(FileNotFoundError, match=r"must be a folder; got .* a file\."):
        load_image_folder(root / "0.png")


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    with pytest.raises(ValueError, match="without a file that has the extension of an"):
        load_image_folder(tmp_path)


def test_one_class_is_refused(make_tree):
    with pytest.raises(ValueError, match="at least two class folders; got one, 'fake'"):
        load_image_folder(make_tree("fake/0.png", "fake/1.png"))


def test_images_outside_class_folders_are_refused(make_tree):
    with pytest.raises(ValueError, match=r"got '0.png'\. Pass the folder above"):
        load_image_folder(make_tree("0.png"))


def test_images_too_deep_are_refused(make_tree):
    with pytest.raises(
        ValueError, match=r"got 'a/b/c/0.png'\. Pass a folder further in"
    ):
        load_image_folder(make_tree("a/b/c/0.png"))


def test_two_layouts_at_once_are_refused(make_tree):
    with pytest.raises(ValueError, match=r"got both 'real/0.png' and 'sd/fake/0.png'"):
        load_image_folder(make_tree("real/0.png", "sd/fake/0.png"))


def test_wrong_types_get_scikit_learns_words(tmp_path):
    with pytest.raises(ValueError, match="The 'path' parameter of load_image_folder"):
        load_image_folder(3)
    with pytest.raises(ValueError, match="The 'pos_label' parameter"):
        load_image_folder(tmp_path, pos_label=1)
