"""Claims that the full ``wukong-bridge`` study decides: the Performance Law over Wukong's layers and widths."""

import pandas as pd

from recscale.analysis import shape_law as law
from recscale.analysis import wukong_shapes as analysis
from recscale.analysis.wukong_shapes import WukongShapes
from recscale.claims.claim import Claim, Evidence, Paper, Source
from recscale.claims.performance_law_grid import signs
from recscale.claims.price import seed_price
from recscale.claims.rules import EveryCase, Exceeds, Unanimous, judge_on
from recscale.runs.store import load_results
from recscale.stats.multiplicity import Count
from recscale.stats.power import core_hours_per_seed

claim = judge_on(Paper.PERFORMANCE_LAW, "performance-law-measured", Evidence.MEASURED, Source.INFERRED)

STUDY = "wukong-bridge"
R2 = {law.LAW: 0.528, law.LINE: 0.479}
"""Wukong's AUC in Table 5 of P-Law (NeurIPS 2025), in sample; the paper gives neither the data nor the shapes."""
REFITS = 200


def claims(resamples: int, seed: int) -> list[Claim]:
    """On the committed table."""
    return wukong_claims(load_results(STUDY), resamples, seed)


def wukong_claims(runs: pd.DataFrame, resamples: int, seed: int) -> list[Claim]:
    """On a ``wukong-bridge`` table."""
    grid = analysis.wukong_shapes(runs)
    return [
        r2(grid, runs, resamples, seed),
        shape_matters(grid, runs),
        decay_needed(grid, runs),
        beats_quadratic(grid, runs),
    ]


def r2(grid: WukongShapes, runs: pd.DataFrame, resamples: int, seed: int) -> Claim:
    """Does the law follow Wukong's AUC at least as well as printed?"""
    return claim(
        Exceeds(R2[law.LAW]), "pl-wukong-r2", "pl-models",
        "The law follows Wukong's AUC over depth and width at least as well as printed.",
        analysis.r2(grid, min(resamples, REFITS), seed),
        reference=R2[law.LAW], symbol="R²", source=Source.SUCCESSOR,
        detail="16 shapes of Wukong on MovieLens-1M, in sample as the paper's number; no interval where seeds explain "
        "all differences between the shapes.",
        price=seed_price(seeds_to_differ(grid), grid.seeds, core_hours_per_seed(runs)),
    )  # fmt: skip


def shape_matters(grid: WukongShapes, runs: pd.DataFrame) -> Claim:
    """Are there differences between depths and between widths at all?"""
    agree = sum(test.rejects(law.SIGNIFICANCE / 2) for test in (grid.width_test, grid.depth_test))
    return claim(
        EveryCase(), "pl-wukong-shape-matters", "pl-models", "Depth and width change Wukong's AUC.",
        Count(agree, 0, 2),
        detail="Split-plot analysis: widths against what a seed does to whole widths, depths against the noise within "
        "a width, each at 2.5 %.",
        price=seed_price(seeds_to_differ(grid), grid.seeds, core_hours_per_seed(runs)),
    )  # fmt: skip


def decay_needed(grid: WukongShapes, runs: pd.DataFrame) -> Claim:
    """Does Wukong's AUC need the law's decay terms?"""
    return claim(
        Unanimous(), "pl-wukong-decay-needed", "pl-models",
        "Wukong's AUC needs the law's decay terms: a straight line in logs is not enough.",
        signs([law.robust_preference(grid, law.LINE)]),
        reference=f"{R2[law.LAW]} against {R2[law.LINE]} (R²)", source=Source.SUCCESSOR,
        detail="Extra-sum-of-squares test of the decay terms on 16 shapes; undecided where seeds explain all "
        "differences between the shapes.",
        price=seed_price(law.seeds_to_prefer(grid, law.LINE), grid.seeds, core_hours_per_seed(runs)),
    )  # fmt: skip


def beats_quadratic(grid: WukongShapes, runs: pd.DataFrame) -> Claim:
    """Does a quadratic do as well on Wukong's AUC?"""
    return claim(
        Unanimous(), "pl-wukong-beats-quadratic", "pl-models",
        "Wukong's AUC needs the law: a quadratic in logs does not do as well.",
        signs([law.robust_preference(grid, law.QUADRATIC)]),
        detail="Lack-of-fit tests on 16 shapes; undecided where seeds explain all differences between the shapes.",
        price=seed_price(law.seeds_to_prefer(grid, law.QUADRATIC), grid.seeds, core_hours_per_seed(runs)),
    )  # fmt: skip


def seeds_to_differ(grid: WukongShapes) -> float:
    """How many seeds per shape would make width or depth significant."""
    tests = grid.width_test, grid.depth_test
    return min(test.seeds_to_reject(grid.seeds, law.SIGNIFICANCE / 2) for test in tests)
