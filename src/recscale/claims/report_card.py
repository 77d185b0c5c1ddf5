"""The report card as HTML: the questions of a practitioner, each opening to the claims that decide it.

Plain HTML that reads without style and script: a ``details`` element per question, a table of claims inside it, every
claim with its id as its anchor. ``data-…`` attributes are where the book's few lines of script filter.
"""

from collections.abc import Sequence
from html import escape

from recscale.claims.claim import Claim, Paper, Verdict
from recscale.claims.questions import QUESTIONS, Question
from recscale.claims.registry import claim_of
from recscale.claims.render import badge, observed, price, reference

COLUMNS = ("claim", "printed", "observed", "verdict")


def html(claims: Sequence[Claim]) -> str:
    """All questions in their order, paper by paper; ValueError where a question names a claim that isn't there."""
    parts = []
    for paper in Paper:
        asked = {key: question for key, question in QUESTIONS.items() if question.paper is paper}
        rows = "".join(_question(key, question, claims) for key, question in asked.items())
        parts.append(
            f'<section class="card-paper" data-paper="{paper}"><p class="card-title">{paper}</p>{rows}</section>'
        )
    return f'<div class="report-card">{"".join(parts)}</div>'


def counts(claims: Sequence[Claim]) -> dict[Paper, dict[Verdict, int]]:
    """How many claims of each paper got each verdict; checks of ours are left out."""
    return {
        paper: {
            verdict: sum(one.paper is paper and one.verdict is verdict and not one.check for one in claims)
            for verdict in Verdict
        }
        for paper in Paper
    }


def _question(key: str, question: Question, claims: Sequence[Claim]) -> str:
    """One row of the first level: the question, its answer, the deciding claim on each side, and all its claims."""
    own = [claim for claim in claims if claim.question == key]
    sides = "".join(
        f'<span class="card-side"><span class="card-label">{label}</span> {_deciding(id, claims)}</span>'
        for label, id in (("printed numbers", question.published), ("our runs", question.measured))
    )
    head = (
        f'<span class="card-question">{escape(question.text)}</span>'
        f'<span class="card-answer">{escape(question.answer)}</span><span class="card-sides">{sides}</span>'
    )
    body = "".join(_claim(claim) for claim in own)
    columns = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    table = f'<table class="card-claims"><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>'
    return f'<details class="card-row" id="question-{key}"><summary>{head}</summary>{table}</details>'


def _deciding(id: str | None, claims: Sequence[Claim]) -> str:
    if id is None:
        return '<span class="card-none">no numbers</span>'
    claim = claim_of(claims, id)
    return f'{badge(claim.verdict)} <span class="claim-observed">{escape(observed(claim))}</span>'


def _claim(claim: Claim) -> str:
    """One row of the second level."""
    notes = [claim.detail, f"Rule: {claim.rule}.", "A check of ours." if claim.check else ""]
    link = f'<a href="{claim.page}.html">{claim.page.replace("-", " ")}</a>'
    small = (
        f"<small>{escape(' '.join(note for note in notes if note))} Source: {claim.source}. Evidence: {link}</small>"
    )
    cells = [
        f'<th scope="row"><span class="claim-text">{escape(claim.statement)}</span> {small}</th>',
        f'<td data-label="printed">{escape(reference(claim))}</td>',
        f'<td data-label="observed">{escape(observed(claim))}</td>',
        f'<td data-label="verdict">{badge(claim.verdict)}<br><small>{price(claim.price)}</small></td>',
    ]
    data = f'data-verdict="{claim.verdict}" data-evidence="{claim.evidence}"'
    return f'<tr id="{claim.id}" {data}>{"".join(cells)}</tr>'
