"""Grids to plan on, prices and budgets, against what is known or can be searched."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import shape_planning as planning
from recscale.models import account_sequential
from recscale.models.hstu import HSTUConfig


@pytest.fixture(scope="module")
def grid():
    """Twelve cells with a peak near H = 4, d = 32; 500 items."""
    cells = [(h, d) for h in (1, 2, 4, 8) for d in (8, 32, 96)]
    points = pd.DataFrame(cells, columns=["layers", "width"])
    noise = np.random.default_rng(0).normal(0, 1e-3, len(points))
    bend = 0.01 * np.log(points["layers"] / 4) ** 2 + 0.02 * np.log(points["width"] / 32) ** 2
    return planning.Grid("toy", "NDCG@10", points.assign(value=0.2 - bend + noise), 500, 50)


def test_the_twenty_published_panels_are_there():
    grids = planning.published_grids()
    assert len({(grid.title, grid.metric) for grid in grids}) == 20
    assert sum(len(grid.points) for grid in grids) == 448


def test_prices_are_the_closed_forms(grid):
    shapes = pd.DataFrame({"layers": [1, 3, 8], "width": [8, 25, 96]})
    price = planning.shape_costs(grid, shapes)
    for (_, shape), (_, row) in zip(shapes.iterrows(), price.iterrows(), strict=True):
        config = HSTUConfig(layers=int(shape["layers"]), width=int(shape["width"]))
        account = account_sequential(config, 500, 50, "sampled-softmax", 128)
        assert row["parameters"] == account.parameters
        assert row["flop"] == account.training_flop_per_example
        assert row["product"] == shape["layers"] * shape["width"]
        assert row["layers"] == shape["layers"]


def test_budgets_are_round_and_inside_what_there_is(grid):
    price = planning.shape_costs(grid, pd.DataFrame({"layers": [4, 32], "width": [25, 100]}))
    offered = planning.budgets(grid, price)
    assert list(offered) == list(planning.KINDS)
    assert offered["none"] == [float("inf")]
    assert offered["layers"] == [1, 2, 4, 8], "the measured depths"
    assert 512 in offered["product"], "the paper's budget"
    assert offered["product"] == [128, 192, 256, 384, 512, 768, 1024, 1536, 2048]
    for kind in ("parameters", "flop"):
        assert 1 <= len(offered[kind]) <= planning.LEVELS
        for budget in offered[kind]:
            assert price[kind].min() <= budget <= price[kind].max()
            assert float(f"{budget:e}".partition("e")[0]) in planning.DIGITS
    assert planning.metric_levels([100, 110], "flop") == [100]
    assert planning.metric_levels([130, 140], "flop") == [140]


@pytest.mark.parametrize("kind", ["product", "parameters", "flop"])
def test_a_choice_is_the_best_affordable_shape(grid, kind):
    plan = planning.shape_planner(grid, "log-quadratic", resamples=60)
    price = planning.shape_costs(grid, plan.shapes)
    budget = float(price[kind].quantile(0.3))
    choice = plan.best(planning.within(price, kind, budget))
    table = plan.shapes.assign(p=plan.predicted, price=price[kind])
    best = table[table["price"] <= budget].sort_values("p").iloc[-1]
    assert (choice.layers, choice.width) == (best["layers"], best["width"])


def test_wrong_kinds_and_budgets_are_named(grid):
    plan = planning.shape_planner(grid, "log-quadratic", resamples=60)
    price = planning.shape_costs(grid, plan.shapes)
    with pytest.raises(ValueError, match="unknown kind of budget 'euro'; allowed are none, product"):
        planning.within(price, "euro", 3.0)
    with pytest.raises(ValueError, match="no shape is within the budget"):
        plan.best(planning.within(price, "product", 3.0))


def test_a_number_of_layers_is_met_exactly_and_a_cost_at_most():
    price = pd.DataFrame({"layers": [1, 2, 4], "product": [8, 16, 32]})
    assert planning.within(price, "layers", 2).tolist() == [False, True, False]
    assert planning.within(price, "product", 16).tolist() == [True, True, False]
    assert planning.within(price, "none", 0).all()


def test_our_full_grid_is_there_for_both_metrics():
    grids = planning.full_grids()
    assert [grid.metric for grid in grids] == list(planning.METRICS)
    assert {(grid.model, grid.n_items, grid.max_length) for grid in grids} == {("sasrec", 3706, 50)}


@pytest.mark.parametrize(("model", "positions"), [("sasrec", 50), ("llama", 0)])
def test_records_alone_tell_items_and_training(model, positions):
    config = '{"model": {"layers": 2, "width": 8}, "training": {"max_length": 50, "loss": "softmax"}}'
    row = {"model": model, "dataset": "movielens-1m", "seed": 0, "config": config, "max_length": 50, "width": 8}
    row |= {"diverged": False, "collapsed": 0.0, "dense_parameters": 100, "split": "leave-one-out"}
    row |= {"test_ndcg@10": 0.1, "test_hr@10": 0.2, "layers": 2}
    runs = pd.DataFrame([row | {"embedding_parameters": (3706 + positions) * 8}])
    for grid in planning.recorded_grids("toy", runs):
        assert (grid.n_items, grid.model, grid.max_length, grid.loss) == (3706, model, 50, "softmax")
