"""What it takes to decide: intervals shrink with the root of the seeds."""

import math

import pytest

from recscale.claims.price import (
    NEVER,
    price_of,
    price_of_any,
    price_of_count,
    seed_price,
)
from recscale.runs.table import core_hours_per_seed
from recscale.stats.estimate import UNKNOWN, Estimate


def test_half_the_distance_takes_four_times_the_seeds():
    price = price_of([Estimate(0.5, -0.5, 1.5)], 0.0, 3, 0.25)
    assert price.seeds == 12
    assert price.core_hours == pytest.approx(9 * 0.25)
    assert price_of([Estimate(0.5, -0.5, 1.5)], 0.25, 3, 0.25).seeds == 48


def test_the_hardest_effect_decides():
    assert price_of([Estimate(1, 0.5, 1.5), Estimate(0.5, -0.5, 1.5)], 0.0, 3, 1.0).seeds == 12


def test_what_is_level_or_has_no_interval_is_never_decided():
    assert price_of([Estimate(0.0, -1.0, 1.0)], 0.0, 3, 1.0) == NEVER
    assert price_of([Estimate(0.5)], 0.0, 1, 1.0) == NEVER
    assert math.isinf(NEVER.seeds)


def test_a_count_whose_values_all_agree_takes_no_correction():
    plain, wide = Estimate(-0.5, -1.5, 0.5), Estimate(-0.5, -2.5, 1.5)
    other = Estimate(0.5, -0.5, 1.5), Estimate(0.5, -1.5, 2.5)
    assert price_of_count([(plain, wide)], 3, 1.0).seeds == 12
    assert price_of_count([(plain, wide), other], 3, 1.0).seeds == 48


def test_a_seed_costs_one_run_of_every_configuration(sequential_runs):
    hours = core_hours_per_seed(sequential_runs.predicted([(1, 16), (2, 32)]))
    assert hours == pytest.approx(2 * 36 / 3600), "one more seed of two shapes at 36 s"
    price = seed_price(3.4, 2, hours)
    assert price.seeds == 4
    assert price.core_hours == pytest.approx(2 * hours)
    assert seed_price(2, 2, hours).core_hours == 0


def test_the_effect_that_is_cheapest_to_decide_sets_the_price_of_any():
    near, far = Estimate(0.5, -0.5, 1.5), Estimate(0.1, -0.9, 1.1)
    assert price_of_any([far, near, UNKNOWN], 0.0, 1, 1.0).seeds == 4
    assert price_of_any([near], 0.4, 1, 1.0).seeds == 100


@pytest.mark.parametrize("needed", [math.inf, math.nan])
def test_what_seeds_can_t_decide_has_no_price(needed):
    assert seed_price(needed, 1, 1.0) == NEVER
    assert price_of_any([UNKNOWN], 0.0, 1, 1.0) == NEVER
