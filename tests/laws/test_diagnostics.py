import numpy as np
import pytest

from recscale import laws


def noisy(truths, name, size=0.002, seed=0):
    x, _, y = truths[name]
    return x, y * (1 + size * np.random.default_rng(seed).standard_normal(len(y)))


def test_one_width_is_one_constant(truths):
    x, y = noisy(truths, "performance-law")
    one = x["width"] == 50
    fit = laws.fit("performance-law", {k: v[one] for k, v in x.items()}, y[one])
    assert fit.point_diagnostics.single_valued == {"width": 50.0}
    assert ("w2", "b", "w4") in fit.identifiability.merged
    assert all(fit.identifiability.merged_constant)


def test_one_data_set_makes_the_data_term_a_constant(truths):
    x, y = noisy(truths, "performance-law-joint")
    one = x["data"] == 1e6
    fit = laws.fit("performance-law-joint", {k: v[one] for k, v in x.items()}, y[one])
    assert fit.identifiability.merged == (("b", "w5"),)
    assert fit.identifiability.merged_constant == (True,)


def test_a_law_s_own_caveats_join_the_warnings_of_every_fit(truths):
    x, y = noisy(truths, "performance-law")
    fit = laws.fit("performance-law", x, y)
    assert set(fit.law.caveats) < set(laws.warnings_of(fit))


def test_a_well_measured_law_has_no_warnings():
    x = np.geomspace(1, 1e6, 24)
    y = (1 + 5 * x**-0.5) * (1 + 1e-4 * np.random.default_rng(0).standard_normal(24))
    assert laws.warnings_of(laws.fit("power-law-floor", x, y)) == ()


def test_correlated_parameters_are_named(truths):
    x = np.geomspace(1, 10, 12)
    y = (1 + 2 * x**-0.4) * (1 + 1e-4 * np.random.default_rng(0).standard_normal(12))
    known = laws.fit("power-law-floor", x, y).identifiability
    assert {"E", "α"} in [{one, other} for one, other, _ in known.correlated]
    assert all(0.99 < abs(value) <= 1 for *_, value in known.correlated)
    assert (known.no_effect, known.merged) == ((), ()), "correlated parameters are still determined"


def test_short_spans_and_few_points_are_seen():
    x = np.array([1.0, 2, 3, 4])
    fit = laws.fit("power-law-floor", x, 1 + x**-0.5)
    assert fit.point_diagnostics.short_spans == pytest.approx({"x": np.log10(4)})
    assert fit.configurations == 4
    assert fit.few_configurations


def test_as_many_parameters_as_points_leave_no_band():
    x = np.array([1.0, 10, 100])
    fit = laws.fit("power-law-floor", x, 1 + x**-0.5)
    assert fit.dof == 0
    assert np.isinf(fit.aicc)
    assert fit.exact
    assert np.isnan(fit.band(x)).all()
    assert laws.to_json(fit)["intervals"]["E"] == [None, None]


def test_constant_y_is_seen_and_has_no_r2():
    x = np.geomspace(1, 1e4, 9)
    for name in ("log-linear", "power-law-floor"):
        fit = laws.fit(name, x, np.full(9, 0.5))
        assert fit.point_diagnostics.constant_y
        assert np.isnan(fit.r2)
        np.testing.assert_allclose(fit.predict(x), 0.5, rtol=1e-9)


def test_duplicates_are_counted():
    x = np.array([1.0, 10, 10, 100, 1000])
    y = np.array([2.0, 1.5, 1.5, 1.2, 1.1])
    assert laws.fit("power-law", x, y).point_diagnostics.repeated_rows == 1
    fit = laws.fit("power-law", x, y + np.array([0, 0, 0.01, 0, 0]), seeds=[0, 1, 1, 0, 0])
    assert (fit.point_diagnostics.repeated_rows, fit.point_diagnostics.repeated_seeds) == (0, 1)


def test_the_edge_of_the_search_is_named(truths):
    x, y = noisy(truths, "performance-law")
    fit = laws.fit(laws.get("performance-law").with_values(q1=[2, 3]), x, y)
    assert fit.constants_at_edge == {"q1": (2.0, 2.0, 3.0)}
    assert laws.fit("performance-law", x, y).constants_at_edge == {}


def test_a_peak_outside_the_measured_range_is_named():
    x = np.geomspace(1, 10, 9)
    fit = laws.fit("log-quadratic", x, np.log(x) - 0.1 * np.log(x) ** 2)
    assert fit.optimum["x"] == pytest.approx(np.exp(5))
    assert fit.optimum_outside == {"x": (pytest.approx(np.exp(5)), 1.0, pytest.approx(10.0))}


def test_optimum_is_the_peak_of_the_curve(truths):
    x, _, y = truths["performance-law"]
    fit = laws.fit("performance-law", x, y)
    best = fit.optimum
    assert best["layers"] == pytest.approx(5 ** (1 / 0.55))
    step = np.array([0.99, 1.0, 1.01])
    for axis in best:
        near = fit.predict({k: step * v if k == axis else np.full(3, v) for k, v in best.items()})
        assert near[1] == near.max()


def test_a_valley_is_no_optimum(truths):
    x, _, y = truths["performance-law"]
    assert laws.fit("performance-law", x, -y).optimum == {"layers": None, "width": None}


def test_aicc_is_comparable_between_scales():
    x = np.geomspace(1, 1e3, 12)
    y = 1000 + 0.01 * np.random.default_rng(0).standard_normal(12)
    on_y = laws.fit("power-law", x, y, scale="y").aicc
    on_log = laws.fit("power-law", x, y).aicc
    assert on_log == pytest.approx(on_y, abs=1e-2)


def test_aicc_by_hand():
    x = np.geomspace(1, 1e3, 8)
    y = 1 + 0.1 * np.log(x) + 0.01 * np.random.default_rng(0).standard_normal(8)
    rss = np.polyfit(np.log(x), y, 1, full=True)[1][0]
    assert laws.fit("log-linear", x, y).aicc == pytest.approx(8 * np.log(rss / 8) + 2 * 3 + 2 * 3 * 4 / (8 - 4))


def test_leave_one_size_out_by_hand_keeps_seeds_together():
    x = np.repeat([1.0, 3, 10, 30], 2)
    y = 1 + 0.1 * np.log(x) + 0.05 * np.random.default_rng(0).standard_normal(8)
    errors = []
    for size in np.unique(x):
        line = np.polyfit(np.log(x[x != size]), y[x != size], 1)
        errors.extend(y[x == size] - np.polyval(line, np.log(size)))
    fit = laws.fit("log-linear", x, y)
    assert fit.leave_one_size_out_rmse == pytest.approx(np.sqrt(np.mean(np.square(errors))))
