"""What deciding a claim costs, from the seconds that runs took."""

import math

import pytest

from recscale.claims.prices import NEVER, effect_price, seed_price
from recscale.stats.estimate import UNKNOWN, Estimate


def test_a_seed_costs_one_run_of_every_configuration(sequential_runs):
    runs = sequential_runs.predicted([(1, 16), (2, 32)])
    price = seed_price(3.4, 2, runs)
    assert price.seeds == 4
    assert price.core_hours == pytest.approx(2 * 2 * 36 / 3600), "two more seeds of two shapes at 36 s"
    assert seed_price(2, 2, runs).core_hours == 0


def test_the_effect_that_is_cheapest_to_decide_sets_the_price(sequential_runs):
    runs = sequential_runs.predicted([(1, 16)])
    near, far = Estimate(0.5, -0.5, 1.5), Estimate(0.1, -0.9, 1.1)
    assert effect_price([far, near, UNKNOWN], 1, runs).seeds == 4
    assert effect_price([near], 1, runs, threshold=0.4).seeds == 100


@pytest.mark.parametrize("needed", [math.inf, math.nan])
def test_what_seeds_can_t_decide_has_no_price(sequential_runs, needed):
    runs = sequential_runs.predicted([(1, 16)])
    assert seed_price(needed, 1, runs) == NEVER
    assert effect_price([UNKNOWN], 1, runs) == NEVER
