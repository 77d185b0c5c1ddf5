"""The book's Sphinx extension: everything a page loads comes from the page's own folder, and nothing it doesn't need.

- plotly.js only on pages with a figure: the book's own bundle (``recscale/book/plotly``), a quarter of the whole; a
  page with another kind of trace gets the whole one from the installed plotly wheel;
- MathJax from the installed wheel of MathJax, in place of Sphinx's CDN, without its menu;
- figures are drawn first, formulas set last, and no script but one keeps the page from showing;
- no Thebe: the theme declares its settings twice, an error in every reader's console, and the book doesn't use it.
"""

import gzip
import json
import re
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

MATHJAX = "mathjax/startup.js"
MATHJAX_PARTS = ("core.js", "startup.js", "input/tex.js", "input/tex/extensions", "output/chtml.js")
MATHJAX_PARTS += ("output/chtml/fonts", "a11y/assistive-mml.js")
MATHJAX_LOADS = {"load": ["input/tex", "output/chtml", "a11y/assistive-mml"]}

BUNDLE, WHOLE = "plotly-book.min.js", "plotly.min.js"
BUNDLED = frozenset({"scatter", "bar", "box", "contour", "heatmap", "histogram", "violin"})
"""Kinds of traces in the book's own bundle: those of ``plotly/traces.js``."""

FIGURE = re.compile(
    r'<figure class="[^"]*\brecscale-figure\b.*?<script type="application/json">(.*?)</script>', re.DOTALL
)
OPTIONS = "documentation_options.js"
"""The one script that can't wait: what stands in the page itself reads it."""


def traces(body: str) -> set[str]:
    """Kinds of traces in the figures of a page's HTML; empty where there is no figure."""
    drawn = [json.loads(content)["data"] for content in FIGURE.findall(body)]
    return {trace.get("type", "scatter") for data in drawn for trace in data}


def copy_assets(app: Sphinx, error: Exception | None) -> None:
    """Write plotly.js, MathJax and its fonts into the built ``_static``: too large to be committed as they are."""
    if error is not None or app.builder.format != "html":
        return
    static, bundle = Path(app.outdir) / "_static", files("recscale.book") / "plotly"
    (static / BUNDLE).write_bytes(gzip.decompress((bundle / f"{BUNDLE}.gz").read_bytes()))
    (static / "plotly-licences.txt").write_bytes((bundle / "LICENSES.txt").read_bytes())
    if app.env.recscale_whole:
        shutil.copyfile(str(files("plotly") / "package_data" / WHOLE), static / WHOLE)
    source, target = Path(str(files("mathjax") / "static" / "mathjax" / "es5")), static / "mathjax"
    for part in MATHJAX_PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (source / part).is_dir() else shutil.copyfile
        copy(source / part, target / part)


def arrange_scripts(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Put a page's scripts in order: figures, then the theme's, then MathJax, all after the text; Thebe's nowhere."""
    if app.builder.format != "html":
        return
    body = context.get("body", "")
    if "recscale-figure" in body:
        if traces(body) - BUNDLED:
            app.env.recscale_whole.add(pagename)
            app.add_js_file(WHOLE, priority=400)
        else:
            app.add_js_file(BUNDLE, priority=400)
    scripts = [script for script in context["script_files"] if not _is_thebe(script)]
    if pagename != "search":  # there the theme's own script expects the others before it
        scripts = [_ordered(script) for script in scripts]
    context["script_files"][:] = scripts


def _ordered(script: Any) -> Any:
    """The script with a place among the others, and deferred; Sphinx sorts by priority."""
    order = {"": 100, OPTIONS: 0, BUNDLE: 200, WHOLE: 200, "figures.js": 300, Path(MATHJAX).name: 900}
    waits = {} if _name(script) in ("", OPTIONS) else {"defer": "defer"}
    return type(script)(script.filename, priority=order.get(_name(script), 500), **script.attributes | waits)


def _name(script: Any) -> str:
    return Path(str(getattr(script, "filename", None) or "")).name


def _is_thebe(script: Any) -> bool:
    return "thebe" in _name(script) or "THEBE_JS_URL" in getattr(script, "attributes", {}).get("body", "")


def prepare(app: Sphinx, env: Any, docnames: Any) -> None:
    env.recscale_whole = set()


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.config.mathjax_path = MATHJAX
    app.config.mathjax3_config = {"loader": MATHJAX_LOADS}
    app.connect("env-before-read-docs", prepare)
    app.connect("html-page-context", arrange_scripts, priority=900)
    app.connect("build-finished", copy_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
