"""A few of the files of benchmarks/fuzz.py: read, or refused by a documented error."""

import pytest

from benchmarks import fuzz, mutations


@pytest.fixture(scope="module")
def files():
    return {
        name: list(target.files().values()) for name, target in fuzz.TARGETS.items()
    }


# A strange model may say that an old scikit-learn wrote it, which scikit-learn tells.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_strange_files_are_read_or_refused(name, files):
    target = fuzz.TARGETS[name]
    assert {fuzz.try_input(target, content)[0] for content in files[name]} == {"read"}
    answers = set()
    for number in range(150):
        # Another seed than the benchmark's: more files in all.
        content = fuzz.make_input(name, files[name], 1, number)
        answer, wrong = fuzz.try_input(target, content)
        assert wrong is None, f"--replay {name} {number} --seed 1: {wrong}"
        answers.add(answer)
    assert answers == {"read", "refused: ValueError"}


def test_a_number_gives_the_same_file_every_time(files):
    for name in fuzz.TARGETS:
        again = [fuzz.make_input(name, files[name], 0, 7) for _ in range(2)]
        assert again[0] == again[1] != fuzz.make_input(name, files[name], 0, 8)


def test_an_error_that_is_not_documented_is_noticed():
    def crash(content, folder):
        raise KeyError("name")

    def mumble(content, folder):
        raise ValueError("no")

    for read, answer in ((crash, "undocumented: KeyError"), (mumble, "unclear")):
        target = fuzz.Target(dict, bytes, read, (ValueError,), "strange", 1)
        found, wrong = fuzz.try_input(target, b"")
        assert found == answer
        assert wrong


def test_mended_checksums_are_those_of_the_chunks(files):
    content = mutations.image_files()["png"]
    assert mutations.with_png_checksums(content) == content
