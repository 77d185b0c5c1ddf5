"""The Performance Law's claims, judged by the papers' own numbers."""

import numpy as np
import pandas as pd

from recscale import published
from recscale.analysis.fit_simulations import equal_data_terms
from recscale.claims.claim import Claim, Count, Evidence, Paper, Source
from recscale.claims.rules import EveryCase, Exceeds, Matches, Unanimous, judge_on
from recscale.entropy.experiments import ablation as straight_lines
from recscale.entropy.experiments import exchanged
from recscale.published import readings
from recscale.stats.estimate import Estimate

CLOSE = 0.003
"""How far R² may be off where the losses were read off a picture."""
PRINTED_D = 1.0061
"""The D in the legend of HR@10 on MovieLens-1M at length 100, whose fit starts from D = 1."""

claim = judge_on(Paper.PERFORMANCE_LAW, "performance-law-published", Evidence.PUBLISHED, Source.SUCCESSOR)
claim_on_fitting = judge_on(Paper.PERFORMANCE_LAW, "fitting-honestly", Evidence.PUBLISHED, Source.REPOSITORY)
METRICS = ["HR@10", "NDCG@10"]


def claims(resamples: int, seed: int) -> list[Claim]:
    """All of them; nothing is resampled: intervals of peaks are profiles."""
    models = published.panel_models()
    forms = [beats_line(models), beats_quadratic(models), loss_law(published.loss_curves())]
    return [*reproduced(published.panel_r2()), *forms, *shapes(), *data_term()]


def reproduced(r2: pd.DataFrame) -> list[Claim]:
    """Which printed R² come out again. ``r2``: ``published.panel_r2``."""
    exact = r2["dataset"].isin(published.EXACT)
    return [r2_exact(r2[exact]), r2_others(r2[~exact]), r2_baseline(r2)]


def shapes() -> list[Claim]:
    """The claimed best shapes, how they were checked, and the expansion potential."""
    peaks = readings.claimed_peaks().query("law == 'performance-law'").set_index(["constraint", "metric"])
    rows = published.optima_rows()
    return [
        depth(peaks.loc["none"]),
        width(peaks.loc["none"]),
        width_industrial(peaks.loc["layers = 64"], rows),
        width_at_product(peaks.loc["layers × width = 512"]),
        rivals_trained(rows),
        shape_first(rows),
        potential(published.potential_by_q1(), published.potential()),
    ]


def data_term() -> list[Claim]:
    """What the printed table of data terms, and one joint fit, say of D′."""
    panel = published.panels()["HR@10", "ml-1m", 100]
    return [
        ablation(published.ablation()),
        quality_beats_tokens(published.load("performance_law_datasets")),
        joint_law(readings.joint_and_means()),
        fitted_d(equal_data_terms(panel, 32, np.geomspace(1e-3, 1e3, 13).tolist())),
    ]


def r2_exact(r2: pd.DataFrame) -> Claim:
    reached = int((r2["q1_printed"] != "").sum())
    return claim(
        EveryCase(),
        "pl-r2-exact",
        "pl-form",
        "The law's printed R² on MovieLens-1M and KuaiRand can be reproduced.",
        Count(reached, len(r2) - reached, len(r2)),
        source=Source.REPOSITORY,
        detail="Panels whose printed R² is reached to six decimals at some integer q₁.",
    )


def r2_others(r2: pd.DataFrame) -> Claim:
    reached = int((r2["q1_printed"] != "").sum())
    return claim(
        EveryCase(),
        "pl-r2-others",
        "pl-form",
        "The law's printed R² on Amazon Books and Industrial can be reproduced.",
        Count(reached, len(r2) - reached, len(r2)),
        source=Source.REPOSITORY,
        detail="Panels whose printed R² is reached to six decimals at some integer q₁.",
    )


def r2_baseline(r2: pd.DataFrame) -> Claim:
    off = len(readings.round_differences(r2))
    return claim(
        EveryCase(),
        "pl-r2-baseline",
        "pl-form",
        "The printed R² of the log-linear baseline can be reproduced.",
        Count(len(r2) - off, off, len(r2)),
        source=Source.REPOSITORY,
        detail="Least squares on ln H and ln d; the others differ by whole hundredths, every other digit equal.",
    )


