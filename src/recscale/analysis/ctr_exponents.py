"""Exponents of several CTR curves side by side, and whether two of them differ."""

from collections.abc import Mapping

import pandas as pd

from recscale.analysis.ctr_curves import FEWEST_SIZES, exponent, fit_law, of_model, sizes_of
from recscale.analysis.ctr_scaling import change_per_decade, decades, noise_of
from recscale.runs.table import AXES, Columns
from recscale.stats.multiplicity import Count


def exponents(tables: Mapping[str, pd.DataFrame], size: str, resamples: int = 0) -> pd.DataFrame:
    """One row per named set of runs: the power law through all sizes of Wukong. Sets of fewer than three sizes have
    none.

    sizes, seeds            how many it rests on
    α, ci_low, ci_high      exponent with its 95 % interval by Student's t
    boot_low, boot_high     the same by a bootstrap over configurations, where ``resamples`` are asked for
    per_decade, over_range  change of the loss by the law for a tenfold size, and over the measured sizes, %
    seed_noise              standard deviation of a run, % of the loss, without what a seed does to all sizes alike
    """
    rows = {}
    for name, runs in tables.items():
        if sizes_of(runs, size=size) < FEWEST_SIZES:
            continue
        alpha, own = exponent(fit_law(runs, size, 0)), of_model(runs, "wukong")
        _, *boot = exponent(fit_law(runs, size, 0, bootstrap=resamples)) if resamples else (None,)
        over_range = 100 * (10 ** (-alpha.value * decades(runs, size)) - 1)
        noise = 100 * noise_of(runs).sd / own["test_logloss"].mean()
        counts = sizes_of(runs), own[Columns.SEED].nunique()
        rows[name] = (*counts, *alpha, *boot, change_per_decade(alpha).value, over_range, noise)
    boot = ["boot_low", "boot_high"] if resamples else []
    columns = ["sizes", "seeds", "α", "ci_low", "ci_high", *boot, "per_decade", "over_range", "seed_noise"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def by_axis(runs: pd.DataFrame, resamples: int = 0) -> pd.DataFrame:
    """``exponents`` of one set of runs, one row per thing that can be counted and varies."""
    return pd.concat([exponents({title: runs}, name, resamples) for name, title in AXES.items() if name in runs])


def signs_without_one(runs: pd.DataFrame, size: str = Columns.FLOP) -> Count:
    """Of the fits that leave out one size of Wukong, how many have an exponent whose 95 % interval lies above zero, and
    how many one that lies below. ValueError for fewer than four sizes."""
    own = of_model(runs, "wukong")
    if sizes_of(runs, size=size) <= FEWEST_SIZES:
        raise ValueError(f"leaving one size out needs {FEWEST_SIZES + 1} sizes, and there are {sizes_of(runs)}")
    fits = [exponent(fit_law(own[own[size] != one], size, 0)) for one in own[size].unique()]
    return Count(sum(one.is_positive for one in fits), sum(one.is_negative for one in fits), len(fits))
