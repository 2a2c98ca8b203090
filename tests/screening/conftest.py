"""What the tests of screening share."""

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, empty."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"
