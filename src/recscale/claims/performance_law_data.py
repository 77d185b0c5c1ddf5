"""Rows of the report card that ``sequential-data`` decides: does D′ carry the Performance Law across data sets?

None while that study, or ``sequential-grid`` with its seeds, isn't committed.
"""

import pandas as pd

from recscale import published
from recscale.analysis import data_transfer as sequential_data
from recscale.analysis.ctr_scaling import listed
from recscale.analysis.data_quality import LENGTH, WINDOW
from recscale.analysis.data_transfer import D_PRIME, QUALITY, TOKENS, DataStudy
from recscale.analysis.shape_fits import left_out
from recscale.claims.card import COUNTED, Claim, claims_on
from recscale.claims.wukong_scaling import sign
from recscale.runs.store import load_results
from recscale.stats.contrasts import reached, verdict

_claim = claims_on("Performance Law", "performance-law-measured", "inferred")

METRIC = "ndcg@10"
REFITS = 100
SURE = 0.95
"""Share of resamples in which one side must explain best."""


def across(resamples: int, seed: int) -> list[Claim]:
    """Every row for which both tables have the runs."""
    return data_claims(load_results("sequential-data"), load_results("sequential-grid"), resamples, seed)


def data_claims(
    data: pd.DataFrame, grid: pd.DataFrame, resamples: int, seed: int, terms: pd.DataFrame | None = None
) -> list[Claim]:
    """The rows of the two tables; ``terms``: of ``sequential_data.study``."""
    study = sequential_data.study(data, grid, METRIC, terms)
    if study is None:
        return []
    excluded = f"{left_out(data)} collapsed or diverged runs left out"
    return [*ablation(study, resamples, seed, excluded), *variants(study), *carried(study, resamples, seed)]


def ablation(study: DataStudy, resamples: int, seed: int, excluded: str) -> list[Claim]:
    """D′ against the plain token count, and against every other data term."""
    found = sequential_data.ablate(study, resamples, seed)
    printed = published.ablation().query("quantity == 'NDCG'").set_index("data_term")["printed"]
    pair = f"{printed['tokens × S′']:.4f} against {printed['tokens']:.4f}"
    paper = {"ApEn": (None, "first paper"), "real entropy": (pair, "successor")}
    along = [f"{name} {value:+.2f}" for name, value in sequential_data.correlations(study).items()]
    where = (
        f"{len(study.levels)} settings of {len(study.datasets)} data sets, means of the same four shapes against ln D′ "
        f"(windows of {WINDOW}, histories of {LENGTH}); a falling line explains nothing, so that gains are cut at 0 "
        f"(correlations: {listed(along)}); printed are the R² of the fitted 1/D for NDCG on 1/D′ and on 1/tokens; sets "
        f"resampled, levels moved as by seeds; {excluded}"
    )
    rows = []
    for (entropy, (said, source)), effect in zip(paper.items(), found.gains.values(), strict=True):
        claim = f"measured: D′ by {entropy} explains NDCG@10 better than tokens do (R² gained)"
        limits = effect.ci_low, effect.ci_high
        rows.append(_claim(claim, said, effect.value, sign(*limits), where, limits, source=source))
    ours = f"{found.best}: {found.r2.max():.2f}, D′: {found.r2[list(QUALITY)].max():.2f}"
    outcome = "holds" if found.share >= SURE else "does not hold" if found.share <= 1 - SURE else "can't be known"
    why = (
        f"{len(found.r2)} readings of the data; one of D′, by ApEn or real entropy, is best in {found.share:.0%} of "
        "resamples of the data sets"
    )
    return [
        *rows,
        _claim(
            "measured: no other data term explains more than D′ (R² of NDCG@10)",
            None,
            ours,
            outcome,
            why,
            source="successor",
        ),
    ]


def variants(study: DataStudy) -> list[Claim]:
    """Fewer users and repeated histories: does the metric move as D′ does?"""
    terms = (*QUALITY, TOKENS)
    found = {term: sequential_data.variants_effects(study, term) for term in terms}
    own = found[D_PRIME]
    if not own:
        return []
    against = sum(strictly.is_positive for _, strictly in own)
    why = (
        "subsets of MovieLens-1M's users and partly repeated histories against the whole, mean NDCG@10 of four shapes, "
        f"beyond the seeds and, where test users differ, beyond who they are; known to move against D′ in {against}; "
        f"D′ by real entropy tells {reached(found[QUALITY[1]])} of them, tokens alone {reached(found[TOKENS])}"
    )
    claim = "measured: D′ (by ApEn) tells whether changed data are worth more or less" + COUNTED
    return [_claim(claim, len(own), reached(own), verdict(own), why)]


def carried(study: DataStudy, resamples: int, seed: int) -> list[Claim]:
    """One law for all data sets, and each data set predicted from the others."""
    whole, unseen = sequential_data.joint(study, min(resamples, REFITS), seed), sequential_data.left_out(study)
    effects = list(unseen.values())
    worse = [name for name, (_, strictly) in unseen.items() if strictly.is_positive]
    against = f"; worse for {listed(worse)}" if worse else ""
    return [
        _claim("measured: one law with D′ fits all data sets (R² of NDCG@10)", None,
               f"joint law {whole.r2:.3f}, free means {whole.means:.3f}", whole.verdict,
               "seeds and, in parts of the users, test users alone explain what the law leaves with "
               f"p {'≤' if whole.least else '='} {whole.explained_by_seeds:.2g}; free means know nothing of shape"),
        _claim("measured: D′ helps to predict a data set left out" + COUNTED, len(effects), reached(effects),
               verdict(effects), f"data sets whose NDCG@10 the joint law of the others predicts better than a law of "
               f"shapes alone, by more than seeds explain{against}"),
    ]  # fmt: skip
