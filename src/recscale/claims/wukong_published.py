"""Wukong's claims, judged by the paper's own tables."""

import numpy as np
import pandas as pd

from recscale import laws, published
from recscale.claims.claim import Claim, Count, Evidence, Paper, Source
from recscale.claims.rules import EveryCase, Exceeds, Leads, Matches, judge_on
from recscale.laws import Fit
from recscale.published import readings
from recscale.stats.estimate import Estimate
from recscale.stats.intervals import welch_difference
from recscale.stats.multiplicity import bonferroni_level, count_below

GPT3_PF_DAYS = 3640.0
SIGNIFICANT = 0.02
"""The difference in log loss, in %, that the paper calls significant."""
HOLD_OUT = 2
"""Of Wukong's sizes, the largest, that a law must predict."""

claim = judge_on(Paper.WUKONG, "wukong-published", Evidence.PUBLISHED)


def claims(resamples: int, seed: int) -> list[Claim]:
    """All of them, on Table 5 and the public tables."""
    return [*law(readings.wukong_sizes(1), resamples, seed), *comparisons()]


def law(sizes: pd.DataFrame, resamples: int, seed: int) -> list[Claim]:
    """What the printed law says, on some of Wukong's sizes (``readings.wukong_sizes``)."""
    fit = laws.fit("wukong", sizes[["gflop"]], sizes["y"], bootstrap=resamples, seed=seed)
    return [coefficient(fit), exponent(fit), sign(fit), gain(fit), form(sizes), prediction(sizes), span(sizes)]


def comparisons() -> list[Claim]:
    """Wukong against the seven rivals, and its training compute."""
    models = published.wukong_models()
    first = models[models["task"] == 1].set_index("model")
    return [
        lead(readings.wukong_leads()),
        steeper(first),
        plateau("wukong-dlrm-stops", "DLRM stops improving beyond 31 GFLOP.", "DLRM", 31.0),
        plateau("wukong-finalmlp-stops", "FinalMLP stops improving beyond 36 GFLOP.", "FinalMLP", 36.26),
        plateau("wukong-afn-stops", "AFN+ does not improve with size.", "AFN+", None),
        rivals_stop(first.drop(index="Wukong")),
        forty(published.wukong_forty()),
        public_auc(readings.public_ranks()),
        gpt3(published.wukong_pf_days()),
    ]


def coefficient(fit: Fit) -> Claim:
    return claim(
        Matches(99.56),
        "wukong-law-coefficient",
        "wukong-law",
        "The law's coefficient is 99.56.",
        Estimate(fit.parameters["A"], *fit.intervals["A"]),
        reference=99.56,
        symbol="A",
        detail="Least squares on ln(100 + y) over the seven Wukong rows of Table 5; 95 % bootstrap interval.",
    )


def exponent(fit: Fit) -> Claim:
    return claim(
        Matches(0.00071, null=0.0),
        "wukong-law-exponent",
        "wukong-law",
        "The loss falls with compute, with an exponent of 0.00071.",
        Estimate(fit.parameters["c"], *fit.intervals["c"]),
        reference=0.00071,
        symbol="c",
        detail="The c of y = −100 + A x^(−c), by least squares on Table 5; 95 % bootstrap interval.",
    )


def sign(fit: Fit) -> Claim:
    """``exponent`` with the plus that stands in the text."""
    low, high = fit.intervals["c"]
    return claim(
        Exceeds(),
        "wukong-law-sign",
        "wukong-law",
        "The exponent is positive, as the text of the paper shows it.",
        Estimate(-fit.parameters["c"], -high, -low),
        reference=0.00071,
        detail="With a plus the loss would rise with compute. Typo, or a minus lost in both texts that we could read.",
        check=True,
    )


def gain(fit: Fit) -> Claim:
    percent = [100 * (1 - 4.0**-value) for value in (fit.parameters["c"], *fit.intervals["c"])]
    return claim(
        Matches(0.1, null=0.0),
        "wukong-law-gain",
        "wukong-law",
        "Fourfold compute lowers the loss by 0.1 %.",
        Estimate(*percent),
        reference=0.1,
        unit="%",
        detail="100 (1 − 4^(−c)), with the interval of c.",
    )


def form(sizes: pd.DataFrame) -> Claim:
    aicc = {name: laws.fit(name, sizes[["gflop"]], sizes["loss"]).aicc for name in readings.FORMS}
    best_rival = min(value for name, value in aicc.items() if name != "power-law")
    return claim(
        Leads(),
        "wukong-law-form",
        "wukong-law",
        "The loss is a power law of compute.",
        Estimate(best_rival - aicc["power-law"]),
        symbol="ΔAICc",
        detail="Best of a straight line in ln x and a power law with a floor, less the power law; one run per size.",
    )


def prediction(sizes: pd.DataFrame) -> Claim:
    errors = readings.forecast(sizes, HOLD_OUT)["rmse"]
    return claim(
        Exceeds(),
        "wukong-law-predicts",
        "wukong-prediction",
        "The law predicts larger models better than “no further gain”.",
        Estimate(errors["no further gain"] - errors["power-law"]),
        unit="%",
        source=Source.INFERRED,
        detail="At the two largest sizes: error of “no further gain” less the law's; one run per size, noise unknown.",
    )


