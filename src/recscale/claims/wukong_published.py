"""Wukong's claims, judged by the paper's own tables."""

import numpy as np
import pandas as pd

from recscale import laws, published
from recscale.claims.claim import Claim, judge
from recscale.claims.rules import EveryCase, Exceeds, Leads, Matches
from recscale.published import readings
from recscale.stats import Count, Estimate, bonferroni_level, count_below, welch_difference

GPT3_PF_DAYS = 3640.0
SIGNIFICANT = 0.02
"""The difference in log loss, in %, that the paper calls significant."""
HOLD_OUT = 2
"""Of Wukong's sizes, the largest, that a law must predict."""


def published_wukong_claims(resamples: int, seed: int) -> list[Claim]:
    """All of them, on Table 5 and the public tables."""
    return [*law(readings.wukong_sizes(1), resamples, seed), *comparisons()]


def law(sizes: pd.DataFrame, resamples: int, seed: int) -> list[Claim]:
    """What the printed law says, on some of Wukong's sizes (``readings.wukong_sizes``)."""
    fit = laws.fit("wukong", sizes[["gflop"]], sizes["y"], bootstrap=resamples, seed=seed)
    coefficient, c = (Estimate(fit.parameters[name], *fit.intervals[name]) for name in ("A", "c"))
    gain = Estimate(*(100 * (1 - 4.0**-value) for value in c))
    decades = float(np.log10(sizes["gflop"].max() / sizes["gflop"].min()))
    errors = readings.forecast(sizes, HOLD_OUT)["rmse"]
    smaller_error = Estimate(errors["no further gain"] - errors["power-law"])
    return [
        judge("wukong-law-coefficient", Matches(99.56), coefficient),
        judge("wukong-law-exponent", Matches(0.00071, null=0.0), c),
        judge("wukong-law-sign", Exceeds(), -c),
        judge("wukong-law-gain", Matches(0.1, null=0.0), gain),
        printed_power_law(sizes),
        judge("wukong-law-predicts", Exceeds(), smaller_error),
        judge("wukong-law-span", Exceeds(2.0), Estimate.exact(decades)),
    ]


def comparisons() -> list[Claim]:
    """Wukong against the seven rivals, and its training compute; "40 times" in each of its two readings at the size
    where it is largest."""
    models = published.wukong_models()
    first = models[models["task"] == 1].set_index("model")
    most_pf_days = float(published.wukong_pf_days()["pf_days"].max())
    forty = published.wukong_forty()[["ratio_of_sizes", "ratio_by_law"]].max()
    return [
        smallest_lead(readings.wukong_leads()),
        printed_slopes(first),
        plateau("wukong-dlrm-stops", "DLRM", 31.0),
        plateau("wukong-finalmlp-stops", "FinalMLP", 36.26),
        plateau("wukong-afn-stops", "AFN+", None),
        all_stop(first),
        judge("wukong-forty", EveryCase(), Count.decided(forty >= 40)),
        public_auc(readings.public_ranks()),
        judge("wukong-gpt3-compute", Exceeds(GPT3_PF_DAYS / 10), Estimate.exact(most_pf_days)),
    ]


def printed_power_law(sizes: pd.DataFrame) -> Claim:
    aicc = {name: laws.fit(name, sizes[["gflop"]], sizes["loss"]).aicc for name in readings.PRINTED_FORMS}
    best_rival = min(value for name, value in aicc.items() if name != "power-law")
    return judge("wukong-law-form", Leads(), Estimate(best_rival - aicc["power-law"]))


def smallest_lead(table: pd.DataFrame) -> Claim:
    """``table``: ``readings.wukong_leads``."""
    return judge("wukong-lead", Exceeds(0.2), Estimate.exact(float(table["lead"].min())))


def printed_slopes(models: pd.DataFrame) -> Claim:
    """``models``: ``published.wukong_models`` of one task, indexed by model."""
    own, rivals = models.loc["Wukong"], models.drop(index="Wukong")
    level = bonferroni_level(len(rivals))
    effects = [(_steeper_by(own, row, 0.95), _steeper_by(own, row, level)) for _, row in rivals.iterrows()]
    return judge("wukong-steeper", EveryCase(), count_below(effects))


def _steeper_by(own: pd.Series, rival: pd.Series, level: float) -> Estimate:
    """Wukong's slope per decade less a rival's; negative: Wukong is steeper."""
    slopes = [Estimate(row["slope_per_decade"], row["slope_low"], row["slope_high"]) for row in (own, rival)]
    return welch_difference(*slopes, dof=(int(own["points"]) - 2, int(rival["points"]) - 2), level=level)


def plateau(id: str, model: str, beyond: float | None) -> Claim:
    """Two readings in each of two tasks: the largest size is no better than the best smaller one (by more than the
    table's rounding), and not significantly better than the size nearest to ``beyond`` GFLOP (None: the smallest)."""
    gains = readings.plateaus(model, beyond)
    over_best = gains["over_best"] >= -published.wukong.TABLE5_ROUNDING - 1e-9
    return judge(id, EveryCase(), Count.decided([*over_best, *(gains["over_named"] > -SIGNIFICANT)]))


def all_stop(models: pd.DataFrame) -> Claim:
    return judge("wukong-rivals-stop", EveryCase(), Count.decided(models["plateau"].drop(index="Wukong")))


def public_auc(ranks: pd.DataFrame) -> Claim:
    """``ranks``: ``readings.public_ranks``."""
    tied = ranks["margin"].abs() < 5e-5
    first, behind = (ranks["auc_rank"] == 1) & ~tied, ranks["auc_rank"] > 1
    return judge("wukong-public-auc", EveryCase(), Count(int(first.sum()), int(behind.sum()), len(ranks)))
