"""The manual: whole, in step with the code, and with links that lead somewhere."""

import ast
import inspect
import re
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import pytest

import skfake

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.rst"), *DOCS.glob("*.md")])
EXAMPLES = sorted((DOCS / "examples").rglob("*.py"))
PUBLIC = [
    f"{module}.{name}"
    for module in (
        "skfake",
        "skfake.corruptions",
        "skfake.datasets",
        "skfake.decisions",
        "skfake.displays",
        "skfake.evaluation",
        "skfake.explanation",
        "skfake.metrics",
        "skfake.screening",
    )
    for name in import_module(module).__all__
]
# What is data, as a dict, has the docstring of its type.
DESCRIBED = [name for name in PUBLIC if callable(resolve_name(name))]
# Of numpydoc's checks, those that hold throughout. What is left out: a summary in the
# imperative, sections that not every object needs, and types in its own grammar.
CHECKS = {
    "GL01",
    "GL02",
    "GL03",
    "GL05",
    "GL06",
    "GL07",
    "GL08",
    "GL09",
    "GL10",
    "SS01",
    "SS02",
    "SS03",
    "SS04",
    "SS06",
    "PR01",
    "PR02",
    "PR03",
    "PR05",
    "PR06",
    "PR07",
    "PR08",
    "PR09",
    "PR10",
    "RT01",
    "RT02",
    "RT04",
    "RT05",
    "YD01",
    "SA02",
    "SA03",
    "SA04",
}


def own_methods(name):
    """Public methods that skfake itself defines, inherited ones among them."""
    found = resolve_name(name)
    if inspect.isclass(found):
        for method, function in inspect.getmembers(found, inspect.isroutine):
            module = inspect.getmodule(inspect.unwrap(function))
            if not method.startswith("_") and module and "skfake" in module.__name__:
                yield f"{name}.{method}"


def documented_names():
    """Names in the reference, each below the module that it is listed under."""
    module, names = "", set()
    for line in (DOCS / "reference" / "index.rst").read_text().splitlines():
        if found := re.fullmatch(r"\.\. currentmodule:: (\S+)", line):
            module = found[1]
        elif found := re.fullmatch(r"   ([A-Za-z]\w*)", line):
            names.add(f"{module}.{found[1]}")
    return names


def test_the_reference_lists_every_public_name():
    listed = {id(resolve_name(name)) for name in documented_names()}
    assert [name for name in PUBLIC if id(resolve_name(name)) not in listed] == []


def toctree(page):
    """Names in the list of pages that a page ends with."""
    text = (DOCS / f"{page}.rst").read_text().partition(".. toctree::")[2]
    return {*re.findall(r"(\w+)>?$", text, flags=re.MULTILINE)}


def test_the_index_and_the_guide_lead_to_every_page():
    assert {page.stem for page in PAGES} - {"index"} <= toctree("index") | toctree(
        "guide"
    )
    assert "guide" in toctree("index")


def test_the_guide_names_everything_public_and_every_example():
    text = (DOCS / "guide.rst").read_text()
    named = [resolve_name(name) for name in re.findall(r"`~(skfake[\w.]+)`", text)]
    named = {id(found) for found in named}
    assert [name for name in PUBLIC if id(resolve_name(name)) not in named] == []
    assert [path.stem for path in EXAMPLES if path.stem not in text] == []


@pytest.mark.parametrize(
    "name",
    [*DESCRIBED, *(method for name in DESCRIBED for method in own_methods(name))],
)
def test_docstrings_are_numpydoc(name):
    validate = pytest.importorskip(
        "numpydoc.validate", reason="numpydoc comes with the extra docs"
    )
    # What a user does not make, but gets, has its fields under Attributes.
    found = resolve_name(name)
    is_result = is_dataclass(found) and not hasattr(found, "get_params")
    checks = CHECKS - ({"PR01"} if is_result else set())
    errors = validate.validate(name)["errors"]
    assert [error for error in errors if error[0] in checks] == []


def imported_names(tree):
    """Objects that a script imports, by the names that they have in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, import_module(alias.name)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found = resolve_name(f"{node.module}:{alias.name}")
                yield alias.asname or alias.name, found


# The build of the manual runs them; this finds in no time what a change would break.
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_examples_call_what_is_there_in_the_way_it_is_called(example):
    tree = ast.parse(example.read_text(encoding="utf-8"))
    names = dict(imported_names(tree))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls = [call for call in calls if getattr(call.func, "id", None) in names]
    assert calls
    for call in calls:
        signature = inspect.signature(names[call.func.id])
        keywords = {keyword.arg: None for keyword in call.keywords if keyword.arg}
        if any(isinstance(argument, ast.Starred) for argument in call.args):
            signature.bind_partial(**keywords)
        else:
            signature.bind_partial(*call.args, **keywords)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_examples_are_read_and_run_by_the_gallery(example):
    text = example.read_text(encoding="utf-8")
    title, line, *_ = ast.get_docstring(ast.parse(text)).splitlines()
    assert line == "=" * len(title)
    assert example.stem.startswith("plot_")
    assert (example.parent / "GALLERY_HEADER.rst").exists()
    assert not re.search(r"fetch_|load_cifake|urlopen|requests", text)


@pytest.mark.parametrize("page", [*PAGES, *EXAMPLES], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    text = page.read_text()
    for target in re.findall(r"[:{]doc[:}]`(?:[^`<>]+<)?/?([^`<>]+)>?`", text):
        example = target.replace("auto_examples/", "examples/", 1) + ".py"
        names = (f"{target}.rst", f"{target}.md", example)
        found = any(DOCS / name in {*PAGES, *EXAMPLES} for name in names)
        assert found or target == "auto_examples/index"
    for target in re.findall(r":(?:func|class|meth):`[^`]*?~?(skfake[\w.]+)>?`", text):
        assert resolve_name(target), target


def test_files_that_the_guide_for_contributors_names_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:docs|tests|benchmarks)/[\w./]*)`", text)
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_parameters_of_all_networks_are_described_in_the_same_words():
    docscrape = pytest.importorskip(
        "numpydoc.docscrape", reason="numpydoc comes with the extra docs"
    )
    networks = [getattr(skfake, name) for name in skfake.__all__]
    networks = [found for found in networks if hasattr(found, "partial_fit")]
    described = {}
    for network in networks:
        for parameter in docscrape.ClassDoc(network)["Parameters"]:
            # But for the default, the number of a reference and what "auto" is.
            kind = parameter.type.partition(", default=")[0]
            text = re.sub(r"\[\d\]|\d+", "", " ".join(parameter.desc))
            described.setdefault(parameter.name, []).append((kind, text))
    shared = {k: texts for k, texts in described.items() if len(texts) == len(networks)}
    assert len(networks) == 6
    assert len(shared) > 20
    assert [name for name, texts in shared.items() if len(set(texts)) > 1] == []
