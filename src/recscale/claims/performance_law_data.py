"""Claims that ``sequential-data`` decides: does D′ carry the Performance Law across data sets?"""

import pandas as pd

from recscale import published
from recscale.analysis import data_transfer as transfer
from recscale.analysis.data_transfer import D_PRIME, QUALITY
from recscale.analysis.shape_fits import shapes
from recscale.claims.claim import Claim, judge
from recscale.claims.price import NEVER, unpaired_count
from recscale.claims.rules import Exceeds

_REFITS = 100


def data_claims(
    data: pd.DataFrame, grid: pd.DataFrame, resamples: int, seed: int, terms: pd.DataFrame | None = None
) -> list[Claim]:
    """On the two results tables; ``terms``: of ``data_transfer.data_study``."""
    study = transfer.data_study(data, grid, "ndcg@10", terms)
    gains, lead = transfer.ablate(study, resamples, seed)
    joint = transfer.joint_law_test(study, min(resamples, _REFITS), seed)
    variants = transfer.variants_effects(study, D_PRIME)
    left_out = list(transfer.left_out(study).values())
    printed = published.ablation().query("quantity == 'NDCG'").set_index("data_term")["printed"]
    both = f"{printed['tokens × S′']:.4f} against {printed['tokens']:.4f}"
    real_entropy = gains[QUALITY[1]]
    return [
        judge("pl-data-apen-beats-tokens", Exceeds(), gains[D_PRIME], NEVER),
        judge("pl-data-real-entropy-beats-tokens", Exceeds(), real_entropy, NEVER, reference=both),
        judge("pl-data-best-term", Exceeds(), lead, NEVER),
        unpaired_count("pl-data-orders-variants", variants, shapes(data, dataset="movielens-1m")),
        judge("pl-data-joint-law-fits", Exceeds(0.05), joint, NEVER),
        unpaired_count("pl-data-predicts-left-out", left_out, shapes(data)),
    ]
