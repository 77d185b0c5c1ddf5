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
from recscale.settings import DATA, cache_folder, hash_of, results_folder, writable

SOURCES: dict[str, Callable[[int, int], list[Claim]]] = {
    "wukong-published": wukong_published.published_wukong_claims,
    "wukong-scaling": wukong_scaling.scaling_claims,
    "wukong-ablations": wukong_ablations.ablation_claims,
    "wukong-data": wukong_data.data_scaling_claims,
    "weight-averaging": weight_averaging.pilot_claims,
    "frappe": frappe.frappe_claims,
    "serving": serving.serving_claims,
    "performance-law-published": performance_law_published.published_performance_claims,
    "data-quality": data_quality.data_quality_claims,
    "performance-law-grid": performance_law_grid.shape_grid_claims,
    "performance-law-data": performance_law_data.transfer_claims,
    "performance-law-predictions": performance_law_predictions.recorded_claims,
    "sequential-quality": sequential_quality.public_level_claims,
    "wukong-shapes": wukong_shapes.bridge_claims,
}
"""Body of evidence -> its claims on the committed tables, from the bootstraps' number of resamples and seed."""

_COLUMNS = ("claim", "printed", "observed", "verdict")
RESAMPLES = 1000
SEED = 0


def load_claims(resamples: int = RESAMPLES, seed: int = SEED, sources: Sequence[str] | None = None) -> list[Claim]:
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
    for claim in claims:
        if claim.id == id:
            return claim
    raise ValueError(f"there is no claim {id!r}; there are {', '.join(claim.id for claim in claims)}")


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
