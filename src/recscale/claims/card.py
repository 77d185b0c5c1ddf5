"""The report card: claims of both papers that numbers can test, what is printed, what we find, and a verdict.

A row is a ``Claim``. ``claims`` computes them all from the published numbers; studies of our own runs add theirs by
adding a function to ``_own``. Verdicts follow rules stated in the row's ``why``, so that a reader can disagree.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass

import pandas as pd

from recscale.stats.contrasts import of_cases

COUNTED = ": how many"
"""Ending of a claim that covers several cases; its ``paper_value`` is their number, ``ours`` how many of them hold.
That number is ours, so that nothing stands in the paper's column."""

QUOTED = re.compile(r"“[^“”]+”|[\d+−-].*")
"""What may stand as text in ``paper_value``: a quotation, or something printed that begins with a number."""

SOURCES = ("paper", "first paper", "successor", "repository", "inferred", "elsewhere")
"""Where a claim stands. "paper": Wukong's text. "first paper", "successor", "repository": the two versions of the
Performance Law and their code and figures. "inferred": drawn by us from what those promise. "elsewhere": printed by
others."""

FROM_PRINT = ("wukong-published", "performance-law-published", "data-quality", "fitting-honestly")
"""Chapters whose rows rest on printed numbers alone."""

LIGHT = 'style="font-weight: 400"'

VERDICTS = ("holds", "holds in part", "does not hold", "can't be known")


@dataclass(frozen=True)
class Claim:
    """One row. ``paper_value`` and ``ours`` share a unit where both are numbers; ``interval`` is 95 % (None: exact).

    ``paper``: "Wukong" or "Performance Law"; ``paper_value``: a printed number or a quotation (``QUOTED``), None where
    nothing is printed to compare with; ``source``: one of ``SOURCES``; ``chapter``: the page with the evidence;
    ``why``: one sentence.
    ``check``: a question of ours or a common reading, to which the paper has no answer; not counted among its claims.
    """

    paper: str
    claim: str
    paper_value: float | str | None
    ours: float | str
    interval: tuple[float, float] | None
    verdict: str
    chapter: str
    why: str
    check: bool = False
    source: str = "paper"

    def __post_init__(self):
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict {self.verdict!r} is not one of {', '.join(VERDICTS)}")
        if self.source not in SOURCES:
            raise ValueError(f"source {self.source!r} is not one of {', '.join(SOURCES)}")
        if isinstance(self.paper_value, str) and not QUOTED.fullmatch(self.paper_value):
            raise ValueError(f"{self.paper_value!r} of {self.claim!r} is neither a quotation nor a printed number")
        if self.interval is not None and not self.interval[0] <= self.interval[1]:
            raise ValueError(f"the interval {self.interval} of {self.claim!r} is upside down")

    @property
    def counted(self) -> bool:
        """Whether it covers several cases."""
        return self.claim.endswith(COUNTED)

    @property
    def printed(self) -> str:
        """What the paper's column shows: nothing for a count, whose number of cases is ours."""
        return "" if self.counted or self.paper_value is None else number(self.paper_value)

    @property
    def open(self) -> str:
        """Why an undecided row is undecided; empty for others."""
        if self.verdict != VERDICTS[-1]:
            return ""
        return "from what was printed" if self.chapter in FROM_PRINT else "from our runs: too few"


def claims_on(paper: str, chapter: str, source: str = "paper") -> Callable[..., Claim]:
    """A writer of rows on one paper, with their evidence in one chapter."""

    def claim(text, paper_value, ours, verdict, why, interval=None, *, check=False, source=source) -> Claim:
        return Claim(paper, text, paper_value, ours, interval, verdict, chapter, why, check, source)

    return claim


def claims(resamples: int = 1000, seed: int = 0) -> tuple[Claim, ...]:
    """All rows, in the order of ``_sources``; ``resamples`` and ``seed`` go to the bootstraps behind the intervals."""
    return tuple(claim for source in _sources() for claim in source(resamples, seed))


def own_words(resamples: int = 1000, seed: int = 0) -> str:
    """How many rows rest on models trained for this book, in a sentence."""
    own = sum(len(source(resamples, seed)) for source in _own())
    if not own:
        return "None of the rows rests on models trained for this book yet."
    return f"{own} of the rows {'rests' if own == 1 else 'rest'} on models trained for this book."


def _sources() -> tuple[Callable[[int, int], list[Claim]], ...]:
    """Functions (resamples, seed) -> rows."""
    from recscale.claims import frappe as quality

    return quality.published_baselines, *_own()


