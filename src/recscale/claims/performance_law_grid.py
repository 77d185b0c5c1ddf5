"""Claims that the full ``sequential-grid`` study decides: the Performance Law on a grid of our own.

What is claimed of HR and NDCG must hold for both at 10; the number shown is that of NDCG@10.
"""

from collections.abc import Sequence

import pandas as pd

from recscale.analysis import shape_contrasts as contrasts
from recscale.analysis import shape_extrapolation as extrapolation
from recscale.analysis import shape_law as law
from recscale.analysis.shape_contrasts import CellMeans
from recscale.analysis.shape_fits import GRID, shapes
from recscale.analysis.shape_law import ShapeGrid
from recscale.claims.claim import Claim, Evidence, Paper, Price, Source
from recscale.claims.price import price_of_any, seed_price
from recscale.claims.rules import Below, EveryCase, Exceeds, Unanimous, Within, judge_on
from recscale.published.shapes import CLAIMS
from recscale.runs.store import load_results
from recscale.stats.estimate import UNKNOWN, Estimate
from recscale.stats.multiplicity import Count, count_below, covering
from recscale.stats.power import core_hours_per_seed

claim = judge_on(Paper.PERFORMANCE_LAW, "performance-law-measured", Evidence.MEASURED, Source.INFERRED)

STUDY = "sequential-grid"
METRICS = ("ndcg@10", "hr@10")
FIXED_Q1, REDRAWN, PEAK_RESAMPLES = 8, 200, 400
RIVALS = {law.LINE: "decay-needed", law.QUADRATIC: "beats-quadratic"}
LONGER = {"max_length": 50}, {"max_length": 100}
HALF_PRECISION = {"precision": "fp32"}, {"precision": "bf16"}
CLAIMED = dict(zip(law.AXES, CLAIMS[0][3:], strict=True))
"""The paper's best shape of MovieLens-1M."""
ONE_SEED = 1.0
"""Seeds of most shapes."""


def claims(resamples: int, seed: int) -> list[Claim]:
    """On the committed table."""
    return grid_claims(load_results(STUDY), resamples, seed)


def grid_claims(runs: pd.DataFrame, resamples: int, seed: int) -> list[Claim]:
    """On a ``sequential-grid`` table."""
    grids = [ShapeGrid.from_runs(runs, metric) for metric in METRICS]
    own = shapes(runs, **GRID)
    ndcg, hr = (CellMeans.from_runs(runs, f"test_{metric}") for metric in METRICS)
    train, test = (CellMeans.from_runs(runs, f"{part}_loss") for part in ("train", "test"))
    return [
        follows_law(grids, own),
        *(needed(grids, own, rival) for rival in RIVALS),
        *(predicts_largest(grids, own, axis) for axis in law.AXES),
        *(best_size(grids, own, axis, resamples, seed) for axis in law.AXES),
        *orders_models(ndcg, runs, resamples, seed),
        training_loss_falls(train, own),
        peaks_before_loss(hr, test, own),
        longer_histories(ndcg, runs),
        half_precision(ndcg, runs),
    ]


def signs(values: Sequence[int]) -> Count:
    """How many of ``values`` are positive and how many negative."""
    return Count(sum(bool(value > 0) for value in values), sum(bool(value < 0) for value in values), len(values))


def grid_price(seeds_needed: float, grids: Sequence[ShapeGrid], own: pd.DataFrame) -> Price:
    """``seed_price`` of a claim on the whole grid."""
    return seed_price(seeds_needed, grids[0].seeds, core_hours_per_seed(own))


def follows_law(grids: Sequence[ShapeGrid], own: pd.DataFrame) -> Claim:
    """Is the law the only form that isn't rejected, by both metrics?"""
    return claim(
        Unanimous(), "pl-grid-follows-law", "pl-form", "Only the Performance Law fits NDCG and HR on our grid.",
        signs([law.sole_survivor(grid) for grid in grids]),
        source=Source.SUCCESSOR,
        detail="Lack-of-fit tests of five forms on 14 shapes of the SASRec-style model, MovieLens-1M; a metric counts "
        "where the law is not rejected and the constant, the line and the quadratic in logs are.",
        price=grid_price(max(law.seeds_to_settle(grid) for grid in grids), grids, own),
    )  # fmt: skip


