"""Loss against size: fits through a CTR study's seed means, forms that compete, and the outcome in words.

The seeds of a configuration are averaged before anything is fitted: they share its systematic deviation from any law,
and counting them as independent points would make every law look surer than it is.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from recscale import laws
from recscale.laws.compare import COLUMNS
from recscale.published.wukong import CONSTANTS
from recscale.runs.table import Columns, by_configuration
from recscale.stats.contrasts import Contrasts
from recscale.stats.estimate import Estimate
from recscale.stats.seeds import least_significant_difference, seed_noise

FORMS: Mapping[str, str] = {
    "power-law": "power law",
    "power-law-floor": "power law with a floor",
    "log-linear": "straight line in log size",
    "constant": "constant",
}
"""The forms compared: Wukong's (a power law of the loss without a floor), DLRM's, the plainest, and no law at all."""

PAPER_SIGNIFICANT = 0.02  # %, relative log loss (Wukong §5)
PAPER_EXPONENT = -CONSTANTS[1]
LEAST = 3
"""Sizes below which a law of two parameters has no interval."""


def sizes_of(runs: pd.DataFrame, model: str = "wukong", size: str = Columns.FLOP) -> int:
    """How many different sizes of ``model`` are among ``runs``."""
    return int(runs.loc[runs["model"] == model, size].nunique())


def can_fit(runs: pd.DataFrame, hold_out: int = 0, model: str = "wukong") -> bool:
    """Whether there are enough sizes for a law with an interval."""
    return sizes_of(runs, model) - hold_out >= LEAST


def fit_law(
    runs: pd.DataFrame, size: str, hold_out: int, name: str = "power-law", model: str = "wukong", **options
) -> laws.Fit:
    """``name`` through the seed means of ``model`` but the ``hold_out`` largest sizes; ``options``: of ``Law.fit``."""
    means = by_configuration(runs[runs["model"] == model])
    return laws.fit(name, means[[size]], means["test_logloss"], hold_out_largest=hold_out, **options)


def gain_a_decade(low: float, high: float) -> str:
    """An interval [``low``, ``high``] of the exponent α in words: how the loss changes with every tenfold size."""
    worst, best = (100 * (1 - 10**-alpha) for alpha in (low, high))
    if worst < 0 < best:
        return f"anything from {-worst:.2f} % more to {best:.2f} % less loss"
    least, most = sorted((abs(worst), abs(best)))
    return f"{least:.2f} to {most:.2f} % {'less' if best > 0 else 'more'} loss"


def short_words(where: str, whole: laws.Fit | None, fit: laws.Fit | None, least: float) -> str:
    """The answer about the law on the curve called ``where``: its sign through all sizes (``whole``), and the end of
    the curve by ``fit``, which has not seen it."""
    if whole is None:
        return "Whether the law holds can't be said yet: there are too few runs."
    limits = whole.intervals["α"]
    words = f"On {where}, {slope_words(*limits)}, {gain_a_decade(*limits)} for every tenfold size"
    if fit is None:
        return f"{words}."
    errors = fit.held_out["rmse"], fit.held_out["rmse_no_further_gain"]
    return f"{words}; {held_words(*errors, least).replace('it predicts', 'fitted without them, the law predicts')}."


def noise_words(runs: pd.DataFrame, model: str = "wukong") -> str:
    """What a seed does to the loss, by itself and after what it does to all sizes alike is taken out: a sentence."""
    own = runs[runs["model"] == model]
    noise, _ = noise_of(runs, model)
    if np.isnan(noise):
        return "There are too few second seeds to know the noise, and no difference can be told from it."
    return (
        f"One seed moves Wukong's log-loss by {seed_noise(own)[0]:.5f} nats (one standard deviation), of which "
        f"{noise:.5f} are left once what a seed does to all sizes alike is taken out."
    )


def slope_words(low: float, high: float) -> str:
    """What an interval of α says about the sign of the law."""
    if low > 0:
        return "the loss falls with size"
    return "the loss rises with size" if high < 0 else "the exponent can't be told from zero"


def exponent_words(fit: laws.Fit | None) -> str:
    """The exponent with its interval, what it is worth, and the paper's beside it: sentences."""
    if fit is None:
        return "There are too few sizes to fit an exponent."
    alpha, (low, high) = fit.parameters["α"], fit.intervals["α"]
    place = "inside" if low <= PAPER_EXPONENT <= high else "below" if high > PAPER_EXPONENT else "above"
    return (
        f"The exponent is {alpha:.5f}, with a 95 % interval from {low:.5f} to {high:.5f}: {slope_words(low, high)}, "
        f"{gain_a_decade(low, high)} for every tenfold size. The paper's {PAPER_EXPONENT} lies {place} the interval."
    )


