"""What it would take to decide an open claim on runs of ours."""

import math
from collections.abc import Sequence

from recscale.claims.claim import Price
from recscale.stats.estimate import Estimate
from recscale.stats.power import seeds_to_decide

NEVER = Price(math.inf, math.inf)
"""Of a claim with a contrast that no number of these seeds decides: its value is the threshold, or one seed has run."""


def price_of(effects: Sequence[Estimate], threshold: float, seeds: int, core_hours: float) -> Price:
    """Seeds at which every interval of ``effects`` leaves out ``threshold``, if all values stayed as they are.

    ``seeds``: per configuration, that the effects come from; ``core_hours``: of one more seed of every configuration.
    """
    if not all(effect.has_interval for effect in effects):
        return NEVER
    total = max(seeds_to_decide(effect, threshold, seeds) for effect in effects)
    if not math.isfinite(total):
        return NEVER
    total = math.ceil(total)
    return Price(total, (total - seeds) * core_hours)


def price_of_count(effects: Sequence[tuple[Estimate, Estimate]], threshold: float, seeds: int, hours: float) -> Price:
    """``price_of`` for a ``Count``: by the 95 % intervals where all values agree, else by the Bonferroni ones."""
    agree = all(plain.value < threshold for plain, _ in effects)
    return price_of([plain if agree else wide for plain, wide in effects], threshold, seeds, hours)
