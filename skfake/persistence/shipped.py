"""The detectors that come with skfake, by their names."""

import os
from pathlib import Path

# Trained and put there by benchmarks/shipped_detectors.py.
FOLDER = Path(__file__).with_name("trained")


def find_file(path: str | os.PathLike) -> Path:
    """File that a path leads to or, where there is none, that a name is shipped as."""
    path = Path(path)
    shipped = FOLDER / f"{path}.skfake"
    is_name = path.name == str(path) and shipped.is_file()
    return shipped if is_name and not path.exists() else path


def list_shipped() -> list[str]:
    """Names of the detectors that come with skfake."""
    return sorted(file.stem for file in FOLDER.glob("*.skfake"))