def no_forms() -> pd.DataFrame:
    """What ``compare_forms`` gives where nothing can be fitted."""
    return pd.DataFrame(columns=[name for name in COLUMNS if name not in ("r2", "r2_adjusted", "error")])


def compare_forms(runs: pd.DataFrame, size: str, hold_out: int, model: str = "wukong") -> pd.DataFrame:
    """The forms through the same points: in-sample, each size left out in turn, and at the held-out largest sizes."""
    means = by_configuration(runs[runs["model"] == model])
    table = laws.compare(means[[size]], means["test_logloss"], list(FORMS), hold_out_largest=hold_out)
    return table.drop(columns=["r2", "r2_adjusted", "error"])


def tied(comparison: pd.DataFrame) -> list[str]:
    """Laws within 2 of the best AICc, best first; none where AICc is nowhere known."""
    ranked = comparison.dropna(subset=["delta_aicc"]).sort_values("delta_aicc")
    return ranked.loc[ranked["delta_aicc"] < 2, "law"].tolist()


def listed(names: list[str]) -> str:
    """ "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def verdict(comparison: pd.DataFrame, least: float) -> str:
    """One sentence about ``compare_forms``: which form the points prefer, and whether the preference means anything.

    ``least`` is the smallest difference that seeds can't explain: a form is only said to predict the
    held-out sizes better than another where their errors differ by more than that.
    """
    names = [FORMS[name] for name in tied(comparison)]
    if not names:
        return "there are too few sizes to compare forms at all"
    if len(names) == 1:
        first = f"the {names[0]} describes the fitted sizes best"
    else:
        first = f"{listed(names)} describe the fitted sizes equally well (AICc within 2)"
    held = comparison.dropna(subset=["held_out_rmse"]).set_index("law")["held_out_rmse"]
    best, spread = held.idxmin(), float(held.max() - held.min())
    if spread <= (least if np.isfinite(least) else 0.0):
        return f"{first}; at the held-out sizes their errors differ by no more than the seeds do"
    return f"{first}; the held-out sizes are predicted best by the {FORMS[best]}"


def best_form(comparison: pd.DataFrame, least: float) -> str | None:
    """The law that describes the points best by every criterion, or None: alone within 2 of the best AICc, no other
    better at sizes left out, and none better at the held-out sizes by more than ``least`` (see ``verdict``)."""
    names = tied(comparison)
    if len(names) != 1:
        return None
    table, best = comparison.set_index("law"), names[0]
    held = table["held_out_rmse"].dropna()
    beaten = best in held and held[best] - held.min() > (least if np.isfinite(least) else 0.0)
    return None if beaten or best not in alike(comparison, "leave_one_size_out_rmse") else best


def alike(comparison: pd.DataFrame, column: str) -> list[str]:
    """Laws whose error in ``column`` is within 5 % of the least, best first."""
    errors = comparison.set_index("law")[column].dropna().astype(float).sort_values()
    return errors.index[errors <= 1.05 * errors.min()].tolist()


def form_words(comparison: pd.DataFrame, least: float) -> str:
    """``best_form`` in one sentence, with what the criteria say where they don't agree."""
    if comparison.empty or not (names := tied(comparison)):
        return "It can't be told which form describes the data best: there are too few sizes."
    if best := best_form(comparison, least):
        return f"The {FORMS[best]} describes the data best, by AICc and at sizes left out."
    left, held = (
        listed([f"the {FORMS[name]}" for name in alike(comparison, column)])
        for column in ("leave_one_size_out_rmse", "held_out_rmse")
    )
    errors = comparison["held_out_rmse"].dropna()
    end = f"the held-out sizes by {held} (errors within 5 % count as equal)"
    if np.ptp(errors) <= (least if np.isfinite(least) else 0.0):
        end = "at the held-out sizes their errors differ by no more than seeds explain"
    first = f"AICc prefers the {FORMS[names[0]]}"
    if len(names) > 1:
        first = f"by AICc {listed([f'the {FORMS[name]}' for name in names])} tie"
    return (
        f"It can't be told which form describes the data best: {first}, a size left out is predicted best by "
        f"{left}, and {end}."
    )


