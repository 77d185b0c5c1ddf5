"""Wukong on growing shares of the rows: the paper's appendix E and what compute is best spent on, on ``ctr-data``."""

from recscale.analysis.data_scaling import DataGrid, data_grid, marginal_return, steepening
from recscale.claims.claim import Claim, judge
from recscale.claims.price import price_of, price_of_count
from recscale.claims.rules import Below, EveryCase, Exceeds
from recscale.runs.table import load_runs
from recscale.stats.multiplicity import count_below


def data_scaling_claims(resamples: int, seed: int) -> list[Claim]:
    """The committed study."""
    return data_grid_claims(data_grid(load_runs("ctr-data")))


def data_grid_claims(grid: DataGrid) -> list[Claim]:
    """All claims on one grid."""
    return [all_sizes_improve(grid), larger_is_steeper(grid), larger_is_ahead(grid), rows_are_the_better_buy(grid)]


def all_sizes_improve(grid: DataGrid) -> Claim:
    *_, before, last = grid.shares
    effects = grid.contrasts.intervals([{(size, last): 1.0, (size, before): -1.0} for size in grid.sizes])
    price = price_of_count(effects, 0.0, grid.seeds, grid.core_hours_per_seed)
    return judge("wukong-all-sizes-improve-with-data", EveryCase(), count_below(effects), price)


def larger_is_steeper(grid: DataGrid) -> Claim:
    gain = steepening(grid)
    price = price_of([gain], 0.0, grid.seeds, grid.core_hours_per_seed)
    return judge("wukong-larger-steeper-in-data", Exceeds(), gain, price)


def larger_is_ahead(grid: DataGrid) -> Claim:
    small, large = grid.sizes[0], grid.sizes[-1]
    effects = grid.paired.intervals([{(large, share): 1.0, (small, share): -1.0} for share in grid.shares])
    price = price_of_count(effects, 0.0, grid.seeds, grid.core_hours_per_seed)
    return judge("wukong-larger-more-data-efficient", EveryCase(), count_below(effects), price)


def rows_are_the_better_buy(grid: DataGrid) -> Claim:
    effect = marginal_return(grid).difference
    price = price_of([effect], 0.0, grid.seeds, grid.core_hours_per_seed)
    return judge("wukong-rows-better-buy", Below(), effect.percent, price)
