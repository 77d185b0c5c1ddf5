"""What a claim of the report card is: a statement, what the paper prints, what is observed, and a verdict by a rule.

What a claim says stands in ``claims.toml``, by id. ``judge`` adds what was observed and the verdict, so that no verdict
stands without the rule that gave it. A new claim is an entry there and one function that judges it.
"""

import math
import re
import tomllib
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import TypeAdapter

from recscale.stats import Count, Estimate

QUOTED = re.compile(r"“[^“”]+”.*|[\d+−-].*")
"""What may stand as text in ``reference``: a quotation, or something printed that begins with a number."""


def number(value: float, digits: int = 4) -> str:
    """As people write it: whole numbers and those from a thousand up with commas, others with ``digits`` digits."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "–"
    whole = float(value).is_integer() or abs(value) >= 1000
    return (f"{value:,.0f}" if whole else f"{value:.{digits}g}").replace("-", "−")


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


class StatedIn(StrEnum):
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


Observed = Estimate | Count


@runtime_checkable
class Rule(Protocol):
    """A rule with its settings; ``name`` is what the card and ``recscale claims`` call it. None: it can't decide."""

    @property
    def name(self) -> str: ...

    def __call__(self, observed: Observed) -> Verdict | None: ...


@dataclass(frozen=True)
class Price:
    """What it would take to decide an open claim: ``seeds`` per configuration in all, and the ``core_hours`` that the
    missing runs cost on one core. inf where the observed effect is zero.

    ``sizes``: of every model in all, each with ``seeds`` seeds, where the interval comes from the scatter of the sizes
    around a line, which more seeds of the same sizes needn't narrow. None: the sizes there are.
    """

    seeds: float
    core_hours: float
    sizes: float | None = None


@dataclass(frozen=True)
class Statement:
    """What a claim says, whatever is observed.

    ``id``: permanent, the anchor on the report card. ``question``: a key of ``questions.QUESTIONS``. ``statement``: one
    plain sentence. ``page``: the chapter that holds it. ``reference``: a printed number or quotation (``QUOTED``), None
    where nothing is printed. ``detail``: one sentence on the evidence. ``symbol`` and ``unit``: of what is observed.
    ``check``: a question of ours or a common reading, not counted among the paper's claims.
    """

    id: str
    paper: Paper
    question: str
    statement: str
    evidence: Evidence
    page: str
    reference: float | str | None = None
    detail: str = ""
    symbol: str = ""
    unit: str = ""
    source: StatedIn = StatedIn.PAPER
    check: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id):
            raise ValueError(f"the claim id {self.id!r} must be lower-case words joined by hyphens")
        if isinstance(self.reference, str) and not QUOTED.fullmatch(self.reference):
            raise ValueError(f"{self.reference!r} of {self.id} is neither a quotation nor a printed number")


@dataclass(frozen=True, kw_only=True)
class Claim(Statement):
    """A statement and what the numbers say of it.

    ``observed``: in the unit of ``reference``. ``rule``: the name of the rule that gave the verdict.
    """

    observed: Observed
    rule: str
    verdict: Verdict
    price: Price | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.price is not None) != (self.verdict is Verdict.OPEN):
            raise ValueError(f"{self.id} is {self.verdict}: open claims have a price, others none")


@cache
def statements() -> dict[str, dict[str, Statement]]:
    """Body of evidence -> id -> what the claim says, in the order of ``claims.toml``."""
    bodies = tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))
    result: dict[str, dict[str, Statement]] = {}
    for body, entries in bodies.items():
        shared = {key: value for key, value in entries.items() if not isinstance(value, dict)}
        own = {id: shared | entry for id, entry in entries.items() if isinstance(entry, dict)}
        result[body] = {id: TypeAdapter(Statement).validate_python({"id": id} | entry) for id, entry in own.items()}
    return result


def judge(said: str | Statement, rule: Rule, observed: Observed, price: Price | None = None, **printed) -> Claim:
    """The claim with the verdict that ``rule`` gives; ``said``: its id in ``claims.toml``, or a statement.

    Where the rule decides nothing the claim is ``UNDECIDABLE`` by printed numbers, and ``OPEN`` on runs of ours, at
    ``price``. ``printed``: a ``reference`` that is computed or stands in a published table.
    """
    if isinstance(said, str):
        known = {id: statement for body in statements().values() for id, statement in body.items()}
        if said not in known:
            raise ValueError(f"there is no claim {said!r} in claims.toml")
        said = known[said]
    verdict = rule(observed)
    if verdict is None:
        verdict = Verdict.UNDECIDABLE if said.evidence is Evidence.PUBLISHED else Verdict.OPEN
    paid = price if verdict is Verdict.OPEN else None
    return Claim(**asdict(said) | printed, observed=observed, rule=rule.name, verdict=verdict, price=paid)
