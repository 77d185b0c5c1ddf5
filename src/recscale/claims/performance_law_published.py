"""The Performance Law's claims, judged by the papers' own numbers."""

import numpy as np
import pandas as pd

from recscale import published
from recscale.analysis.fit_simulations import equal_data_terms
from recscale.claims.claim import Claim, judge
from recscale.claims.rules import EveryCase, Exceeds, Matches, Unanimous
from recscale.entropy.experiments import ablation as straight_lines
from recscale.entropy.experiments import exchanged
from recscale.published import readings
from recscale.stats import Count, Estimate

_CLOSE = 0.003
"""How far R² may be off where the losses were read off a picture."""
PRINTED_D = 1.0061
"""The D in the legend of HR@10 on MovieLens-1M at length 100, whose fit starts from D = 1."""
_METRICS = ["HR@10", "NDCG@10"]


def published_performance_claims(resamples: int, seed: int) -> list[Claim]:
    """All of them; nothing is resampled: intervals of peaks are profiles."""
    models, curves = published.panel_models(), published.loss_curves()
    close = (curves["r2_recomputed"] - curves["r2_printed"]).abs() < _CLOSE
    return [
        *reproduced(published.panel_r2()),
        beats("pl-beats-line", models, "log-linear"),
        beats("pl-beats-quadratic", models, "log-quadratic"),
        judge("pl-loss-law", EveryCase(), Count.decided(close)),
        *shape_claims(),
        *data_term_claims(),
    ]


def reproduced(r2: pd.DataFrame) -> list[Claim]:
    """Which printed R² come out again. ``r2``: ``published.panel_r2``."""
    exact = r2["dataset"].isin(published.EXACT)
    reached, off = r2["q1_printed"] != "", len(readings.round_differences(r2))
    return [
        judge("pl-r2-exact", EveryCase(), Count.decided(reached[exact])),
        judge("pl-r2-others", EveryCase(), Count.decided(reached[~exact])),
        judge("pl-r2-baseline", EveryCase(), Count(len(r2) - off, off, len(r2))),
    ]


def shape_claims() -> list[Claim]:
    """The claimed best shapes, how they were checked, and the expansion potential."""
    peaks = readings.claimed_peaks().query("law == 'performance-law'").set_index(["constraint", "metric"])
    free, product = peaks.loc["none"], peaks.loc["layers × width = 512"]
    rows = published.optima_rows()
    unconstrained = rows[rows["constraint"] == "global optimum"]
    rivals = unconstrained.loc[unconstrained["predicted_optimum"] == "no", "relabelled"].astype(bool)
    best = unconstrained.groupby("predicted_optimum")["hr@10"].max()
    return [
        judge("pl-depth-ml1m", Unanimous(), Count.decided(_contain(free, "layers", 28.0))),
        judge("pl-width-ml1m", Unanimous(), Count.decided(_contain(free, "width", 54.0))),
        width_on_industrial(peaks.loc["layers = 64"], rows),
        judge("pl-width-product", Matches(44.0), Estimate(float(product.loc["HR@10", "width"]))),
        judge("pl-rivals-trained", EveryCase(), Count.decided(~rivals)),
        judge("pl-shape-first", Exceeds(), Estimate(float(best["yes"] - best["no"]))),
        depth_by_w1(published.potential_by_q1(), published.potential()),
    ]


def data_term_claims() -> list[Claim]:
    """What the printed table of data terms, and one joint fit, say of D′."""
    panel = published.panels()["HR@10", "ml-1m", 100]
    return [
        r2_of_data_terms(published.ablation()),
        quality_beats_tokens(published.load("performance_law_datasets")),
        one_law(readings.joint_and_means()),
        fitted_d(equal_data_terms(panel, 32, np.geomspace(1e-3, 1e3, 13).tolist())),
    ]


def beats(id: str, models: pd.DataFrame, rival: str) -> Claim:
    """``models``: ``published.panel_models``."""
    score = readings.score(models, rival)
    return judge(id, EveryCase(), Count(score.wins, score.losses, sum(score)))


def _contain(peaks: pd.DataFrame, axis: str, printed: float) -> list[bool]:
    """Which metrics' intervals of a peak have the printed place. Limits to the printed precision, 0.1.

    ``peaks``: of the Performance Law, indexed by metric, from ``readings.claimed_peaks``.
    """
    low, high = peaks.loc[_METRICS, f"{axis}_low"].round(1), peaks.loc[_METRICS, f"{axis}_high"].round(1)
    return ((low <= printed) & (printed <= high)).tolist()


def width_on_industrial(peaks: pd.DataFrame, rows: pd.DataFrame) -> Claim:
    """``rows``: ``published.optima_rows``; the authors' own runs are one reading, the refits to two metrics two."""
    trained = rows[rows["constraint"] == "layers fixed at 64"]
    first = bool(trained.loc[trained["ndcg@10"].idxmax(), "embedding_dim"] == 603)
    return judge("pl-width-industrial", Unanimous(), Count.decided([*_contain(peaks, "width", 603.0), first]))


def depth_by_w1(by_q1: pd.DataFrame, printed: pd.DataFrame) -> Claim:
    """``by_q1``: ``published.potential_by_q1`` of one panel; ``printed``: ``published.potential``."""
    w1 = printed[printed["precision"] == "fp32"].set_index("model")["w1"]
    difference, spread = float(w1["LLaMA2"] - w1["SASRec"]), float(np.ptp(by_q1.loc[by_q1["w1"] > 0, "w1"]))
    return judge("pl-potential", Exceeds(), Estimate.around(difference, spread))


def r2_of_data_terms(table: pd.DataFrame) -> Claim:
    """``table``: ``published.ablation``."""
    quality = table[table["data_term"] == "tokens × S′"]
    same = (quality["recomputed"] - quality["printed"]).abs() < 5e-5 + 1e-9
    return judge("pl-ablation-r2", EveryCase(), Count.decided(same))


def quality_beats_tokens(terms: pd.DataFrame) -> Claim:
    """``terms``: the published table ``performance_law_datasets``."""
    lines = straight_lines(terms, exchanged(terms, "ml-1m", "kuairand-pure")).loc[["HR", "NDCG", "loss"]]
    return judge("pl-quality-beats-tokens", EveryCase(), Count.decided(lines["1/(tokens · S′)"] > lines["1/tokens"]))


def one_law(r2: dict[str, float]) -> Claim:
    """``r2``: ``readings.joint_and_means``."""
    return judge("pl-joint-law", Exceeds(r2["means"]), Estimate.exact(r2["joint"]))


def fitted_d(equal: pd.DataFrame) -> Claim:
    """``equal``: ``analysis.fit_simulations.equal_data_terms`` of one panel."""
    as_good = equal.loc[equal["r2"] > equal["r2"].max() - 1e-9, "D"]
    seen = Estimate(PRINTED_D, float(as_good.min()), float(as_good.max()))
    return judge("pl-fitted-d", Matches(PRINTED_D, null=1.0), seen)
