"""Files are whole, or as they were before."""

import pytest

from skfake.files import replace_when_whole


def test_a_file_is_there_when_it_is_whole(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with replace_when_whole(path) as beside:
        beside.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("old", [None, "old"])
def test_a_mistake_on_the_way_leaves_what_was_there(tmp_path, error, old):
    path = tmp_path / "file"
    if old:
        path.write_text(old)

    def crash(beside):
        beside.write_text("half")
        raise error

    with pytest.raises(error), replace_when_whole(path) as beside:
        crash(beside)
    assert [file.read_text() for file in tmp_path.iterdir()] == ([old] if old else [])


def test_a_place_that_is_none_is_named_before_anything_is_done(tmp_path):
    for path, error in (
        (tmp_path, IsADirectoryError),
        (tmp_path / "none" / "file", FileNotFoundError),
    ):
        with pytest.raises(error, match=path.name), replace_when_whole(path):
            pytest.fail("written in spite of it")
