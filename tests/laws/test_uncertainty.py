import numpy as np
import pytest
from scipy.stats import linregress

from recscale import laws
from recscale.laws.solve import refit, without
from recscale.laws.uncertainty import bootstrap_rows

SIZES = np.geomspace(1e6, 1e9, 12)


def sample(rng):
    return (0.4 + 3 * SIZES**-0.25) * np.exp(0.002 * rng.standard_normal(12))


def test_bands_hold_the_truth_about_as_often_as_they_say():
    """A small seeded version of ``benchmarks/coverage.py``; four binomial standard errors either way."""
    rng, simulations = np.random.default_rng(11), 120
    at = np.array([SIZES.max(), 2 * SIZES.max()])
    true = 0.4 + 3 * at**-0.25
    hits = {}
    for number in range(simulations):
        y, new = sample(rng), true * np.exp(0.002 * rng.standard_normal(2))
        for resamples in (0, 120):
            fit = laws.fit("power-law-floor", SIZES, y, bootstrap=resamples, seed=number)
            for observation, target in ((False, true), (True, new)):
                low, high = fit.band(at, observation=observation)
                held = (low <= target) & (target <= high)
                hits[resamples, observation] = hits.get((resamples, observation), 0) + held
    error = np.sqrt(0.95 * 0.05 / simulations)
    for key, count in hits.items():
        np.testing.assert_allclose(count / simulations, 0.95, atol=4 * error, err_msg=str(key))


def test_linearised_intervals_of_a_line_are_those_of_textbooks():
    x = np.geomspace(1, 1e3, 10)
    y = 1 + 0.1 * np.log(x) + 0.05 * np.random.default_rng(0).standard_normal(10)
    line = linregress(np.log(x), y)
    low, high = laws.fit("log-linear", x, y).intervals["β_x"]
    assert (high - low) / 2 == pytest.approx(2.306004 * line.stderr, rel=1e-5)


