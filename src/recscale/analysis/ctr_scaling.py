"""Loss against size along one model's sizes: the fitted law, the forms that compete, and what it predicts.

``runs`` is always a run table (``runs.table``) of one data set and split, as ``ctr_curves.curves`` gives it.
"""

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from recscale import laws
from recscale.analysis.ctr_curves import FEWEST_SIZES, fit_law, of_model, sizes_of
from recscale.analysis.ctr_curves import exponent as exponent
from recscale.laws.compare import TIE
from recscale.published.wukong import CONSTANTS
from recscale.runs.table import Columns, by_configuration
from recscale.stats import Contrasts, Estimate, Pair, SeedNoise, both_levels, least_significant_difference

FORMS: Mapping[str, str] = {
    "power-law": "power law",
    "power-law-floor": "power law with a floor",
    "log-linear": "straight line in log size",
    "constant": "constant",
}
"""The forms compared: Wukong's (a power law of the loss without a floor), DLRM's, the plainest, and no law at all."""

PAPER_SIGNIFICANT = 0.02
"""Relative log loss (%) that the paper calls significant (Wukong §5)."""
PAPER_EXPONENT = -CONSTANTS[1]
CONTAINED = 1e-18
"""Sum of squared relative deviations below which one form meets all values of another."""
_HELD_OUT = (1, 2, 3, 4)
"""Numbers of largest sizes over which a verdict about the end of a curve should be the same."""


def decades(runs: pd.DataFrame, size: str, model: str = "wukong") -> float:
    """How many factors of ten of ``size`` the runs of ``model`` span."""
    measured = of_model(runs, model)[size]
    return float(np.log10(measured.max() / measured.min()))


def curve(runs: pd.DataFrame, size: str, hold_out: int = 0, name: str = "power-law", model: str = "wukong"):
    """The law to draw over the measured range, held-out sizes included: columns x, predicted, low, high (95 % band).

    No rows where fewer than ``FEWEST_SIZES`` sizes are fitted, as on an axis along which the sizes don't differ.
    """
    own = of_model(runs, model)
    if own[size].nunique() - hold_out < FEWEST_SIZES:
        return pd.DataFrame(columns=["x", "predicted", "low", "high"], dtype=float)
    x = np.geomspace(own[size].min(), own[size].max(), 80)
    fit = fit_law(runs, size, hold_out, name, model)
    low, high = fit.band(x)
    return pd.DataFrame({"x": x, "predicted": fit.predict(x), "low": low, "high": high})


def curves_by_axis(runs: pd.DataFrame, axes: Iterable[str], hold_out: int = 0, name: str = "power-law"):
    """Axis -> ``curve`` along it, for those of ``axes`` that are columns of ``runs``."""
    return {axis: curve(runs, axis, hold_out, name) for axis in axes if axis in runs}


def change_per_decade(alpha: Estimate) -> Estimate:
    """What a tenfold size does to the loss by an exponent α: 100 (10^-α - 1), in %; negative is better."""
    value, low, high = (100 * (10**-number - 1) for number in alpha)
    return Estimate(value, high, low)


def growth_factor(alpha: Estimate, percent: float) -> Estimate:
    """By which factor size must grow for ``percent`` less loss: (1 - percent/100)^(-1/α); inf where α isn't positive.

    The least growth comes from the upper limit of α.
    """
    value, low, high = ((1 - percent / 100) ** (-1 / number) if number > 0 else np.inf for number in alpha)
    return Estimate(value, high, low)


def compare_forms(runs: pd.DataFrame, size: str, hold_out: int = 0, model: str = "wukong") -> pd.DataFrame:
    """``FORMS`` through the same seed means, best AICc first: columns law, free, aicc, delta_aicc,
    leave_one_size_out_rmse, held_out_rmse (nats), verdict and fit of ``laws.compare``."""
    means = by_configuration(of_model(runs, model))
    table = laws.compare(means[[size]], means["test_logloss"], list(FORMS), hold_out_largest=hold_out)
    return table.drop(columns=["r2", "r2_adjusted", "error"])


