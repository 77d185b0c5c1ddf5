"""What a page's references point at, read from the book's sources: labels, pages, equations, exercises, literature.

Sphinx knows the same once it has built the whole book. A notebook or a single page that leaves the book has to carry
the titles, numbers and author-year texts itself. The list of references has the same names: "Wang et al., 2021a".
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pybtex.database import Entry, parse_file
from pybtex.plugin import register_plugin
from pybtex.richtext import Text
from pybtex.style.formatting.unsrt import Style as Unsorted
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting import BaseSortingStyle

from recscale.book.blocks import Directive, blocks, included
from recscale.book.dataset_pages import dataset_texts
from recscale.book.site import Publication

STYLE = "author-year"
_LABEL = re.compile(r"^\((?P<label>[\w:.-]+)\)=\s*$")
_FIGURE = re.compile(r"<figure\b.*?</figure>", re.DOTALL)
HEADING = re.compile(r"^#{1,6}\s+(?P<title>.+?)\s*$")
EQUATION = re.compile(r"\$\$\s*\((?P<label>[\w:.-]+)\)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Target:
    """A place in the book: its page, what a link to it says, and its number where it has one."""

    page: str
    title: str
    number: int | None = None


@dataclass(frozen=True)
class References:
    """``targets``: label or page name -> place; ``literature``: key -> entry of the bibliography."""

    targets: Mapping[str, Target] = field(default_factory=dict)
    literature: Mapping[str, Entry] = field(default_factory=dict)
    publication: Publication = field(default_factory=Publication)

    def target(self, name: str) -> Target | None:
        """The place that a link or role names: a label, a page with or without its ending, or None."""
        name = name.removeprefix("#").removeprefix("./").removesuffix(".md").removesuffix(".ipynb")
        return self.targets.get(name) or self.targets.get(name.lower())

    def link(self, target: Target, text: str, anchor: str = "") -> str:
        """A Markdown link into the published book; the text in italics where the book has no address."""
        address = self.publication.page(target.page, anchor)
        return f"[{text}]({address})" if address else f"*{text}*"

    def citation(self, keys: Iterable[str], textual: bool) -> str:
        """Author-year text for the keys: "(Zhang et al., 2024; …)", or "Zhang et al. (2024)" when ``textual``."""
        form = "{} ({})" if textual else "{}, {}"
        cited = [self._cited(key.strip(), form) for key in keys]
        return ", ".join(cited) if textual else f"({'; '.join(cited)})"

    def _cited(self, key: str, form: str) -> str:
        if key not in self.literature:
            raise ValueError(f"the bibliography has no entry {key!r}")
        entry = self.literature[key]
        text = form.format(authors(entry), entry.fields.get("year", "n.d."))
        return f"[{text}]({address})" if (address := address_of(entry)) else text


def authors(entry: Entry) -> str:
    """The surnames of one or two authors; the first "et al." of more; the title where nobody is named."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [_plain(" ".join([*person.prelast_names, *person.last_names])) for person in people]
    if not names:
        return _plain(entry.fields.get("title", entry.key))
    return names[0] + " et al." if len(names) > 2 else " and ".join(names)


def address_of(entry: Entry) -> str:
    """Where the work can be read: its URL, DOI or arXiv number; "" when the entry has none."""
    fields = entry.fields
    if fields.get("url"):
        return fields["url"]
    if fields.get("doi"):
        return f"https://doi.org/{fields['doi']}"
    arxiv = re.search(r"arXiv:\s*([\w./-]+\d)", " ".join((fields.get("note", ""), fields.get("eprint", ""))))
    return f"https://arxiv.org/abs/{arxiv[1]}" if arxiv else ""


def _plain(text: str) -> str:
    """A BibTeX value as Unicode, without braces."""
    return str(Text.from_latex(text))


def read_references(book: Path, pages: Iterable[str], publication: Publication) -> References:
    """The references of the ``pages`` in the folder ``book``: sources or executed notebooks, it makes no difference."""
    targets: dict[str, Target] = {}
    for page in pages:
        targets |= page_targets(page, markdown_of(book, page))
    bibliography = book / "references.bib"
    literature = dict(parse_file(str(bibliography)).entries) if bibliography.exists() else {}
    return References(targets, literature, publication)


def markdown_of(book: Path, page: str) -> str:
    """The text of a page: the file, a notebook's text cells, or what the build writes for a data set.

    The figure of a data set is left out: it needs the page's scripts.
    """
    if (path := book / f"{page}.md").exists():
        return included(path.read_text(encoding="utf-8"), book)
    if page in dataset_texts():
        return _FIGURE.sub("", dataset_texts()[page])
    cells = json.loads((book / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    texts = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return included("\n\n".join(texts), book)


def page_targets(page: str, text: str) -> dict[str, Target]:
    """Label -> place for everything on a page that can be referred to, and the page itself under its name."""
    targets: dict[str, Target] = {}
    counts = {"exercise": 0, "equation": 0}
    waiting = [page]
    for block in blocks(text):
        if isinstance(block, Directive):
            if block.name in counts:
                counts[block.name] += 1
            target = Target(page, _title(block), counts.get(block.name))
            targets |= {label: target for label in (*waiting, block.label) if label not in ("", page)}
            waiting = [label for label in waiting if label == page]
            continue
        for line in block.splitlines():
            if label := _LABEL.match(line):
                waiting.append(label["label"])
            elif heading := HEADING.match(line):
                targets |= {label: Target(page, heading["title"]) for label in waiting}
                waiting = []
            elif equation := EQUATION.search(line):
                counts["equation"] += 1
                targets[equation["label"]] = Target(page, f"({counts['equation']})", counts["equation"])
    return targets


def _title(block: Directive) -> str:
    """What a link to a directive says: its title, or the first line of a picture's caption."""
    pictured = block.name in ("figure", "image", "diagram")
    return ("" if pictured else block.argument) or next(iter(block.body.strip().splitlines()), block.name)


def cited_as(entry: Entry) -> str:
    """``A, 2020``, ``A and B, 2020`` or ``A et al., 2020``, as the text writes it."""
    return f"{authors(entry)}, {entry.fields['year']}"


class AuthorYearLabels(BaseLabelStyle):
    """Labels of the list: ``cited_as``."""

    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        return map(cited_as, sorted_entries)


class AuthorYearSorting(BaseSortingStyle):
    """The order of the list: by label."""

    def sorting_key(self, entry: Entry) -> str:
        return cited_as(entry).lower()


class AuthorYear(Unsorted):
    """The entries as pybtex formats them, by author and year."""

    default_label_style = STYLE
    default_sorting_style = STYLE


def register_bibliography() -> None:
    """Make the style known to pybtex, for ``:style: author-year`` of a bibliography."""
    register_plugin("pybtex.style.labels", STYLE, AuthorYearLabels)
    register_plugin("pybtex.style.sorting", STYLE, AuthorYearSorting)
    register_plugin("pybtex.style.formatting", STYLE, AuthorYear)
