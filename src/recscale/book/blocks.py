"""A page's MyST text as blocks: plain Markdown, and the directives in it with their options and their content."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

FENCED = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,}|~{3,}|:{3,})(?P<rest>[^`\n]*)\n"
    r"(?P<body>(?:.*\n)*?)(?:(?P<closing> *(?P=fence)[`~:]*[ \t]*)$|.*\Z)",
    re.MULTILINE,
)
"""A fence with what it holds, closed by the first that is as long; one that isn't closed goes to the end."""
OPENING = re.compile(r"^\{(?P<name>[\w:.+-]+)\}\s*(?P<argument>.*?)\s*$")
OPTION = re.compile(r"^:(?P<key>[\w-]+):\s*(?P<value>.*?)\s*$")
INCLUDE = re.compile(r"^(?P<fence>`{3,}|:{3,})\{include\}\s*(?P<path>\S+)\s*\n(?:.*\n)*?(?P=fence)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Directive:
    """One directive: ``name``, what follows it on its line, its options, and its content as text."""

    name: str
    argument: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def label(self) -> str:
        return self.options.get("label") or self.options.get("name") or ""


def blocks(text: str) -> Iterator[str | Directive]:
    """The blocks of ``text`` in order. A fence without a directive (code) belongs to the text around it.

    Raises ``ValueError`` for a directive that isn't closed.
    """
    place = 0
    for fence in FENCED.finditer(text):
        opening = OPENING.match(fence["rest"])
        if opening is None:
            continue
        if fence["closing"] is None:
            raise ValueError(f"the directive {opening['name']!r} is not closed: {fence[0].splitlines()[0].strip()}")
        if fence.start() > place:
            yield text[place : fence.start() - 1]
        yield _directive(opening, [line.removeprefix(fence["indent"]) for line in fence["body"].splitlines()])
        place = fence.end() + 1
    if place <= len(text):
        yield text[place:]


def included(text: str, book: Path) -> str:
    """The text with every ``{include}`` replaced by its file in the folder ``book``.

    Raises ``ValueError`` when there is no such file.
    """

    def content(found: re.Match[str]) -> str:
        path = book / found["path"]
        if not path.is_file():
            raise ValueError(f"a page includes {found['path']!r}, and there is no such file in the book")
        return included(path.read_text(encoding="utf-8"), book)

    return INCLUDE.sub(content, text)


def _directive(opening: re.Match[str], lines: list[str]) -> Directive:
    options: dict[str, str] = {}
    if lines and lines[0].strip() == "---":
        end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() == "---"), len(lines))
        read = yaml.safe_load("\n".join(lines[1:end])) or {}
        options, lines = {key: str(value) for key, value in read.items()}, lines[end + 1 :]
    while lines and (option := OPTION.match(lines[0])):
        options[option["key"]] = option["value"]
        lines = lines[1:]
    return Directive(opening["name"], opening["argument"], options, "\n".join(lines).strip("\n"))


def fenced(name: str, argument: str, options: Mapping[str, str], body: str) -> str:
    """The text of a directive, in a fence longer than those within."""
    longest = max((len(run) for run in re.findall(r"^ *(`{3,})", body, re.MULTILINE)), default=2)
    fence = "`" * (longest + 1)
    lines = [f"{fence}{{{name}}} {argument}".rstrip(), *(f":{key}: {value}" for key, value in options.items())]
    return "\n".join([*lines, *([body.strip("\n")] if body.strip() else []), fence])