def tied(comparison: pd.DataFrame) -> list[str]:
    """Laws within 2 of the best AICc, best first; none where AICc is nowhere known."""
    return comparison[comparison["delta_aicc"] < TIE].sort_values("delta_aicc")["law"].tolist()


def lead_in_aicc(comparison: pd.DataFrame, law: str = "power-law") -> Estimate:
    """AICc of the best other form less that of ``law``: positive where ``law`` is the best; nan where AICc isn't known.

    It has no interval: AICc is a criterion, not an estimate.
    """
    aicc = comparison.set_index("law")["aicc"].astype(float).replace(np.inf, np.nan)
    return Estimate(float(aicc.drop(law).min() - aicc[law]))


def seeds_to_tell_forms(runs: pd.DataFrame, comparison: pd.DataFrame, size: str, law: str = "power-law") -> float:
    """Seeds per size from which ``law``, if it is true, is expected to lead the forms that tie with it by an AICc of
    ``TIE``.

    Each is fitted to the law's own values; with relative deviations d and noise s of a seed the expected lead is
    Σ d² n / s². A form that contains the law loses by its further parameter, whatever the seeds. nan without a second
    seed or where nothing else ties.
    """
    truth = comparison.set_index("law")["fit"][law].residuals
    x, y, needed = truth[[size]], truth["predicted"], []
    relative = noise_of(runs).sd / float(of_model(runs, "wukong")["test_logloss"].mean())
    for name in [name for name in tied(comparison) if name != law]:
        squares = float((np.log(laws.fit(name, x, y).predict(x) / y) ** 2).sum())
        if squares > CONTAINED:
            needed.append(TIE * relative**2 / squares)
    return max(needed, default=np.nan)


def noise_of(runs: pd.DataFrame, model: str = "wukong") -> SeedNoise:
    """Standard deviation of a run of ``model`` in nats, without what a seed does to all its sizes alike
    (``stats.contrasts``): sizes are compared with the same seeds. nan with single seeds."""
    own = of_model(runs, model)
    known = Contrasts.of(own["configuration"], own["seed"], own["test_logloss"])
    return SeedNoise(known.noise * float(own["test_logloss"].mean()), known.dof)


def least_difference(runs: pd.DataFrame, model: str = "wukong", seeds: int | None = None) -> float:
    """Least significant difference (nats) of two means over ``seeds`` runs of ``model`` each (None: as many as every
    size has at least); nan with single seeds."""
    seeds = seeds or int(of_model(runs, model).groupby("configuration").size().min())
    return least_significant_difference(*noise_of(runs, model), seeds)


def gain_over_no_gain(runs: pd.DataFrame, size: str, hold_out: int, model: str = "wukong") -> Estimate:
    """How much closer the law comes to the ``hold_out`` largest sizes than "no further gain" does: root mean square
    error of the largest fitted size's loss less that of the law, in % of the mean loss.

    ± the least significant difference between the means of two sizes.
    """
    own = of_model(runs, model)
    percent = 100 / float(own["test_logloss"].mean())
    errors = fit_law(runs, size, hold_out, model=model).held_out
    gain = percent * (errors["rmse_no_further_gain"] - errors["rmse"])
    return Estimate.around(gain, percent * least_difference(runs, model))


def missed(runs: pd.DataFrame, size: str, hold_out: int, model: str = "wukong", level: float = 0.95) -> Estimate:
    """Mean of ln L at the ``hold_out`` largest sizes less what a power law through the others promises there.

    The law is a straight line of ln L in ln size, so that the miss is a contrast of the configurations' means; its
    interval knows the noise of seeds alone. Positive: the law was too optimistic.
    """
    own = of_model(runs, model)
    means = by_configuration(own)
    x, names = np.log(means[size].to_numpy(float)), means["configuration"].tolist()
    design = np.column_stack([np.ones(len(x)), x])
    promised = design[-hold_out:].mean(axis=0) @ np.linalg.pinv(design[:-hold_out])
    weights = dict(zip(names, [*-promised, *[1 / hold_out] * hold_out], strict=True))
    return Contrasts.of(own["configuration"], own["seed"], own["test_logloss"]).contrast(weights, level)


