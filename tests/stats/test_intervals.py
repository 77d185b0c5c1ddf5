import numpy as np
import pytest
from scipy import stats

from recscale.stats.estimate import Estimate, welch_difference, wilson


def test_wilson_has_the_share_and_narrows():
    share, low, high = wilson(95, 100)
    assert low < share == 0.95 < high <= 1
    narrow = wilson(9_500, 10_000)
    assert (narrow.ci_high - narrow.ci_low) < (high - low) / 5


def test_wilson_is_the_interval_of_the_score_test():
    """Its limits p solve |share - p| = z √(p (1 - p) / n)."""
    share, *limits = wilson(19, 20)
    for p in limits:
        assert abs(share - p) == pytest.approx(stats.norm.ppf(0.975) * (p * (1 - p) / 20) ** 0.5)


def test_the_difference_of_two_means_is_welch_s():
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 1, 6), rng.normal(1, 4, 9)
    means = []
    for sample in samples:
        half = stats.t.ppf(0.975, len(sample) - 1) * stats.sem(sample)
        means.append(Estimate(sample.mean(), sample.mean() - half, sample.mean() + half))
    expected = stats.ttest_ind(*samples, equal_var=False).confidence_interval(0.9)
    difference = welch_difference(*means, dof=(5, 8), level=0.9)
    assert tuple(difference) == pytest.approx((samples[0].mean() - samples[1].mean(), expected.low, expected.high))


def test_exact_numbers_have_an_exact_difference():
    assert welch_difference(Estimate(3.0, 3.0, 3.0), Estimate(1.0, 1.0, 1.0), dof=(3, 3)) == Estimate(2.0, 2.0, 2.0)
