"""Rows of the report card that Wukong's own tables decide."""

import numpy as np
import pandas as pd

from recscale import laws, published
from recscale.analysis.ctr_exponents import difference
from recscale.claims.card import COUNTED, Claim, count_verdict, interval_verdict
from recscale.published import readings as published_claims
from recscale.stats.estimate import Estimate

PAGE = "wukong-published"
GPT3_PF_DAYS = 3640.0
SIGNIFICANT = 0.02
"""The difference in log loss, in %, that the paper calls significant."""


def law(resamples: int, seed: int) -> list[Claim]:
    """The printed law: constants, sign, "0.1 % per quadrupling", and whether it is a power law."""
    sizes = published_claims.wukong_sizes(1)
    fit = laws.fit("wukong", sizes[["gflop"]], sizes["y"], bootstrap=resamples, seed=seed)
    coefficient, exponent = fit.parameters["A"], fit.parameters["c"]
    a, c = fit.intervals["A"], fit.intervals["c"]
    quadruple = [100 * (1 - 4.0**-value) for value in (exponent, *c)]
    x, forms = sizes[["gflop"]], published_claims.FORMS
    aicc = pd.Series({name: laws.fit(name, x, sizes["loss"]).aicc for name in forms})
    delta = aicc - aicc.min()
    errors = published_claims.forecast(sizes, 2)["rmse"]
    decades = float(np.log10(sizes["gflop"].max() / sizes["gflop"].min()))
    than = "better" if errors["power-law"] < errors["no further gain"] else "worse"
    return [
        Claim(
            "Wukong",
            "law, coefficient A",
            99.56,
            coefficient,
            a,
            interval_verdict(99.56, *a),
            PAGE,
            "least squares on the seven rows of Table 5 gives the printed constant",
        ),
        Claim(
            "Wukong",
            "law, exponent (printed with a plus)",
            0.00071,
            -exponent,
            (-c[1], -c[0]),
            "holds in part",
            PAGE,
            "the size is right to every printed digit; with the printed sign the loss would rise with compute",
        ),
        Claim(
            "Wukong",
            "gain for four times the compute, %",
            0.1,
            quadruple[0],
            tuple(quadruple[1:]),
            interval_verdict(0.1, *quadruple[1:]),
            PAGE,
            "follows from the exponent",
        ),
        Claim(
            "Wukong",
            "the loss is a power law of compute",
            None,
            f"AICc: line in logs +{delta['log-linear']:.2f}, floor +{delta['power-law-floor']:.1f}",
            None,
            "can't be known",
            PAGE,
            "seven points, one seed: three forms fit, and left-out sizes prefer a floor",
        ),
        Claim(
            "Wukong",
            "the law predicts larger models (error at the two largest, %)",
            None,
            f"law {errors['power-law']:.3f}, no gain {errors['no further gain']:.3f}",
            None,
            "can't be known",
            PAGE,
            f"fitted to the five smaller sizes, the power law does {than} than expecting no further gain; with one "
            "seed a size nobody knows whether by more than noise",
            source="inferred",
        ),
        Claim(
            "Wukong",
            "the sizes span two orders of magnitude (decades)",
            2.0,
            decades,
            None,
            "holds" if decades >= 2 else "does not hold",
            PAGE,
            "the range of the sizes that were trained; whether the law holds over it is another row",
        ),
    ]


