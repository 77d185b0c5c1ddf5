"""Seeds for a wanted precision, against the formula and against simulation."""

import math

import numpy as np
import pytest

from recscale.stats.estimate import Estimate
from recscale.stats.power import pooled_deviation, seeds_needed, seeds_to_decide


def test_the_fewest_seeds_that_reach_the_error():
    assert seeds_needed(0.0025, 0.0008) == 10  # 0.0025 / √9 = 0.00083, / √10 = 0.00079
    assert seeds_needed(0.0024, 0.0008) == 9
    assert seeds_needed(0.0001, 0.0008) == 1
    assert seeds_needed(0.0, 0.0008) == 1


def test_means_over_that_many_seeds_scatter_as_wanted():
    deviation, wanted = 0.003, 0.001
    seeds = seeds_needed(deviation, wanted)
    means = np.random.default_rng(0).normal(0.0, deviation, (4000, seeds)).mean(axis=1)
    assert means.std() == pytest.approx(wanted, rel=0.05)


def test_noise_is_pooled_within_configurations_and_relative():
    rng = np.random.default_rng(0)
    losses = np.array([[0.5], [0.6]]) * np.exp(rng.normal(0.0, 0.002, (2, 4000)))
    assert pooled_deviation(losses) == pytest.approx(0.002, rel=0.05)
    assert pooled_deviation(3 * losses) == pytest.approx(pooled_deviation(losses))


def test_what_is_no_deviation_or_no_error_is_refused():
    with pytest.raises(ValueError, match="standard deviation of a seed must be a number from 0 up, got nan"):
        seeds_needed(float("nan"), 0.001)
    with pytest.raises(ValueError, match="wanted standard error must be above 0, got 0"):
        seeds_needed(0.001, 0)


@pytest.mark.parametrize(
    ("estimate", "threshold", "seeds"),
    [
        (Estimate(1.0, -1.0, 3.0), 0.0, 12),  # half-width 2 at distance 1: four times the three seeds
        (Estimate(1.0, -1.0, 3.0), -1.0, 3),
        (Estimate(1.0, 0.5, 1.5), 0.0, 3),
        (Estimate(1.0, -1.0, 3.0), 1.0, math.inf),
        (Estimate(1.0), 0.0, math.nan),
    ],
)
def test_seeds_that_take_an_interval_off_a_threshold(estimate, threshold, seeds):
    assert seeds_to_decide(estimate, threshold, 3) == pytest.approx(seeds, nan_ok=True)