def slopes(runs: pd.DataFrame, size: str = Columns.FLOP) -> pd.DataFrame:
    """For every model: change of the log loss (%) a decade of ``size``, and log loss at 1 MFLOP (or 10^6 parameters).

    A straight line in log size through each model's seed means: slope and offset tell two kinds of lead apart. The ± is
    half of the 95 % interval.
    """
    rows = {}
    for model, means in by_configuration(runs).groupby("model", sort=False):
        decades = np.log10(means[size].to_numpy(float)) - 6
        y = means["test_logloss"].to_numpy(float)
        if len(np.unique(decades)) < LEAST:
            continue
        line = stats.linregress(decades, y)
        width = stats.t.ppf(0.975, len(y) - 2)
        rows[model] = {
            "sizes": len(y),
            "% a decade": 100 * line.slope / y.mean(),
            "% a decade ±": 100 * width * line.stderr / y.mean(),
            "log-loss at 10⁶": line.intercept,
            "log-loss at 10⁶ ±": width * line.intercept_stderr,
        }
    return pd.DataFrame(rows).T.astype({"sizes": int}) if rows else pd.DataFrame()


def relative(runs: pd.DataFrame, baseline: str = "dlrm") -> pd.DataFrame:
    """Adds ``relative``: log loss in % above the smallest ``baseline`` of the same data and split, the paper's axis."""
    tables = []
    for _, part in runs.groupby(["dataset", "split"], sort=False):
        reference = by_configuration(part[part["model"] == baseline])
        if len(reference):
            zero = reference["test_logloss"].iloc[0]
            tables.append(part.assign(relative=100 * (part["test_logloss"] / zero - 1)))
    return pd.concat(tables) if tables else runs.iloc[:0].assign(relative=[])


def decades(runs: pd.DataFrame, size: str, model: str = "wukong") -> float:
    """How many factors of ten of ``size`` the runs of ``model`` span."""
    measured = runs.loc[runs["model"] == model, size]
    return float(np.log10(measured.max() / measured.min()))


def noise_of(runs: pd.DataFrame, model: str | None = "wukong", seeds: int | None = None) -> tuple[float, float]:
    """Standard deviation of a run of ``model`` (None: of all), and the least difference that seeds can't explain of two
    means over ``seeds`` runs (None: as many as its sizes have, at least), in nats; nan with single seeds.

    What a seed does to all its runs alike is taken out (``contrasts``): sizes are compared with the same seeds.
    """
    own = runs if model is None else runs[runs["model"] == model]
    if own.empty:
        return np.nan, np.nan
    known = Contrasts.of(own["configuration"].tolist(), own["seed"].tolist(), own["test_logloss"])
    noise = known.noise * float(own["test_logloss"].mean())
    return noise, least_significant_difference(
        noise, known.dof, seeds or int(own.groupby("configuration").size().min())
    )


def held_words(law: float, flat: float, least: float) -> str:
    """Errors at the held-out sizes, of the law and of "no further gain", compared in half a sentence."""
    if abs(flat - law) <= (least if np.isfinite(least) else 0.0):
        return "seeds could explain why the law and 'no further gain' err differently at the held-out sizes"
    how = "better" if flat > law else "worse"
    words = f"it predicts the held-out sizes {how} than 'no further gain' does"
    return words if np.isfinite(least) else f"{words} (single seeds can't say whether by more than noise)"