def misses(runs: pd.DataFrame, size: str, model: str = "wukong") -> list[Pair]:
    """``missed`` for each number in ``_HELD_OUT`` that leaves ``FEWEST_SIZES`` sizes, at 95 % and at
    ``bonferroni_level`` of their number."""
    counts = [count for count in _HELD_OUT if sizes_of(runs, model, size) - count >= FEWEST_SIZES]
    return [both_levels(partial(missed, runs, size, count, model), len(counts)) for count in counts]


def held_out_table(runs: pd.DataFrame, size: str, model: str = "wukong") -> pd.DataFrame:
    """For each number of held-out sizes (``_HELD_OUT``), in % of the mean loss:

    miss, ci_low, ci_high      ``missed``: how much higher the loss is than promised, with its 95 % interval
    error, error_no_gain       root mean square error of the law, and of "no further gain"
    """
    percent, rows = 100 / float(of_model(runs, model)["test_logloss"].mean()), {}
    for count, (miss, _) in zip(_HELD_OUT, misses(runs, size, model), strict=False):
        errors = fit_law(runs, size, count, model=model).held_out
        rows[count] = (*miss.percent, *(percent * errors[name] for name in ("rmse", "rmse_no_further_gain")))
    columns = ["miss", "ci_low", "ci_high", "error", "error_no_gain"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("held_out")


def slopes(runs: pd.DataFrame, size: str = Columns.FLOP) -> pd.DataFrame:
    """A straight line in log size through each model's seed means; models of fewer than ``FEWEST_SIZES`` have no row.

    sizes                        how many it rests on
    slope, slope_half            change of the log loss per decade, % of its mean; half of the 95 % interval
    offset, offset_half          log loss at 10⁶ (1 MFLOP, or 10⁶ parameters), nats; half of the 95 % interval
    """
    rows = {}
    for model, means in by_configuration(runs).groupby(Columns.MODEL, sort=False):
        at, y = np.log10(means[size].to_numpy(float)) - 6, means["test_logloss"].to_numpy(float)
        if len(np.unique(at)) < FEWEST_SIZES:
            continue
        line, t = stats.linregress(at, y), stats.t.ppf(0.975, len(y) - 2)
        slope, half = (100 * number / y.mean() for number in (line.slope, t * line.stderr))
        rows[model] = (len(y), slope, half, line.intercept, t * line.intercept_stderr)
    columns = ["sizes", "slope", "slope_half", "offset", "offset_half"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).astype({"sizes": int})


def relative(runs: pd.DataFrame, baseline: str = "dlrm") -> pd.DataFrame:
    """Adds ``relative``: log loss in % above the smallest ``baseline``, the paper's axis. ValueError without one."""
    zero = by_configuration(of_model(runs, baseline))["test_logloss"].iloc[0]
    return runs.assign(relative=100 * (runs["test_logloss"] / zero - 1))


def more_seeds_help(residual: SeedNoise, noise: SeedNoise) -> bool | None:
    """Whether more seeds per size help more than new sizes: whether the fit's residuals (standard deviation and its
    degrees of freedom) are no larger than what seeds leave in the means it is fitted to (F test at 5 %).

    None where either isn't known.
    """
    if not np.isfinite([residual.sd, noise.sd]).all() or min(residual.dof, noise.dof) < 1:
        return None
    return bool(stats.f.sf((residual.sd / noise.sd) ** 2, residual.dof, noise.dof) > 0.05)


def detectable_ratio(first: int, second: int) -> float:
    """How many times as large one standard deviation must be for ``more_seeds_help`` to tell, by both degrees of
    freedom; inf without any."""
    return float(stats.f.isf(0.05, first, second) ** 0.5) if min(first, second) > 0 else np.inf
