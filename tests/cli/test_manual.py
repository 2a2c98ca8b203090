"""The commands that the manual and the README show run, and print what they show."""

import re
import shlex
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path

import pytest

from tests.cli.helpers import write_images

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^\.\. code-block:: console\n\n((?:   .*\n|\n)+)", re.MULTILINE)


def shown_commands(page):
    """Each command of a page, with the output below it."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        lines = [line[3:] for line in block.splitlines()]
        for part in "\n".join(lines).split("$ ")[1:]:
            command, _, output = part.partition("\n")
            yield command, output.strip("\n")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "photos", 120, names=("real", "fake"))
    write_images(tmp_path / "others", 20, names=("real", "fake"), seed=1)
    (tmp_path / "downloads").symlink_to(tmp_path / "others")
    (tmp_path / "list.txt").write_text("photos/real/0000.jpg\n")


def test_the_manual_s_commands_print_what_it_shows(run, photos):
    pytest.importorskip("skfake.explanation")
    commands = list(shown_commands(ROOT / "docs" / "command_line.rst"))
    assert len(commands) >= 7
    for command, output in commands:
        if "|" in command:  # A shell's, as other tests make it.
            assert "skfake predict photos.skfake - --null" in command
            continue
        program, *arguments = shlex.split(command)
        assert program == "skfake"
        code, out, err = run(*arguments)
        assert code == 0, err
        flags = ELLIPSIS | NORMALIZE_WHITESPACE
        wanted, got = f"{output}\n", out.rstrip("\n") + "\n"
        assert not output or OutputChecker().check_output(wanted, got, flags), got


def test_the_readme_s_commands_run(run, photos):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^skfake (?:fit|predict) .*$", text, flags=re.MULTILINE)
    assert len(shown) == 2
    for command in shown:
        _, *arguments = shlex.split(command.partition(" > ")[0])
        if arguments[0] == "fit":  # A network would take minutes.
            arguments += ["--detector", "SVM"]
        assert run(*arguments)[0] == 0
