"""What deciding an open claim would cost."""

import math
from collections.abc import Sequence

import pandas as pd

from recscale.claims.claim import Price
from recscale.runs.table import run_table
from recscale.stats.estimate import Estimate
from recscale.stats.power import seeds_to_decide

NEVER = Price(math.inf, math.inf)
"""Of a claim that more seeds can't decide."""


def seed_price(seeds_needed: float, seeds: float, runs: pd.DataFrame) -> Price:
    """``seeds_needed`` seeds per configuration in all, rounded up, of which ``seeds`` are there; nan counts as never.

    One more seed costs what one run of every configuration of the results table ``runs`` took: wall seconds · threads.
    """
    if not math.isfinite(seeds_needed):
        return NEVER
    needed = math.ceil(seeds_needed * (1 - 1e-12))
    seconds = runs["wall_seconds"] * runs["threads"]
    hours = float(seconds.groupby(run_table(runs)["configuration"]).mean().sum()) / 3600
    return Price(needed, max(needed - seeds, 0.0) * hours)


def effect_price(effects: Sequence[Estimate], seeds: float, runs: pd.DataFrame, threshold: float = 0.0) -> Price:
    """``seed_price`` of the effect that the fewest seeds would take off ``threshold``."""
    needed = [seeds_to_decide(effect, threshold, seeds) for effect in effects if effect.has_interval]
    return seed_price(min(needed, default=math.inf), seeds, runs)
