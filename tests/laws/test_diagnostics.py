import numpy as np
import pytest

from recscale import laws


def said(fit, text):
    return any(text in warning for warning in laws.warnings_of(fit))


def noisy(truths, name, size=0.002, seed=0):
    x, _, y = truths[name]
    return x, y * (1 + size * np.random.default_rng(seed).standard_normal(len(y)))


def test_one_width_is_one_constant(truths):
    x, y = noisy(truths, "performance-law")
    one = x["width"] == 50
    fit = laws.fit("performance-law", {k: v[one] for k, v in x.items()}, y[one])
    assert said(fit, "width takes a single value (50)")
    assert said(fit, "w2, b and w4 form one constant here")


def test_one_data_set_makes_the_data_term_a_constant(truths):
    x, y = noisy(truths, "performance-law-joint")
    one = x["data"] == 1e6
    fit = laws.fit("performance-law-joint", {k: v[one] for k, v in x.items()}, y[one])
    assert said(fit, "b and w5 form one constant here")


def test_a_panel_always_says_what_it_cannot_tell_apart(truths):
    x, y = noisy(truths, "performance-law")
    assert said(laws.fit("performance-law", x, y), "D′, w5, p2 and b form one constant here")


def test_a_well_measured_law_has_no_warnings():
    x = np.geomspace(1, 1e6, 24)
    y = (1 + 5 * x**-0.5) * (1 + 1e-4 * np.random.default_rng(0).standard_normal(24))
    assert laws.warnings_of(laws.fit("power-law-floor", x, y)) == ()


def test_correlated_parameters_are_named(truths):
    x = np.geomspace(1, 10, 12)
    y = (1 + 2 * x**-0.4) * (1 + 1e-4 * np.random.default_rng(0).standard_normal(12))
    assert said(laws.fit("power-law-floor", x, y), "strongly correlated, so read predictions rather than single values")


def test_short_spans_and_few_points_are_said():
    x = np.array([1.0, 2, 3, 4])
    fit = laws.fit("power-law-floor", x, 1 + x**-0.5)
    assert said(fit, "spans 0.6 decades")
    assert said(fit, "4 configurations for 3 free parameters")


def test_as_many_parameters_as_points_leave_no_band():
    x = np.array([1.0, 10, 100])
    fit = laws.fit("power-law-floor", x, 1 + x**-0.5)
    assert said(fit, "there are no bands")
    assert said(fit, "too few points for AICc")
    assert np.isnan(fit.band(x)).all()
    assert laws.to_json(fit)["intervals"]["E"] == [None, None]


def test_constant_y_is_said_and_has_no_r2():
    x = np.geomspace(1, 1e4, 9)
    for name in ("log-linear", "power-law-floor"):
        fit = laws.fit(name, x, np.full(9, 0.5))
        assert said(fit, "y is constant")
        assert np.isnan(fit.r2)
        np.testing.assert_allclose(fit.predict(x), 0.5, rtol=1e-9)


def test_duplicates_are_said():
    x = np.array([1.0, 10, 10, 100, 1000])
    y = np.array([2.0, 1.5, 1.5, 1.2, 1.1])
    assert said(laws.fit("power-law", x, y), "1 row(s) repeat another row exactly")
    fit = laws.fit("power-law", x, y + np.array([0, 0, 0.01, 0, 0]), seeds=[0, 1, 1, 0, 0])
    assert said(fit, "repeat a seed")


def test_the_edge_of_the_search_is_said(truths):
    x, y = noisy(truths, "performance-law")
    fit = laws.fit(laws.get("performance-law").with_values(q1=[2, 3]), x, y)
    assert said(fit, "lies at the edge of its search, 2…3")


def test_a_peak_outside_the_measured_range_is_said():
    x = np.geomspace(1, 10, 9)
    fit = laws.fit("log-quadratic", x, np.log(x) - 0.1 * np.log(x) ** 2)
    assert fit.optimum["x"] == pytest.approx(np.exp(5))
    assert said(fit, "the peak in x, 148.4, lies outside the measured 1…10")


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
