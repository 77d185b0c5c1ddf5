from itertools import combinations, pairwise

import numpy as np
import pytest

from recscale import laws
from recscale.laws.checks import runs_test

X = np.geomspace(1, 1e4, 16)


def noisy(curve, seed=0, noise=0.01):
    return curve * np.exp(noise * np.random.default_rng(seed).standard_normal(len(curve)))


def test_runs_test_is_exact():
    """Against every order of the signs."""
    values = np.array([1.0, 2, -1, -2, 3, 1, -1, -3])
    runs = [
        1 + sum(a != b for a, b in pairwise(signs))
        for chosen in combinations(range(8), 4)
        for signs in [tuple(place in chosen for place in range(8))]
    ]
    count = {r: runs.count(r) for r in set(runs)}
    expected = sum(c for c in count.values() if c <= count[4]) / len(runs)
    assert runs_test(values) == pytest.approx(expected)
    assert runs_test(np.r_[-np.ones(8), np.ones(8)]) < 0.001
    assert np.isnan(runs_test(np.ones(5)))


def test_a_wrong_form_shows_in_the_residuals_and_the_right_one_does_not():
    curved = noisy(0.4 + 3 * X**-0.5, noise=0.002)
    assert laws.fit("power-law", X, curved).residual_tests()["x"] < 0.05
    assert laws.fit("power-law-floor", X, curved).residual_tests()["x"] > 0.05
    heavy = noisy(2 * X**-0.1) * np.where(np.arange(16) == 7, 1.3, 1.0)
    assert laws.fit("power-law", X, heavy).residual_tests()["normal"] < 0.001


def test_an_exact_fit_has_no_residuals_to_test():
    assert np.isnan(laws.fit("power-law", X, 2 * X**-0.1).residual_tests()["normal"])


def test_sensitivity_names_the_point_the_prediction_hangs_on():
    y = noisy(2 * X**-0.1, noise=0.001)
    y[-1] *= 1.1
    fit = laws.fit("power-law", X, y)
    table = fit.sensitivity()
    moved = (table["at twice the largest"] - table["at twice the largest"].iloc[0]).abs()
    assert moved.filter(like="without").idxmax() == "without x 10000"
    assert table.loc["without x 10000", "α"] == pytest.approx(0.1, abs=1e-3)
    numbers = table.drop(columns="change")
    assert numbers.loc["least squares"].to_numpy() == pytest.approx(numbers.loc["as fitted"].to_numpy(), rel=1e-9)
    robust = table.loc["Huber, δ = 0.1 s.d.", "α"]
    assert abs(robust - 0.1) < abs(table.loc["as fitted", "α"] - 0.1) / 3


def test_every_report_holds_both_checks(truths, law_name):
    x, _, y = truths[law_name]
    text = laws.report(laws.fit(law_name, x, y * (1 + 1e-4 * np.random.default_rng(0).standard_normal(len(y)))))
    assert "residuals      p of runs along" in text
    assert "sensitivity    at twice the largest size" in text
