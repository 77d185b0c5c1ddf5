"""Slides of ``book/teach/slides.md`` in one HTML file that needs no network: figures and numbers of executed chapters.

A slide begins with ``# Title``. In it, ``figure: chapter`` or ``figure: chapter/name`` on a line of its own shows a
chapter's first figure or the named one, ``note: …`` is for the speaker, and ``{glue:text}`name:.2f` `` is a number that
a chapter has glued. Everything else is Markdown; formulas are written in HTML.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt
from myst_nb.core.variables import format_plain_text
from plotly.offline import get_plotlyjs

from recscale.book.execute import Layout, execute_book
from recscale.book.outputs import glued, outputs_of
from recscale.settings import write_atomically

GLUE = re.compile(r"\{glue:text\}`([^`:]+)(?::([^`]*))?`")
LINE = re.compile(r"^(figure|note): (.+)$", re.M)


@dataclass(frozen=True)
class Slide:
    """One slide as it is written."""

    title: str
    body: str
    figure: str = ""
    note: str = ""


def read_slides(text: str) -> list[Slide]:
    """The slides of a deck's Markdown. ``ValueError`` for text before the first title and for two figures on one."""
    before, *parts = re.split(r"^# ", text, flags=re.M)
    if before.strip():
        raise ValueError(f"slides begin with '# Title'; before the first one stands {before.strip()[:40]!r}")
    slides = []
    for part in parts:
        title, _, rest = part.partition("\n")
        found = LINE.findall(rest)
        if len({kind for kind, _ in found}) < len(found):
            raise ValueError(f"the slide {title!r} may have one figure and one note")
        slides.append(Slide(title.strip(), LINE.sub("", rest).strip(), **dict(found)))
    return slides


def figures_of(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Name -> HTML of every figure in an executed chapter, in the order of the page."""
    shown = ("".join(output.get("data", {}).get("text/html", "")) for output in outputs_of(notebook))
    pages = [BeautifulSoup(html, "lxml") for html in shown if "recscale-figure" in html]
    return {figure["data-figure"]: _tall(figure) for page in pages for figure in page.select("figure.recscale-figure")}


def _tall(figure: Tag) -> str:
    """The figure without a height of its own: ``slides.css`` gives it the room that a slide has."""
    plot, script = figure.find(class_="recscale-plot"), figure.find("script")
    if plot and script:
        content = json.loads(script.string)
        content["layout"].pop("height", None)
        script.string = json.dumps(content, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
        del plot["style"]
    return str(figure)


def with_numbers(text: str, values: Mapping[str, str]) -> str:
    """``text`` with its glue filled in. ``ValueError`` where no chapter has glued the name."""

    def filled(match: re.Match) -> str:
        name, form = match.groups()
        if name not in values:
            raise ValueError(f"no chapter has glued {name!r}, which a slide shows")
        return format_plain_text(values[name], form or "")

    return GLUE.sub(filled, text)


def make_slides(out: Path, layout: Layout, *, report=print) -> Path:
    """Bring the chapters up to date and write the deck to the file ``out``. ``ValueError``: a figure doesn't exist."""
    slides = read_slides((layout.book / "teach" / "slides.md").read_text(encoding="utf-8"))
    executed = {result.chapter: result.path for result in execute_book(layout, report=report)}
    chapters = {name: nbformat.read(path, as_version=4) for name, path in executed.items()}
    write_atomically(out, deck(slides, chapters, layout))
    return out


def deck(slides: Iterable[Slide], chapters: Mapping[str, nbformat.NotebookNode], layout: Layout) -> str:
    """The deck's HTML, with everything that it loads inside."""
    numbers = {name: text for notebook in chapters.values() for name, text in glued(notebook).items()}
    figures = {name: figures_of(notebook) for name, notebook in chapters.items()}
    sections = [_section(number, slide, numbers, figures) for number, slide in enumerate(slides, start=1)]
    # beside this file: Jupyter Book would load on every page what is in _static
    own = {kind: Path(__file__).with_suffix(kind).read_text(encoding="utf-8") for kind in (".html", ".css", ".js")}
    drawing = (layout.book / "_static" / "figures.js").read_text(encoding="utf-8")
    return own[".html"].format(
        title=escape(next(iter(slides)).title),
        style=own[".css"],
        slides="\n".join(sections),
        scripts="\n".join(f"<script>{code}</script>" for code in (get_plotlyjs(), drawing, own[".js"])),
    )


def _section(number: int, slide: Slide, numbers: Mapping[str, str], figures: Mapping[str, Mapping[str, str]]) -> str:
    markdown = MarkdownIt()
    body = markdown.render(with_numbers(slide.body, numbers))
    figure = _figure(slide.figure, figures) if slide.figure else ""
    kind = "with-figure" if figure else "text-only"
    note = f'<aside class="note">{markdown.render(with_numbers(slide.note, numbers))}</aside>' if slide.note else ""
    return (
        f'<section class="slide {kind}" id="slide-{number}" aria-label="Slide {number}">'
        f'<h1>{markdown.renderInline(slide.title)}</h1><div class="body">{body}</div>{figure}{note}</section>'
    )


def _figure(reference: str, figures: Mapping[str, Mapping[str, str]]) -> str:
    """The figure ``chapter`` or ``chapter/name`` of the executed chapters."""
    chapter, _, name = reference.partition("/")
    if chapter not in figures:
        raise ValueError(f"a slide shows a figure of {chapter!r}; the chapters are {', '.join(figures)}")
    if not figures[chapter] or (name and name not in figures[chapter]):
        raise ValueError(f"{chapter} has no figure {name!r}; it has {', '.join(figures[chapter]) or 'none'}")
    return figures[chapter][name or next(iter(figures[chapter]))]
