"""Wukong on growing shares of the rows: the paper's appendix E and what compute is best spent on, on ``ctr-data``."""

from recscale.analysis.data_scaling import DataGrid, data_grid, marginal_return, steepening
from recscale.claims.claim import Claim, Evidence, Paper
from recscale.claims.price import price_of, price_of_count
from recscale.claims.rules import Below, EveryCase, Exceeds, judge_on
from recscale.runs.store import load_results
from recscale.runs.table import healthy, run_table
from recscale.stats.multiplicity import count_below

_claim = judge_on(Paper.WUKONG, "data-scaling-wukong", Evidence.MEASURED)


def claims(resamples: int, seed: int) -> list[Claim]:
    """The committed study."""
    return data_claims(data_grid(healthy(run_table(load_results("ctr-data")))))


def data_claims(grid: DataGrid) -> list[Claim]:
    """All claims on one grid."""
    return [all_sizes_improve(grid), larger_is_steeper(grid), larger_is_ahead(grid), rows_are_the_better_buy(grid)]


def all_sizes_improve(grid: DataGrid) -> Claim:
    """The last step in rows of every size."""
    *_, before, last = grid.shares
    effects = grid.contrasts.intervals([{(size, last): 1.0, (size, before): -1.0} for size in grid.sizes])
    return _claim(
        EveryCase(),
        "wukong-all-sizes-improve-with-data",
        "wukong-data",
        "More rows lower the loss of every size of Wukong.",
        count_below(effects),
        detail="The last step in rows of every size; the paper's curves end at 146 billion rows.",
        price=price_of_count(effects, 0.0, grid.seeds, grid.core_hours_per_seed),
    )


def larger_is_steeper(grid: DataGrid) -> Claim:
    """The exponents in rows of the largest and the smallest size."""
    gain = steepening(grid)
    return _claim(
        Exceeds(),
        "wukong-larger-steeper-in-data",
        "wukong-data",
        "A larger Wukong gains more from every further row.",
        gain,
        detail="The exponent β in rows of the largest size less that of the smallest, paired by seed.",
        symbol="Δβ",
        price=price_of([gain], 0.0, grid.seeds, grid.core_hours_per_seed),
    )


def larger_is_ahead(grid: DataGrid) -> Claim:
    """The largest size against the smallest on every share."""
    small, large = grid.sizes[0], grid.sizes[-1]
    effects = grid.paired.intervals([{(large, share): 1.0, (small, share): -1.0} for share in grid.shares])
    return _claim(
        EveryCase(),
        "wukong-larger-more-data-efficient",
        "wukong-data",
        "On the same rows a larger Wukong has the lower loss.",
        count_below(effects),
        detail="The largest size against the smallest on every share of the rows, paired by seed.",
        price=price_of_count(effects, 0.0, grid.seeds, grid.core_hours_per_seed),
    )


def rows_are_the_better_buy(grid: DataGrid) -> Claim:
    """The marginal return to compute on rows less that on the model."""
    effect = marginal_return(grid).difference
    return _claim(
        Below(),
        "wukong-rows-better-buy",
        "wukong-data",
        "Rows are a better use of compute than size.",
        effect.percent,
        detail="Change of the loss for ten times the compute, on rows less on the model, a mean over the whole grid.",
        unit="%",
        check=True,
        price=price_of([effect], 0.0, grid.seeds, grid.core_hours_per_seed),
    )