def _own() -> tuple[Callable[[int, int], list[Claim]], ...]:
    """Those of them whose rows come from our own runs: none while a study isn't committed. Later studies add theirs."""
    from recscale.claims import frappe as quality
    from recscale.claims import performance_law_data as data
    from recscale.claims import performance_law_grid as sequential
    from recscale.claims import performance_law_predictions as predictions
    from recscale.claims import wukong_scaling as scaling
    from recscale.claims import wukong_shapes as bridge

    wukong = scaling.measured, quality.frappe
    return *wukong, sequential.grid, data.across, predictions.tested, predictions.quality, bridge.bridge


def interval_verdict(paper: float, low: float, high: float) -> str:
    """ "holds" where the interval has the paper's number, "does not hold" elsewhere."""
    return "holds" if low <= paper <= high else "does not hold"


def count_verdict(reached: int, of: int) -> str:
    """``of_cases`` where every case is decided."""
    return of_cases(reached, of - reached, of)


def table(rows: tuple[Claim, ...]) -> pd.DataFrame:
    """One row a claim, with ``low`` and ``high`` instead of the interval."""
    frame = pd.DataFrame([asdict(row) for row in rows])
    limits = [(None, None) if interval is None else interval for interval in frame.pop("interval")]
    frame.insert(4, "low", [low for low, _ in limits])
    frame.insert(5, "high", [high for _, high in limits])
    return frame


def shown(rows: tuple[Claim, ...]) -> pd.DataFrame:
    """The table as a reader sees it: numbers rounded, counts as "9 of 12", the reason under the claim."""
    lines = []
    for row in rows:
        link = f'<a href="{row.chapter}.html">{row.chapter.replace("-", " ")}</a>'
        asked = "a check, not the paper's words; " if row.check else ""
        left_open = f"<br><small {LIGHT}>{row.open}</small>" if row.open else ""
        lines.append(
            {
                "paper": row.paper,
                "source": row.source,
                "claim": f"{row.claim.removesuffix(COUNTED)}<br><small {LIGHT}>{asked}{row.why} ({link})</small>",
                "printed": row.printed,
                "we find": found(row),
                "verdict": row.verdict + left_open,
            }
        )
    return pd.DataFrame(lines)


def found(row: Claim) -> str:
    """What we find, with its interval: "0.71 [0.5, 0.9]", "9 of 12"."""
    ours = f"{number(row.ours)} of {number(row.paper_value)}" if row.counted else number(row.ours)
    return ours + ("" if row.interval is None else f" [{', '.join(map(number, row.interval))}]")


def counted(count: int, noun: str) -> str:
    """ "1 shape", "4 shapes"."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def number(value: float | str) -> str:
    """Text as it is, a whole number whole, others to four significant digits."""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"


def sizes(rows: tuple[Claim, ...]) -> str:
    """ "80 claims of both papers, 20 of them inferred, and 8 checks of ours"."""
    checks = sum(row.check for row in rows)
    inferred = sum(row.source == "inferred" and not row.check for row in rows)
    drawn = f", {inferred} of them inferred," if inferred else ""
    beside = f" and {counted(checks, 'check')} of ours" if checks else ""
    return f"{len(rows) - checks} claims of both papers{drawn}{beside}".rstrip(",")


def html(rows: tuple[Claim, ...]) -> str:
    """The card as an accessible HTML table: header cells with scope, a body row a claim, ``data-verdict`` to filter.

    The class ``report-card`` is where the book's style and its few lines of script take hold; without them it is a
    plain table. Roles keep it one where a phone shows each row as a card, ``data-label`` names the cells there.
    """
    frame, width = shown(rows), {"claim": ' style="width: 48%"'}
    head = "".join(f'<th scope="col" role="columnheader"{width.get(n, "")}>{n}</th>' for n in frame.columns)
    body = []
    for claim, row in zip(rows, frame.to_dict("records"), strict=True):
        cells = [
            f'<th scope="row" role="rowheader">{text}</th>'
            if name == "claim"
            else f'<td role="cell" data-label="{name}">{text}</td>'
            for name, text in row.items()
        ]
        start = f'<tr data-verdict="{claim.verdict}" data-paper="{claim.paper}" role="row">'
        body.append(f"{start}{''.join(cells)}</tr>")
    inner = f'<thead><tr role="row">{head}</tr></thead><tbody>{"".join(body)}</tbody>'
    return f'<table class="dataframe report-card" role="table"><caption>{sizes(rows)}</caption>{inner}</table>'
