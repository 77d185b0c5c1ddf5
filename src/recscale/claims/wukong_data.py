"""Wukong on growing shares of the rows: the paper's appendix E and what compute is best spent on, on ``ctr-data``."""

from recscale.analysis.data_scaling import DataGrid, marginal_return, steepening
from recscale.claims.claim import Claim, judge
from recscale.claims.price import paired_count, paired_effect, price_of
from recscale.claims.rules import Below, Exceeds


def data_grid_claims(grid: DataGrid) -> list[Claim]:
    """All claims on one grid."""
    *_, before, last = grid.shares
    small, large = grid.sizes[0], grid.sizes[-1]
    more_rows = [{(size, last): 1.0, (size, before): -1.0} for size in grid.sizes]
    larger = [{(large, share): 1.0, (small, share): -1.0} for share in grid.shares]
    gain = steepening(grid)
    price = price_of([gain], 0.0, grid.seeds, grid.core_hours_per_seed)
    return [
        paired_count("wukong-all-sizes-improve-with-data", grid.contrasts.intervals(more_rows), grid),
        judge("wukong-larger-steeper-in-data", Exceeds(), gain, price),
        paired_count("wukong-larger-more-data-efficient", grid.paired.intervals(larger), grid),
        paired_effect("wukong-rows-better-buy", Below(), marginal_return(grid).difference, grid),
    ]
