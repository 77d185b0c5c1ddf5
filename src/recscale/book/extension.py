"""The book's Sphinx extension: everything a page loads comes from the page's own folder, and nothing it doesn't need.

- plotly.js only on pages with a figure, MathJax from its wheel, scripts in the order a reader needs (``assets.py``);
- the panel "Rerun this page" under the title of every chapter (``arguments.py``);
- behind every chapter's download button the notebook for other viewers (``export.py``), not the page's own source;
- what a published book needs: a map of the site, a page for what isn't there, cards, a dated footer (``site.py``);
- diagrams, quizzes, explorers, and numbers as print sets them (``directives.py``).
"""

from pathlib import Path
from typing import Any

import yaml
from sphinx.application import Sphinx

from recscale.book.arguments import panel
from recscale.book.assets import MATHJAX, MATHJAX_LOADS, arrange_scripts, copy_assets, mend_roles
from recscale.book.directives import register_directives
from recscale.book.export import export_page
from recscale.book.parameters import CHAPTERS, parameter_defaults
from recscale.book.references import read_references, register_bibliography
from recscale.book.site import date_footer, prepare_site, publication


def add_panel(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Put the panel under the title of a page that is a chapter."""
    source = Path(app.srcdir) / f"{pagename}.ipynb"
    if app.builder.format != "html" or pagename not in CHAPTERS or not source.exists():
        return
    values = parameter_defaults(source.read_text(encoding="utf-8"))
    download = context["pathto"](f"_sources/{pagename}.ipynb", 1)
    published = publication(Path(app.srcdir) / "_config.yml")
    title, end, rest = context["body"].partition("</h1>")
    context["body"] = title + end + panel(pagename, values, download, published) + rest


def export_notebooks(app: Sphinx, error: Exception | None) -> None:
    """Replace the sources of the chapters, which hold MyST, by notebooks that any viewer shows."""
    if error is not None or app.builder.format != "html":
        return
    book = Path(app.srcdir)
    pages = sorted(app.env.found_docs)
    references = read_references(book, pages, publication(book / "_config.yml"))
    for page in pages:
        source, target = book / f"{page}.ipynb", Path(app.outdir) / "_sources" / f"{page}.ipynb"
        if source.exists() and target.exists():
            export_page(source, page, references, book, target)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.config.mathjax_path = MATHJAX
    app.config.mathjax3_config = {"loader": MATHJAX_LOADS}
    config = Path(app.srcdir) / "_config.yml"
    title = yaml.safe_load(config.read_text(encoding="utf-8"))["title"]
    contents = yaml.safe_load((config.parent / "_toc.yml").read_text(encoding="utf-8"))
    prepare_site(app, publication(config), title, one_page=not {"parts", "chapters"} & set(contents))
    register_directives(app)
    register_bibliography()
    app.connect("html-page-context", arrange_scripts, priority=900)
    for change in (mend_roles, add_panel, date_footer):
        app.connect("html-page-context", change)
    app.connect("build-finished", copy_assets)
    app.connect("build-finished", export_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
