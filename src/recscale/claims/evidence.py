"""The paper's statements beside the runs that test them, in words, for the chapter that holds the runs."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

import pandas as pd

from recscale.claims.card import COUNTED, VERDICTS, Claim, counted, found
from recscale.datasets.cards import find_card


@runtime_checkable
class Judged(Protocol):
    """A study that claims can be tested on."""

    dataset: str


Study = TypeVar("Study", bound=Judged)


def evidence(claims: Callable[[Study], Sequence[Claim]], live: Study | None, stored: Study | None) -> str:
    """What the live and the committed runs say about each statement, in Markdown."""
    parts = []
    for study, title, absent in (
        (live, "Live", "None of the live runs can be compared."),
        (stored, "The full study", "The repository holds no comparable runs of the full study yet."),
    ):
        parts.append(f"**{title}, {_where(study)}**\n\n{listed(claims(study))}" if study is not None else absent)
    return "\n\n".join(parts)


def _where(study: Judged) -> str:
    """Its data set in the words of the card; by its name where the card isn't at hand."""
    try:
        return find_card(study.dataset).title
    except ValueError:
        return study.dataset


def listed(rows: Sequence[Claim]) -> str:
    """The rows as a list in Markdown, for the chapter that holds their evidence."""
    if not rows:
        return "The runs at hand can test none of the paper's statements yet."
    lines = []
    for row in rows:
        claim = row.claim.removesuffix(COUNTED)
        paper = f" Printed: {row.printed}." if row.printed else ""
        lines.append(f"- **{claim[0].upper()}{claim[1:]}: {row.verdict}.**{paper} Here: {found(row)} ({row.why}).")
    return "\n".join(lines)


def tally(rows: Sequence[Claim]) -> str:
    """How many of the paper's statements got each verdict, in half a sentence; checks of ours are counted apart."""
    stated, checks = [row for row in rows if not row.check], [row for row in rows if row.check]
    if not stated:
        return "none of the paper's statements can be tested yet"
    counts = pd.Series([row.verdict for row in stated], dtype=object).value_counts()
    several = {"holds": "hold", "holds in part": "hold in part", "does not hold": "do not hold"}
    parts = [
        f"{counts[verdict]} {verdict if counts[verdict] == 1 else several.get(verdict, verdict)}"
        for verdict in VERDICTS
        if verdict in counts
    ]
    *first, last = parts
    beside = f" ({counted(len(checks), 'check')} of ours not among them)" if checks else ""
    return f"of {len(stated)} statements tested here {', '.join(first)}{' and ' if first else ''}{last}{beside}"


def tally_of(claims: Callable[[Study], Sequence[Claim]], live: Study | None, stored: Study | None) -> str:
    """The verdicts of both, a sentence each."""
    first = tally(claims(live)) if live is not None else "none of the paper's statements can be tested"
    if stored is None:
        return f"Live, {first}. The full study is not in this copy of the repository yet."
    return f"Live, {first}. In the full study, {tally(claims(stored))}."
