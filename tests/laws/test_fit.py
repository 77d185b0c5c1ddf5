import numpy as np
import pandas as pd
import pytest

from recscale import laws

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("loss", ["squares", "huber"])
def test_truth_without_noise_is_recovered(truths, law_name, loss):
    x, true, y = truths[law_name]
    fit = laws.fit(law_name, x, y, loss=loss)
    assert set(fit.parameters) == set(true)
    for name, value in true.items():
        assert fit.parameters[name] == pytest.approx(value, rel=1e-6), name
    np.testing.assert_allclose(fit.predict(x), y, rtol=1e-9)


def test_every_law_has_a_truth_to_recover(truths):
    assert set(truths) == set(laws.LAWS)


@pytest.mark.parametrize("name", ["chinchilla", "performance-law", "power-law-floor"])
def test_order_of_rows_changes_nothing(truths, name):
    x, _, y = truths[name]
    noisy = y * (1 + 0.003 * np.random.default_rng(1).standard_normal(len(y)))
    order = np.random.default_rng(2).permutation(len(y))
    one = laws.fit(name, x, noisy)
    other = laws.fit(name, {k: v[order] for k, v in x.items()}, noisy[order])
    for key, value in one.parameters.items():
        assert other.parameters[key] == pytest.approx(value, rel=1e-5)
    assert other.aicc == pytest.approx(one.aicc)


@pytest.mark.parametrize("name", ["power-law", "power-law-floor", "chinchilla", "kaplan", "loss-law", "log-linear"])
def test_units_of_x_change_scales_but_no_exponent_and_no_prediction(truths, name):
    x, _, y = truths[name]
    noisy = y * (1 + 0.001 * np.random.default_rng(3).standard_normal(len(y)))
    giga = {k: v / 1e3 for k, v in x.items()}
    one, other = laws.fit(name, x, noisy), laws.fit(name, giga, noisy)
    np.testing.assert_allclose(one.predict(x), other.predict(giga), rtol=1e-6)
    for exponent in {"α", "β", "α_N", "α_D", "a"} & set(one.parameters):
        assert other.parameters[exponent] == pytest.approx(one.parameters[exponent], rel=1e-4)


def test_units_of_y_scale_coefficients_only(truths):
    x, _, y = truths["performance-law"]
    noisy = y + 0.001 * np.random.default_rng(3).standard_normal(len(y))
    one, percent = laws.fit("performance-law", x, noisy), laws.fit("performance-law", x, 100 * noisy)
    assert percent.parameters["w3"] == pytest.approx(one.parameters["w3"], rel=1e-5)
    assert percent.parameters["w1"] == pytest.approx(100 * one.parameters["w1"], rel=1e-5)
    assert percent.r2 == pytest.approx(one.r2)


def test_mean_loss_with_default_tolerance_stops_short_and_this_fitter_does_not(truths):
    """The trap of arXiv 2404.10102: an objective so small that the optimiser's default tolerance is met far away."""
    from scipy.optimize import minimize

    x, true, y = truths["chinchilla"]
    noisy = y * np.exp(0.003 * np.random.default_rng(0).standard_normal(len(y)))
    log_n, log_d, log_y = np.log(x["N"]), np.log(x["D"]), np.log(noisy)

    def objective(p, combine):
        fitted = np.logaddexp(np.logaddexp(p[0], p[1] - p[3] * log_n), p[2] - p[4] * log_d)
        size = np.abs(log_y - fitted)
        return combine(np.where(size <= 1e-3, size**2, 2e-3 * size - 1e-6))

    start = [0.5, 5.0, 7.0, 0.5, 0.5]
    trapped = minimize(objective, start, args=(np.mean,), method="L-BFGS-B")
    fit = laws.fit("chinchilla", x, noisy, loss="huber", delta=1e-3)
    assert trapped.success  # it believes it has arrived
    assert objective(trapped.x, np.sum) > 1.5 * fit.objective
    assert abs(np.exp(trapped.x[0]) - true["E"]) > 3 * abs(fit.parameters["E"] - true["E"])


def test_huber_reaches_the_optimum_of_multi_start_scipy(truths):
    from scipy.optimize import least_squares

    x, true, y = truths["chinchilla"]
    noisy = y * np.exp(0.01 * np.random.default_rng(5).standard_t(3, len(y)))
    fit = laws.fit("chinchilla", x, noisy, loss="huber", delta=1e-3)
    start = [np.log(true["E"]), np.log(true["A"]), np.log(true["B"]), true["α"], true["β"]]

    def residuals(p):
        first = np.logaddexp(p[0], p[1] - p[3] * np.log(x["N"]))
        return np.log(noisy) - np.logaddexp(first, p[2] - p[4] * np.log(x["D"]))

    tight = dict.fromkeys(("xtol", "ftol", "gtol"), 1e-15)
    peer = least_squares(residuals, start, loss="huber", f_scale=1e-3, max_nfev=3000, **tight)
    assert fit.objective <= 2 * peer.cost * (1 + 1e-9)


def test_an_outlier_moves_squares_more_than_huber():
    x = np.geomspace(1, 1e4, 12)
    y = 1 + 2 * x**-0.4
    y[6] *= 1.2
    squares, huber = (laws.fit("power-law-floor", x, y, loss=loss) for loss in ("squares", "huber"))
    assert abs(huber.parameters["E"] - 1) < 0.1 * abs(squares.parameters["E"] - 1)


