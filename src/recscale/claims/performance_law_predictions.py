"""Claims about shapes that were predicted first and trained afterwards.

From ``data/predictions`` and the study ``performance-law-predictions``.
"""

import pandas as pd

from recscale.analysis import prediction_outcomes as outcomes
from recscale.claims.claim import Claim, Price, judge
from recscale.claims.price import NEVER, price_of_any
from recscale.claims.rules import EveryCase, Exceeds, Matches
from recscale.runs.table import core_hours_per_seed
from recscale.stats import Estimate, count_above

PROMISED = 0.95


def prediction_claims(recorded: pd.DataFrame, runs: pd.DataFrame) -> list[Claim]:
    """On recorded predictions and the results table that tests them."""
    tested = outcomes.predictions_tested(recorded, runs)
    best, overall, gap = (outcomes.lead_without_budget(tested), outcomes.mean_lead(tested), outcomes.error_gap(tested))
    within = outcomes.leads_within_budgets(tested)
    corrected = [wide for _, wide in within]

    def price(*effects: Estimate) -> Price:
        return price_of_any(effects, 0.0, tested.seeds, core_hours_per_seed(runs))

    return [
        judge("pl-predicted-best-shape-leads", Exceeds(), best.percent, price(best)),
        judge("pl-predicted-budget-shapes-lead", EveryCase(), count_above(within), price(*corrected)),
        judge("pl-predicted-shapes-lead-together", Exceeds(), overall.percent, price(overall)),
        judge("pl-predicted-runs-in-band", Matches(PROMISED), outcomes.band_share(tested), NEVER),
        judge("pl-predicted-law-errs-least", Exceeds(), gap, price(gap)),
    ]