def prediction_words(fit: laws.Fit | None, least: float) -> str:
    """How far the law is off at the held-out sizes, beside both baselines and the noise: sentences."""
    if fit is None:
        return "There are too few sizes to hold any out."
    held = fit.held_out
    words = held_words(held["rmse"], held["rmse_no_further_gain"], least)
    noise = f"Two sizes must differ by {least:.5f} for seeds not to explain it. " if np.isfinite(least) else ""
    return (
        f"At the held-out sizes the law errs by {held['rmse']:.5f} nats (root mean square), the straight line in logs "
        f"by {held['rmse_log_linear']:.5f}, and 'no further gain' by {held['rmse_no_further_gain']:.5f}. {noise}"
        f"So {words.replace('it predicts', 'the law predicts')}."
    )


def kept_words(runs: pd.DataFrame, size: str, hold_out: int, model: str = "wukong") -> str:
    """Whether the ``hold_out`` largest sizes keep what a power law through the others promises, and with which other
    numbers of sizes that would be another verdict: a sentence."""
    if not can_fit(runs, hold_out, model) or not hold_out:
        return "There are too few sizes to hold any out."
    miss = missed(runs, size, hold_out, model)
    value, low, high = miss.percent
    side = "more" if value > 0 else "less"
    promise = "than a power law through the others promises"
    first = f"The {hold_out} largest sizes have {abs(value):.2f} % {side} loss {promise}"
    if np.isnan(low):
        return f"{first}; single seeds can't say whether by more than noise."
    others = [count for count in HELD_OUT if count != hold_out and can_fit(runs, count, model)]
    differ = [str(count) for count in others if _kept(missed(runs, size, count, model)) != _kept(miss)]
    hanging = f"; with {listed(differ)} held out the answer is another" if differ else ""
    return f"{first} (95 % interval by seeds {low:+.2f} to {high:+.2f}): the law {_kept(miss)}{hanging}."


HELD_OUT = (1, 2, 3, 4)
"""Numbers of largest sizes over which a verdict about the end of a curve should be the same."""


def missed(runs: pd.DataFrame, size: str, hold_out: int, model: str = "wukong") -> Estimate:
    """Mean of ln L at the ``hold_out`` largest sizes less what a power law through the others promises there.

    The law is a straight line of ln L in ln size, so that the miss is a contrast of the configurations' means; its
    interval knows the noise of seeds alone.
    """
    own = runs[runs["model"] == model]
    means = by_configuration(own)
    x, names = np.log(means[size].to_numpy(float)), means["configuration"].tolist()
    design = np.column_stack([np.ones(len(x)), x])
    promised = design[-hold_out:].mean(axis=0) @ np.linalg.pinv(design[:-hold_out])
    weights = dict(zip(names, [*-promised, *[1 / hold_out] * hold_out], strict=True))
    known = Contrasts.of(own["configuration"].tolist(), own["seed"].tolist(), own["test_logloss"])
    return known.contrast(weights)


def _kept(miss: Estimate) -> str:
    return (
        "was too optimistic" if miss.is_positive else "was too pessimistic" if miss.is_negative else "can't be faulted"
    )


def factor_words(fit: laws.Fit | None, percent: float) -> str:
    """By which factor size must grow for ``percent`` less loss, by the law: A x^-α falls so far at (1 - p)^(-1/α)."""
    if fit is None:
        return "There are too few sizes to say."
    value, low, high = (
        (1 - percent / 100) ** (-1 / alpha) if alpha > 0 else np.inf
        for alpha in (fit.parameters["α"], *fit.intervals["α"][::-1])
    )
    if not np.isfinite(low):
        return "By this law no growth lowers the loss."
    middle = f"{value:.3g} times the size" if np.isfinite(value) else "no size at all"
    upper = f"{high:.3g}" if np.isfinite(high) else "without limit"
    return f"{middle} (95 % interval {low:.3g} to {upper})"
