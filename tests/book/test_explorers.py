"""Explorers on Markdown pages: set by a directive, and their scripts on no other page."""

from types import SimpleNamespace

import pytest
from sphinx.application import Sphinx
from sphinx.errors import SphinxWarning
from sphinx.util.docutils import docutils_namespace, patch_docutils

from recscale.book import assets, directives
from recscale.settings import BOOK

CONF = """from recscale.book.directives import register_directives as setup
extensions = ["myst_parser"]
html_theme = "basic"
"""
TEXT = "# Page\n\n```{{explorer}} {kind}\n```\n"


def build(tmp_path, kind: str) -> str:
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(CONF)
    (source / "index.md").write_text(TEXT.format(kind=kind), encoding="utf-8")
    out = tmp_path / "html"
    with patch_docutils(source), docutils_namespace():
        Sphinx(source, source, out, tmp_path / "trees", "html", status=None, warningiserror=True).build()
    return (out / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", directives.EXPLORERS)
def test_the_directive_sets_an_explorer(tmp_path, kind):
    assert f'data-explorer="{kind}"' in build(tmp_path, kind)


def test_an_unknown_explorer_is_refused(tmp_path):
    with pytest.raises(SphinxWarning, match="no explorer 'other'; choose from fit-points, law"):
        build(tmp_path, "other")


@pytest.mark.parametrize("kind", directives.EXPLORERS)
def test_its_scripts_exist(kind):
    assert all((BOOK / "_static" / name).is_file() for name in assets.SCRIPTS[kind])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("kinds", [(), ("law",), ("law", "fit-points")])
def test_a_page_loads_the_scripts_of_its_explorers_only(kinds):
    names = ["narrow.js", *dict.fromkeys(name for scripts in assets.SCRIPTS.values() for name in scripts)]
    context = {
        "body": "".join(f'<div data-explorer="{kind}"></div>' for kind in kinds),
        "script_files": [SimpleNamespace(filename=f"_static/{name}") for name in names],
        "css_files": [],
    }
    app = SimpleNamespace(builder=SimpleNamespace(format="html"))
    assets.arrange_scripts(app, "search", "page.html", context, None)
    left = {script.filename.removeprefix("_static/") for script in context["script_files"]}
    assert left == {"narrow.js"} | {name for kind in kinds for name in assets.SCRIPTS[kind]}
