"""The noise of a seed, against noise that was put in and against tables of Student's t."""

import numpy as np
import pandas as pd
import pytest

from recscale.stats.estimate import UNKNOWN, Estimate
from recscale.stats.seeds import least_significant_difference, mean_estimate, mean_half_width, seed_noise


def test_pooled_noise_is_the_noise_put_in():
    random = np.random.default_rng(0)
    configuration = np.repeat(np.arange(8), 40)
    runs = pd.DataFrame({"configuration": configuration, "auc": configuration + 1e-3 * random.normal(size=320)})
    noise = seed_noise(runs, "auc")
    assert noise.dof == 8 * 39
    assert noise.sd == pytest.approx(1e-3, rel=0.1)


def test_degrees_of_freedom_count_runs_beyond_the_first_of_a_configuration():
    runs = pd.DataFrame({"configuration": [0, 0, 0, 1, 1, 2], "test_logloss": [1.0, 2.0, 3.0, 5.0, 7.0, 9.0]})
    sd, dof = seed_noise(runs)
    assert dof == 3
    assert sd == pytest.approx(((1 + 0 + 1 + 1 + 1) / 3) ** 0.5)
    assert np.isnan(seed_noise(runs.drop_duplicates("configuration")).sd)


def test_the_least_significant_difference_is_fishers():
    assert least_significant_difference(2.0, 10, seeds=4) == pytest.approx(2.2281388519649385 * 2.0 * (2 / 4) ** 0.5)
    assert least_significant_difference(2.0, 10, level=0.99) == pytest.approx(3.169272667 * 2.0 * 2**0.5)
    assert np.isnan(least_significant_difference(float("nan"), 0))


def test_the_half_width_of_a_mean_is_students():
    assert mean_half_width(np.array([1.0, 2.0, 3.0])) == pytest.approx(4.302652729911275 / 3**0.5)
    assert np.isnan(mean_half_width(np.array([1.0])))


def test_a_mean_has_the_interval_that_its_values_give_it():
    assert tuple(mean_estimate([1.0, 2.0, 3.0])) == pytest.approx((2.0, 2 - 2.48413771, 2 + 2.48413771))
    assert mean_estimate([1.0]).value == 1.0
    assert not mean_estimate([1.0]).has_interval
    assert mean_estimate([]) == UNKNOWN
    assert Estimate.around(1.0, 0.5) == Estimate(1.0, 0.5, 1.5)
