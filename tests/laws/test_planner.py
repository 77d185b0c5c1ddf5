"""The planner against what can be searched by hand, on surfaces with a known peak."""

import numpy as np
import pandas as pd
import pytest

from recscale import laws
from recscale.laws.planner import MOST_WIDTHS, Planner, shapes_within

CELLS = [(h, d) for h in (2, 4, 8, 16) for d in (10, 20, 40, 80)]


def bowl(layers, width):
    return 0.3 - 0.02 * np.log(layers / 6) ** 2 - 0.03 * np.log(width / 30) ** 2


def planner(noise=1e-4, law="log-quadratic", seed=0):
    points = np.array(CELLS, float)
    y = bowl(*points.T) + np.random.default_rng(seed).normal(0, noise, len(points))
    return Planner.of(laws.fit(law, points, y, bootstrap=100), shapes_within(*points.T))


def test_shapes_are_whole_and_inside():
    shapes = shapes_within([1, 1, 4], [8, 32, 16], step=4)
    assert sorted(shapes["width"].unique()) == [8, 12, 16, 20, 24, 28, 32]
    assert shapes.loc[shapes["layers"] > 1, "width"].max() == 16, "nothing measured is deep and wide"
    assert len(shapes) == 7 + 3 * 3


def test_long_ranges_are_thinned_and_keep_their_ends():
    shapes = shapes_within([8, 8], [128, 1024])
    assert len(shapes) <= MOST_WIDTHS
    assert (shapes["width"].min(), shapes["width"].max()) == (128, 1024)


def test_the_optimum_is_that_of_a_grid_search():
    plan = planner()
    choice = plan.best()
    assert (choice.layers, abs(choice.width - 30) <= 1) == (6, True)
    table = plan.shapes.assign(p=plan.fit.predict(plan.shapes[["layers", "width"]].astype(float)))
    assert choice.predicted == table["p"].max()
    assert choice.low < choice.predicted < choice.high


@pytest.mark.parametrize("budget", [40, 100, 150])
def test_within_a_budget_it_is_the_best_that_fits(budget):
    plan = planner()
    allowed = plan.shapes["layers"] * plan.shapes["width"] <= budget
    choice = plan.best(allowed)
    assert choice.layers * choice.width <= budget
    brute = max(
        (float(plan.fit.predict(np.array([[h, d]], float))[0]), h, d)
        for h in range(2, 17)
        for d in range(10, 81)
        if h * d <= budget
    )
    assert (choice.layers, choice.width) == brute[1:]
    assert (plan.shapes[choice.tied].prod(axis=1) <= budget).all()


def test_tied_region_and_cloud_grow_with_the_noise():
    quiet, loud = planner(1e-4).best(), planner(2e-2).best()
    assert quiet.tied.sum() < loud.tied.sum()
    assert len(quiet.cloud) < len(loud.cloud)
    for choice in (quiet, loud):
        assert choice.cloud["share"].sum() == pytest.approx(1)
        low, high = choice.layers_interval
        assert low <= choice.layers <= high


def test_a_claimed_shape_is_judged_against_the_best_in_pairs():
    plan = planner(2e-3)
    choice = plan.best()
    worse, low, high = plan.loss_of(choice, 2, 10)
    assert worse == pytest.approx(bowl(6, 30) - bowl(2, 10), abs=0.01)
    assert 0 < low < worse < high
    same = plan.loss_of(choice, choice.layers, choice.width)
    assert same == (0, 0, 0)


def test_tied_shapes_are_those_that_the_paired_interval_doesn_t_put_below():
    plan = planner(2e-3)
    allowed = (plan.shapes["layers"] <= 8).to_numpy()
    choice = plan.best(allowed)
    among = np.random.default_rng(0).choice(np.flatnonzero(allowed), 40, replace=False)
    for number in among:
        layers, width = plan.shapes.iloc[number]
        assert choice.tied[number] == (plan.loss_of(choice, layers, width)[1] <= 0)
    assert not choice.tied[~allowed].any()
    in_band = allowed & (plan.predicted >= choice.low)
    assert choice.tied.sum() < in_band.sum(), "pairs decide what two bands leave open"


def test_the_performance_law_plans_too():
    choice = planner(1e-3, "performance-law").best()
    assert 4 <= choice.layers <= 9
    assert 20 <= choice.width <= 45


def test_what_can_t_be_planned_is_refused():
    with pytest.raises(ValueError, match="within the budget"):
        planner().best(np.zeros(len(planner().shapes), bool))
    points = np.array(CELLS, float)
    with pytest.raises(ValueError, match="bootstrap"):
        Planner.of(laws.fit("log-quadratic", points, bowl(*points.T)), pd.DataFrame())
