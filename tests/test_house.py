"""The house: imports run downwards, and `import skfake` opens no heavy door."""

import ast
import csv
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

import skfake

PACKAGE = Path(skfake.__file__).parent
with open(PACKAGE.parent / "docs" / "house.csv", encoding="utf-8", newline="") as table:
    # What each place may import of skfake, besides itself; the highest place first.
    HOUSE = {
        row["place"]: set(row["may import"].replace("-", "").split(", ")) - {""}
        for row in csv.DictReader(table)
    }
HEAVY = {"numpy", "scipy", "sklearn", "skimage", "torch", "pandas", "matplotlib"}


def module_of(file):
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


FILES = {module_of(file): file for file in PACKAGE.rglob("*.py")}


def place_of(module):
    return module.split(".")[1] if "." in module else ""


def imports_of(module):
    """Modules of skfake that a file imports, wherever in it, and the names taken."""
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "skfake":
                    yield alias.name, ""
        elif isinstance(node, ast.ImportFrom) and (node.module or "")[:6] == "skfake":
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield (inside, "") if inside in FILES else (node.module, alias.name)


def exported():
    """Modules from which the stub of a package takes its public names."""
    for stub in PACKAGE.rglob("*.pyi"):
        package = module_of(stub.with_name("__init__.py"))
        for node in ast.walk(ast.parse(stub.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                yield f"{package}.{node.module}"


PLACES = {place_of(module) for module in FILES} - {"", "__main__"}
ABROAD = [
    (module, source, name)
    for module in FILES
    if place_of(module) in PLACES
    for source, name in imports_of(module)
    if place_of(source) and place_of(source) != place_of(module)
]


@pytest.mark.parametrize("place", sorted(PLACES))
def test_a_place_imports_what_the_table_says(place):
    imported = {place_of(to) for module, to, _ in ABROAD if place_of(module) == place}
    assert imported == HOUSE[place]


def test_the_table_holds_every_place():
    assert set(HOUSE) == PLACES


def test_imports_run_downwards():
    order = list(HOUSE)
    for place, imported in HOUSE.items():
        assert imported <= set(order[order.index(place) + 1 :]), place


def test_no_files_import_each_other_in_a_circle():
    graph = {
        module: {source for source, _ in imports_of(module) if source != module}
        for module in FILES
        if module != "skfake"
    }
    # An application asks for the public names of the whole package.
    graph = {module: sources - {"skfake"} for module, sources in graph.items()}
    graphlib.TopologicalSorter(graph).prepare()


def test_no_private_name_is_imported_by_another_place():
    def is_private(name):
        return name.startswith("_") and not name.endswith("__")

    assert [
        (module, source, name)
        for module, source, name in ABROAD
        if is_private(name) or any(map(is_private, source.split(".")))
    ] == []


def test_files_that_no_other_place_imports_are_named_with_an_underscore():
    used = {source for _, source, _ in ABROAD} | set(exported())
    # The command line is no library: its one door is `main`.
    files = {m for m in FILES if m.count(".") > 1 and place_of(m) != "cli"}
    private = {m for m in files if m.rpartition(".")[2].startswith("_")}
    assert private == files - used


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
