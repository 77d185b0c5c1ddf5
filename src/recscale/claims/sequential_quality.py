"""Claims about the sequential models at a good size, from the study ``sequential-quality``."""

import pandas as pd

from recscale.analysis import sequential_quality as quality
from recscale.claims.claim import Claim, Evidence, Paper, Source
from recscale.claims.price import price_of_any
from recscale.claims.rules import EveryCase, Exceeds, judge_on
from recscale.runs.store import load_results
from recscale.stats.multiplicity import count_above
from recscale.stats.power import core_hours_per_seed

claim = judge_on(Paper.PERFORMANCE_LAW, "performance-law-measured", Evidence.MEASURED, Source.INFERRED)

STUDY = "sequential-quality"
METRIC = "test_ndcg@10"


def claims(resamples: int, seed: int) -> list[Claim]:
    """On the committed table."""
    return quality_claims(load_results(STUDY))


def quality_claims(runs: pd.DataFrame) -> list[Claim]:
    """On a ``sequential-quality`` table."""
    movielens, beauty = (quality.quality_runs(runs, dataset) for dataset in quality.SETS)
    return [
        sasrec_on_movielens(movielens),
        sasrec_on_beauty(beauty),
        best_on_movielens(movielens),
        model_order(movielens, "pl-quality-model-order", "MovieLens-1M", Source.SUCCESSOR),
        model_order(beauty, "pl-quality-model-order-beauty", "Amazon Beauty", Source.INFERRED),
    ]


def sasrec_on_movielens(runs: pd.DataFrame) -> Claim:
    """Does our SASRec reach the best level that others print for theirs?"""
    own = runs[runs["model"] == "sasrec"]
    return reaches(own, quality.public_level("ml-1m", "SASRec"), "pl-quality-sasrec-movielens",
                   "Our SASRec reaches the best public level on MovieLens-1M.")  # fmt: skip


def sasrec_on_beauty(runs: pd.DataFrame) -> Claim:
    """The same on Amazon Beauty."""
    own = runs[runs["model"] == "sasrec"]
    return reaches(own, quality.public_level("beauty (S3Rec)", "SASRec"), "pl-quality-sasrec-beauty",
                   "Our SASRec reaches the best public level on Amazon Beauty.")  # fmt: skip


def best_on_movielens(runs: pd.DataFrame) -> Claim:
    """The model that validation puts first against the best public level of any."""
    own = runs[runs["model"] == quality.best_by_validation(runs)]
    return reaches(own, quality.public_level("ml-1m", "HSTU-large"), "pl-quality-best-movielens",
                   "Our best model reaches HSTU-large's public level on MovieLens-1M.")  # fmt: skip


def reaches(runs: pd.DataFrame, printed: float, id: str, statement: str) -> Claim:
    """Is NDCG@10 at least as high as printed? A question of ours about our training."""
    reached = quality.level(runs[METRIC].to_numpy(float))
    return claim(
        Exceeds(printed), id, "pl-models", statement, reached,
        reference=printed, symbol="NDCG@10", check=True, source=Source.ELSEWHERE,
        detail="All items ranked, mean over seeds; the public level is the best one printed, whatever its loss.",
        price=price_of_any([reached], printed, len(runs), core_hours_per_seed(runs)),
    )  # fmt: skip


def model_order(runs: pd.DataFrame, id: str, where: str, source: Source) -> Claim:
    """Do our three models stand in the order that the paper's table gives theirs?"""
    effects = quality.order_effects(runs)
    return claim(
        EveryCase(), id, "pl-models", f"On {where} LLaMA2 beats HSTU, and HSTU beats SASRec.",
        count_above(effects),
        source=source,
        detail="Pairs of models; a pair counts only where NDCG@10 and HR@10 both decide it, over three seeds.",
        price=price_of_any([wide for _, wide in effects], 0.0, runs["seed"].nunique(), core_hours_per_seed(runs)),
    )  # fmt: skip
