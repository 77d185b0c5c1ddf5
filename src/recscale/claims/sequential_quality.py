"""Claims about the sequential models at a good size, from the study ``sequential-quality``."""

import pandas as pd

from recscale.analysis import sequential_quality as quality
from recscale.claims.claim import Claim, judge
from recscale.claims.price import price_of_any
from recscale.claims.rules import EveryCase, Exceeds
from recscale.runs.table import core_hours_per_seed
from recscale.stats import count_above, mean_estimate


def quality_claims(runs: pd.DataFrame) -> list[Claim]:
    """On a ``sequential-quality`` table. Our own training against the best level that others print, and the order of
    our three models against that of the paper's table."""
    movielens, beauty = (quality.quality_runs(runs, dataset) for dataset in quality.SETS)
    level, best = quality.public_level, movielens.groupby("model")["valid_ndcg@10"].mean().idxmax()
    return [
        reaches("pl-quality-sasrec-movielens", movielens, "sasrec", level("ml-1m", "SASRec")),
        reaches("pl-quality-sasrec-beauty", beauty, "sasrec", level("beauty (S3Rec)", "SASRec")),
        reaches("pl-quality-best-movielens", movielens, best, level("ml-1m", "HSTU-large")),
        model_order("pl-quality-model-order", movielens),
        model_order("pl-quality-model-order-beauty", beauty),
    ]


def reaches(id: str, runs: pd.DataFrame, model: str, printed: float) -> Claim:
    """Is NDCG@10 of ``model`` at least as high as printed?"""
    own = runs[runs["model"] == model]
    reached = mean_estimate(own["test_ndcg@10"].to_numpy(float))
    price = price_of_any([reached], printed, len(own), core_hours_per_seed(own))
    return judge(id, Exceeds(printed), reached, price, reference=printed)


def model_order(id: str, runs: pd.DataFrame) -> Claim:
    effects = quality.order_effects(runs)
    price = price_of_any([wide for _, wide in effects], 0.0, runs["seed"].nunique(), core_hours_per_seed(runs))
    return judge(id, EveryCase(), count_above(effects), price)
