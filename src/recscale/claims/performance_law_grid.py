"""Claims that the full ``sequential-grid`` study decides: the Performance Law on a grid of our own.

What is claimed of HR and NDCG must hold for both at 10; the number shown is that of NDCG@10.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from recscale.analysis import shape_contrasts as contrasts
from recscale.analysis import shape_extrapolation as extrapolation
from recscale.analysis import shape_law as law
from recscale.analysis.shape_contrasts import CellMeans
from recscale.analysis.shape_fits import GRID, shapes
from recscale.analysis.shape_law import ShapeGrid
from recscale.claims.claim import Claim, Price, judge
from recscale.claims.price import price_of_any_seed, seed_price, unpaired_count
from recscale.claims.rules import Below, Exceeds, Unanimous, Within
from recscale.published.shapes import CLAIMS
from recscale.runs.table import core_hours_per_seed
from recscale.stats import UNKNOWN, Count, Estimate, covering

FIXED_Q1, REDRAWN, PEAK_RESAMPLES = 8, 200, 400
NOUNS = {"layers": "depth", "width": "width"}
_RIVALS = {law.LINE: "decay-needed", law.QUADRATIC: "beats-quadratic"}
_LONGER = {"max_length": 50}, {"max_length": 100}
HALF_PRECISION = {"precision": "fp32"}, {"precision": "bf16"}
CLAIMED = dict(zip(law.AXES, CLAIMS[0][3:], strict=True))
"""The paper's best shape of MovieLens-1M."""


def grid_claims(runs: pd.DataFrame, resamples: int, seed: int) -> list[Claim]:
    """On a ``sequential-grid`` table."""
    grids = [ShapeGrid.from_runs(runs, metric) for metric in ("ndcg@10", "hr@10")]
    own = shapes(runs, **GRID)
    ndcg, hr = (CellMeans.from_runs(runs, f"test_{metric}") for metric in ("ndcg@10", "hr@10"))
    train, test = (CellMeans.from_runs(runs, f"{part}_loss") for part in ("train", "test"))
    losses_fall = train.contrasts.intervals(contrasts.depth_steps(train))
    past_peak = list(contrasts.past_the_peak(hr, test).values())
    sole = signs([law.sole_survivor(grid) for grid in grids])
    settled = _price((law.seeds_to_settle(grid) for grid in grids), grids, own)
    return [
        judge("pl-grid-follows-law", Unanimous(), sole, settled),
        *(needed(grids, own, rival) for rival in _RIVALS),
        *(predicts_largest(grids, own, axis) for axis in law.AXES),
        *(best_size(grids, own, axis, resamples, seed) for axis in law.AXES),
        *orders_models(ndcg, runs, resamples, seed),
        unpaired_count("pl-grid-training-loss-falls", losses_fall, own),
        unpaired_count("pl-grid-metric-peaks-before-loss", past_peak, own),
        longer_histories(ndcg, runs),
        half_precision(ndcg, runs),
    ]


def signs(values: Sequence[int]) -> Count:
    """How many of ``values`` are positive and how many negative."""
    return Count(sum(bool(value > 0) for value in values), sum(bool(value < 0) for value in values), len(values))


def needed(grids: Sequence[ShapeGrid], own: pd.DataFrame, rival: str) -> Claim:
    """Is the law needed where there is a plainer form?"""
    seen = signs([law.robust_preference(grid, rival) for grid in grids])
    price = _price((law.seeds_to_prefer(grid, rival) for grid in grids), grids, own)
    return judge(f"pl-grid-{_RIVALS[rival]}", Unanimous(), seen, price)


def predicts_largest(grids: Sequence[ShapeGrid], own: pd.DataFrame, axis: str) -> Claim:
    """Does the law predict the largest depth, or width, better than "no further gain" does?"""
    unseen = [extrapolation.hold_out(grid, axis) for grid in grids]
    price = _price((one.seeds_to_decide(grids[0].seeds) for one in unseen), grids, own)
    return judge(f"pl-grid-predicts-{NOUNS[axis]}", Exceeds(), covering([one.gain for one in unseen]), price)


def best_size(grids: Sequence[ShapeGrid], own: pd.DataFrame, axis: str, resamples: int, seed: int) -> Claim:
    """Is there a best depth, or width, inside the grid?"""
    peaks = [law.peak(grid, axis, min(resamples, PEAK_RESAMPLES), seed) for grid in grids]
    identified = all(peak.is_identified for peak in peaks)
    seen = (
        covering([Estimate(peak.value, peak.ci_low, peak.ci_high) for peak in peaks])
        if identified
        else Estimate(peaks[0].value)
    )
    price = _price((peak.seeds_to_identify(grids[0].seeds) for peak in peaks), grids, own)
    reference = f"{CLAIMED[axis]} (length 200)"
    return judge(f"pl-grid-best-{NOUNS[axis]}", Within(*peaks[0].measured), seen, price, reference=reference)


def orders_models(cells: CellMeans, runs: pd.DataFrame, resamples: int, seed: int) -> list[Claim]:
    """Do w₁ and w₂ order the models as depth and width pay them?

    A model with too few shapes for exponents of its own doesn't count: with borrowed ones w is the gain by another
    name. Nor does one whose w differs from SASRec's by no more than seeds explain, or whose order depends on q₁.
    """
    models = [one for one in contrasts.potentials(cells) if one.own_exponents]
    limits = [contrasts.w_limits(cells, one, FIXED_Q1, min(resamples, REDRAWN), seed) for one in models]
    result = []
    for axis, weight in (("layers", "w1"), ("width", "w2")):
        effects = cells.contrasts.intervals([contrasts.disagreement(one, axis, FIXED_Q1) for one in models])
        differs = [low > 0 or high < 0 for low, high in (one[weight] for one in limits)]
        stable = [contrasts.same_order(one, axis) == len(one.w) for one in models]
        known = np.logical_and(differs, stable)
        counted = [pair if sure else (UNKNOWN, UNKNOWN) for pair, sure in zip(effects, known, strict=True)]
        result.append(unpaired_count(f"pl-grid-{weight}-orders-models", counted, runs))
    return result


def longer_histories(cells: CellMeans, runs: pd.DataFrame) -> Claim:
    """Do histories of 100 help over histories of 50?"""
    effect = cells.robust_change(*_LONGER)
    table = shapes(runs, model="sasrec", precision="fp32")
    both = pd.MultiIndex.from_tuples(cells.shared(*_LONGER))
    used = table[table["max_length"].isin([50, 100]) & pd.MultiIndex.from_frame(table[list(law.AXES)]).isin(both)]
    return judge("pl-grid-longer-histories-help", Exceeds(), effect.percent, price_of_any_seed([effect], used))


def half_precision(cells: CellMeans, runs: pd.DataFrame) -> Claim:
    """Does bfloat16 cost quality? Only models up to width 16 were trained in it."""
    effect = cells.change(*HALF_PRECISION)
    price = price_of_any_seed([effect], shapes(runs, precision="bf16"))
    return judge("pl-grid-bfloat16-costs", Below(), effect.percent, price)


def _price(needed: Iterable[float], grids: Sequence[ShapeGrid], own: pd.DataFrame) -> Price:
    """``seed_price`` of a claim on the whole grid, by the metric that needs more seeds."""
    return seed_price(max(needed), grids[0].seeds, core_hours_per_seed(own))