def test_a_bootstrap_is_seeded():
    y = sample(np.random.default_rng(0))
    one, same, other = (laws.fit("power-law-floor", SIZES, y, bootstrap=50, seed=seed).intervals for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_resamples_keep_the_seeds_of_a_configuration_together():
    x = np.repeat(np.geomspace(1, 1e4, 8), 3)
    effect = np.repeat(np.random.default_rng(0).standard_normal(8), 3)  # all noise is between configurations
    y = 1 + 0.1 * np.log(x) + 0.1 * effect
    fit = laws.fit("log-linear", x, y)
    rows = bootstrap_rows(fit.problem, fit.best, 20, seed=0)
    noise = (rows.target - fit.predict(x)).reshape(20, 8, 3)
    assert np.ptp(noise, axis=2).max() < 1e-12
    assert noise.std() > 0.05


def test_repeated_seeds_do_not_buy_certainty():
    x, rng = np.geomspace(1, 1e4, 8), np.random.default_rng(0)
    y = 1 + 0.1 * np.log(x) + 0.1 * rng.standard_normal(8)
    single = laws.fit("log-linear", x, y, bootstrap=400)
    tripled = laws.fit("log-linear", np.repeat(x, 3), np.repeat(y, 3), bootstrap=400)

    def width(fit):
        low, high = fit.intervals["β_x"]
        return high - low

    assert width(tripled) == pytest.approx(width(single), rel=0.35)


def test_intervals_of_a_bounded_parameter_stay_inside_its_bounds():
    x = np.geomspace(1, 1e3, 10)
    y = 2 * x**-0.3 * np.exp(0.05 * np.random.default_rng(0).standard_normal(10))
    low, _ = laws.fit("power-law-floor", x, y, bootstrap=100).intervals["E"]
    assert low >= 0


def test_optimum_intervals_hold_the_true_peak(truths):
    x, _, y = truths["performance-law"]
    noisy = y + 0.0005 * np.random.default_rng(0).standard_normal(len(y))
    fit = laws.fit("performance-law", x, noisy, bootstrap=200)
    low, high = fit.optimum_intervals["width"]
    assert low < 5 ** (1 / 0.39) < high
    assert laws.fit("performance-law", x, noisy).optimum_intervals is None


def test_refits_find_what_a_full_search_finds(truths):
    x, _, y = truths["performance-law"]
    noisy = y + 0.002 * np.random.default_rng(0).standard_normal(len(y))
    fit = laws.fit("performance-law", x, noisy)
    rows = bootstrap_rows(fit.problem, fit.best, 30, seed=0)
    full = [laws.fit("performance-law", x, target).best.cost[0] for target in rows.target]
    excess = refit(fit.problem, fit.best, rows).cost / np.array(full)
    assert np.median(excess) < 1 + 1e-6
    assert excess.max() < 1.01


def test_profile_interval_agrees_with_the_curvature_for_a_line():
    x = np.geomspace(1, 1e3, 10)
    y = 1 + 0.1 * np.log(x) + 0.05 * np.random.default_rng(0).standard_normal(10)
    fit = laws.fit("log-linear", x, y)
    low, high = fit.intervals["c"]
    held = fit.profile("c", [low + 1e-6, low - 1e-6, high - 1e-6, high + 1e-6])
    assert list(held["inside"]) == [True, False, True, False]


@pytest.mark.parametrize(
    ("law", "name"), [("power-law-floor", "E"), ("power-law-floor", "α"), ("performance-law", "w3")]
)
def test_profile_is_lowest_at_the_estimate(truths, law, name):
    x, _, y = truths[law]
    fit = laws.fit(law, x, y * (1 + 0.002 * np.random.default_rng(0).standard_normal(len(y))))
    table = fit.profile(name, fit.parameters[name] + np.array([-0.1, 0, 0.1]))
    assert table["objective"].iloc[1] == pytest.approx(fit.objective, rel=1e-6)
    assert table["objective"].iloc[[0, 2]].min() > fit.objective


def test_profile_over_a_listed_constant_and_refusals(truths):
    x, _, y = truths["performance-law"]
    fit = laws.fit("performance-law", x, y + 0.001 * np.random.default_rng(0).standard_normal(len(y)))
    table = fit.profile("q1")
    assert list(table["value"]) == list(range(1, 33))
    assert table["objective"].min() == pytest.approx(fit.objective)
    with pytest.raises(ValueError, match="no profile of 'b'"):
        fit.profile("b")


def test_bootstrap_rows_have_the_estimated_noise():
    fit = laws.fit("constant", SIZES, sample(np.random.default_rng(1)))
    rows = bootstrap_rows(fit.problem, fit.best, 4000, seed=0)
    mean = fit.parameters["c"]
    variance = ((fit.problem.points.y - mean) ** 2).sum() / 11
    assert (rows.target - mean).std() == pytest.approx(np.sqrt(variance * 11 / 9), rel=0.1)  # t with 11 degrees


def test_a_searched_constant_is_not_a_known_one(truths):
    """Far from the points the band is wider than with q1 held at its best; with one value to search it is the same."""
    x, _, y = truths["performance-law"]
    law = laws.get("performance-law")
    fit = laws.fit(law, x, y + 0.001 * np.random.default_rng(3).standard_normal(len(y)))
    held = laws.fit(law.with_values(q1=[fit.parameters["q1"]]), x, fit.problem.points.y)
    far = tuple(np.array([2.0 * column.max()]) for column in fit.problem.points.x)
    searched, known = (np.ptp(one.band(dict(zip(("H", "d"), far, strict=True)))) for one in (fit, held))
    assert searched > 1.5 * known > 0
    low, high = fit.band(x)
    assert ((low < fit.predict(x)) & (fit.predict(x) < high)).all()


def test_bands_over_a_searched_constant_hold_the_truth_beyond_the_grid(truths):
    """Averaged: about as often as they say. By profile: at least as often."""
    x, _, y = truths["performance-law"]
    rng, law, simulations = np.random.default_rng(5), laws.get("performance-law"), 150
    far = {name: np.array([2.0 * np.max(column)]) for name, column in x.items()}
    depth, width = (w * np.log(v) + v**-w / 5 for v, w in zip(far.values(), (-0.55, -0.39), strict=True))
    true = 0.03 - 0.03 * depth - 0.2 * width
    hits = {"averaged": 0, "profiled": 0}
    for _ in range(simulations):
        fit = laws.fit(law, x, y + 0.001 * rng.standard_normal(len(y)))
        for kind in hits:
            low, high = fit.band(far, searched=kind)
            hits[kind] += int(low[0] <= true[0] <= high[0])
    error = np.sqrt(0.95 * 0.05 / simulations)
    assert abs(hits["averaged"] / simulations - 0.95) < 4 * error
    assert hits["profiled"] / simulations > 0.95


def test_without_a_searched_constant_both_kinds_of_band_are_the_textbooks():
    x = np.geomspace(1, 1e3, 10)
    y = 1 + 0.1 * np.log(x) + 0.05 * np.random.default_rng(0).standard_normal(10)
    fit, at = laws.fit("log-linear", x, y), np.array([10.0, 1e4])
    averaged, profiled = (fit.band(at, searched=kind) for kind in ("averaged", "profiled"))
    np.testing.assert_allclose(averaged, profiled, rtol=1e-9)
    line = linregress(np.log(x), y)
    spread = np.log(x) - np.log(x).mean()
    error = np.sqrt(((y - line.intercept - line.slope * np.log(x)) ** 2).sum() / 8)
    half = 2.306004 * error * np.sqrt(0.1 + (np.log(at) - np.log(x).mean()) ** 2 / (spread**2).sum())
    np.testing.assert_allclose(np.ptp(averaged, axis=0) / 2, half, rtol=1e-5)
    with pytest.raises(ValueError, match="averaged or profiled"):
        fit.band(at, searched="guessed")


def test_every_law_has_intervals_without_a_bootstrap(truths, law_name):
    x, _, y = truths[law_name]
    fit = laws.fit(law_name, x, y * (1 + 1e-4 * np.random.default_rng(0).standard_normal(len(y))))
    assert set(fit.intervals) == set(fit.parameters)
    assert fit.law.name in laws.report(fit)


@pytest.mark.parametrize("name", ["log-linear", "power-law-floor"])
@pytest.mark.parametrize("loss", ["squares", "huber"])
def test_many_points_are_left_out_by_one_step_each(monkeypatch, name, loss):
    x = np.repeat(np.geomspace(1, 1e4, 120), 2)
    y = (1 + 2 * x**-0.4) * (1 + 0.01 * np.random.default_rng(0).standard_normal(240))
    fit = laws.fit(name, x, y, loss=loss, delta=0.01)
    groups = fit.problem.points.sizes
    exact = without(fit.problem, fit.best, groups)
    monkeypatch.setattr("recscale.laws.solve.REFITTED", 0)
    step = without(fit.problem, fit.best, groups)
    for one, other in ((exact.theta, step.theta), (exact.coef, step.coef)):
        np.testing.assert_allclose(other, one, rtol=1e-9 if (name, loss) == ("log-linear", "squares") else 5e-3)
    assert laws.fit(name, x, y, loss=loss, delta=0.01).leave_one_size_out_rmse == pytest.approx(
        fit.leave_one_size_out_rmse, rel=1e-4
    )


def test_leaving_out_every_one_of_many_points_takes_little_memory():
    x = np.geomspace(1, 1e4, 20_000)
    fit = laws.fit("log-linear", x, np.log(x) + np.random.default_rng(0).standard_normal(20_000))
    hat = fit.linearised.leverage
    expected = np.sqrt(np.mean((fit.residuals["residual"] / (1 - hat)) ** 2))
    assert fit.leave_one_size_out_rmse == pytest.approx(expected, rel=1e-9)
    tests = fit.residual_tests()
    assert all(0 < p <= 1 for p in tests.values())
