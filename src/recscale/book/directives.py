"""What the book adds to MyST: ``{diagram}``, ``{quiz}`` and ``{explorer}``, and numbers as print sets them.

A diagram is an SVG file of the book, set into the page itself, so that it takes on its colours, light or dark::

    ```{diagram} wukong-layer
    :label: diagram-wukong-layer
    The caption, in Markdown.
    ```

The file is ``_static/diagrams/wukong-layer.svg``; on a phone ``wukong-layer-narrow.svg`` takes its place where there
is one. A file has a ``viewBox``, no size, a ``<title>`` and a ``<desc>`` that says what a reader sees. It draws with
``currentColor`` and the classes of ``_static/diagrams.css``. Link to a diagram by its label:
``[the layer](diagram-wukong-layer)``.

A quiz is one question with one right choice, and an answer to every choice::

    ```{quiz} Which exponent is steeper?
    - (x) 0.5
      Right: feedback on the right choice.
    - ( ) 0.1

      Feedback that names the misconception; formulas $x^2$ and links [](report-card) work everywhere.
    ```

A page holds the feedback in its HTML, and ``quiz.js`` shows that of the choice; builders other than HTML's print all.
An explorer is for pages without a kernel; its argument is a kind of ``EXPLORERS``.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from recscale.figures import law_explorers
from recscale.figures.explorers import Explorer

FOLDER = Path("_static") / "diagrams"
SVG = "{http://www.w3.org/2000/svg}"
MARK = re.compile(r"^\((x| )\) ?")
_UNITS = r"(?:%|GFLOP|MFLOP|FLOP|PF-days|nats|ms)(?!\w)"
MINUS = re.compile(r"(?<![\w.\-–])-(?=\.?\d)")
AFTER_NUMBER = re.compile(rf"(?<=[\d\]]) (?={_UNITS})")
AT_START = re.compile(rf"^ (?={_UNITS})")
EXPLORERS: dict[str, Callable[[], Explorer]] = {
    "fit-points": law_explorers.fit_points,
    "law": law_explorers.law_explorer,
}


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
    narrow = f'<div class="diagram-narrow">{node["narrow"]}</div>' if node["narrow"] else ""
    wide = "diagram-wide" if narrow else "diagram-any"
    writer.body.append(f'<div class="{wide}">{node["svg"]}</div>{narrow}<figcaption>')


def depart_html(writer: Any, node: Diagram) -> None:
    writer.body.append("</figcaption></figure>\n")


def _html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


class QuizDirective(SphinxDirective):
    """See the module."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        group, body = f"quiz-{self.env.new_serialno('quiz')}", nodes.Element()
        legend = self.parse_inline(self.arguments[0])[0]
        self.state.nested_parse(self.content, self.content_offset, body)
        choices = [self._choice(item) for item in body.findall(nodes.list_item)]
        right = sum(right for right, _, _ in choices)
        if len(choices) < 2 or right != 1:
            raise self.error(f"a quiz needs two or more choices, one of them (x); it has {right} of them")
        parts = [_html(f'<fieldset class="quiz" id="{group}">\n<legend>'), *legend, _html("</legend>\n")]
        for right, choice, feedback in choices:
            answer = f'type="radio" name="{group}" data-answer="{"right" if right else "wrong"}"'
            parts += [_html(f'<label class="quiz-choice"><input {answer}> <span>'), *choice, _html("</span></label>\n")]
            parts += [_html('<div class="quiz-feedback">'), *feedback, _html("</div>\n")]
        return [*parts, _html("</fieldset>\n")]

    def _choice(self, item: nodes.list_item) -> tuple[bool, list[nodes.Node], list[nodes.Node]]:
        """Whether it is right, its first paragraph, and the feedback in the others."""
        first, *others = item.children
        mark = MARK.match(first.astext())
        if not mark or not others:
            raise self.error(f"a choice is '- (x) answer' or '- ( ) answer' with feedback below it: {first.astext()!r}")
        opening = next(first.findall(nodes.Text))
        opening.parent.replace(opening, nodes.Text(MARK.sub("", opening)))
        return mark[1] == "x", first.children, others


class ExplorerDirective(SphinxDirective):
    """``{explorer} kind``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        kind = self.arguments[0]
        if kind not in EXPLORERS:
            raise self.error(f"there is no explorer {kind!r}; choose from {', '.join(EXPLORERS)}")
        return [_html(EXPLORERS[kind]()._repr_html_())]


def set_numbers(text: str, follows_number: bool = False) -> str:
    """``-0.2 %`` with a true minus and no line break before the unit; ``follows_number``: a digit stands before it."""
    text = AFTER_NUMBER.sub("\u00a0", MINUS.sub("−", text))
    return AT_START.sub("\u00a0", text) if follows_number else text


class Numbers(SphinxPostTransform):
    """Runs when glued numbers stand in the text; code and formulas stay as they are."""

    default_priority = 900

    def run(self, **options) -> None:
        before = ""
        for node in list(self.document.findall(nodes.Text)):
            if isinstance(node.parent, nodes.literal | nodes.literal_block | nodes.math | nodes.math_block | nodes.raw):
                before = ""
                continue
            text = set_numbers(str(node), before[-1:].isdigit() or before.endswith("]"))
            if text != str(node):
                node.parent.replace(node, nodes.Text(text))
            before = text


def register_directives(app: Sphinx) -> None:
    """Make all of it known to Sphinx."""
    app.add_node(Diagram, html=(visit_html, depart_html))
    app.add_directive("diagram", DiagramDirective)
    app.add_directive("quiz", QuizDirective)
    app.add_directive("explorer", ExplorerDirective)
    app.add_post_transform(Numbers)
