"""Units: a fit and everything that is said of it stay the same when x or y is multiplied by a power of ten."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from recscale import laws
from recscale.laws import compare
from recscale.laws.diagnostics import gradient

X, Y = "x", "y"
CLOSED = {
    "constant": {X, Y},
    "log-linear": {X, Y},
    "log-quadratic": {X, Y},
    "power-law": {X, Y},
    "power-law-floor": {X, Y},
    "kaplan": {X, Y},
    "chinchilla": {X, Y},
    "loss-law": {X, Y},
    "wukong": {X},  # its -100 has the unit of y
    "performance-law": {Y},  # 1/q stands beside a power of x
    "performance-law-outside": {Y},
    "performance-law-joint": set(),  # and its data term has no weight of its own
}
PURE = {"α", "β", "a", "c", "α_N", "α_D", "w3", "w4", "q1", "p1"}
"""Parameters without a unit (``c`` in the law ``wukong`` only)."""

powers = st.integers(-12, 30)


def noisy(truths, name, seed):
    x, _, y = truths[name]
    floor = -100 if name == "wukong" else 0
    noise = np.random.default_rng(seed).standard_normal(len(y))
    return x, floor + (y - floor) * np.exp((1e-4 if floor else 3e-3) * noise)


def numbers(fit, unit_x, unit_y, x):
    """All that a reader sees of a fit, in the units of the reference."""
    at = {name: np.concatenate([column[:3], 2 * column[-1:]]) for name, column in x.items()}
    pure = [name for name in fit.parameters if name in PURE and not (name == "c" and fit.law.name != "wukong")]
    held = fit.held_out
    return {
        "predictions": fit.predict(at) / unit_y,
        "bands": np.array([fit.band(at), fit.band(at, observation=True)]) / unit_y,
        "pure": [fit.parameters[name] for name in pure],
        "intervals": [fit.intervals[name] for name in pure],
        "quality": [fit.r2, fit.r2_adjusted, fit.aicc - 2 * fit.n_points * np.log(unit_y)],
        "unseen": np.array([fit.leave_one_size_out_rmse, held["rmse"], held["rmse_log_linear"]]) / unit_y,
        "held out": [held["relative_error"], held["inside_band"]],
        "residuals": list(fit.residual_tests().values()),
    }


def warning_kinds(fit):
    """Warnings without their numbers: the sizes among them have units."""
    return [re.sub(r"[-+.\de]*\d%?", "#", warning) for warning in laws.warnings_of(fit)]


def one_fit(name, x, y, unit_x, unit_y, **options):
    units = dict(zip(x, unit_x, strict=True))
    scaled = {column: values * units[column] for column, values in x.items()}
    fit = laws.fit(name, scaled, y * unit_y, hold_out_largest=1, **options)
    return fit, numbers(fit, unit_x, unit_y, scaled)


@pytest.mark.parametrize("name", [name for name, closed in CLOSED.items() if closed])
@settings(max_examples=3, deadline=None, derandomize=True)
@example(first=30, second=30, of_y=30, seed=0, loss="squares", bootstrap=0)
@example(first=30, second=-12, of_y=-12, seed=1, loss="huber", bootstrap=20)
@given(powers, powers, powers, st.integers(0, 99), st.sampled_from(["squares", "huber"]), st.sampled_from([0, 20]))
def test_a_fit_is_the_same_in_any_unit(truths, name, first, second, of_y, seed, loss, bootstrap):
    x, y = noisy(truths, name, seed)
    unit_x = [10.0**k if X in CLOSED[name] else 1.0 for k in (first, second, 0)[: len(x)]]
    unit_y = 10.0**of_y if Y in CLOSED[name] else 1.0
    options = {"loss": loss, "bootstrap": bootstrap}
    one, expected = one_fit(name, x, y, [1.0] * len(x), 1.0, **options)
    other, found = one_fit(name, x, y, unit_x, unit_y, **options)
    for what, value in expected.items():
        tolerance = 2e-4 if what == "intervals" else 2e-6  # Huber's flat valleys: 1e-6 in θ, more in its curvature
        np.testing.assert_allclose(found[what], value, rtol=tolerance, atol=1e-12, err_msg=what)
    assert warning_kinds(other) == warning_kinds(one)
    assert other.starts_agreeing == pytest.approx(one.starts_agreeing, abs=1 / 32 + 1e-9)
    assert max(gradient(fit.problem, fit.best) for fit in (one, other)) < 1e-6


def test_every_law_says_which_units_it_is_closed_under():
    closed = {name: {X: law.rescaled is not None, Y: law.homogeneous} for name, law in laws.LAWS.items()}
    assert {name: {what for what, holds in of.items() if holds} for name, of in closed.items()} == CLOSED


@pytest.mark.parametrize("name", [name for name, closed in CLOSED.items() if X in closed])
def test_rescaled_parameters_are_those_of_the_same_curve(truths, name):
    x, y = noisy(truths, name, 3)
    factors = (7.0, 0.3)[: len(x)]
    fit = laws.fit(name, x, y)
    other = laws.fit(name, {n: v * s for (n, v), s in zip(x.items(), factors, strict=True)}, y)
    names = [parameter.name for parameter in (*fit.law.linear, *fit.law.nonlinear)]
    raw = dict(zip(names, [*fit.best.coef.T, *fit.best.theta.T], strict=True))
    moved = fit.law.rescaled(raw, factors)
    found = np.concatenate([other.best.coef[0], other.best.theta[0]])
    np.testing.assert_allclose(np.concatenate(list(moved.values())), found, rtol=1e-5)


def test_sensitivity_and_profiles_are_the_same_in_any_unit(truths):
    x, y = noisy(truths, "power-law-floor", 0)
    one, other = (laws.fit("power-law-floor", {"x": x["x"] * a}, y * b) for a, b in ((1, 1), (1e18, 1e15)))
    moved = other.sensitivity()["at twice the largest"] / 1e15
    np.testing.assert_allclose(moved, one.sensitivity()["at twice the largest"], rtol=1e-6)
    at = one.parameters["α"] + np.array([-0.02, 0.0, 0.02])
    np.testing.assert_allclose(other.profile("α", at)["excess"], one.profile("α", at)["excess"], rtol=1e-4, atol=1e-4)


def test_laws_compare_alike_in_any_unit(truths):
    x, y = noisy(truths, "power-law-floor", 0)
    names = ["power-law", "power-law-floor", "log-linear", "log-quadratic", "loss-law"]
    one, other = (compare({"x": x["x"] * a}, y * b, names) for a, b in ((1, 1), (1e20, 1e-9)))
    assert list(other["law"]) == list(one["law"])
    np.testing.assert_allclose(other["delta_aicc"].astype(float), one["delta_aicc"].astype(float), atol=1e-5)


def test_a_power_law_of_bytes_is_the_line_through_the_logarithms():
    x = np.geomspace(1e18, 1e24, 9)
    y = 4.1e6 * x**0.4635 * np.exp(0.02 * np.random.default_rng(0).standard_normal(9))
    slope, start = np.polyfit(np.log(x), np.log(y), 1)
    fit = laws.fit("power-law", x, y)
    assert fit.parameters["α"] == pytest.approx(-slope, rel=1e-9)
    assert fit.parameters["A"] == pytest.approx(np.exp(start), rel=1e-7)
    assert np.isfinite(fit.residual_tests()["normal"])


@pytest.mark.parametrize("unit", [1.0, 1e16, 1e18, 1e-12])
def test_the_loss_law_in_flop_is_that_in_exaflop(unit):
    size = np.geomspace(1, 1e5, 9)
    y = 0.06 * (1 / size + 1e-3) ** -0.159 * np.exp(0.03 * np.random.default_rng(1).standard_normal(9))
    one, other = laws.fit("loss-law", size, y), laws.fit("loss-law", size * unit, y)
    assert one.parameters["a"] == pytest.approx(-0.159, abs=0.03)
    assert other.parameters["a"] == pytest.approx(one.parameters["a"], rel=1e-7)
    assert other.parameters["1/D"] * unit == pytest.approx(one.parameters["1/D"], rel=1e-6)
    assert other.r2 == pytest.approx(one.r2, rel=1e-9)
    assert other.starts_agreeing == pytest.approx(one.starts_agreeing, abs=1 / 32 + 1e-9)


def multi_start(n, d, y, starts=15):
    """The least objective that SciPy reaches from many starts, in the same box."""
    log_n, log_d, log_y = np.log(n / np.median(n)), np.log(d / np.median(d)), np.log(y)
    random = np.random.default_rng(0)

    def residuals(p):
        return np.log(p[0] + p[1] * np.exp(-p[3] * log_n) + p[2] * np.exp(-p[4] * log_d)) - log_y

    box = ([1e-300] * 3 + [0, 0], [np.inf] * 3 + [6, 6])
    tight = dict.fromkeys(("xtol", "ftol", "gtol"), 1e-15)
    first = [np.r_[random.uniform(0.05, 1, 3) * np.median(y), random.uniform(0.02, 1.5, 2)] for _ in range(starts)]
    return min(2 * least_squares(residuals, p, bounds=box, x_scale="jac", max_nfev=1000, **tight).cost for p in first)


@pytest.mark.parametrize(("seed", "noise"), [(1, 0.01), (3, 0.01), (9, 0.001)])
def test_chinchilla_at_a_fixed_ratio_reaches_the_optimum_and_n_and_d_are_one(seed, noise):
    n = np.geomspace(1e7, 1e10, 10 + seed)
    random = np.random.default_rng(seed)
    y = (1.8 + 400 * n**-0.34 + 2000 * (20 * n) ** -0.37) * np.exp(noise * random.standard_normal(len(n)))
    fit = laws.fit("chinchilla", {"N": n, "D": 20 * n}, y)
    assert fit.objective <= multi_start(n, 20 * n, y) * (1 + 1e-8)
    assert fit.lowest_objective >= fit.objective * (1 - 1e-8)
    assert fit.point_diagnostics.collinear == (("N", "D"),)
    swapped = laws.fit("chinchilla", {"N": 20 * n, "D": n}, y)
    expected = pytest.approx([fit.parameters[name] for name in "αβE"], rel=1e-5, abs=1e-6)
    assert [swapped.parameters[name] for name in "αβE"] == expected


def test_an_exponent_without_a_limit_is_at_its_bound():
    """A term that tells the smallest size from all others: the steeper the better, without end."""
    n = np.geomspace(1e7, 1e10, 12)
    y = 1.8 + 2000 * n**-0.35
    y[0] *= 1.05
    fit = laws.fit("chinchilla", {"N": n, "D": 20 * n}, y * np.exp(1e-4 * np.random.default_rng(0).standard_normal(12)))
    assert 6 in (fit.parameters_at_bound.get("α"), fit.parameters_at_bound.get("β"))
    assert np.isfinite(fit.predict({"N": n, "D": 20 * n})).all()


@pytest.mark.parametrize("delta", [1e-4, 3e-4, 1e-3, 1.2e-3, 2e-3])
def test_huber_s_loss_finds_the_truth_at_every_threshold(truths, delta):
    x, true, y = truths["performance-law"]
    assert laws.fit("performance-law", x, y, loss="huber", delta=delta).parameters == pytest.approx(true, rel=1e-6)
