"""What the tests of the command line share."""

import signal
import sys

import pytest

from skfake import cli
from tests.cli.helpers import write_images


@pytest.fixture(autouse=True)
def _interruptible():
    """Take Ctrl-C, also where a shell runs the tests behind `&` and ignores it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process: exit code, stdout, stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["skfake", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return stopped.value.code or 0, *capsys.readouterr()

    return run


@pytest.fixture
def cifake(tmp_path):
    """A folder in the layout of CIFAKE."""
    write_images(tmp_path / "cifake" / "train", 20)
    write_images(tmp_path / "cifake" / "test", 10, seed=1)
    return tmp_path / "cifake"
