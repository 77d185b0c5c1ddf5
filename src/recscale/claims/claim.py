"""What a claim of the report card is: a statement, what the paper prints, what is observed, and a verdict by a rule.

A claim is plain data: it can be written to JSON and read back. ``rules.judge`` makes it, so that no verdict stands
without the rule that gave it. A new claim is one function that returns one.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from recscale.stats.estimate import Estimate
from recscale.stats.multiplicity import Count

QUOTED = re.compile(r"“[^“”]+”.*|[\d+−-].*")
"""What may stand as text in ``reference``: a quotation, or something printed that begins with a number."""


class Paper(StrEnum):
    """Whose claim it is."""

    WUKONG = "Wukong"
    PERFORMANCE_LAW = "Performance Law"


class Verdict(StrEnum):
    """What the numbers say of a claim."""

    HOLDS = "holds"
    IN_PART = "holds in part"
    FAILS = "does not hold"
    OPEN = "open"
    """Our runs don't decide it; more of them would (``Claim.price``)."""
    UNDECIDABLE = "undecidable"
    """What was printed doesn't decide it."""


class Evidence(StrEnum):
    """What a claim is judged by."""

    PUBLISHED = "published"
    """Numbers the papers, their code or others print."""
    MEASURED = "measured"
    """Runs of ours."""
    PREDICTED = "predicted"
    """Runs of ours that were made after a prediction had been written down."""


class Source(StrEnum):
    """Where the statement stands."""

    PAPER = "paper"
    """Wukong's text."""
    FIRST_PAPER = "first paper"
    SUCCESSOR = "successor"
    REPOSITORY = "repository"
    """The two versions of the Performance Law, and their code and figures."""
    INFERRED = "inferred"
    """Drawn by us from what a paper promises."""
    ELSEWHERE = "elsewhere"
    """Printed by others."""


@dataclass(frozen=True)
class Text:
    """An observation that is a name: the best model, the form that fits best."""

    value: str


@dataclass(frozen=True)
class Price:
    """What it would take to decide an open claim: ``seeds`` per configuration in all, and the ``core_hours`` that the
    missing ones cost on one core. inf where the observed effect is zero."""

    seeds: float
    core_hours: float


@dataclass(frozen=True)
class Claim:
    """One statement and what the numbers say of it.

    ``id``: permanent, the anchor on the report card. ``question``: a key of ``questions.QUESTIONS``. ``statement``: one
    plain sentence. ``reference``: a printed number or quotation (``QUOTED``), None where nothing is printed.
    ``observed``: in the unit of ``reference``; readers see ``symbol`` and ``unit``. ``rule``: the rule that gave
    the verdict. ``detail``: one sentence on the evidence. ``page``: the chapter that holds it. ``check``: a question of
    ours or a common reading, not counted among the paper's claims.
    """

    id: str
    paper: Paper
    question: str
    statement: str
    evidence: Evidence
    reference: float | str | None
    observed: Estimate | Count | Text
    rule: str
    verdict: Verdict
    page: str
    detail: str = ""
    symbol: str = ""
    unit: str = ""
    source: Source = Source.PAPER
    check: bool = False
    price: Price | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id):
            raise ValueError(f"the claim id {self.id!r} must be lower-case words joined by hyphens")
        if isinstance(self.reference, str) and not QUOTED.fullmatch(self.reference):
            raise ValueError(f"{self.reference!r} of {self.id} is neither a quotation nor a printed number")
        if (self.price is not None) != (self.verdict is Verdict.OPEN):
            raise ValueError(f"{self.id} is {self.verdict}: open claims have a price, others none")

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """The limits of the observed interval; None where there is none."""
        if isinstance(self.observed, Estimate) and self.observed.has_interval:
            return self.observed.ci_low, self.observed.ci_high
        return None, None
