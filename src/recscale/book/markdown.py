"""MyST text as the Markdown that every notebook viewer shows: no directive and no role is left.

Numbers from ``glue`` become text, boxes quotations, solutions drawers, references titles or links, citations author and
year, pictures attachments, drawings images that stand alone. ``Plain`` does one page, ``Alone`` one that leaves the
book and stays MyST; ``split_solutions`` gives a solution of several cells a heading of its own, which viewers can fold.
"""

import base64
import mimetypes
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from myst_nb.core.variables import format_plain_text

from recscale.book.blocks import Directive, blocks, fenced, included
from recscale.book.references import References, Target

BOXES = frozenset(
    (
        *("admonition", "attention", "caution", "danger", "error", "hint", "important", "note", "seealso", "tip"),
        *("todo", "topic", "warning", "sidebar", "margin"),
    )
)
FOLDED = frozenset(("dropdown", "toggle"))
_CODE = frozenset(("code-block", "code", "sourcecode", "code-cell", "literalinclude"))
PICTURES = frozenset(("figure", "image", "diagram"))
SILENT = frozenset(("solution-end", "exercise-end", "bibliography", "contents", "toctree", "tableofcontents"))

INLINE = re.compile(
    r"\{(?P<role>[\w:+-]+)\}(?P<ticks>`+)(?P<content>.+?)(?P=ticks)(?!`)"
    r"|(?P<code>(?P<open>`+)(?!`).+?(?<!`)(?P=open)(?!`))"
    r"|(?P<image>!)?\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<target>[^()\s]+)\)",
    re.DOTALL,
)
NAMED = re.compile(r"^(?P<text>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)
NUMBERED = re.compile(r"\$\$(?P<formula>(?:(?!\$\$).)*?)\$\$\s*\((?P<label>[\w:.-]+)\)", re.DOTALL)
_LABEL = re.compile(r"^\([\w:.-]+\)=\s*\n?", re.MULTILINE)
COMMENT = re.compile(r"^(%|\+\+\+).*\n?", re.MULTILINE)
CHOICE = re.compile(r"^- \(([x ])\) ?", re.MULTILINE)
INLINE_SVG = re.compile(r"(?:<(?P<around>div|figure)[^<>]*>\s*)?<svg\b.*?</svg>(?:\s*</(?P=around)>)?", re.DOTALL)
_STYLES = re.compile(r"html(?:\[data-theme=\"light\"\])?\s*\{(?P<body>[^}]*)\}")
VARIABLE = re.compile(r"(?P<name>--[\w-]+)\s*:\s*(?P<value>[^;}]+)")
USED = re.compile(r"var\(\s*(?P<name>--[\w-]+)\s*(?:,\s*(?P<fallback>[^()]*))?\)")
NAMESPACE = "http://www.w3.org/2000/svg"


class Plain:
    """Converts the text cells of one page.

    Parameters
    ----------
    references, page
        What the book's references point at, and the page that is converted.
    values
        Name -> text of everything that the page glues.
    folder
        The book's sources, where pictures are read.
    """

    def __init__(self, references: References, page: str, values: Mapping[str, str], folder: Path) -> None:
        self.references, self.page, self.values, self.folder = references, page, values, folder
        self.attachments: dict[str, dict[str, str]] = {}

    def cell(self, text: str) -> tuple[str, dict[str, dict[str, str]]]:
        """The text of one cell, and its attachments: file name -> {MIME type: base64}."""
        self.attachments = {}
        return self(text).strip("\n"), self.attachments

    def __call__(self, text: str) -> str:
        """The text converted; what it shows is kept in ``attachments``."""
        pieces = blocks(included(text, self.folder))
        parts = (self._directive(one) if isinstance(one, Directive) else self._text(one) for one in pieces)
        return re.sub(r"\n{3,}", "\n\n", "\n".join(parts))

    def _text(self, text: str) -> str:
        pieces = re.split(r"(^ *(?:```|~~~).*?^ *(?:```|~~~) *$)", text, flags=re.DOTALL | re.MULTILINE)
        return "".join(piece if number % 2 else self._prose(piece) for number, piece in enumerate(pieces))

    def _prose(self, text: str) -> str:
        text = INLINE_SVG.sub(lambda found: self._attached("drawing", drawing(found[0], self.folder)), text)
        text = COMMENT.sub("", _LABEL.sub("", text))
        text = NUMBERED.sub(lambda found: f"$${found['formula'].rstrip()} \\tag{{{self._number(found)}}}\n$$", text)
        return INLINE.sub(self._inline, text)

    def _number(self, found: re.Match[str]) -> int | None:
        target = self.references.target(found["label"])
        return target.number if target else None

    def _inline(self, found: re.Match[str]) -> str:
        if found["code"]:
            return found[0]
        if found["role"]:
            return self._role(found["role"], found["content"])
        if found["image"]:
            outside = re.match(r"\w+:", found["target"])
            return found[0] if outside else self._picture(found["target"], found["text"])
        return self._link(found["target"], self(found["text"]), found[0])

    def _link(self, name: str, text: str, unknown: str) -> str:
        target = self.references.target(name.partition("#")[0] or name)
        if target is None:
            return unknown
        title = text or self._title(target)
        return f"*{title}*" if target.page == self.page else self.references.link(target, title)

    def _title(self, target: Target) -> str:
        return f"exercise {target.number}" if target.number and not target.title.startswith("(") else target.title

    def _role(self, role: str, content: str) -> str:
        """One role as text; of one that isn't known, its content."""
        if role.startswith("glue"):
            return self._glued(content)
        if role.startswith("cite"):
            return self.references.citation(content.split(","), textual=role.startswith("cite:t"))
        if role == "math":
            return f"${content}$"
        named = NAMED.match(content)
        text, name = (named["text"], named["target"]) if named else ("", content)
        if role in ("ref", "doc", "numref", "eq", "prf:ref", "myst", "any", "download"):
            text = "" if role == "numref" else text
            return self._link(name, text, text or name)
        if role in ("sub", "sup"):
            return f"<{role}>{content}</{role}>"
        return text or content

    def _glued(self, content: str) -> str:
        """A glued value as its page shows it; ``name:format`` as in MyST-NB. ``ValueError`` where there is none."""
        name, _, form = content.partition(":") if "::" not in content else (content, "", "")
        if name not in self.values:
            raise ValueError(f"{self.page} shows {name!r}, and no cell glues it")
        return format_plain_text(self.values[name], form or "s")

    def _directive(self, one: Directive) -> str:
        for names, convert in self._converters():
            if one.name in names:
                return f"\n{convert(one)}\n"
        if one.name == "container":
            text = self(one.body).strip()
            return f"\n**{text}**\n" if "question" in one.argument else f"\n{text}\n"
        title = f"**{self(one.argument)}**\n\n" if one.argument else ""
        return f"\n{title}{self(one.body)}\n"

    def _converters(self) -> Iterator[tuple[frozenset[str], Callable[[Directive], str]]]:
        yield BOXES, self._box
        yield FOLDED, lambda one: self._drawer(one.argument, one.body)
        yield frozenset(("exercise", "exercise-start")), self._exercise
        yield frozenset(("solution",)), lambda one: self._drawer(self.solution_title(one), one.body)
        yield frozenset(("solution-start",)), lambda one: f"#### {self.solution_title(one)}\n\n{self(one.body)}"
        yield _CODE, lambda one: f"```{one.argument}\n{one.body}\n```"
        yield frozenset(("math",)), lambda one: f"$$\n{one.body or one.argument}\n$$"
        yield frozenset(("quiz",)), self._quiz
        yield frozenset(("raw",)), lambda one: self(one.body) if one.argument == "html" else ""
        yield PICTURES, self._figure
        yield SILENT, lambda one: ""

    def _box(self, one: Directive) -> str:
        title = self(one.argument or ("" if one.name == "admonition" else one.name.capitalize()))
        if "dropdown" in one.options.get("class", "").split():
            return self._drawer(title, one.body)
        return _quoted(f"**{title}**\n\n{self(one.body)}" if title else self(one.body))

    def _drawer(self, title: str, body: str) -> str:
        return f"<details>\n<summary>{self(title)}</summary>\n\n{self(body).strip()}\n\n</details>"

    def _exercise(self, one: Directive) -> str:
        target = self.references.target(one.label)
        number = f" {target.number}" if target and target.number else ""
        return f"### Exercise{number}. {self(one.argument)}\n\n{self(one.body)}"

    def solution_title(self, one: Directive) -> str:
        """ "Solution to exercise 2"."""
        target = self.references.target(one.argument)
        return f"Solution to exercise {target.number}" if target and target.number else "Solution"

    def _quiz(self, one: Directive) -> str:
        """The question, its choices as a list, and in a drawer what each choice is answered."""
        parts = [re.split(r"\n\s*\n|\n", item.strip(), maxsplit=1) for item in CHOICE.split(one.body)[2::2]]
        choices = "\n".join(f"- {self(answer)}" for answer, *_ in parts)
        marks = ["✓" if mark == "x" else "✗" for mark in CHOICE.split(one.body)[1::2]]
        told = [" ".join(line.strip() for line in "".join(rest).splitlines()) for _, *rest in parts]
        replies = "\n".join(f"- {mark} {part[0]}: {text}" for mark, part, text in zip(marks, parts, told, strict=True))
        return f"**{self(one.argument)}**\n\n{choices}\n\n{self._drawer('Answers', replies)}"

    def _figure(self, one: Directive) -> str:
        caption = self(one.body).strip()
        alt = one.options.get("alt") or re.sub(r"[\[\]*`]", "", caption.partition("\n")[0]) or one.argument
        return self._picture(self._path(one), alt) + (f"\n\n*{caption}*" if caption else "")

    def _path(self, one: Directive) -> str:
        return f"_static/diagrams/{one.argument}.svg" if one.name == "diagram" else one.argument

    def _picture(self, path: str, alt: str) -> str:
        file = self.folder / path
        if not file.is_file():
            raise ValueError(f"{self.page} shows the picture {path!r}, and there is no such file in the book")
        content = file.read_bytes()
        if file.suffix == ".svg":
            content = drawing(content.decode(), self.folder).encode()
        return self._attached(alt, content, file.name)

    def _attached(self, alt: str, content: str | bytes, name: str = "") -> str:
        """Markdown for a picture that the cell brings along."""
        name = name or f"drawing-{len(self.attachments) + 1}.svg"
        data = content.encode() if isinstance(content, str) else content
        kind = mimetypes.guess_type(name)[0] or "image/png"
        self.attachments[name] = {kind: base64.b64encode(data).decode()}
        return f"![{alt}](attachment:{name})"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


def split_solutions(text: str) -> list[tuple[bool, str]]:
    """The text of a cell in pieces, cut before each ``solution-start``; each with whether it opens a solution."""
    pieces = re.split(r"^(?=`{3,}\{solution-start\})", text, flags=re.MULTILINE)
    return [(number > 0, piece.removesuffix("\n")) for number, piece in enumerate(pieces) if piece.strip()]


class Alone(Plain):
    """The text, still MyST, without what only the whole book can resolve: links to other pages, literature, terms,
    files that it includes.
    """

    def _prose(self, text: str) -> str:
        return INLINE.sub(self._inline, text)

    def _inline(self, found: re.Match[str]) -> str:
        role, content = found["role"], found["content"]
        if role and (role.startswith("cite") or role == "term"):
            return super()._inline(found)
        named = NAMED.match(content or "")
        name = (named["target"] if named else content) if role else found["target"]
        target = None if found["code"] or found["image"] else self.references.target((name or "").partition("#")[0])
        return super()._inline(found) if target and target.page != self.page else found[0]

    def _directive(self, one: Directive) -> str:
        return fenced(one.name, one.argument, one.options, one.body if one.name in _CODE else self(one.body))


def drawing(svg: str, book: Path) -> str:
    """The first ``<svg>`` in the text as an image file.

    It gets the rules of ``_static/diagrams.css``; CSS variables get the values of the book's light theme, since an
    image has no page to take them from.
    """
    inside = re.search(r"<svg\b.*</svg>", svg, re.DOTALL)
    if inside is None:
        raise ValueError("a drawing holds no <svg>")
    text = inside[0] if "xmlns=" in inside[0] else inside[0].replace("<svg", f'<svg xmlns="{NAMESPACE}"', 1)
    sheet = book / "_static" / "diagrams.css"
    rules = sheet.read_text(encoding="utf-8") if sheet.exists() else ""
    colours = _colours(book)
    text, rules = (USED.sub(lambda use: _value(use, colours), one) for one in (text, rules))
    style = f"<style><![CDATA[svg{{background:#fff;color:#24292f;font-family:sans-serif}}{rules}]]></style>"
    opening = re.match(r"<svg\b[^>]*>", text)[0]
    box = re.search(r'viewBox="([^"]*)"', opening)
    width, height = map(float, re.split(r"[\s,]+", box[1].strip())[2:]) if box else (600, 400)
    sized = re.sub(r'\s(?:class|width|height|style)="[^"]*"', "", opening)
    sized = sized.replace("<svg", f'<svg class="recscale-diagram" width="{width:g}" height="{height:g}"', 1)
    return sized + style + text.removeprefix(opening)


def _colours(book: Path) -> dict[str, str]:
    """CSS variable -> value in the book's light theme."""
    colours: dict[str, str] = {"--pst-color-text-base": "#24292f", "--pst-color-text-muted": "#59636e"}
    for sheet in sorted((book / "_static").glob("*.css")):
        for rule in _STYLES.finditer(sheet.read_text(encoding="utf-8")):
            colours |= {one["name"]: one["value"].strip() for one in VARIABLE.finditer(rule["body"])}
    return colours


def _value(use: re.Match[str], colours: dict[str, str]) -> str:
    return colours.get(use["name"]) or (use["fallback"] or "").strip() or "currentColor"
