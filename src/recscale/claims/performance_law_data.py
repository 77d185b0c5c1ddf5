"""Claims that ``sequential-data`` decides: does D′ carry the Performance Law across data sets?"""

import pandas as pd

from recscale import published
from recscale.analysis import data_transfer as transfer
from recscale.analysis.data_transfer import D_PRIME, QUALITY, Ablation, DataStudy, JointFit
from recscale.analysis.shape_fits import shapes
from recscale.claims.claim import Claim, Evidence, Paper, Source
from recscale.claims.price import NEVER, price_of_any
from recscale.claims.rules import EveryCase, Exceeds, judge_on
from recscale.runs.store import load_results
from recscale.stats.multiplicity import count_below
from recscale.stats.power import core_hours_per_seed

claim = judge_on(Paper.PERFORMANCE_LAW, "performance-law-measured", Evidence.MEASURED, Source.INFERRED)

METRIC = "ndcg@10"
REFITS = 100
ONE_SEED = 1.0


def claims(resamples: int, seed: int) -> list[Claim]:
    """On the committed tables."""
    return data_claims(load_results("sequential-data"), load_results("sequential-grid"), resamples, seed)


def data_claims(
    data: pd.DataFrame, grid: pd.DataFrame, resamples: int, seed: int, terms: pd.DataFrame | None = None
) -> list[Claim]:
    """On the two results tables; ``terms``: of ``data_transfer.data_study``."""
    study = transfer.data_study(data, grid, METRIC, terms)
    ablation = transfer.ablate(study, resamples, seed)
    return [
        apen_beats_tokens(ablation),
        real_entropy_beats_tokens(ablation),
        best_term(ablation),
        orders_variants(study, data),
        joint_law_fits(transfer.joint(study, min(resamples, REFITS), seed)),
        predicts_left_out(study, data),
    ]


GAINED = (
    "R² of mean NDCG@10 on the term's logarithm over ten settings of five data sets, gained over tokens; a falling "
    "line explains nothing; data sets resampled, which more seeds can't replace."
)


def apen_beats_tokens(ablation: Ablation) -> Claim:
    """D′ by ApEn against the plain token count."""
    return claim(
        Exceeds(), "pl-data-apen-beats-tokens", "pl-data",
        "D′ by approximate entropy explains NDCG better than the token count.",
        ablation.gains[D_PRIME],
        symbol="R² gained", source=Source.FIRST_PAPER, detail=GAINED, price=NEVER,
    )  # fmt: skip


def real_entropy_beats_tokens(ablation: Ablation) -> Claim:
    """D′ by real entropy against the plain token count."""
    printed = published.ablation().query("quantity == 'NDCG'").set_index("data_term")["printed"]
    return claim(
        Exceeds(), "pl-data-real-entropy-beats-tokens", "pl-data",
        "D′ by real entropy explains NDCG better than the token count.",
        ablation.gains[QUALITY[1]],
        reference=f"{printed['tokens × S′']:.4f} against {printed['tokens']:.4f}",
        symbol="R² gained", source=Source.SUCCESSOR, detail=GAINED, price=NEVER,
    )  # fmt: skip


def best_term(ablation: Ablation) -> Claim:
    """D′ against every other data term."""
    return claim(
        Exceeds(), "pl-data-best-term", "pl-data", "No other measure of the data explains NDCG better than D′.",
        ablation.lead,
        symbol="lead in R²", source=Source.SUCCESSOR,
        detail="R² of the better D′ less that of the best other reading of the data; data sets resampled, which more "
        "seeds can't replace.",
        price=NEVER,
    )  # fmt: skip


def orders_variants(study: DataStudy, data: pd.DataFrame) -> Claim:
    """Fewer users and repeated histories: does the metric move as D′ by ApEn does?"""
    effects = transfer.variants_effects(study, D_PRIME)
    own = shapes(data, dataset="movielens-1m")
    return claim(
        EveryCase(), "pl-data-orders-variants", "pl-data",
        "D′ by approximate entropy tells whether changed data are worth more or less.",
        count_below(effects),
        detail="Parts of MovieLens-1M's users and partly repeated histories against the whole, mean NDCG@10 of four "
        "shapes; intervals allow for seeds and, in parts of the users, for who the test users are.",
        price=price_of_any([wide for _, wide in effects], 0.0, ONE_SEED, core_hours_per_seed(own)),
    )  # fmt: skip


def joint_law_fits(joint: JointFit) -> Claim:
    """One law for all data sets, its data term computed: do seeds explain what it leaves?"""
    return claim(
        Exceeds(0.05), "pl-data-joint-law-fits", "pl-transfer", "One law with D′ fits all data sets.",
        joint.p,
        symbol="p",
        detail="Probability that seeds and, in parts of the users, test users alone leave as much as the joint law "
        "does, with the interval of its simulation.",
        price=NEVER,
    )  # fmt: skip


def predicts_left_out(study: DataStudy, data: pd.DataFrame) -> Claim:
    """Each data set predicted from the others, with D′ and without."""
    effects = list(transfer.left_out(study).values())
    return claim(
        EveryCase(), "pl-data-predicts-left-out", "pl-transfer", "D′ helps to predict a data set the law has not seen.",
        count_below(effects),
        detail="Data sets whose NDCG@10 the joint law of the others predicts better than a law of shapes alone.",
        price=price_of_any([wide for _, wide in effects], 0.0, ONE_SEED, core_hours_per_seed(shapes(data))),
    )  # fmt: skip