def beats_line(models: pd.DataFrame) -> Claim:
    score = readings.score(models, "log-linear")
    return claim(
        EveryCase(),
        "pl-beats-line",
        "pl-form",
        "The law fits better than the log-linear baseline.",
        Count(score.wins, score.losses, sum(score)),
        detail="Panels by AICc; a difference below 2 decides nothing.",
    )


def beats_quadratic(models: pd.DataFrame) -> Claim:
    score = readings.score(models, "log-quadratic")
    return claim(
        EveryCase(),
        "pl-beats-quadratic",
        "pl-form",
        "The law fits better than a quadratic in logarithms.",
        Count(score.wins, score.losses, sum(score)),
        source=Source.INFERRED,
        detail="Are the decay terms needed? Panels by AICc, below 2 a tie; the quadratic has one parameter less.",
    )


def loss_law(curves: pd.DataFrame) -> Claim:
    close = int(((curves["r2_recomputed"] - curves["r2_printed"]).abs() < CLOSE).sum())
    return claim(
        EveryCase(),
        "pl-loss-law",
        "pl-form",
        "The printed R² of the eight loss curves can be reproduced.",
        Count(close, len(curves) - close, len(curves)),
        source=Source.REPOSITORY,
        detail="At the printed constants within 0.003; the losses were read off a picture.",
    )


def _contain(rows: pd.DataFrame, axis: str, printed: float) -> int:
    """How many of the metrics' intervals of a peak have the printed place. Limits to the printed precision, 0.1."""
    low, high = rows.loc[METRICS, f"{axis}_low"].round(1), rows.loc[METRICS, f"{axis}_high"].round(1)
    return int(((low <= printed) & (printed <= high)).sum())


def depth(peaks: pd.DataFrame) -> Claim:
    """``peaks``: of the Performance Law, indexed by metric, from ``readings.claimed_peaks``; so in all that follow."""
    agree = _contain(peaks, "layers", 28.0)
    return claim(
        Unanimous(),
        "pl-depth-ml1m",
        "pl-optimum",
        "The best depth on MovieLens-1M is 28 layers.",
        Count(agree, len(METRICS) - agree, len(METRICS)),
        reference=28.0,
        detail="At length 200: metrics, HR@10 and NDCG@10, whose profile interval of the peak has 28.",
    )


def width(peaks: pd.DataFrame) -> Claim:
    agree = _contain(peaks, "width", 54.0)
    return claim(
        Unanimous(),
        "pl-width-ml1m",
        "pl-optimum",
        "The best width on MovieLens-1M is 54.",
        Count(agree, len(METRICS) - agree, len(METRICS)),
        reference=54.0,
        detail="At length 200: metrics, HR@10 and NDCG@10, whose profile interval of the peak has 54.",
    )


def width_industrial(peaks: pd.DataFrame, rows: pd.DataFrame) -> Claim:
    """``rows``: ``published.optima_rows``; the authors' own runs are one reading, the refits to two metrics two."""
    trained = rows[rows["constraint"] == "layers fixed at 64"]
    first = int(trained.loc[trained["ndcg@10"].idxmax(), "embedding_dim"]) == 603
    agree = _contain(peaks, "width", 603.0) + first
    return claim(
        Unanimous(),
        "pl-width-industrial",
        "pl-optimum",
        "The best width on Industrial with 64 layers is 603.",
        Count(agree, len(METRICS) + 1 - agree, len(METRICS) + 1),
        reference=603.0,
        detail="Peaks of the refits to HR@10 and NDCG@10, and the authors' trained rows, one run each.",
    )


def width_at_product(peaks: pd.DataFrame) -> Claim:
    return claim(
        Matches(44.0),
        "pl-width-product",
        "pl-optimum",
        "The best width with layers × width = 512 is 44.",
        Estimate(float(peaks.loc["HR@10", "width"])),
        reference=44.0,
        symbol="d",
        detail="The paper doesn't say which panel it means; ours is HR@10 on MovieLens-1M at length 200.",
    )


