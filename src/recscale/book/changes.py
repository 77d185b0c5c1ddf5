"""What a rerun with other parameters has changed, beside the default: parameters, claims, numbers of the page.

Conclusions are prose, and prose can go stale: here are found the paragraphs that the numbers no longer bear out. A text
cell names in its metadata the claims it relies on, each with the verdict it was written for::

    "claims": {"wukong-loss-falls": "holds"}

The build compares these with the claims on the committed tables. A rerun compares them with the claims its own cells
have shown, and marks what no longer fits.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

import nbformat
from myst_nb.core.variables import format_plain_text
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from recscale.book.dependencies import code_of
from recscale.book.execute import Layout, kept
from recscale.book.outputs import glued, outputs_of
from recscale.book.parameters import parameter_defaults
from recscale.claims.claim import Verdict
from recscale.claims.registry import SOURCES, load_claims
from recscale.claims.render import MIME, badge, claim_rows, number

Row = Mapping[str, Any]

NO_LONGER_FITS = """```{admonition} The next paragraphs were written for other results
:class: warning
With your parameters these claims have another verdict:

"""


@dataclass(frozen=True)
class Changes:
    """What stands beside what. ``parameters`` and ``numbers``: name -> (default, yours); ``claims``: (default, yours),
    rows as in ``claims.render.rows``, the default None for a claim that the committed tables don't have.
    """

    parameters: Mapping[str, tuple[Any, Any]]
    claims: Sequence[tuple[Row | None, Row]]
    numbers: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def flipped(self) -> int:
        """How many claims have another verdict."""
        return sum(default is not None and default["verdict"] != yours["verdict"] for default, yours in self.claims)


def changes(
    notebook: NotebookNode, defaults: Mapping[str, Any], given: Mapping[str, Any], default_run: NotebookNode | None
) -> Changes:
    """Compare the rerun ``notebook`` with the default: claims with those on the committed tables, numbers with those of
    ``default_run``, where the book has one.
    """
    shown = {row["id"]: row for output in outputs_of(notebook) for row in output.get("data", {}).get(MIME, [])}
    default_claims = _default_claims(list(shown), notebook)
    mine, theirs = glued(notebook), glued(default_run) if default_run else {}
    return Changes(
        {name: (defaults.get(name), value) for name, value in given.items() if defaults.get(name) != value},
        [(default_claims.get(id), row) for id, row in shown.items()],
        {name: (theirs[name], text) for name, text in mine.items() if theirs.get(name, text) != text},
    )


def mark(notebook: NotebookNode, chapter: str, given: Mapping[str, Any], layout: Layout) -> Changes:
    """Put on top of a rerun's notebook what has changed, and a note where the text no longer fits.

    ``layout`` is the book's own, where the chapter's default run is looked for.
    """
    defaults = parameter_defaults((layout.book / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    built = kept(chapter, layout)
    default_run = nbformat.read(built.path, as_version=4) if built else None
    change = changes(notebook, defaults, given, default_run)
    annotate(notebook, {yours["id"]: yours["verdict"] for _, yours in change.claims}, box(change))
    return change


def _default_claims(ids: Sequence[str], notebook: NotebookNode) -> dict[str, Row]:
    """Id -> claim on the committed tables. Bodies of evidence that the chapter's code names come first: they have just
    been computed, and mostly no other is needed.
    """
    code = code_of(json.dumps({"cells": notebook.cells}))
    found: dict[str, Row] = {}
    for source in sorted(SOURCES, key=lambda name: f'"{name}"' not in code):
        if set(ids) <= set(found):
            break
        found |= {row["id"]: row for row in claim_rows(load_claims(sources=(source,)))}
    return {id: found[id] for id in ids if id in found}


def observed_in(row: Row) -> str:
    """What was observed, from a claim's row: "0.00156 [0.00105, 0.00207]", "4 of 6"."""
    value, low, high = row["observed"], row["ci_low"], row["ci_high"]
    if value is None or isinstance(value, str):
        return value or "–"
    unit = f" {row['unit']}" if row["unit"] else ""
    interval = f" [{number(low)}, {number(high)}]" if None not in (low, high) and low != high else ""
    return f"{number(value)}{unit}{interval}"


def box(change: Changes) -> str:
    """The box on top of a rerun's page, in MyST."""
    tables = "\n\n".join(_tables(change))
    return f"""````{{admonition}} Your own run
:class: note your-run
Numbers, badges and figures on this page are yours. The text was written for the default parameters.

{tables}
````"""


def _tables(change: Changes) -> Iterator[str]:
    """Parameters, the claims that differ, the numbers that differ; what is the same is folded."""
    if change.parameters:
        yield _table("parameter", [(name, *map(repr, pair), True) for name, pair in change.parameters.items()])
    lines = [(_claim_row(default, yours), _differ(default, yours)) for default, yours in change.claims]
    if other := [line for line, differ in lines if differ]:
        yield _table("claim", other)
    if change.numbers:
        rows = [(html.escape(name), *map(_short, pair), False) for name, pair in change.numbers.items()]
        table = _table("number in the text", rows)
        yield _folded(f"{len(change.numbers)} numbers in the text differ", table)
    if same := [line for line, differ in lines if not differ]:
        yield _folded(f"{len(same)} claims are as by default", _table("claim", same))


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n{content}\n</details>"


def _differ(default: Row | None, yours: Row) -> bool:
    return default is None or any(default[key] != yours[key] for key in ("verdict", "observed", "ci_low", "ci_high"))


def _claim_row(default: Row | None, yours: Row) -> tuple[str, str, str, bool]:
    before = _verdict(default) if default else "–"
    flipped = default is not None and default["verdict"] != yours["verdict"]
    return html.escape(yours["statement"]), before, _verdict(yours), flipped


def _verdict(row: Row) -> str:
    return f"{badge(Verdict(row['verdict']))}<br><small>{html.escape(observed_in(row))}</small>"


def _short(text: str) -> str:
    try:
        return html.escape(number(float(text)))
    except ValueError:
        return html.escape(format_plain_text(text, "s"))


def _table(what: str, lines: Sequence[tuple[str, str, str, bool]]) -> str:
    """An HTML table that a rerun's page and a notebook show alike; lines that are marked stand out."""
    body = "".join(
        f'<tr{" class=changed" if marked else ""}><th scope="row">{first}</th><td>{before}</td><td>{after}</td></tr>'
        for first, before, after, marked in lines
    )
    head = f'<tr><th scope="col">{what}</th><th scope="col">default</th><th scope="col">yours</th></tr>'
    return f'<div><table class="your-run"><thead>{head}</thead><tbody>{body}</tbody></table></div>'


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
    for position, misfits in groupby(reversed(stale(notebook, verdicts, unknown=False)), key=attrgetter("cell")):
        told = [f"- {one.claim}: {one.written_for} → {one.verdict}" for one in misfits]
        lines = "\n".join(reversed(told))
        notebook.cells.insert(position, new_markdown_cell(f"{NO_LONGER_FITS}{lines}\n```"))
    notebook.cells.insert(1, new_markdown_cell(opening, id="your-own-run"))
