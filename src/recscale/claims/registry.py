"""Where all claims come from, computed once and kept until something they depend on changes."""

import hashlib
from collections.abc import Callable, Sequence

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
from recscale.claims.claim import Claim
from recscale.runs.execute import code_fingerprint
from recscale.settings import DATA, cache_folder, results_folder, writable

SOURCES: dict[str, Callable[[int, int], list[Claim]]] = {
    "wukong-published": wukong_published.claims,
    "wukong-scaling": wukong_scaling.claims,
    "wukong-ablations": wukong_ablations.claims,
    "wukong-data": wukong_data.claims,
    "weight-averaging": weight_averaging.claims,
    "frappe": frappe.claims,
    "serving": serving.claims,
    "performance-law-published": performance_law_published.claims,
    "data-quality": data_quality.claims,
    "performance-law-grid": performance_law_grid.claims,
    "performance-law-data": performance_law_data.claims,
    "performance-law-predictions": performance_law_predictions.claims,
    "sequential-quality": sequential_quality.claims,
    "wukong-shapes": wukong_shapes.claims,
}
"""Body of evidence -> its claims on the committed tables, from the bootstraps' number of resamples and seed."""

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
    """A hash of every table that claims read."""
    digest = hashlib.sha256()
    for folder in (results_folder(), DATA / "published", DATA / "predictions"):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