def rivals_trained(rows: pd.DataFrame) -> Claim:
    rivals = rows[(rows["constraint"] == "global optimum") & (rows["predicted_optimum"] == "no")]
    relabelled = int(rivals["relabelled"].sum())
    return claim(
        EveryCase(),
        "pl-rivals-trained",
        "pl-optimum",
        "The rivals of (28, 54) were trained at the shapes they name.",
        Count(len(rivals) - relabelled, relabelled, len(rivals)),
        detail="The others carry, to four decimals, the values of neighbouring cells of the published grid.",
    )


def shape_first(rows: pd.DataFrame) -> Claim:
    block = rows[rows["constraint"] == "global optimum"].groupby("predicted_optimum")["hr@10"].max()
    return claim(
        Exceeds(),
        "pl-shape-first",
        "pl-optimum",
        "The predicted shape (28, 54) beats its rivals.",
        Estimate(float(block["yes"] - block["no"])),
        reference="0.3322 against 0.3311",
        detail="Its HR@10 less the best rival's; one run per shape, and single cells of a panel scatter by more.",
    )


def potential(by_q1: pd.DataFrame, printed: pd.DataFrame) -> Claim:
    """``by_q1``: ``published.potential_by_q1`` of one panel; ``printed``: ``published.potential``."""
    w1 = printed[printed["precision"] == "fp32"].set_index("model")["w1"]
    difference, spread = float(w1["LLaMA2"] - w1["SASRec"]), float(np.ptp(by_q1.loc[by_q1["w1"] > 0, "w1"]))
    return claim(
        Exceeds(),
        "pl-potential",
        "pl-models",
        "A larger w₁ means more to gain from depth.",
        Estimate(difference, difference - spread, difference + spread),
        reference="0.036 against 0.007",
        symbol="Δw₁",
        detail="Printed difference, ± the range of w₁ over q₁ = 2 to 32 in one panel, whose R² hardly differ. "
        "The table states no q₁.",
    )


def ablation(table: pd.DataFrame) -> Claim:
    """``table``: ``published.ablation``."""
    quality = table[table["data_term"] == "tokens × S′"]
    same = int(((quality["recomputed"] - quality["printed"]).abs() < 5e-5 + 1e-9).sum())
    return claim(
        EveryCase(),
        "pl-ablation-r2",
        "pl-data",
        "The printed R² of the fitted 1/D on 1/D′ can be reproduced.",
        Count(same, len(quality) - same, len(quality)),
        detail="For HR, NDCG and loss, from the printed table, to four decimals.",
    )


def quality_beats_tokens(terms: pd.DataFrame) -> Claim:
    """``terms``: the published table ``performance_law_datasets``."""
    lines = straight_lines(terms, exchanged(terms, "ml-1m", "kuairand-pure")).loc[["HR", "NDCG", "loss"]]
    ahead = int((lines["1/(tokens · S′)"] > lines["1/tokens"]).sum())
    return claim(
        EveryCase(),
        "pl-quality-beats-tokens",
        "pl-data",
        "D′ explains the fitted 1/D better than the number of tokens does.",
        Count(ahead, len(lines) - ahead, len(lines)),
        reference="0.9913 against 0.8259",
        detail="Quantities (HR, NDCG, loss) by R², with the token counts of MovieLens-1M and KuaiRand-Pure, which look "
        "exchanged, put back.",
    )


def joint_law(r2: dict[str, float]) -> Claim:
    """``r2``: ``readings.joint_and_means``."""
    return claim(
        Exceeds(r2["means"]),
        "pl-joint-law",
        "pl-transfer",
        "One law with D′ describes all data sets.",
        Estimate(r2["joint"], r2["joint"], r2["joint"]),
        symbol="R²",
        source=Source.INFERRED,
        detail="One fit to all ten settings, against the R² of a free mean per setting, blind to depth and width.",
    )


def fitted_d(equal: pd.DataFrame) -> Claim:
    """``equal``: ``analysis.fit_simulations.equal_data_terms`` of one panel."""
    as_good = equal.loc[equal["r2"] > equal["r2"].max() - 1e-9, "D"]
    return claim_on_fitting(
        Matches(PRINTED_D, null=1.0),
        "pl-fitted-d",
        "pl-data",
        "The D fitted to a panel measures its data.",
        Estimate(PRINTED_D, float(as_good.min()), float(as_good.max())),
        symbol="D",
        detail="All values of D tried, among them the start of the search, 1, fit the panel equally well.",
    )