def span(sizes: pd.DataFrame) -> Claim:
    decades = float(np.log10(sizes["gflop"].max() / sizes["gflop"].min()))
    return claim(
        Exceeds(2.0),
        "wukong-law-span",
        "wukong-law",
        "The trained sizes span two orders of magnitude.",
        Estimate(decades, decades, decades),
        reference=2.0,
        unit="decades",
        detail="Smallest to largest Wukong of Table 5; whether the law holds over them is another claim.",
    )


def lead(leads: pd.DataFrame) -> Claim:
    """``leads``: ``readings.wukong_leads``."""
    smallest = float(leads["lead"].min())
    return claim(
        Exceeds(0.2),
        "wukong-lead",
        "wukong-rivals",
        "At equal compute Wukong leads by over 0.2 %.",
        Estimate(smallest, smallest, smallest),
        reference=0.2,
        unit="%",
        detail="Smallest lead in log-loss over any rival point, both tasks; Wukong interpolated in log compute.",
    )


def steeper(models: pd.DataFrame) -> Claim:
    """``models``: ``published.wukong_models`` of one task, indexed by model."""
    rivals = models.drop(index="Wukong")
    effects = [
        (
            _steeper_by(models.loc["Wukong"], row, 0.95),
            _steeper_by(models.loc["Wukong"], row, bonferroni_level(len(rivals))),
        )
        for _, row in rivals.iterrows()
    ]
    return claim(
        EveryCase(),
        "wukong-steeper",
        "wukong-rivals",
        "Wukong's slope is steeper than every rival's.",
        count_below(effects),
        detail="Slopes of lines in log compute, task 1, each with its own scatter; Bonferroni-corrected intervals.",
        check=True,
    )


def _steeper_by(own: pd.Series, rival: pd.Series, level: float) -> Estimate:
    """Wukong's slope per decade less a rival's; negative: Wukong is steeper."""
    slopes = [Estimate(row["slope_per_decade"], row["slope_low"], row["slope_high"]) for row in (own, rival)]
    return welch_difference(*slopes, dof=(int(own["points"]) - 2, int(rival["points"]) - 2), level=level)


def plateau(id: str, statement: str, model: str, beyond: float | None) -> Claim:
    """Two readings in each of two tasks: the largest size is no better than the best smaller one (by more than the
    table's rounding), and not significantly better than the size nearest to ``beyond`` GFLOP (None: the smallest)."""
    gains = readings.plateaus(model, beyond)
    flat = int(
        (gains["over_best"] >= -published.wukong.ROUNDING - 1e-9).sum() + (gains["over_named"] > -SIGNIFICANT).sum()
    )
    return claim(
        EveryCase(),
        id,
        "wukong-rivals",
        statement,
        Count(flat, 2 * len(gains) - flat, 2 * len(gains)),
        detail="The largest size against the best smaller one and against the size named, two tasks, one run per size.",
    )


def rivals_stop(rivals: pd.DataFrame) -> Claim:
    """``rivals``: their rows of ``published.wukong_models`` of one task."""
    stopped = int(rivals["plateau"].sum())
    return claim(
        EveryCase(),
        "wukong-rivals-stop",
        "wukong-rivals",
        "All rivals stop improving.",
        Count(stopped, len(rivals) - stopped, len(rivals)),
        detail="Task 1: the largest size that trained gains at most 0.01 %, the table's rounding, on the best smaller.",
    )


def forty(factors: pd.DataFrame) -> Claim:
    """``factors``: ``published.wukong_forty``; each of its two readings counts at the size where it is largest."""
    reached = int((factors[["ratio_of_sizes", "ratio_by_law"]].max() >= 40).sum())
    return claim(
        EveryCase(),
        "wukong-forty",
        "wukong-rivals",
        "DCNv2 needs 40 times the compute to match Wukong.",
        Count(reached, 2 - reached, 2),
        reference=40.0,
        detail="Two readings, each at its largest: against the smallest Wukong as good, and by Wukong's law inverted.",
    )


def public_auc(ranks: pd.DataFrame) -> Claim:
    """``ranks``: ``readings.public_ranks``."""
    tied = ranks["margin"].abs() < 5e-5
    first, behind = (ranks["auc_rank"] == 1) & ~tied, ranks["auc_rank"] > 1
    return claim(
        EveryCase(),
        "wukong-public-auc",
        "wukong-benchmarks",
        "Wukong has the best AUC on all public data sets.",
        Count(int(first.sum()), int(behind.sum()), len(ranks)),
        detail="The paper's Table 2, to four decimals; a tie decides nothing. No seeds are reported.",
    )


def gpt3(days: pd.DataFrame) -> Claim:
    """``days``: ``published.wukong_pf_days``."""
    largest = float(days["pf_days"].max())
    return claim(
        Exceeds(GPT3_PF_DAYS / 10),
        "wukong-gpt3-compute",
        "wukong-law",
        "Wukong was trained with compute on the scale of GPT-3.",
        Estimate(largest, largest, largest),
        reference="“GPT-3/LLaMa-2 scale”",
        unit="PF-days",
        detail="146 billion examples; GPT-3 took 3,640 PF-days, and “scale” is read as a tenth of that or more. "
        "The last version of the paper dropped the sentence.",
    )
