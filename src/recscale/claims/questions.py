"""The questions a practitioner asks of both papers. Every claim belongs to one; the report card opens with them."""

from dataclasses import dataclass

from recscale.claims.claim import Paper, Verdict


@dataclass(frozen=True)
class Question:
    """``text``: the question. ``answer``: one sentence, written for the committed tables and valid while the claims in
    ``relies_on`` have these verdicts. ``published``, ``measured``: ids of the claims that decide it on the paper's
    numbers and on ours; None where there are no such numbers."""

    text: str
    paper: Paper
    answer: str
    published: str | None
    measured: str | None
    relies_on: dict[str, Verdict]


QUESTIONS: dict[str, Question] = {}
