"""What an executed chapter's cells show, as outputs that any notebook viewer knows.

A figure gets Plotly's own MIME type, which JupyterLab and VS Code draw, and HTML that draws itself for those that show
only HTML: nbviewer, nbconvert, Colab. Plotly.js comes compressed with a notebook's first figure, so that a page made
by nbconvert needs no network; where each output has a frame of its own (Colab) it is fetched from Plotly's site.
"""

import base64
import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from bs4 import BeautifulSoup
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_output
from plotly.offline import get_plotlyjs, get_plotlyjs_version

from recscale.book.references import References
from recscale.claims.render import MIME as CLAIMS
from recscale.figures.base import listed

PLOTLY = "application/vnd.plotly.v1+json"
_RECORD = "application/papermill.record/"
_FIGURE = "recscale-figure"
EXPLORER = "recscale-explorer"


def glued(notebook: NotebookNode) -> dict[str, str]:
    """Name -> text of everything the executed notebook's cells have glued."""
    return {
        output.metadata["scrapbook"]["name"]: text
        for output in outputs_of(notebook)
        if "scrapbook" in output.get("metadata", {})
        for kind, text in output.data.items()
        if kind.endswith("text/plain")
    }


def count_figures(notebook: NotebookNode) -> int:
    """How many figures the notebook's outputs hold, executed or exported."""
    return sum(
        PLOTLY in data or _is_figure(data) for output in outputs_of(notebook) if (data := output.get("data", {}))
    )


def outputs_of(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """What the cells of an executed notebook show."""
    for cell in notebook.cells:
        yield from cell.get("outputs", [])


def _is_figure(data: dict[str, Any]) -> bool:
    return f'class="{_FIGURE}"' in data.get("text/html", "")


class Portable:
    """Converts the outputs of one page, in order: the first figure brings Plotly.js for all."""

    def __init__(self, references: References, page: str) -> None:
        self.references, self.page, self.figures = references, page, 0

    def __call__(self, cell: NotebookNode) -> list[NotebookNode]:
        """The outputs of a code cell; those that only the book reads are gone."""
        tags = set(cell.metadata.get("tags", []))
        if tags & {"remove-output", "remove-cell"}:
            return []
        kept = [one for one in cell.outputs if not (one.get("name") == "stderr" and "remove-stderr" in tags)]
        return [converted for one in kept for converted in self._converted(one)]

    def _converted(self, output: NotebookNode) -> Iterator[NotebookNode]:
        data = output.get("data", {})
        if any(kind.startswith(_RECORD) for kind in data):
            return
        if _is_figure(data):
            yield from self._figure(data["text/html"])
        elif CLAIMS in data:
            yield self._claims(data["text/html"])
        elif "text/html" in data:
            data = dict(data) | {"text/html": _without_scripts(self.linked(data["text/html"]))}
            yield from_dict(dict(output) | {"data": data, "metadata": {}})
        else:
            yield output

    def _figure(self, html: str) -> Iterator[NotebookNode]:
        """The figure, and its caption as text below it."""
        figure = BeautifulSoup(html, "lxml").find("figure", class_=_FIGURE)
        content = json.loads(figure.find("script").string)
        content["layout"].pop("meta", None)  # what only the page's own scripts read
        caption = figure.find("figcaption")
        self.figures += 1
        packed = "" if self.figures > 1 else f'<script type="text/plain" id="recscale-plotly">{_packed()}</script>'
        text = figure.find(class_="recscale-plot").get("aria-label") or figure["data-figure"]
        data = {PLOTLY: _plain(content), "text/html": packed + _drawn(figure["id"], content), "text/plain": text}
        yield new_output("display_data", data)
        if caption:
            words = caption.get_text()
            yield new_output("display_data", {"text/markdown": f"*{words}*", "text/plain": words})

    def _claims(self, html: str) -> NotebookNode:
        """A list of claims that needs none of the book's styles."""
        soup = BeautifulSoup(self.linked(html), "html.parser")
        items = [[part for part in item.contents if part.get_text().strip()] for item in soup.select("li")]
        rows = "".join(f"<li>{' · '.join(map(str, parts))}</li>" for parts in items)
        lines = [" · ".join(" ".join(part.get_text().split()) for part in parts) for parts in items]
        data = {"text/html": f"<ul>{rows}</ul>", "text/plain": "\n".join(f"- {line}" for line in lines)}
        return new_output("display_data", data)

    def linked(self, html: str) -> str:
        """HTML whose links lead to the published book, or, where it has no address, are plain text."""
        if "href=" not in html:
            return html
        soup = BeautifulSoup(html, "html.parser")
        for link in soup.find_all("a", href=re.compile(r"^[\w-]+\.html|^#")):
            page, _, anchor = link["href"].partition("#")
            name = page.removesuffix(".html") or self.page
            if address := self.references.publication.page(name, anchor):
                link["href"] = address
            else:
                link.unwrap()
        return str(soup)


def _without_scripts(html: str) -> str:
    """An explorer without the data of the page's script: its table is left."""
    if EXPLORER not in html:
        return html
    soup = BeautifulSoup(html, "html.parser")
    for script in soup.select(f".{EXPLORER} script"):
        script.extract()
    return str(soup)


@cache
def _packed() -> str:
    """Plotly.js of the installed version, compressed, as text."""
    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()


def _drawn(name: str, content: dict[str, Any]) -> str:
    """HTML that draws the figure by itself."""
    height = content["layout"].get("height", 450)
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    script = (files("recscale.book") / "draw.js").read_text(encoding="utf-8").strip()
    script = script.replace("VERSION", get_plotlyjs_version()).replace('"ID"', json.dumps(name))
    return (
        f'<div id="{escape(name)}" class="plotly-figure" style="height:{height}px"></div>'
        f'<script type="application/json">{text}</script><script>{script}</script>'
    )


def _plain(value: Any) -> Any:
    """A figure's JSON with Plotly's typed arrays as lists: viewers with an older Plotly.js read those alone."""
    if isinstance(value, dict):
        return listed(value) if "bdata" in value else {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
