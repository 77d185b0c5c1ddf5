"""Prices, budgets and the paper's applications, against what is known or can be searched."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recscale import laws
from recscale.analysis import shape_planning as planning
from recscale.models.accounting_sequential import account_sequential
from recscale.models.hstu import HSTUConfig


@pytest.fixture(scope="module")
def grid():
    """Twelve cells with a peak near H = 4, d = 32; 500 items."""
    cells = [(h, d) for h in (1, 2, 4, 8) for d in (8, 32, 96)]
    points = pd.DataFrame(cells, columns=["layers", "width"])
    noise = np.random.default_rng(0).normal(0, 1e-3, len(points))
    bend = 0.01 * np.log(points["layers"] / 4) ** 2 + 0.02 * np.log(points["width"] / 32) ** 2
    return planning.Grid("toy", "NDCG@10", points.assign(value=0.2 - bend + noise), 500, 50)


@pytest.fixture(scope="module")
def prepared(grid):
    return planning.prepare([grid], resamples=60)


def test_the_twenty_published_panels_are_there():
    grids = planning.published_grids()
    assert len({(grid.title, grid.metric) for grid in grids}) == 20
    assert sum(len(grid.points) for grid in grids) == 448


def test_prices_are_the_closed_forms(grid):
    shapes = pd.DataFrame({"layers": [1, 3, 8], "width": [8, 25, 96]})
    price = planning.costs(grid, shapes)
    for (_, shape), (_, row) in zip(shapes.iterrows(), price.iterrows(), strict=True):
        config = HSTUConfig(layers=int(shape["layers"]), width=int(shape["width"]))
        account = account_sequential(config, 500, 50, "sampled-softmax", 128)
        assert row["parameters"] == account.parameters
        assert row["flop"] == account.training_flop_per_example
        assert row["product"] == shape["layers"] * shape["width"]


def test_budgets_are_round_and_inside_what_there_is(grid):
    price = planning.costs(grid, pd.DataFrame({"layers": [4, 32], "width": [25, 100]}))
    offered = planning.budgets(price)
    assert offered["none"] == [float("inf")]
    assert 512 in offered["product"], "the paper's budget"
    for kind in ("parameters", "flop"):
        assert 1 <= len(offered[kind]) <= planning.LEVELS
        for budget in offered[kind]:
            assert price[kind].min() <= budget <= price[kind].max()
            assert f"{budget:e}"[0] in "125"
            assert float(f"{budget:.0e}") == budget
    assert planning.levels([100, 110], "flop") == [100]
    assert planning.levels([130, 140], "flop") == [140]


@pytest.mark.parametrize("kind", ["product", "parameters", "flop"])
def test_a_choice_is_the_best_affordable_shape(grid, kind):
    plan = planning.planner(grid, "log-quadratic", resamples=60)
    price = planning.costs(grid, plan.shapes)
    budget = float(price[kind].quantile(0.3))
    choice = plan.best(planning.within(price, kind, budget))
    table = plan.shapes.assign(p=plan.predicted, price=price[kind])
    best = table[table["price"] <= budget].sort_values("p").iloc[-1]
    assert (choice.layers, choice.width) == (best["layers"], best["width"])


def test_more_money_is_never_worse(prepared):
    for one in prepared:
        for kind in ("product", "parameters", "flop"):
            found = [choice.predicted for k, _, choice in one.choices if k == kind]
            assert found == sorted(found)


def test_wrong_kinds_and_budgets_are_named(grid):
    plan = planning.planner(grid, "log-quadratic", resamples=60)
    price = planning.costs(grid, plan.shapes)
    with pytest.raises(ValueError, match="unknown kind of budget 'euro'; allowed are none, product"):
        planning.within(price, "euro", 3.0)
    with pytest.raises(ValueError, match="no shape is within the budget"):
        plan.best(planning.within(price, "product", 3.0))


def test_a_choice_in_one_sentence(prepared):
    choice = prepared[0].choices[0][2]
    said = planning.summary(choice, "NDCG@10")
    assert said.startswith(f"Best: {choice.layers} layers, width {choice.width}; NDCG@10 0.")
    assert "95 % of refits:" in said
    assert f"{choice.flat.sum()} shape" in said


def test_an_edge_is_not_read_as_certainty(grid):
    """The wider the better: every refit picks the widest, and the interval closes up at the end of the range."""
    points = grid.points.assign(
        value=0.1 + 0.02 * np.log(grid.points["width"]) - 0.01 * np.log(grid.points["layers"] / 4) ** 2
    )
    noise = np.random.default_rng(1).normal(0, 1e-4, len(points))
    (one,) = planning.prepare(
        [replace(grid, points=points.assign(value=points["value"] + noise))], ["log-quadratic"], resamples=60
    )
    choice = one.choices[0][2]
    assert planning.edges(one, choice) == ("width",)
    said = planning.summary(choice, "NDCG@10", planning.edges(one, choice))
    assert "width 96 to 96 (best at the end of what was measured, so no optimum is known)" in said
    assert "end of what" not in said.partition("width 96 to 96")[0]


def test_a_missing_corner_is_an_end_too(prepared):
    """Widest at its own depth, though another depth goes further: the grid says nothing beyond it."""
    choice = prepared[0].choices[0][2]
    table = prepared[0].plan.shapes
    assert choice.width not in planning._ends(table, "width", choice)
    cut = table[(table["layers"] != choice.layers) | (table["width"] <= choice.width)]
    assert cut["width"].max() > planning._ends(cut, "width", choice)[1] == choice.width


def test_agreement_counts_ends_and_disjoint_intervals(prepared):
    table = planning.agreement(prepared)
    assert table["law"].tolist() == ["performance-law", "log-quadratic"]
    assert not table["layers_edge"].any()
    assert "exclude each other in 0 grids" in planning.agreement_in_words(table)
    moved = table.copy()
    moved.loc[1, ["layers_low", "layers_high"]] = (7, 8)
    moved.loc[0, ["layers_low", "layers_high"]] = (3, 5)
    assert "exclude each other in 1 grids" in planning.agreement_in_words(moved)


@pytest.fixture(scope="module")
def claims():
    return planning.claims(resamples=100)


def test_the_paper_s_three_applications_are_judged_by_both_laws_and_metrics(claims):
    assert len(claims) == 3 * 2 * 2
    assert claims.groupby("constraint")["claimed_width"].first().to_dict() == {
        "none": 54,
        "layers = 64": 603,
        "layers × width = 512": 44,
    }
    held = claims[claims["constraint"] == "layers = 64"]
    assert (held["layers"] == 64).all()
    fixed = claims[claims["constraint"] == "layers × width = 512"]
    assert (fixed["layers"] * fixed["width"]).between(512 * 0.98, 512 * 1.02).all()


def test_constrained_shapes_are_those_of_the_fine_curve(claims):
    from recscale import published

    points = published.panels()["HR@10", "ml-1m", 200]
    fit = laws.fit("log-quadratic", points[published.AXES], points["value"])
    layers, width = published.constrained_peak(fit, 512.0)
    row = claims.query("constraint == 'layers × width = 512' and metric == 'HR@10' and law == 'log-quadratic'").iloc[0]
    assert abs(row["layers"] - layers) <= 1
    assert abs(row["width"] - width) <= 4


def test_claims_in_words_count(claims):
    said = planning.claims_in_words(claims)
    assert said.count(" of 4 refits") == 3
    none = claims.assign(layers_low=99.0, equally_good=False, loss_low=0.001)
    assert "in 0 of 4 refits, inside the band of its prediction in 0, told from it by the paired interval in 4" in (
        planning.claims_in_words(none)
    )


def test_recommendations_keep_the_budget_and_leave_out_what_can_t(prepared):
    table = planning.recommendations(prepared, "product", 64)
    assert (table["layers"] * table["width"] <= 64).all()
    assert table["law"].tolist() == ["performance-law", "log-quadratic"]
    assert planning.recommendations(prepared, "product", 1).empty
    assert planning.budget_in_words("product", 512) == "with at most 512 of layers × width"


def test_the_full_grid_waits_for_its_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    assert planning.full_grids() == []
    assert "not committed yet" in planning.full_in_words([])


def test_where_a_claimed_width_lies(prepared):
    choice = prepared[0].choices[0][2]
    said = planning.held_in_words({("a", "HR@10"): choice, ("b", "HR@10"): choice}, choice.width)
    assert said == f"The interval holds {choice.width} in: a (HR@10), b (HR@10)."
    assert planning.held_in_words({("a", "HR@10"): choice}, 999) == "The interval excludes 999 in: a (HR@10)."
    assert {name for name, *_ in planning.claimed_shapes()} == {"MovieLens-1M, 200", "Industrial, 50"}


@pytest.mark.parametrize(("model", "positions"), [("sasrec", 50), ("llama", 0)])
def test_records_alone_tell_items_and_training(model, positions):
    config = '{"model": {"layers": 2, "width": 8}, "training": {"max_length": 50, "loss": "softmax"}}'
    row = {"model": model, "dataset": "movielens-1m", "seed": 0, "config": config, "max_length": 50, "width": 8}
    row |= {"split": "leave-one-out", "diverged": False, "dense_parameters": 1}
    runs = pd.DataFrame([row | {"embedding_parameters": (3706 + positions) * 8}])
    spec = planning.recorded_spec(runs)
    assert planning.recorded_items(runs) == 3706
    assert (spec.model.model, spec.training.max_length, spec.training.loss) == (model, 50, "softmax")
