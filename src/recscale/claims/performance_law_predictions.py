"""Claims about shapes that were predicted first and trained afterwards.

From ``data/predictions`` and the study ``performance-law-predictions``.
"""

import pandas as pd

from recscale.analysis import prediction_outcomes as outcomes
from recscale.analysis import shape_predictions as predictions
from recscale.analysis.prediction_outcomes import Outcomes
from recscale.claims.claim import Claim, Evidence, Paper, Source
from recscale.claims.price import NEVER, price_of_any
from recscale.claims.rules import EveryCase, Exceeds, Matches, judge_on
from recscale.runs.store import load_results
from recscale.stats.multiplicity import count_above
from recscale.stats.power import core_hours_per_seed

claim = judge_on(Paper.PERFORMANCE_LAW, "performance-law-measured", Evidence.PREDICTED, Source.INFERRED)

STUDY = "performance-law-predictions"
PROMISED = 0.95


def claims(resamples: int, seed: int) -> list[Claim]:
    """On the committed predictions and runs."""
    return prediction_claims(predictions.read(), load_results(STUDY))


def prediction_claims(recorded: pd.DataFrame, runs: pd.DataFrame) -> list[Claim]:
    """On recorded predictions and the results table that tests them."""
    tested = outcomes.predictions_tested(recorded, runs)
    return [
        best_shape_leads(tested, runs),
        budget_shapes_lead(tested, runs),
        shapes_lead_together(tested, runs),
        runs_in_band(tested),
        law_errs_least(tested, runs),
    ]


def best_shape_leads(tested: Outcomes, runs: pd.DataFrame) -> Claim:
    """The shape named without a budget against the better of its two neighbours."""
    lead = outcomes.lead_without_budget(tested)
    return claim(
        Exceeds(), "pl-predicted-best-shape-leads", "pl-optimum",
        "The shape the law names best of all beats its neighbours.",
        lead.percent,
        symbol="lead", unit="%",
        detail="NDCG@10, recorded before training; against the better of two neighbours, with an interval that allows "
        "for that choice.",
        price=price_of_any([lead], 0.0, tested.seeds, core_hours_per_seed(runs)),
    )  # fmt: skip


def budget_shapes_lead(tested: Outcomes, runs: pd.DataFrame) -> Claim:
    """The shapes named within a budget against the better of their two neighbours."""
    leads = outcomes.leads_within_budgets(tested)
    return claim(
        EveryCase(), "pl-predicted-budget-shapes-lead", "pl-optimum",
        "Shapes the law names within a budget beat their neighbours.",
        count_above(leads),
        detail="Recorded before training; three budgets (layers × width, parameters, FLOP per position), each against "
        "the better of two neighbours of similar cost.",
        price=price_of_any([wide for _, wide in leads], 0.0, tested.seeds, core_hours_per_seed(runs)),
    )  # fmt: skip


def shapes_lead_together(tested: Outcomes, runs: pd.DataFrame) -> Claim:
    """The mean lead over all questions."""
    lead = outcomes.mean_lead(tested)
    return claim(
        Exceeds(), "pl-predicted-shapes-lead-together", "pl-optimum",
        "Shapes the law names beat their neighbours.",
        lead.percent,
        symbol="lead", unit="%",
        detail="Mean lead in NDCG@10 over four questions, which share shapes; it tests that there is a bend, not the "
        "law's form: a quadratic in logs names the same shapes.",
        price=price_of_any([lead], 0.0, tested.seeds, core_hours_per_seed(runs)),
    )  # fmt: skip


def runs_in_band(tested: Outcomes) -> Claim:
    """Do the law's 95 % bands for a new run hold what they promise? A question of ours: the paper has no bands."""
    return claim(
        Matches(PROMISED), "pl-predicted-runs-in-band", "pl-prediction",
        "New runs fall into the law's 95 % band as often as promised.",
        outcomes.band_share(tested),
        symbol="share of runs", check=True,
        detail="Runs of eleven new shapes inside bands recorded beforehand; interval over shapes.",
        price=NEVER,
    )  # fmt: skip


def law_errs_least(tested: Outcomes, runs: pd.DataFrame) -> Claim:
    """The law's error at the new shapes against those of its controls."""
    gap = outcomes.error_gap(tested)
    return claim(
        Exceeds(), "pl-predicted-law-errs-least", "pl-prediction",
        "At new shapes the law errs less than a quadratic or a line in logs.",
        gap,
        symbol="smaller error", unit="NDCG@10",
        detail="Root mean square error of the best other form less the law's, plus or minus the least significant "
        "difference.",
        price=price_of_any([gap], 0.0, tested.seeds, core_hours_per_seed(runs)),
    )  # fmt: skip