def needed(grids: Sequence[ShapeGrid], own: pd.DataFrame, rival: str) -> Claim:
    """Is the law needed where there is a plainer form?"""
    statement, detail = {
        law.LINE: (
            "The decay terms are needed: a line in logs is not enough.",
            "Extra-sum-of-squares test of the decay terms on 14 shapes; a metric counts where p stays below 0.05 "
            "whichever single shape is left out.",
        ),
        law.QUADRATIC: (
            "The law is needed: a quadratic in logs does not do as well.",
            "Lack-of-fit tests on 14 shapes; a metric counts where one form is rejected and the other is not, "
            "whichever single shape is left out.",
        ),
    }[rival]
    return claim(
        Unanimous(), f"pl-grid-{RIVALS[rival]}", "pl-form", statement,
        signs([law.robust_preference(grid, rival) for grid in grids]),
        detail=detail,
        price=grid_price(max(law.seeds_to_prefer(grid, rival) for grid in grids), grids, own),
    )  # fmt: skip


def predicts_largest(grids: Sequence[ShapeGrid], own: pd.DataFrame, axis: str) -> Claim:
    """Does the law predict the largest depth, or width, better than "no further gain" does?"""
    name = {"layers": "depth", "width": "width"}[axis]
    unseen = [extrapolation.hold_out(grid, axis) for grid in grids]
    return claim(
        Exceeds(), f"pl-grid-predicts-{name}", "pl-prediction",
        f"The law predicts the largest {name} better than “no further gain” does.",
        covering([one.gain for one in unseen]),
        symbol="smaller error", unit="% of NDCG@10",
        detail="Error of “no further gain” less the law's at the held-out shapes; the interval covers both published "
        "forms, every constant the seen shapes allow, the seeds, and HR@10.",
        price=grid_price(max(one.seeds_to_decide(grids[0].seeds) for one in unseen), grids, own),
    )  # fmt: skip


def best_size(grids: Sequence[ShapeGrid], own: pd.DataFrame, axis: str, resamples: int, seed: int) -> Claim:
    """Is there a best depth, or width, inside the grid?"""
    name, symbol = {"layers": ("depth", "H*"), "width": ("width", "d*")}[axis]
    peaks = [law.peak(grid, axis, min(resamples, PEAK_RESAMPLES), seed) for grid in grids]
    low, high = peaks[0].measured
    identified = all(peak.is_identified for peak in peaks)
    return claim(
        Within(low, high), f"pl-grid-best-{name}", "pl-optimum", f"Our grid has a best {name}.",
        covering([peak.estimate for peak in peaks]) if identified else Estimate(peaks[0].value),
        reference=f"{CLAIMED[axis]} (length 200)", symbol=symbol, source=Source.SUCCESSOR,
        detail="Peak of the fitted law; it has an interval only if that lies inside the grid and the law falls "
        "significantly beyond the peak, by NDCG@10 and HR@10. Only a larger grid can find a peak outside.",
        price=grid_price(max(peak.seeds_to_identify(grids[0].seeds) for peak in peaks), grids, own),
    )  # fmt: skip


