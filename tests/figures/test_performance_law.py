"""The figures of the Performance Law draw every row they are given."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import shape_fits
from recscale.figures import performance_law, show


@pytest.fixture(scope="module")
def grid():
    """A noiseless quadratic with its peak at H = 2, d = 16."""
    pairs = [(h, d) for h in (1, 2, 4) for d in (4, 16, 64)]
    table = pd.DataFrame(pairs, columns=["layers", "width"])
    noise = np.random.default_rng(0).normal(0, 1e-4, len(table))
    bend = 0.02 * np.log(table["layers"] / 2) ** 2 + 0.01 * np.log(table["width"] / 16) ** 2
    return table.assign(**{"ndcg@10": 0.2 - bend + noise})


@pytest.fixture(scope="module")
def fits(grid):
    return shape_fits.fit_forms(grid, "ndcg@10", hold_out_largest=1)


def test_surfaces_show_the_points_and_one_surface_at_a_time(grid, fits):
    fig = performance_law.surfaces({"a": grid, "b": grid}, {"a": fits, "b": fits}, "ndcg@10")
    show(fig, points=2 * len(grid))
    for button in fig.layout.updatemenus[0].buttons:
        shown = [trace for trace, visible in zip(fig.data, button.args[0]["visible"], strict=True) if visible]
        assert sorted(trace.type for trace in shown) == ["contour", "scatter", "scatter"]
    assert len(fig.layout.updatemenus[0].buttons) == 2 * len(fits)


def test_a_map_marks_a_peak_inside_the_range_and_leaves_empty_what_no_shape_reaches(grid):
    cut = grid[(grid["layers"] < 4) | (grid["width"] < 64)]
    fits = shape_fits.fit_forms(cut, "ndcg@10", forms=["log-quadratic", "log-linear"])
    fig = performance_law.surfaces({"cut": cut}, {"cut": fits}, "ndcg@10")
    ground, peak, _, none, dots = fig.data
    assert (ground.zmin, ground.zmax) == (dots.marker.cmin, dots.marker.cmax)
    assert ground.colorscale == dots.marker.colorscale
    assert np.isnan(ground.z[-1][-1])
    assert np.isfinite(ground.z[0][0])
    assert ground.zmax >= np.nanmax(ground.z)
    assert (*peak.x, *peak.y) == pytest.approx((2, 16), rel=0.05)
    assert none.x == (None,)


@pytest.mark.parametrize("count", [1, 2])
def test_held_out_shapes_have_a_prediction_and_a_measurement_per_law(grid, fits, count):
    held_out = shape_fits.largest(grid, count)
    forecast = shape_fits.predictions(fits, grid[held_out], "ndcg@10")
    fig = performance_law.held_out(forecast, "ndcg@10")
    show(fig, points=2 * count * len(fits))
    assert len(set(fig.data[0].y)) == count * len(fits), "shapes have their own lines"
    show(performance_law.slices(grid, fits, "ndcg@10", held_out), points=len(grid))


def test_curves_over_depth_draw_every_cell_and_name_both_laws(grid, fits):
    two = {name: fits[name] for name in ("performance-law", "log-quadratic")}
    fig = performance_law.by_depth(grid, two, "ndcg@10")
    show(fig, points=len(grid))
    names = [trace.name for trace in fig.data if trace.showlegend is not False]
    assert names == ["d = 4", "d = 16", "d = 64", "Performance Law", "quadratic in logs"]


def test_a_profile_draws_only_peaks_that_exist():
    table = pd.DataFrame({"q1": [1, 4, 32], "r2": [0.8, 0.9, 0.9], "H*": [np.nan, 16, 17], "d*": [np.nan, 60, 61]})
    show(performance_law.profile_of_q1(table), points=3 + 2 + 2)


def test_one_axis_of_the_law_marks_its_peaks():
    x = np.array([1.0, 2.0, 4.0])
    curves = pd.DataFrame({"gain": x, "decay": -x, "sum": 0 * x})
    show(performance_law.gain_and_decay(x, curves, pd.DataFrame({"x": [2.0], "y": [0.0]})), points=1)


def test_optima_draw_the_peaks_there_are_and_mark_those_inside(grid):
    table = shape_fits.optima({"bent": grid}, "ndcg@10", ["log-quadratic", "performance-law"])
    table.loc[2, ["peak", "low", "high", "inside"]] = [np.nan, np.nan, np.nan, False]
    fig = performance_law.optima(table)
    show(fig, points=3)
    peaks = [trace for trace in fig.data if trace.meta == "data"]
    assert [list(trace.marker.symbol) for trace in peaks] == [["circle", "circle-open"], ["circle", "circle"]]
