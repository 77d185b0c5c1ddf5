"""The questions a practitioner asks of both papers. Every claim belongs to one; the report card opens with them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from recscale.claims.claim import Paper, Verdict


@dataclass(frozen=True)
class Question:
    """``text``: the question. ``answer``: one sentence, written for the committed tables and valid while the claims in
    ``relies_on`` have these verdicts. ``published``, ``measured``: ids of the claims that decide it on the paper's
    numbers and on ours; None where there are no such numbers."""

    text: str
    paper: Paper
    answer: str
    published: str | None = None
    measured: str | None = None
    relies_on: dict[str, Verdict] = field(default_factory=dict)


QUESTIONS = TypeAdapter(dict[str, Question]).validate_python(
    tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))
)
"""Key -> question, in the order of ``questions.toml``, which is the report card's."""


def outdated(verdicts: Mapping[str, str]) -> list[str]:
    """The answers that no longer fit ``verdicts`` (claim id -> verdict): question, claim, and both verdicts."""
    return [
        f"the answer to “{question.text}” relies on {claim}: {written_for.value!r}, now {verdicts.get(claim)!r}"
        for question in QUESTIONS.values()
        for claim, written_for in question.relies_on.items()
        if verdicts.get(claim) != written_for
    ]
