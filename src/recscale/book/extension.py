"""The book's Sphinx extension: everything a page loads comes from the page's own folder.

- plotly.js from the installed plotly wheel, once for the whole book and only on pages with a figure;
- MathJax from the installed wheel of MathJax, in place of Sphinx's CDN;
- the panel "Rerun this page" under the title of every chapter (``panel.py``);
- behind every chapter's download button the notebook for other viewers (``export.py``), not the page's own source;
- no Thebe: the theme declares its settings twice, an error in every reader's console, and the book doesn't use it.
"""

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from recscale.book.cells import parameter_defaults
from recscale.book.export import export_page
from recscale.book.panel import panel
from recscale.book.parameters import CHAPTERS
from recscale.book.publication import publication
from recscale.book.references import read_references

MATHJAX = "mathjax/tex-chtml-full.js"


def copy_assets(app: Sphinx, error: Exception | None) -> None:
    """Copy plotly.js, MathJax and its fonts into the built ``_static``; too large to be committed."""
    if error is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    shutil.copyfile(str(files("plotly") / "package_data" / "plotly.min.js"), static / "plotly.min.js")
    source = Path(str(files("mathjax") / "static" / "mathjax" / "es5"))
    target = static / "mathjax"
    shutil.copytree(source / "output" / "chtml" / "fonts", target / "output" / "chtml" / "fonts", dirs_exist_ok=True)
    shutil.copyfile(source / "tex-chtml-full.js", target / "tex-chtml-full.js")


def arrange_scripts(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Leave Thebe's scripts out of a page and plotly.js where nothing is drawn."""
    if app.builder.format != "html":
        return
    if "recscale-figure" in context.get("body", ""):
        app.add_js_file("plotly.min.js", loading_method="defer", priority=400)
    context["script_files"][:] = [script for script in context["script_files"] if not _is_thebe(script)]


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


def _is_thebe(script: Any) -> bool:
    filename = str(getattr(script, "filename", script) or "")
    return "thebe" in filename or "THEBE_JS_URL" in getattr(script, "attributes", {}).get("body", "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.config.mathjax_path = MATHJAX
    app.connect("html-page-context", arrange_scripts, priority=900)
    app.connect("html-page-context", add_panel)
    app.connect("build-finished", copy_assets)
    app.connect("build-finished", export_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
