import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from skfake.datasets import find_duplicates, load_image_folder


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


def test_several_known_folders_may_be_fake(make_tree):
    root = make_tree("ai/0.png", "generated/0.png", "real/0.png")
    assert load_image_folder(root).target.tolist() == [1, 1, 0]


def test_other_names_are_classes_of_their_own(make_tree):
    root = make_tree("real/0.png", "dalle/0.png", "flux/0.png", "flux/1.png")
    bunch = load_image_folder(root)
    assert bunch.target_names.tolist() == ["dalle", "flux", "real"]
    assert bunch.target.tolist() == [0, 1, 1, 2]


@pytest.mark.parametrize("pos_label", [["dalle", "flux"], ("flux", "dalle")])
def test_pos_label_names_the_fakes(make_tree, pos_label):
    root = make_tree("camera/0.png", "dalle/0.png", "flux/0.png")
    bunch = load_image_folder(root, pos_label=pos_label)
    assert bunch.target.tolist() == [0, 1, 1]
    assert bunch.target_names.tolist() == ["REAL", "FAKE"]


def test_pos_label_goes_before_usual_names(make_tree):
    root = make_tree("ai/0.png", "real/0.png")
    assert load_image_folder(root, pos_label="real").target.tolist() == [0, 1]


@pytest.mark.parametrize("pos_label", ["flu", ["a", "b"], [], ["a", "missing"]])
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


def test_hidden_and_other_files_are_passed_over(make_tree):
    root = make_tree("real/0.png", "fake/0.PNG", ".cache/x/0.png", "real/._0.png")
    (root / "readme.txt").write_text("text")
    (root / "fake" / "labels.csv").write_text("text")
    (root / "fake" / "paper.pdf").write_text("text")
    (root / "empty").mkdir()
    assert len(load_image_folder(root).data) == 2


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
    for folder, stem in images:
        (root / folder).mkdir(exist_ok=True)
        (root / folder / f"{stem}.png").touch()
    bunch = load_image_folder(root)
    expected = sorted((folder, f"{stem}.png") for folder, stem in images)
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
