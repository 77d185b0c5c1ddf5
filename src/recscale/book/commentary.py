"""Conclusions are prose, and prose can go stale: this finds the paragraphs that the numbers no longer bear out.

A text cell names in its metadata the claims it relies on, each with the verdict it was written for::

    "claims": {"wukong-loss-falls": "holds"}

The build compares these with the claims on the committed tables. A rerun with other parameters compares them with the
claims its own cells have shown (``book.changes``) and marks what no longer fits.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

NO_LONGER_FITS = """```{admonition} The next paragraphs were written for other results
:class: warning
With your parameters these claims have another verdict:

"""


@dataclass(frozen=True)
class Stale:
    """A text cell whose claim has another verdict now, or none (``verdict`` is None: there is no such claim)."""

    cell: int
    sentence: str
    claim: str
    written_for: str
    verdict: str | None

    def __str__(self) -> str:
        outcome = "there is no such claim" if self.verdict is None else f"is now {self.verdict!r}"
        return f"“{self.sentence}” relies on {self.claim}: {self.written_for!r}, which {outcome}"


def relied_on(notebook: NotebookNode) -> Iterator[tuple[int, str, Mapping[str, str]]]:
    """The text cells that rely on claims: position, first sentence, claim id -> verdict."""
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and cell.metadata.get("claims"):
            yield position, opening_of(cell.source), cell.metadata["claims"]


def opening_of(source: str) -> str:
    """The first sentence of a text cell, without headings, labels and directives."""
    lines = [line for line in source.splitlines() if line.strip() and not re.match(r"(#|```|:|\(.*\)=$|\|)", line)]
    return re.split(r"(?<=[.?!])\s", lines[0].strip(), maxsplit=1)[0] if lines else ""


def stale(notebook: NotebookNode, verdicts: Mapping[str, str], *, unknown: bool = True) -> list[Stale]:
    """What no longer fits ``verdicts`` (claim id -> verdict); claims that aren't there count unless not ``unknown``."""
    return [
        Stale(position, sentence, claim, written_for, verdicts.get(claim))
        for position, sentence, claims in relied_on(notebook)
        for claim, written_for in claims.items()
        if (unknown or claim in verdicts) and verdicts.get(claim) != written_for
    ]


def annotate(notebook: NotebookNode, verdicts: Mapping[str, str], opening: str) -> None:
    """Mark a chapter rerun with other parameters: ``opening`` after its first cell, and a note before every cell that
    doesn't fit the ``verdicts`` of the rerun.
    """
    misfits: dict[int, list[Stale]] = {}
    for one in stale(notebook, verdicts, unknown=False):
        misfits.setdefault(one.cell, []).append(one)
    for position in sorted(misfits, reverse=True):
        lines = "\n".join(f"- {one.claim}: {one.written_for} → {one.verdict}" for one in misfits[position])
        notebook.cells.insert(position, new_markdown_cell(f"{NO_LONGER_FITS}{lines}\n```"))
    notebook.cells.insert(1, new_markdown_cell(opening, id="your-own-run"))
