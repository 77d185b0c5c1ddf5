"""Claims as readers see them: a badge, a list for a chapter, a flat row for a table or a JSON file.

Statements come from the claims; nothing here writes a sentence.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from html import escape

import pandas as pd

from recscale.claims.claim import Claim, Count, Price, Verdict, number
from recscale.stats.estimate import Estimate

MIME = "application/vnd.recscale.claims+json"
"""Type under which a chapter's output carries its claims, for whoever reads the executed notebook."""

ROW = (
    *("id", "paper", "question", "statement", "evidence", "reference", "observed", "ci_low", "ci_high", "rule"),
    *("verdict", "price", "page", "detail", "source", "unit", "check"),
)
"""Fields of a claim in a flat row, in their order."""

_SYMBOLS = {
    Verdict.HOLDS: "●",
    Verdict.IN_PART: "◐",
    Verdict.FAILS: "○",
    Verdict.OPEN: "?",
    Verdict.UNDECIDABLE: "–",
}


def estimate(seen: Estimate, unit: str = "") -> str:
    """A value and its interval to two digits of the interval's half-width: ``0.098 % [0.074, 0.123]``."""
    half = (seen.ci_high - seen.ci_low) / 2
    if not (seen.has_interval and math.isfinite(half) and half > 0):
        interval = f" [{number(seen.ci_low)}, {number(seen.ci_high)}]" if seen.has_interval and half else ""
        return f"{number(seen.value, 3)}{unit}{interval}"
    decimals = max(0, 1 - math.floor(math.log10(half)))
    value, low, high = (f"{one:,.{decimals}f}".replace("-", "−") for one in (seen.value, seen.ci_low, seen.ci_high))
    return f"{value}{unit} [{low}, {high}]"


def observed(claim: Claim) -> str:
    """What was observed: "α = 0.00156 [0.00105, 0.00207]", "4 of 6 rivals"."""
    seen, unit = claim.observed, f" {claim.unit}" if claim.unit else ""
    if isinstance(seen, Count):
        return f"{seen.agree} of {seen.of}{unit}"
    return f"{f'{claim.symbol} = ' if claim.symbol else ''}{estimate(seen, unit)}"


def reference(claim: Claim) -> str:
    """What the paper prints; nothing where it prints nothing."""
    if claim.reference is None:
        return ""
    return claim.reference if isinstance(claim.reference, str) else number(claim.reference)


def price(cost: Price | None) -> str:
    """ "needs 12 seeds, 5 core-hours", or so many sizes, to two digits; nothing without a price."""
    if cost is None:
        return ""
    needed, what = (cost.seeds, "seeds") if cost.sizes is None else (cost.sizes, "sizes")
    if not math.isfinite(needed):
        return f"no number of {what} decides it"
    return f"needs {_rough(math.ceil(needed))} {what}, {_rough(max(cost.core_hours, 0.1))} core-hours"


def _rough(value: float) -> str:
    """Two digits of it, and no more than one behind the point."""
    return number(round(float(f"{value:.2g}"), 1))


def badge(verdict: Verdict) -> str:
    """The verdict as a coloured HTML label that also reads without colour."""
    kind = verdict.value.replace(" ", "-")
    return f'<span class="verdict verdict-{kind}"><span aria-hidden="true">{_SYMBOLS[verdict]}</span> {verdict}</span>'


def _unbroken(text: str) -> str:
    """As HTML whose numbers stay beside their sign, unit and noun."""
    return escape(text).replace(" = ", "&nbsp;=&nbsp;").replace(" %", "&nbsp;%").replace(" of ", "&nbsp;of&nbsp;")


class ClaimList:
    """Claims for a chapter's output: statement, badge and number, one line each, linked to the report card.

    The executed notebook holds them a second time as data (``MIME``).
    """

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.claims = list(claims)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/html": self._repr_html_(), MIME: claim_rows(self.claims)}

    def _repr_html_(self) -> str:
        items = []
        for claim in self.claims:
            cost = f' <span class="claim-price">{price(claim.price)}</span>' if claim.price else ""
            items.append(
                f'<li data-claim="{claim.id}" data-verdict="{claim.verdict}">'
                f'<a class="claim-statement" href="report-card.html#{claim.id}">{escape(claim.statement)}</a> '
                f'{badge(claim.verdict)} <span class="claim-observed">{_unbroken(observed(claim))}</span>{cost}</li>'
            )
        return f'<ul class="claims">{"".join(items)}</ul>'


def side_by_side(bodies: Mapping[str, Sequence[Claim]]) -> pd.DataFrame:
    """The same claims judged on several bodies of evidence: one row per statement, one column per body."""
    columns = {
        name: {claim.statement: f"{_SYMBOLS[claim.verdict]} {claim.verdict}: {observed(claim)}" for claim in claims}
        for name, claims in bodies.items()
    }
    return pd.DataFrame(columns).rename_axis("claim")


def claim_rows(claims: Sequence[Claim]) -> list[dict]:
    """One flat dictionary per claim, fit for JSON: numbers that are not finite are null.

    Keys: those of ``ROW``; ``observed`` is a number, or text for counts, ``price`` null, or seeds, core_hours
    and sizes.
    """
    return [_row(claim) for claim in claims]


def _row(claim: Claim) -> dict:
    one = claim.observed if isinstance(claim.observed, Estimate) else Estimate(math.nan)
    seen = one.value if one is claim.observed else observed(claim)
    limits = (one.ci_low, one.ci_high) if one.has_interval else (None, None)
    cost = claim.price and {name: _finite(value) for name, value in asdict(claim.price).items()}
    judged = dict(zip(("observed", "ci_low", "ci_high"), map(_finite, (seen, *limits)), strict=True)) | {"price": cost}
    stated = {name: getattr(claim, name) for name in ROW if name not in judged}
    plain = {name: str(value) if isinstance(value, StrEnum) else value for name, value in stated.items()}
    return {name: (plain | judged)[name] for name in ROW}


def _finite(value: float | str | None) -> float | str | None:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table(claims: Sequence[Claim]) -> pd.DataFrame:
    """``claim_rows`` as a table, indexed by id."""
    return pd.DataFrame(claim_rows(claims)).set_index("id")


def as_json(claims: Sequence[Claim]) -> str:
    """``claim_rows`` as JSON text."""
    return json.dumps(claim_rows(claims), indent=1, ensure_ascii=False, allow_nan=False)
