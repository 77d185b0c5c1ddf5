"""The report card: where all claims come from, computed once and kept until something they depend on changes, and its
HTML, the questions of a practitioner, each opening to the claims that decide it.

The HTML reads without style and script: a ``details`` element per question, a table of claims inside it, every claim
with its id as its anchor. ``data-…`` attributes are where the book's few lines of script filter.
"""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

from filelock import FileLock
from joblib import Memory

from recscale.analysis import ctr_learning_rates as rates
from recscale.analysis import shape_predictions
from recscale.analysis.ablations import compare_variants
from recscale.analysis.data_scaling import data_grid
from recscale.claims import (
    data_quality,
    frappe,
    performance_law_data,
    performance_law_grid,
    performance_law_predictions,
    performance_law_published,
    sequential_quality,
    serving,
    weight_averaging,
    wukong_ablations,
    wukong_data,
    wukong_published,
    wukong_scaling,
    wukong_shapes,
)
from recscale.claims.claim import Claim, Paper
from recscale.claims.questions import QUESTIONS, Question
from recscale.claims.render import badge, observed, price, reference
from recscale.runs.execute import code_fingerprint
from recscale.runs.table import load_results, load_runs
from recscale.settings import DATA, cache_folder, hash_of, results_folder, writable

SOURCES: dict[str, Callable[[int, int], list[Claim]]] = {
    "wukong-published": wukong_published.published_wukong_claims,
    "wukong-scaling": lambda *_: wukong_scaling.claims_on(load_results("ctr-scaling"), rates.caveats(rates.search())),
    "wukong-ablations": lambda *_: [
        *wukong_ablations.knob_claims(compare_variants(load_runs("wukong-knobs"))),
        *wukong_ablations.component_claims(compare_variants(load_runs("wukong-components"))),
    ],
    "wukong-data": lambda *_: wukong_data.data_grid_claims(data_grid(load_runs("ctr-data"))),
    "weight-averaging": lambda *_: weight_averaging.averaging_claims(load_runs("ctr-averaging")),
    "frappe": frappe.frappe_claims,
    "serving": serving.serving_claims,
    "performance-law-published": performance_law_published.published_performance_claims,
    "data-quality": data_quality.data_quality_claims,
    "performance-law-grid": lambda *bootstrap: performance_law_grid.grid_claims(
        load_results("sequential-grid"), *bootstrap
    ),
    "performance-law-data": lambda *bootstrap: performance_law_data.data_claims(
        load_results("sequential-data"), load_results("sequential-grid"), *bootstrap
    ),
    "performance-law-predictions": lambda *_: performance_law_predictions.prediction_claims(
        shape_predictions.read(), load_results("performance-law-predictions")
    ),
    "sequential-quality": lambda *_: sequential_quality.quality_claims(load_results("sequential-quality")),
    "wukong-shapes": lambda *bootstrap: wukong_shapes.wukong_claims(load_results("wukong-bridge"), *bootstrap),
}
"""Body of evidence -> its claims on the committed tables, from the bootstraps' number of resamples and seed."""

_COLUMNS = ("claim", "printed", "observed", "verdict")


def load_claims(resamples: int = 1000, seed: int = 0, sources: Sequence[str] | None = None) -> list[Claim]:
    """All claims on the committed tables, or those of ``sources``, in the order of ``SOURCES``.

    Computed where the package's code, a table or an argument is new, else read from the cache folder.
    """
    folder = writable(cache_folder() / "claims")
    cached, depends_on = Memory(folder, verbose=0).cache(_computed), f"{code_fingerprint()} {_tables()}"
    claims: list[Claim] = []
    for name in sources or SOURCES:
        with FileLock(folder / f"{name}.lock"):
            claims += cached(name, resamples, seed, depends_on)
    return claims


def _computed(source: str, resamples: int, seed: int, depends_on: str) -> list[Claim]:
    return SOURCES[source](resamples, seed)


def claim_of(claims: Sequence[Claim], id: str) -> Claim:
    """The claim of that id; ValueError with the ids there are."""
    by_id = {claim.id: claim for claim in claims}
    if id not in by_id:
        raise ValueError(f"there is no claim {id!r}; there are {', '.join(by_id)}")
    return by_id[id]


def _tables() -> str:
    """A hash of every table that claims read, and of what they say."""
    folders = (results_folder(), DATA / "published", DATA / "predictions")
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return hash_of(files, Path(__file__).with_name("claims.toml").read_bytes())


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
    columns = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
    table = f'<table class="card-claims"><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>'
    return f'<details class="card-row" id="question-{key}"><summary>{head}</summary>{table}</details>'


def _deciding(id: str | None, claims: Sequence[Claim]) -> str:
    if id is None:
        return '<span class="card-none">not judged</span>'
    claim = claim_of(claims, id)
    return f'{badge(claim.verdict)} <span class="claim-observed">{escape(observed(claim))}</span>'


def _claim(claim: Claim) -> str:
    """One row of the second level."""
    notes = " ".join(filter(None, [claim.detail, f"Rule: {claim.rule}.", "A check of ours." if claim.check else ""]))
    link = f'<a href="{claim.page}.html">{claim.page.replace("-", " ")}</a>'
    small = f"<small>{escape(notes)} Source: {claim.source}. Evidence: {link}</small>"
    cells = [
        f'<th scope="row"><span class="claim-text">{escape(claim.statement)}</span> {small}</th>',
        f'<td data-label="printed">{escape(reference(claim))}</td>',
        f'<td data-label="observed">{escape(observed(claim))}</td>',
        f'<td data-label="verdict">{badge(claim.verdict)}<br><small>{price(claim.price)}</small></td>',
    ]
    data = f'data-verdict="{claim.verdict}" data-evidence="{claim.evidence}"'
    return f'<tr id="{claim.id}" {data}>{"".join(cells)}</tr>'
