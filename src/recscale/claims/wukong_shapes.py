"""Claims that the full ``wukong-bridge`` study decides: the Performance Law over Wukong's layers and widths."""

import pandas as pd

from recscale.analysis import shape_law as law
from recscale.analysis import wukong_shapes as analysis
from recscale.analysis.wukong_shapes import WukongShapes
from recscale.claims.claim import Claim, judge
from recscale.claims.performance_law_grid import signs
from recscale.claims.price import seed_price
from recscale.claims.rules import EveryCase, Exceeds, Unanimous
from recscale.runs.table import core_hours_per_seed
from recscale.stats.multiplicity import Count

R2 = {law.LAW: 0.528, law.LINE: 0.479}
"""Wukong's AUC in Table 5 of P-Law (NeurIPS 2025), in sample; the paper gives neither the data nor the shapes."""
_REFITS = 200


def wukong_claims(runs: pd.DataFrame, resamples: int, seed: int) -> list[Claim]:
    """On a ``wukong-bridge`` table."""
    grid = analysis.wukong_shapes(runs)
    tests, hours = (grid.width_test, grid.depth_test), core_hours_per_seed(runs)
    to_differ = min(test.seeds_to_reject(grid.seeds, law.SIGNIFICANCE / 2) for test in tests)
    price = seed_price(to_differ, grid.seeds, hours)
    matter = Count(sum(test.rejects(law.SIGNIFICANCE / 2) for test in tests), 0, len(tests))
    reached = analysis.r2(grid, min(resamples, _REFITS), seed)
    return [
        judge("pl-wukong-r2", Exceeds(R2[law.LAW]), reached, price),
        judge("pl-wukong-shape-matters", EveryCase(), matter, price),
        needs_the_law("pl-wukong-decay-needed", grid, law.LINE, hours),
        needs_the_law("pl-wukong-beats-quadratic", grid, law.QUADRATIC, hours),
    ]


def needs_the_law(id: str, grid: WukongShapes, rival: str, core_hours: float) -> Claim:
    """Is the law needed where ``rival`` is a plainer form? ``core_hours``: of one more seed."""
    price = seed_price(law.seeds_to_prefer(grid, rival), grid.seeds, core_hours)
    return judge(id, Unanimous(), signs([law.robust_preference(grid, rival)]), price)
