"""The house: imports run downwards, and `import skfake` opens no heavy door."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import skfake

PACKAGE = Path(skfake.__file__).parent
# What each place may import of skfake, besides itself.
LEANS_ON = {
    "cli": {
        "datasets",
        "detectors",
        "evaluation",
        "explanation",
        "features",
        "images",
        "labels",
        "persistence",
        "plotting",
        "screening",
    },
    "paper": {"detectors", "training"},
    "persistence": {"detectors", "environment", "files"},
    "screening": {
        "datasets",
        "images",
        "labels",
        "read_ahead",
        "scikit_learn",
        "scoring",
    },
    "explanation": {
        "detectors",
        "images",
        "labels",
        "plotting",
        "scikit_learn",
        "scoring",
        "validation",
    },
    "evaluation": {
        "corruptions",
        "datasets",
        "displays",
        "environment",
        "images",
        "labels",
        "metrics",
        "report",
        "results",
        "scikit_learn",
        "scoring",
    },
    "report": {"displays", "files", "metrics", "plotting", "results"},
    "displays": {"corruptions", "images", "labels", "metrics", "plotting", "results"},
    "results": {"metrics"},
    "detectors": {
        "features",
        "images",
        "labels",
        "networks",
        "scikit_learn",
        "scoring",
        "training",
        "validation",
    },
    "metrics": {"labels", "scikit_learn"},
    "decisions": {"images", "labels", "scikit_learn", "scoring"},
    "datasets": {"images", "labels", "scikit_learn"},
    "corruptions": {"images", "scikit_learn", "validation"},
    "features": {"images", "scikit_learn", "validation"},
    "scoring": {"labels"},
    "validation": {"images", "labels", "scikit_learn"},
    "labels": {"images", "scikit_learn"},
    "training": {"files", "read_ahead", "scikit_learn"},
    "networks": set(),
    "images": {"read_ahead"},
    "read_ahead": set(),
    "environment": set(),
    "files": set(),
    "plotting": set(),
    "scikit_learn": set(),
}
HEAVY = {"numpy", "scipy", "sklearn", "skimage", "torch", "pandas", "matplotlib"}


def place_of(file):
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_places(file):
    """Places of the house that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = []
        for name in names:
            parts = name.split(".")
            if parts[0] == "skfake" and len(parts) > 1 and parts[1] in LEANS_ON:
                yield parts[1]


FILES = [
    file
    for file in PACKAGE.rglob("*.py")
    if file.parent != PACKAGE or file.stem in LEANS_ON
]


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_run_downwards(file):
    place = place_of(file)
    assert set(imported_places(file)) - {place} <= LEANS_ON[place]


def test_every_place_is_in_the_plan():
    places = {place_of(file) for file in PACKAGE.rglob("*.py")}
    assert places - {"__init__", "__main__"} == set(LEANS_ON)


def modules_after(code):
    script = (
        f"import sys; {code}; print(*{{name.split('.')[0] for name in sys.modules}})"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import skfake",
        "import skfake.datasets",
        "import skfake.images",
        "import skfake; dir(skfake)",
    ],
)
def test_importing_skfake_imports_nothing_heavy(code):
    assert not modules_after(code) & HEAVY


def test_only_networks_import_torch():
    loaded = modules_after("from skfake import SVMDetector, compare_detectors")
    assert "sklearn" in loaded
    assert not loaded & {"torch", "skorch", "matplotlib"}
    assert "torch" in modules_after("from skfake import CNNDetector")


def test_every_public_name_resolves():
    for name in skfake.__all__:
        assert getattr(skfake, name).__name__ == name
    assert set(skfake.__all__) <= set(dir(skfake))


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="No skfake attribute nothing"):
        skfake.nothing  # noqa: B018
