"""What it would take to decide an open claim on runs of ours, and the claims on effects that have this price."""

import math
from collections.abc import Sequence

import pandas as pd

from recscale.analysis.ablations import Ablation
from recscale.analysis.data_scaling import DataGrid
from recscale.claims.claim import Claim, Price, Rule, judge
from recscale.claims.rules import EveryCase
from recscale.runs.table import core_hours_per_seed
from recscale.stats import Estimate, Pair, count_below, seeds_to_decide

NEVER = Price(math.inf, math.inf)
"""Of a claim that no number of these seeds decides: the observed value is the threshold, or one seed has run."""


def seed_price(seeds_needed: float, seeds: float, core_hours: float) -> Price:
    """``seeds_needed`` seeds per configuration in all, rounded up, of which ``seeds`` are there; nan counts as never.

    ``core_hours``: of one more seed of every configuration.
    """
    if not math.isfinite(seeds_needed):
        return NEVER
    needed = math.ceil(seeds_needed * (1 - 1e-12))
    return Price(needed, max(needed - seeds, 0.0) * core_hours)


def price_of(effects: Sequence[Estimate], threshold: float, seeds: float, core_hours: float) -> Price:
    """Seeds at which every interval of ``effects`` leaves out ``threshold``, if all values stayed as they are."""
    if not all(effect.has_interval for effect in effects):
        return NEVER
    return seed_price(max(seeds_to_decide(effect, threshold, seeds) for effect in effects), seeds, core_hours)


def price_of_any(effects: Sequence[Estimate], threshold: float, seeds: float, core_hours: float) -> Price:
    """Seeds at which the first interval of ``effects`` leaves out ``threshold``: an undecided count then moves."""
    needed = [seeds_to_decide(effect, threshold, seeds) for effect in effects if effect.has_interval]
    return seed_price(min(needed, default=math.inf), seeds, core_hours)


def price_of_any_seed(effects: Sequence[Estimate], runs: pd.DataFrame) -> Price:
    """``price_of_any`` around 0 on ``runs`` of which most configurations have one seed."""
    return price_of_any(effects, 0.0, 1.0, core_hours_per_seed(runs))


def price_of_count(effects: Sequence[Pair], seeds: float, core_hours: float) -> Price:
    """``price_of`` for a ``Count`` below 0: by the 95 % intervals where all values agree, else by the Bonferroni
    ones."""
    agree = all(plain.value < 0 for plain, _ in effects)
    return price_of([plain if agree else wide for plain, wide in effects], 0.0, seeds, core_hours)


def paired_effect(id: str, rule: Rule, effect: Estimate, study: Ablation | DataGrid, border: float = 0.0) -> Claim:
    """A change of ln loss, shown in %; ``border``: where the rule's border lies, as such a change."""
    return judge(id, rule, effect.percent, price_of([effect], border, study.seeds, study.core_hours_per_seed))


def paired_count(id: str, effects: Sequence[Pair], study: Ablation | DataGrid) -> Claim:
    """How many changes of ln loss lie below 0."""
    price = price_of_count(effects, study.seeds, study.core_hours_per_seed)
    return judge(id, EveryCase(), count_below(effects), price)


def unpaired_count(id: str, effects: Sequence[Pair], runs: pd.DataFrame) -> Claim:
    """How many effects lie below 0, on ``runs`` of which most configurations have one seed."""
    price = price_of_any_seed([wide for _, wide in effects], runs)
    return judge(id, EveryCase(), count_below(effects), price)