def test_a_floor_that_the_data_push_below_zero_is_at_its_bound():
    x = np.geomspace(1, 1e4, 12)
    fit = laws.fit("power-law-floor", x, 2 * x**-0.3 * (1 - 0.02 * np.log(x)))
    assert fit.parameters["E"] == 0
    assert fit.parameters_at_bound == {"E": 0.0}


def test_held_out_sizes_are_not_seen_and_the_baselines_stand_beside():
    x = np.geomspace(1, 1e6, 13)
    y = 1 + 2 * x**-0.4
    fit = laws.fit("power-law-floor", x, y, hold_out_largest=3)
    assert fit.n_points == 10
    assert fit.held_out["points"] == 3
    assert fit.held_out["rmse"] < 1e-9
    assert fit.held_out["rmse_no_further_gain"] == pytest.approx(np.sqrt(np.mean((y[-3:] - y[9]) ** 2)))
    slope = np.polyfit(np.log(x[:10]), y[:10], 1)
    assert fit.held_out["rmse_log_linear"] == pytest.approx(
        np.sqrt(np.mean((y[-3:] - np.polyval(slope, np.log(x[-3:]))) ** 2))
    )


def test_largest_means_the_product_of_the_variables():
    grid = {"H": np.repeat([4.0, 8, 16], 3), "d": np.tile([25.0, 50, 100], 3)}
    fit = laws.fit("log-linear", grid, np.arange(9.0), hold_out_largest=1)
    assert fit.held_out["points"] == 1
    assert max(fit.problem.points.x[0] * fit.problem.points.x[1]) == 800


def test_x_may_be_a_frame_a_mapping_an_array_or_a_series(truths):
    x, _, y = truths["chinchilla"]
    one = laws.fit("chinchilla", x, y).parameters
    assert laws.fit("chinchilla", pd.DataFrame(x), y).parameters == one
    assert laws.fit("chinchilla", np.stack([x["N"], x["D"]], axis=1), y).parameters == one
    x, _, y = truths["power-law"]
    assert laws.fit("power-law", pd.Series(x["x"]), pd.Series(y)).parameters == pytest.approx({"A": 3.0, "α": 0.3})


def test_curve_reaches_beyond_the_measured_sizes(truths):
    x, _, y = truths["power-law-floor"]
    fit = laws.fit("power-law-floor", x, y * (1 + 0.001 * RNG.standard_normal(12)))
    curve = fit.curve(points=20, reach=10)
    assert curve["x"].iloc[-1] == pytest.approx(10 * x["x"].max())
    assert (curve["low"] <= curve["predicted"]).all()
    assert (curve["predicted"] <= curve["high"]).all()
    with pytest.raises(ValueError, match="no variable 'z'"):
        fit.curve(along="z")
    with pytest.raises(ValueError, match="between 0 and 1"):
        fit.band(x, level=95)
    with pytest.raises(ValueError, match="1 variable"):
        fit.predict(np.ones((3, 2)))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2, 3, np.nan], [1, 2, 3, 4], "x has 1 missing or infinite"),
        ([1, 2, 3, 4], [1, 2, np.inf, 4], "y has 1 missing or infinite"),
        ([1, -2, 3, 4], [1, 2, 3, 4], "not positive"),
        ([1, 2, 3, 0], [1, 2, 3, 4], "not positive"),
        ([1, 2, 3, 4], [1, 2, 3, -4], "log"),
        ([1, 2, 3], [1, 2, 3, 4], "x has 3 values but y has 4"),
        ([], [], "no points"),
        ([1, 2], [1, 0.9], "distinct size"),
        ([5, 5, 5, 5], [1, 0.9, 1, 0.8], "distinct size"),
        (["a", "b"], [1, 2], "must hold numbers"),
    ],
)
def test_points_that_cannot_be_fitted_are_refused_in_words(x, y, message):
    with pytest.raises(ValueError, match=message):
        laws.fit("power-law-floor", x, y)


def test_three_points_are_too_few_for_the_performance_law():
    with pytest.raises(ValueError, match="5 parameters to estimate"):
        laws.fit("performance-law", {"H": [4, 8, 16], "d": [25, 25, 50]}, [0.1, 0.2, 0.3])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "mean"}, "loss 'mean'"),
        ({"scale": "log10"}, "scale 'log10'"),
        ({"delta": 0, "loss": "huber"}, "threshold must be a positive number"),
        ({"hold_out_largest": -1}, "hold_out_largest must be a whole number from 0 on, got -1"),
        ({"hold_out_largest": 1.5}, "hold_out_largest must be a whole number from 0 on, got 1.5"),
        ({"hold_out_largest": 12}, "nothing would be left"),
        ({"bootstrap": -3}, "bootstrap must be a whole number from 0 on, got -3"),
        ({"bootstrap": 2.5}, "bootstrap must be a whole number from 0 on, got 2.5"),
        ({"bootstrap": 3, "seed": -1}, "seed must be a whole number from 0 on, got -1"),
        ({"delta": np.nan, "loss": "huber"}, "threshold must be a positive number, got nan"),
        ({"delta": "a", "loss": "huber"}, "threshold must be a positive number, got 'a'"),
        ({"groups": [1, 2]}, "groups has 2 values"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_words(truths, options, message):
    x, _, y = truths["power-law"]
    with pytest.raises(ValueError, match=message):
        laws.fit("power-law", x, y, **options)


def test_the_wrong_number_of_columns_is_refused_in_words(truths):
    x, _, y = truths["chinchilla"]
    with pytest.raises(ValueError, match=r"takes 1 column.*got 2: N, D"):
        laws.fit("power-law", x, y)
