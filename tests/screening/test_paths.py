"""Files, folders and patterns become paths."""

import os
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from skfake.screening.paths import Found, find_images, find_listed, require_images
from tests.screening.instances import write


def paths_of(*named):
    return [found.path for found in find_images(named)]


def test_a_folder_is_gone_through_to_the_bottom_in_order(folder):
    names = ["b/z.PNG", "b/a.png", "a.jpeg", "c/d/e/1.webp", "b.tif"]
    for name in [*names, ".hidden.png", ".git/x.png", "c/.png"]:
        write(folder / "in" / name)
    (folder / "in" / "notes.txt").write_text("no image")
    expected = ["a.jpeg", "b/a.png", "b/z.PNG", "b.tif", "c/d/e/1.webp"]
    assert paths_of("in") == [os.path.join("in", *n.split("/")) for n in expected]
    assert all(not found.error for found in find_images(["in"]))


def test_what_is_no_image_by_its_name_is_counted_and_hidden_files_are_not(folder):
    for name in ("in/a.png", "in/b/c.heic", "in/b/d.TXT", "in/e.txt", "in/.f.txt"):
        write(name)
    (folder / "in" / "readme").touch()
    os.symlink(folder / "in" / "b", folder / "in" / "again")
    passed_over = Counter()
    assert len(list(find_images(["in"], passed_over))) in (1, 2)
    # With its plugin, Pillow reads the photograph.
    passed_over.pop(".heic", None)
    assert passed_over == {"": 1, ".txt": 2}
    assert len(list(find_listed(["in"], passed_over))) in (1, 2)
    assert passed_over[".txt"] == 4


def test_links_to_folders_do_not_lead_around_in_circles(folder):
    write("in/a.png")
    os.symlink(folder / "in", folder / "in" / "again")
    os.symlink(folder / "in" / "a.png", folder / "in" / "b.png")
    assert paths_of("in") == ["in/a.png", "in/b.png"]


def test_patterns_are_matched(folder):
    for name in ("a/1.png", "a/b/2.png", "a/.3.png", "a/notes.txt", "a[1].png"):
        write(name)
    assert paths_of("a/*") == ["a/1.png"]
    assert paths_of("a/**/*.png") == ["a/1.png", "a/b/2.png"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder):
    for name in ("a[1].png", "a1.png"):
        write(name)
    assert paths_of("a[1].png") == ["a[1].png"]


def test_a_named_file_needs_no_ending_and_comes_as_often_as_named(folder):
    write("picture")
    assert list(find_images(["picture", ".", "picture"])) == [
        Found("picture"),
        Found(".", "no images in this folder"),
        Found("picture"),
    ]


def test_what_leads_nowhere_has_the_reason(folder):
    assert list(find_images(["none.png", "none*.png"])) == [
        Found("none.png", "no such file"),
        Found("none*.png", "no images match this pattern"),
    ]


def test_a_folder_that_can_not_be_listed_is_named(folder, monkeypatch):
    write("in/a.png")
    write("in/b/c.png")
    scandir = os.scandir

    def forbid(path):
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbid)
    expected = [Found("in/a.png"), Found("in/b", "Permission denied")]
    assert list(find_images(["in"])) == expected


@pytest.mark.parametrize("form", ["a.png", Path("a.png"), [Path("a.png")]])
def test_a_path_may_be_alone_and_of_any_type(folder, form):
    write("a.png")
    assert list(find_images(form)) == [Found("a.png")]


def test_names_of_a_list_are_no_patterns(folder):
    write("in/b c.png")
    listed = ["in", "", "a[1].png", "none.png"]
    expected = ["in/b c.png", "a[1].png", "none.png"]
    assert list(find_listed(listed)) == [Found(path) for path in expected]


def test_paths_are_taken_as_they_are_needed():
    def forever():
        while True:
            yield "none.png"

    assert len(list(islice(find_images(forever()), 3))) == 3


def test_an_image_is_required_and_nothing_of_the_list_is_lost(folder):
    write("a.png")
    named = ["none.png", "a.png", "none.png"]
    assert list(require_images(find_images(named))) == list(find_images(named))
    with pytest.raises(FileNotFoundError, match=r"got 'none\.png', no such file"):
        require_images(find_images(["none.png"]))
    with pytest.raises(FileNotFoundError, match="got an empty list"):
        require_images(find_images([]))