def orders_models(cells: CellMeans, runs: pd.DataFrame, resamples: int, seed: int) -> list[Claim]:
    """Do w₁ and w₂ order the models as depth and width pay them?

    A model with too few shapes for exponents of its own doesn't count: with borrowed ones w is the gain by another
    name. Nor does one whose w differs from SASRec's by no more than seeds explain, or whose order depends on q₁.
    """
    models = [one for one in contrasts.potentials(cells) if one.own_exponents]
    limits = [contrasts.w_limits(cells, one, FIXED_Q1, min(resamples, REDRAWN), seed) for one in models]
    result = []
    for axis, weight, symbol, name in (("layers", "w1", "w₁", "depth"), ("width", "w2", "w₂", "width")):
        effects = cells.effects([contrasts.disagreement(one, axis, FIXED_Q1) for one in models])
        differs = [low > 0 or high < 0 for low, high in (one[weight] for one in limits)]
        stable = [contrasts.same_order(one, axis) == len(one.w) for one in models]
        counted = [
            pair if known and same else (UNKNOWN, UNKNOWN)
            for pair, known, same in zip(effects, differs, stable, strict=True)
        ]
        result.append(
            claim(
                EveryCase(), f"pl-grid-{weight}-orders-models", "pl-models",
                f"A model with a larger {symbol} gains more from {name}.",
                count_below(counted),
                source=Source.SUCCESSOR,
                detail="HSTU-style against SASRec-style model on seven shapes at one fixed q₁; the model counts where "
                "both the difference in w and that in gain exceed what seeds explain.",
                price=price_of_any([wide for _, wide in counted], 0.0, ONE_SEED, core_hours_per_seed(runs)),
            )
        )  # fmt: skip
    return result


def training_loss_falls(train: CellMeans, own: pd.DataFrame) -> Claim:
    """Does the training loss fall with every step of depth?"""
    steps = train.effects(contrasts.depth_steps(train))
    return claim(
        EveryCase(), "pl-grid-training-loss-falls", "pl-form", "Every step of depth lowers the training loss.",
        count_below(steps),
        source=Source.SUCCESSOR,
        detail="Steps to the next depth at one width, 14 shapes of the SASRec-style model on MovieLens-1M.",
        price=price_of_any([wide for _, wide in steps], 0.0, ONE_SEED, core_hours_per_seed(own)),
    )  # fmt: skip


def peaks_before_loss(metric: CellMeans, loss: CellMeans, own: pd.DataFrame) -> Claim:
    """Does HR@10 fall where the test loss still falls?"""
    past = list(contrasts.past_the_peak(metric, loss).values())
    return claim(
        EveryCase(), "pl-grid-metric-peaks-before-loss", "pl-form",
        "HR turns down at a depth where the test loss still falls.",
        count_below(past),
        source=Source.SUCCESSOR,
        detail="One case per width: from the best shallower depth to the deepest, HR@10 and the test loss must both "
        "fall significantly.",
        price=price_of_any([wide for _, wide in past], 0.0, ONE_SEED, core_hours_per_seed(own)),
    )  # fmt: skip


def longer_histories(cells: CellMeans, runs: pd.DataFrame) -> Claim:
    """Do histories of 100 help over histories of 50?"""
    effect = cells.robust_change(*LONGER)
    table = shapes(runs, model="sasrec", precision="fp32")
    both = pd.MultiIndex.from_tuples(cells.shared(*LONGER))
    used = table[table["max_length"].isin([50, 100]) & pd.MultiIndex.from_frame(table[list(law.AXES)]).isin(both)]
    return claim(
        Exceeds(), "pl-grid-longer-histories-help", "pl-models", "Longer histories improve NDCG.",
        effect.percent,
        symbol="change", unit="%",
        detail="NDCG@10 with histories of 100 against 50, mean over five shapes at equal epochs; the interval also "
        "covers the mean without any one of them.",
        price=price_of_any([effect], 0.0, ONE_SEED, core_hours_per_seed(used)),
    )  # fmt: skip


def half_precision(cells: CellMeans, runs: pd.DataFrame) -> Claim:
    """Does bfloat16 cost quality? Only models up to width 16 were trained in it."""
    effect = cells.change(*HALF_PRECISION)
    return claim(
        Below(), "pl-grid-bfloat16-costs", "pl-models",
        "In bfloat16 SASRec loses quality (tried up to width 16).",
        effect.percent,
        reference="0.162 against 0.172", symbol="change", unit="%", source=Source.SUCCESSOR,
        detail="NDCG@10 of two narrow shapes, layers in bfloat16 and scores in single precision; printed are NDCG@10 "
        "in bf16 and fp32, of shapes that aren't given.",
        price=price_of_any([effect], 0.0, ONE_SEED, core_hours_per_seed(shapes(runs, precision="bf16"))),
    )  # fmt: skip
