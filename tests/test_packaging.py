"""One version, and in `pyproject.toml` all that skfake imports, but no more."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import skfake

ROOT = Path(__file__).parents[1]
PACKAGE = Path(skfake.__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Those that are for work on skfake: skfake itself imports nothing of them.
FOR_WORK = {"test", "docs", "dev"}
# Modules that have other names than the packages which bring them.
BROUGHT_BY = {
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "sklearnex": "scikit-learn-intelex",
}


def names_of(requirements):
    """Names of packages, without their versions, extras and conditions."""
    return {re.match(r"[\w.-]+", requirement)[0] for requirement in requirements}


def imported_packages():
    """Packages that skfake imports, wherever in a file the import stands."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            else:
                names = []
            for name in names:
                module = name.partition(".")[0]
                if module not in sys.stdlib_module_names | {"skfake"}:
                    yield BROUGHT_BY.get(module, module.replace("_", "-"))


def test_what_is_imported_is_a_dependency_or_an_extra():
    declared = names_of(PROJECT["dependencies"])
    for extra in EXTRAS.keys() - FOR_WORK:
        declared |= names_of(EXTRAS[extra])
    assert set(imported_packages()) - declared == set()


def test_every_dependency_is_imported():
    assert names_of(PROJECT["dependencies"]) - set(imported_packages()) == set()


def test_every_dependency_has_a_lowest_version():
    for requirement in PROJECT["dependencies"]:
        assert re.fullmatch(r"[\w.-]+(\[\w+\])?>=[\d.]+", requirement)


def test_the_manual_names_every_extra():
    text = (ROOT / "docs" / "installing.rst").read_text(encoding="utf-8")
    assert re.findall(r"^   \* - `(\w+)`$", text, flags=re.MULTILINE) == [*EXTRAS]


def test_the_version_stands_in_one_file():
    assert PROJECT["dynamic"] == ["version"]
    files = [ROOT / "pyproject.toml", *(ROOT / "docs").glob("*.py")]
    files += [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")]
    quoted = re.compile(rf"""["']{re.escape(skfake.__version__)}["']""")
    found = [file for file in files if quoted.search(file.read_text(encoding="utf-8"))]
    assert found == [PACKAGE / "__init__.py"]


def test_the_manual_tells_the_version_of_the_package():
    conf = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    assert "version = release = skfake.__version__" in conf


def test_the_changelog_begins_with_this_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    release = skfake.__version__.partition(".dev")[0]
    assert re.search(r"^## (\S+) \(", text, flags=re.MULTILINE)[1] == release
