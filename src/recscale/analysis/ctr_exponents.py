"""Exponents of several CTR curves side by side, and whether two of them differ."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from recscale.analysis.ctr_scaling import LEAST, can_fit, decades, fit_law, noise_of, sizes_of, slope_words
from recscale.runs.table import AXES, Columns, by_configuration
from recscale.stats.estimate import Estimate


def exponents(tables: Mapping[str, pd.DataFrame], size: str, resamples: int = 0) -> pd.DataFrame:
    """For each named set of runs, the law through all sizes of Wukong: exponent with its interval, what a tenfold size
    brings, and beside what the whole range brings, the noise of a seed (both in % of the loss).

    ``resamples``: of a bootstrap over configurations, whose interval then stands beside Student's.
    """
    rows = {}
    for name, runs in tables.items():
        if not can_fit(runs) or sizes_of(runs, size=size) < LEAST:
            continue
        fit, own = fit_law(runs, size, 0), runs[runs["model"] == "wukong"]
        alpha, (low, high) = fit.parameters["α"], fit.intervals["α"]
        row = {"sizes": sizes_of(runs), "seeds": own["seed"].nunique(), "α": alpha, "low": low, "high": high}
        if resamples:
            drawn = fit_law(runs, size, 0, bootstrap=resamples).intervals["α"]
            row |= dict(zip(("bootstrap, low", "bootstrap, high"), drawn, strict=True))
        row |= {
            "% a decade": 100 * (10**-alpha - 1),
            "% over the range": 100 * (10 ** (-alpha * decades(runs, size)) - 1),
            "a seed, %": 100 * noise_of(runs)[0] / own["test_logloss"].mean(),
        }
        rows[name] = row
    return pd.DataFrame(rows).T.astype({"sizes": int, "seeds": int}) if rows else pd.DataFrame()


def by_axis(runs: pd.DataFrame, resamples: int = 0) -> pd.DataFrame:
    """``exponents`` of one set of runs, a row for each thing that can be counted and varies."""
    tables = [exponents({title: runs}, name, resamples) for name, title in AXES.items() if name in runs]
    return pd.concat(tables) if tables else pd.DataFrame()


def difference(first: tuple[float, float, int], second: tuple[float, float, int], level: float = 0.95) -> Estimate:
    """``first`` less ``second`` with its interval; each is (value, half of its 95 % interval, degrees of freedom).

    Welch's t for two independent lines: their scatter isn't supposed to be equal.
    """
    errors = [half / stats.t.ppf(0.975, dof) for _, half, dof in (first, second)]
    value, square = first[0] - second[0], sum(error**2 for error in errors)
    if not square:
        return Estimate(value, value, value)
    parts = [error**4 / dof for error, (*_, dof) in zip(errors, (first, second), strict=True)]
    half = float(stats.t.ppf((1 + level) / 2, square**2 / sum(parts)) * square**0.5)
    return Estimate(value, value - half, value + half)


def paired_difference(first: pd.DataFrame, second: pd.DataFrame, size: str, level: float = 0.95) -> Estimate | None:
    """α of ``first`` less that of ``second`` over the sizes that two curves of Wukong share; None where too few.

    What moves a size moves both of its losses (two tasks of one run, or the same weights and rates on two splits), so
    the difference is one line through ln L₂ - ln L₁ of the means, with its own scatter.
    """
    key = Columns.FLOP
    means = [by_configuration(runs[runs["model"] == "wukong"]) for runs in (first, second)]
    means = [table.assign(key=table[key].round()).set_index("key") for table in means]
    shared = means[0].index.intersection(means[1].index)
    if len(shared) < LEAST:
        return None
    one, other = (table.loc[shared, "test_logloss"].to_numpy(float) for table in means)
    line = stats.linregress(np.log(means[0].loc[shared, size].to_numpy(float)), np.log(other / one))
    half = float(stats.t.ppf((1 + level) / 2, len(shared) - 2) * np.nan_to_num(line.stderr))  # nan: two equal curves
    return Estimate(float(line.slope), float(line.slope - half), float(line.slope + half))


def same_words(found: Estimate | None, first: str, second: str) -> str:
    """A sentence that compares two exponents; ``found``: that of ``first`` less that of ``second``."""
    if found is None:
        return f"The exponents of {first} and {second} can't be compared yet: one has fewer than {LEAST} sizes."
    interval = f"difference {found.value:+.4f}, 95 % interval {found.ci_low:+.4f} to {found.ci_high:+.4f}"
    if found.ci_low <= 0 <= found.ci_high:
        return f"The exponents of {first} and of {second} can't be told apart ({interval})."
    return (
        f"The exponent of {first} is {'larger' if found.ci_low > 0 else 'smaller'} than that of {second} ({interval})."
    )


def paired_words(tables: Mapping[str, pd.DataFrame], size: str) -> str:
    """A sentence that compares the exponents of two curves, name -> runs, over the sizes they share."""
    return same_words(paired_difference(*tables.values(), size), *tables)


def sign_words(table: pd.DataFrame) -> str:
    """What the sign of every exponent of ``exponents`` is known to be: a sentence, empty without one."""
    parts = [f"for {name} {slope_words(row['low'], row['high'])}" for name, row in table.iterrows()]
    return f"{parts[0][0].upper()}{'; '.join(parts)[1:]}." if parts else ""


def range_words(table: pd.DataFrame, name: str) -> str:
    """Does the law of row ``name`` of ``exponents`` stand out: its sign, and its whole range beside the noise."""
    if name not in table.index:
        return f"For {name} there are too few sizes to fit a law."
    row = table.loc[name]
    low, high = row["low"], row["high"]
    words = f"For {name} {slope_words(low, high)}: α is {row['α']:.4f}, 95 % interval {low:.4f} to {high:.4f}. "
    if np.isnan(row["a seed, %"]):
        return f"{words}With single seeds the noise is unknown."
    gain, noise = -row["% over the range"], row["a seed, %"]
    return (
        f"{words}From the smallest size to the largest the fitted loss changes by {-gain:+.2f} %; one seed moves it by "
        f"{noise:.2f} %, beside what it does to all sizes alike."
    )
