"""What a page loads: nothing it doesn't need, everything from its own folder, and in the order a reader sees it.

plotly.js comes as the book's own bundle (``recscale/book/plotly``), a quarter of the whole; only a page with another
kind of trace gets the whole one from the installed plotly wheel. MathJax comes from its wheel, without its menu.
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
BUNDLED = frozenset({"scatter", "bar", "box", "contour", "heatmap"})
"""Kinds of traces in the book's own bundle: those of ``plotly/traces.js``."""

_FIGURE = re.compile(
    r'<figure class="[^"]*\brecscale-figure\b.*?<script type="application/json">(.*?)</script>', re.DOTALL
)
OPTIONS = "documentation_options.js"
"""The one script that can't wait: what stands in the page itself reads it."""

FIRST = (OPTIONS, "", BUNDLE, WHOLE, "figure-controls.js", "figures.js")
ORDER = {name: 100 + place for place, name in enumerate(FIRST)} | {Path(MATHJAX).name: 900}
"""A script's name -> its place; those without a file are what stands in the page itself."""

FITTING = ("chart.js", "laws.js", "fitter.js", "solver.js", "fit.js", "explorer-parts.js")
SCRIPTS = {
    "fit-points": (*FITTING, "points-table.js", "fit-points.js"),
    "law": (*FITTING, "law-explorer.js"),
    "wukong": ("explorer-parts.js", "wukong-count.js", "wukong-explorer.js"),
    "entropy": ("explorer-parts.js", "entropy.js", "entropy-playground.js"),
}
"""What each kind of explorer needs on its page."""

NEEDED = {
    "recscale-figure": ("figure-controls.js", "figures.js"),
    '"planner"': ("planner-data.js", "planner.js"),
    'class="report-card"': ("report-card.js",),
    'class="quiz': ("quiz.js",),
    'class="sd-': ("design-tabs.js", "sphinx-design.min.css"),
} | {f'data-explorer="{kind}"': (*names, "explorers.css", "explorers-toys.css") for kind, names in SCRIPTS.items()}
"""What stands in the text of a page -> the scripts and styles that a page without any such mark goes without."""

ICON = re.compile(r"fa-[a-z0-9-]+")
ICONS = re.compile(r"(?<=\})(?:\.fa-[a-z0-9-]+(?::before)?,?)+\{[^{}]*\}")


def traces(body: str) -> set[str]:
    """Kinds of traces in the figures of a page's HTML; empty where there is no figure."""
    drawn = [json.loads(content)["data"] for content in _FIGURE.findall(body)]
    return {trace.get("type", "scatter") for data in drawn for trace in data}


def copy_assets(app: Sphinx, error: Exception | None) -> None:
    """Write plotly.js, MathJax and its fonts into the built ``_static``: too large to be committed as they are."""
    if error is not None or app.builder.format != "html":
        return
    static, bundle = Path(app.outdir) / "_static", files("recscale.book") / "plotly"
    drop_icons(Path(app.outdir))
    (static / BUNDLE).write_bytes(gzip.decompress((bundle / f"{BUNDLE}.gz").read_bytes()))
    (static / "plotly-licences.txt").write_bytes((bundle / "LICENSES.txt").read_bytes())
    if any(f"_static/{WHOLE}" in page.read_text(encoding="utf-8") for page in Path(app.outdir).rglob("*.html")):
        shutil.copyfile(str(files("plotly") / "package_data" / WHOLE), static / WHOLE)
    source, target = Path(str(files("mathjax") / "static" / "mathjax" / "es5")), static / "mathjax"
    for part in MATHJAX_PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (source / part).is_dir() else shutil.copyfile
        copy(source / part, target / part)


def drop_icons(html: Path) -> None:
    """Leave in the theme's style the icons that the book shows: it names two thousand, a quarter of its weight."""
    sources = [*html.rglob("*.html"), *(html / "_static").rglob("*.js")]
    shown = {name for path in sources for name in ICON.findall(path.read_text(encoding="utf-8"))}
    style = html / "_static" / "styles" / "pydata-sphinx-theme.css"
    rules = ICONS.sub(
        lambda rule: rule[0] if shown & set(ICON.findall(rule[0])) else "", style.read_text(encoding="utf-8")
    )
    style.write_text(rules, encoding="utf-8")


def arrange_scripts(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Put a page's scripts in order: figures, then the theme's, then MathJax, all after the text; Thebe's nowhere."""
    if app.builder.format != "html":
        return
    body = context.get("body", "")
    if "recscale-figure" in body:
        app.add_js_file(WHOLE if traces(body) - BUNDLED else BUNDLE)
    needed = {name for mark, names in NEEDED.items() if mark in body for name in names}
    idle = {name for names in NEEDED.values() for name in names} - needed
    for loaded in (context["script_files"], context["css_files"]):
        loaded[:] = [file for file in loaded if not _is_thebe(file) and _name(file) not in idle]
    if pagename != "search":  # there the theme's own script expects the others before it
        context["script_files"][:] = map(_ordered, context["script_files"])


def mend_roles(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """A bibliography's entries have a role of their own, which a list of roles doesn't allow: it is no list then."""
    context["body"] = context.get("body", "").replace(
        '<div role="list" class="citation-list">', '<div class="citation-list">'
    )


def _ordered(script: Any) -> Any:
    """The script with a place among the others, and deferred; Sphinx sorts by priority."""
    waits = {} if _name(script) in ("", OPTIONS) else {"defer": "defer"}
    return type(script)(script.filename, priority=ORDER.get(_name(script), 500), **script.attributes | waits)


def _name(script: Any) -> str:
    return Path(str(getattr(script, "filename", None) or "")).name


def _is_thebe(script: Any) -> bool:
    return "thebe" in _name(script) or "THEBE_JS_URL" in getattr(script, "attributes", {}).get("body", "")
