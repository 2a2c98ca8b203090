"""Settings of the manual, and what Sphinx lacks for it."""

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, roles
from sphinx import addnodes
from sphinx.ext.autosummary import autosummary_table

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from draw_house import draw_house  # noqa: E402

import skfake  # noqa: E402

project = "skfake"
author = "the skfake developers"
copyright = author
version = release = skfake.__version__

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples"]
templates_path = ["_templates"]
default_role = "name"

autosummary_generate = True
autosummary_ignore_module_all = False
# Docstrings say the types, in words that help more than annotations.
autodoc_typehints = "none"
numpydoc_show_class_members = False
plot_formats = ["svg"]
plot_include_source = True
plot_html_show_formats = False
plot_html_show_source_link = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# What a line of an example warns of is an error, as in the tests.
warnings.filterwarnings("error", module="__main__")
sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    # From the first look at a data set to the last decision.
    "subsection_order": [
        f"examples/{name}"
        for name in ("datasets", "detectors", "evaluation", "decisions")
    ],
    "nested_sections": False,
    "within_subsection_order": "FileNameSortKey",
    "doc_module": ("skfake",),
    "backreferences_dir": "reference/generated/examples",
    "image_srcset": ["2x"],
    "ignore_repr_types": r"matplotlib|Display|<class 'list'>",
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = f"skfake {release}"
html_static_path = ["_static"]
html_css_files = ["skfake.css"]
html_show_sourcelink = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "footer_start": ["sphinx-version"],
    "footer_end": ["theme-version"],
    "header_links_before_dropdown": 5,
    "navigation_with_keys": False,
    "show_toc_level": 2,
}
# Pages with wide tables or code have no list of pages beside them.
html_sidebars = {
    name: [] for name in ("index", "auto_examples/**", "study", "house", "citing")
}


def name_role(role, rawtext, text, lineno, inliner, options=None, content=()):
    """Link what may be the name of an object; show any other text as code."""
    kind = "py:obj" if text.replace(".", "").isidentifier() else "code"
    function, messages = roles.role(kind, inliner.language, lineno, inliner.reporter)
    found, more = function(role, rawtext, text, lineno, inliner, options or {}, content)
    return found, messages + more


class CommandOutput(Directive):
    """Run the command `skfake` while the manual is built, and show what it prints."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict] = {}

    def run(self):
        """One literal block: the command and its output."""
        arguments = self.arguments[0].split()
        code = "import sys; sys.argv[0] = 'skfake'; import skfake.cli as c; c.main()"
        plain = {"COLUMNS": "84", "NO_COLOR": "1", "TERM": "dumb"}
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            env=os.environ | plain | {"PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
        )
        if done.returncode:
            raise self.error(f"skfake {self.arguments[0]}: {done.stderr}")
        lines = [line.rstrip() for line in done.stdout.strip("\n").splitlines()]
        text = "\n".join([f"$ skfake {self.arguments[0]}", *lines])
        return [nodes.literal_block(text, text, language="console")]


def drop_citations(app, doctree):
    """Take out of the tables of summaries what cites a list on another page."""
    for table in doctree.findall(autosummary_table):
        for cited in list(table.findall(addnodes.pending_xref)):
            if cited["refdomain"] == "citation":
                before = cited.parent[cited.parent.index(cited) - 1]
                cited.parent.replace(before, nodes.Text(before.rstrip()))
                cited.parent.remove(cited)


def setup(app):
    """Register them, and draw the house."""
    static = Path(__file__).parent / "_static"
    svg = draw_house(static.with_name("house.csv"))
    (static / "house.svg").write_text(svg, encoding="utf-8")
    app.add_role("name", name_role)
    app.add_directive("command-output", CommandOutput)
    app.connect("doctree-read", drop_citations)
