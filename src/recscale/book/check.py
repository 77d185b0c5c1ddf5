"""What must be true of the built pages. Each fault is one sentence; an empty list means the book is whole.

Figures are followed from the cell that made them to the page: a chapter's page must hold one figure for every ``show``
call (those that a cell makes only under a condition may be absent), and each must draw as many points as the call said
the table behind it has.
"""

import ast
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from bs4 import BeautifulSoup

from recscale.book.execute import Layout, chapters, pages
from recscale.book.export import leftovers
from recscale.book.outputs import count_figures
from recscale.book.site import publication, site_prefix
from recscale.figures.base import count_points


def check_book(html: Path, layout: Layout) -> list[str]:
    """All faults of the built book in ``html``."""
    # the theme keeps templates in _static
    built = [path for path in sorted(html.rglob("*.html")) if "_static" not in path.parts]
    soups = {path: BeautifulSoup(path.read_text(encoding="utf-8"), "lxml") for path in built}
    missing = [page for page in pages(layout) if html / f"{page}.html" not in soups]
    faults = [f"{page} is in the table of contents but was not built" for page in missing]
    for chapter in chapters(layout):
        if (path := html / f"{chapter}.html") in soups:
            notebook = (layout.executed / f"{chapter}.ipynb").read_text(encoding="utf-8")
            downloaded = _download_faults(html / "_sources", chapter, notebook)
            found = chain(_figure_faults(soups[path], notebook), _output_faults(notebook), downloaded)
            faults += [f"{chapter}: {fault}" for fault in found]
    anchors = {
        path: {tag["id"] for tag in soup.select("[id]")} | {tag["name"] for tag in soup.select("a[name]")}
        for path, soup in soups.items()
    }
    for path, soup in soups.items():
        name = path.relative_to(html).as_posix()
        prefix = site_prefix(publication(layout.config)) if name == "404.html" else ""
        faults += [f"{name}: {fault}" for fault in _link_faults(path, soup, anchors, prefix)]
        faults += [f"{name}: {fault}" for fault in _script_faults(soup)]
    return faults


def _figure_faults(soup: BeautifulSoup, notebook: str) -> Iterator[str]:
    """Figures the notebook's cells show against the figures of the page."""
    always, sometimes = _show_calls(notebook)
    figures = soup.select("figure.recscale-figure")
    if not always + sometimes:
        yield "no cell shows a figure"
    if not always <= len(figures) <= always + sometimes:
        expected = f"{always} to {always + sometimes}" if sometimes else f"{always}"
        yield f"its cells show {expected} figures, its page holds {len(figures)}"
    for figure in figures:
        name, promised = figure["data-figure"], int(figure["data-points"])
        script = figure.find("script", type="application/json")
        drawn = count_points(json.loads(script.string)["data"]) if script and script.string else 0
        if promised <= 0 or drawn != promised:
            yield f"figure {name} should draw {promised} points and draws {drawn}"


def _show_calls(notebook: str) -> tuple[int, int]:
    """Calls of ``show`` in the code cells of a notebook: those always made, and those made under a condition."""
    always = sometimes = 0
    for cell in json.loads(notebook)["cells"]:
        if cell["cell_type"] == "code" and "remove-output" not in cell["metadata"].get("tags", []):
            tree = ast.parse("".join(cell["source"]))
            branches = (node for node in ast.walk(tree) if isinstance(node, ast.If | ast.IfExp))
            guarded = {call for branch in branches for call in _shows(branch)}
            sometimes += len(guarded)
            always += len(_shows(tree) - guarded)
    return always, sometimes


def _shows(tree: ast.AST) -> set[ast.Call]:
    calls = {node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {call for call in calls if getattr(call.func, "id", getattr(call.func, "attr", "")) == "show"}


def _output_faults(notebook: str) -> Iterator[str]:
    """Noise a reader shouldn't see, and errors that were let through."""
    for cell in json.loads(notebook)["cells"]:
        hidden = {"remove-stderr", "remove-output", "remove-cell"} & set(cell["metadata"].get("tags", []))
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr" and not hidden:
                yield f"a cell writes to stderr: {''.join(output['text']).strip().splitlines()[0]!r}"
            if output["output_type"] == "error":
                yield f"a cell failed with {output['ename']}: {output['evalue']}"


def _download_faults(folder: Path, chapter: str, executed: str) -> Iterator[str]:
    """The notebook behind the download button against the executed one: every figure, and no MyST."""
    path = folder / f"{chapter}.ipynb"
    if not path.exists():
        return
    notebook = nbformat.read(path, as_version=4)
    figures, expected = count_figures(notebook), count_figures(nbformat.reads(executed, as_version=4))
    if figures != expected:
        yield f"its notebook to download holds {figures} figures of {expected}"
    for left in dict.fromkeys(leftovers(notebook)):
        yield f"its notebook to download still says {left}"


def _link_faults(page: Path, soup: BeautifulSoup, anchors: dict[Path, set[str]], prefix: str) -> Iterator[str]:
    """Links to files that don't exist, and to places in a page that don't exist.

    ``prefix`` is what the links of a page begin with that is shown at any address: the site's root.
    """
    for link in dict.fromkeys(_addresses(soup)):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        path = unquote(parts.path).removeprefix(prefix)
        target = (page.parent / path).resolve() if parts.path else page
        if not target.exists() or target.is_dir():
            yield f"broken link to {link}"
        elif parts.fragment and target in anchors and unquote(parts.fragment) not in anchors[target]:
            yield f"link to a missing anchor: {link}"


def _addresses(soup: BeautifulSoup) -> Iterator[str]:
    for tag in soup.find_all(["a", "link", "img", "script", "iframe", "source"]):
        address = tag.get("href") or tag.get("src")
        # Sphinx writes links to an index and a search page's anchors that only exist with some builders
        if address and address != "#" and tag.get("rel") not in (["index"], ["search"]):
            yield address


def _script_faults(soup: BeautifulSoup) -> Iterator[str]:
    """Anything a page would fetch from elsewhere: the book works without a network."""
    for tag in soup.find_all(["script", "link", "img", "iframe"]):
        loads = tag.name != "link" or {"stylesheet", "preload", "icon"} & set(tag.get("rel") or [])
        address = tag.get("src") or tag.get("href") or ""
        if loads and urlsplit(address).netloc:
            yield f"loads {address} from the network"
    if "THEBE_JS_URL" in "".join(script.string or "" for script in soup.find_all("script")):
        yield "declares Thebe, which throws an error in the browser"
