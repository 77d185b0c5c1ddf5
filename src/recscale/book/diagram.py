"""Diagrams: SVG files of the book, set into the page itself, so that they take on its colours, light or dark.

In a page::

    ```{diagram} wukong-layer
    :label: diagram-wukong-layer
    The caption, in Markdown.
    ```

The file is ``_static/diagrams/wukong-layer.svg``; on a phone ``wukong-layer-narrow.svg`` takes its place where there
is one. A file has a ``viewBox``, no size, a ``<title>`` and a ``<desc>`` that says what a reader sees. It draws with
``currentColor`` and the classes of ``_static/diagrams.css``. Link to a diagram by its label:
``[the layer](diagram-wukong-layer)``.
"""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = Path("_static") / "diagrams"
SVG = "{http://www.w3.org/2000/svg}"


def read_svg(path: Path) -> str:
    """The drawing at ``path``, ready to stand in an HTML page: labelled for readers' machines, its ids its own.

    Raises ``ValueError`` when the file is missing, is no SVG, or lacks a viewBox, a title or a description.
    """
    if not path.exists():
        raise ValueError(
            f"there is no diagram {path.name}; found {sorted(one.stem for one in path.parent.glob('*.svg'))}"
        )
    text = path.read_text(encoding="utf-8")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"{path.name} is no XML: {error}") from None
    missing = [name for name in ("title", "desc") if not (root.findtext(f"{SVG}{name}") or "").strip()]
    if root.tag != f"{SVG}svg" or "viewBox" not in root.attrib or missing or {"width", "height"} & set(root.attrib):
        raise ValueError(
            f"{path.name} must be an <svg> with a viewBox, a <title> and a <desc>, without width and height"
        )
    prefix = path.stem
    text = re.sub(r"<\?xml.*?\?>|<!--.*?-->", "", text, flags=re.DOTALL).strip()
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'(url\(|href=")#', rf"\1#{prefix}-", text)
    text = re.sub("<title>", f'<title id="{prefix}-title">', text, count=1)
    text = re.sub("<desc>", f'<desc id="{prefix}-desc">', text, count=1)
    width = float(root.attrib["viewBox"].split()[2])
    opening = f'<svg role="img" aria-labelledby="{prefix}-title" aria-describedby="{prefix}-desc"'
    return text.replace("<svg", f'{opening} style="max-width:{width * 1.2:.0f}px"', 1)


class Diagram(nodes.General, nodes.Element):
    """A drawing, ``svg``, with a caption as its content; ``narrow`` is the drawing for phones, or empty."""


class DiagramDirective(SphinxDirective):
    """``{diagram} name`` with an optional ``:label:``; the content is the caption."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"label": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        folder, name = Path(self.env.srcdir) / FOLDER, self.arguments[0]
        narrow = folder / f"{name}-narrow.svg"
        self.env.note_dependency(str(folder / f"{name}.svg"))
        try:
            node = Diagram(svg=read_svg(folder / f"{name}.svg"), narrow=read_svg(narrow) if narrow.exists() else "")
        except ValueError as error:
            raise self.error(str(error)) from None
        node["name"] = name
        self.set_source_info(node)
        if label := self.options.get("label"):
            node["names"].append(nodes.fully_normalize_name(label))
            self.state.document.note_explicit_target(node, node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def visit_html(writer: Any, node: Diagram) -> None:
    writer.body.append(writer.starttag(node, "figure", CLASS="recscale-diagram", **{"data-diagram": node["name"]}))
    wide = "diagram-wide" if node["narrow"] else "diagram-any"
    writer.body.append(f'<div class="{wide}">{node["svg"]}</div>')
    if node["narrow"]:
        writer.body.append(f'<div class="diagram-narrow">{node["narrow"]}</div>')
    writer.body.append("<figcaption>")


def depart_html(writer: Any, node: Diagram) -> None:
    writer.body.append("</figcaption></figure>\n")


def register_diagrams(app: Sphinx) -> None:
    """Make the directive known to Sphinx."""
    app.add_node(Diagram, html=(visit_html, depart_html))
    app.add_directive("diagram", DiagramDirective)
