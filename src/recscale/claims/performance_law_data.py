"""Claims that ``sequential-data`` decides: does D′ carry the Performance Law across data sets?"""

import pandas as pd

from recscale import published
from recscale.analysis import data_transfer as transfer
from recscale.analysis.data_transfer import D_PRIME, QUALITY, DataStudy
from recscale.analysis.shape_fits import shapes
from recscale.claims.claim import Claim, judge
from recscale.claims.price import NEVER, price_of_any_seed
from recscale.claims.rules import EveryCase, Exceeds
from recscale.runs.table import load_results
from recscale.stats.multiplicity import count_below

_REFITS = 100


def transfer_claims(resamples: int, seed: int) -> list[Claim]:
    """On the committed tables."""
    return data_claims(load_results("sequential-data"), load_results("sequential-grid"), resamples, seed)


def data_claims(
    data: pd.DataFrame, grid: pd.DataFrame, resamples: int, seed: int, terms: pd.DataFrame | None = None
) -> list[Claim]:
    """On the two results tables; ``terms``: of ``data_transfer.data_study``."""
    study = transfer.data_study(data, grid, "ndcg@10", terms)
    gains, lead = transfer.ablate(study, resamples, seed)
    joint = transfer.joint_law_test(study, min(resamples, _REFITS), seed)
    printed = published.ablation().query("quantity == 'NDCG'").set_index("data_term")["printed"]
    return [
        judge("pl-data-apen-beats-tokens", Exceeds(), gains[D_PRIME], NEVER),
        judge(
            "pl-data-real-entropy-beats-tokens",
            Exceeds(),
            gains[QUALITY[1]],
            NEVER,
            reference=f"{printed['tokens × S′']:.4f} against {printed['tokens']:.4f}",
        ),
        judge("pl-data-best-term", Exceeds(), lead, NEVER),
        orders_variants(study, data),
        judge("pl-data-joint-law-fits", Exceeds(0.05), joint, NEVER),
        predicts_left_out(study, data),
    ]


def orders_variants(study: DataStudy, data: pd.DataFrame) -> Claim:
    """Fewer users and repeated histories: does the metric move as D′ by ApEn does?"""
    effects = transfer.variants_effects(study, D_PRIME)
    price = price_of_any_seed([wide for _, wide in effects], shapes(data, dataset="movielens-1m"))
    return judge("pl-data-orders-variants", EveryCase(), count_below(effects), price)


def predicts_left_out(study: DataStudy, data: pd.DataFrame) -> Claim:
    """Each data set predicted from the others, with D′ and without."""
    effects = list(transfer.left_out(study).values())
    price = price_of_any_seed([wide for _, wide in effects], shapes(data))
    return judge("pl-data-predicts-left-out", EveryCase(), count_below(effects), price)
