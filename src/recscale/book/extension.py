"""The book's Sphinx extension: everything a page loads comes from the page's own folder.

- plotly.js from the installed plotly wheel, once for the whole book and only on pages with a figure;
- MathJax from the installed wheel of MathJax, in place of Sphinx's CDN;
- diagrams set into the page (``diagram.py``), numbers as print sets them (``typography.py``);
- no Thebe: the theme declares its settings twice, an error in every reader's console, and the book doesn't use it.
"""

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from recscale.book.bibliography import register as register_bibliography
from recscale.book.diagram import register as register_diagrams
from recscale.book.typography import register as register_typography

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


def _is_thebe(script: Any) -> bool:
    filename = str(getattr(script, "filename", script) or "")
    return "thebe" in filename or "THEBE_JS_URL" in getattr(script, "attributes", {}).get("body", "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.config.mathjax_path = MATHJAX
    register_diagrams(app)
    register_typography(app)
    register_bibliography()
    app.connect("html-page-context", arrange_scripts, priority=900)
    app.connect("build-finished", copy_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