def comparisons(resamples: int, seed: int) -> list[Claim]:
    """Against the seven rivals: lead, slope, plateaus, "40-fold", public data sets, training compute."""
    models = published.wukong_models()
    first = models[models["task"] == 1].set_index("model")
    leads = published_claims.wukong_leads()
    forty = published.wukong_forty()
    ranks = published_claims.public_ranks()
    tied, best_loss = int((ranks["margin"].abs() < 5e-5).sum()), int((ranks["logloss_rank"] == 1).sum())
    days = published.wukong_pf_days()["pf_days"].max()
    own, rivals = first.loc["Wukong"], first.drop(index="Wukong")
    slopes = {name: _slope_difference(own, row) for name, row in rivals.iterrows()}
    shallower, steeper = (
        [name for name, one in slopes.items() if getattr(one, side)] for side in ("is_negative", "is_positive")
    )
    ratios = forty[["ratio_of_sizes", "ratio_by_law"]].to_numpy()
    plateaus = [_plateau(models, model, at) for model, at in (("DLRM", 31.0), ("FinalMLP", 36.26), ("AFN+", None))]
    stopped = int(rivals["plateau"].sum())
    return [
        Claim(
            "Wukong",
            "lead at equal compute, % (more than)",
            0.2,
            float(leads["lead"].median()),
            (float(leads["lead"].min()), float(leads["lead"].max())),
            "holds" if leads["lead"].min() > 0.2 else "holds in part",
            PAGE,
            f"median and range over {len(leads)} rival points in both tasks, Wukong interpolated",
        ),
        Claim(
            "Wukong",
            "as often read: steeper than every rival" + COUNTED,
            len(rivals),
            len(shallower),
            None,
            count_verdict(len(shallower), len(rivals)),
            PAGE,
            "rivals whose slope is flatter by the 95 % interval of the difference; steeper than Wukong: "
            f"{', '.join(steeper)}",
            check=True,
        ),
        *plateaus,
        Claim(
            "Wukong",
            "rivals stop improving, all but Wukong (task 1)" + COUNTED,
            len(rivals),
            stopped,
            None,
            count_verdict(stopped, len(rivals)),
            PAGE,
            "the others still improve at their largest size that trained",
        ),
        Claim(
            "Wukong",
            "DCNv2 needs 40 times the compute",
            40.0,
            float(np.median(ratios)),
            (float(ratios.min()), float(ratios.max())),
            "holds in part",
            PAGE,
            "depends on the size compared and on the reading; the interval is the range over all of them",
        ),
        Claim(
            "Wukong",
            "best AUC on public data sets" + COUNTED,
            len(ranks),
            int((ranks["auc_rank"] == 1).sum()) - tied,
            None,
            "holds in part",
            PAGE,
            f"tied for the best on {tied} more; best log loss on {best_loss}; no seeds",
        ),
        Claim(
            "Wukong",
            "compute on GPT-3's scale (early versions), PF-days",
            "“GPT-3/LLaMa-2 scale”",
            float(days),
            None,
            "does not hold",
            PAGE,
            f"FLOP per example times 146 billion examples; GPT-3 took about {GPT3_PF_DAYS:,.0f}; the last version "
            "dropped the sentence",
        ),
    ]


def _slope_difference(own: pd.Series, rival: pd.Series) -> Estimate:
    """Wukong's slope a decade less a rival's, each with its own scatter; negative: Wukong is steeper."""
    lines = [
        (row["slope_per_decade"], (row["slope_high"] - row["slope_low"]) / 2, int(row["points"]) - 2)
        for row in (own, rival)
    ]
    return difference(*lines)


def _plateau(models: pd.DataFrame, model: str, at: float | None) -> Claim:
    """No improvement beyond ``at`` GFLOP (None: from the smallest size on), task by task.

    "holds": no later size is better than the best up to ``at``; "holds in part": one is better than the size named,
    though not than the best.
    """
    rows = models[models["model"] == model]
    points = published.wukong_points().query("model == @model and kept")
    steps = {task: _step(part.sort_values("gflop"), at) for task, part in points.groupby("task")}
    change = float(rows["gain_at_end"].min())
    flat = count_verdict(int(rows["plateau"].sum()), len(rows))
    verdict = "holds in part" if flat == "holds" and min(steps.values()) <= -SIGNIFICANT else flat
    where = "never improves" if at is None else f"stops improving beyond {at:.0f} GFLOP"
    why = "largest size less the best smaller one, the better of two tasks, one run a size; negative is better"
    if verdict == "holds in part":
        why += f", but {min(steps.values()):+.2f} from the size named to the last, a significant gain by the paper"
    claim = f"{model} {where} (change, %)"
    return Claim("Wukong", claim, None, change, None, verdict, PAGE, why)


def _step(points: pd.DataFrame, at: float | None) -> float:
    """y of the largest size less y of the size named; ``points`` ascending."""
    start = 0 if at is None else int((points["gflop"] - at).abs().argmin())
    return round(float(points["y"].iloc[-1] - points["y"].iloc[start]), 6)
